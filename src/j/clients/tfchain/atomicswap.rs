//! `w.atomicswap`: swaps with somebody on another chain, without trust and without a third party.
use std::sync::Arc;

use super::amount::Currency;
use super::condition::ConditionValue;
use super::recipient;
use super::send::{self, CONFIRM, DATA, Order, REFUND, SOURCE};
use super::transaction::TransactionValue;
use super::wallet::Wallet;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
    print,
};
use crate::tfchain::constants::LOCK_TIMESTAMP_MIN;
use crate::tfchain::wallet::atomicswap::{self as library, Swap, SwapError, SwapExpectation};
use crate::tfchain::wallet::{Clock, Payment, Preview, Recipient, Signed};
use crate::tfchain::{Condition, Hash, Output, SwapContract, SwapSecret, UnlockHash, UnlockType};
use zeroize::Zeroizing;

impl From<SwapError> for Error {
    fn from(error: SwapError) -> Self {
        let text = error.to_string();
        match error {
            SwapError::Wallet(error) => error.into(),
            SwapError::NotFound(_) => Error::new(Kind::NotFound, text)
                .hint("it is found as soon as its transaction is in a block"),
            _ => Error::value(text),
        }
    }
}

/// The swaps of a wallet.
pub struct Swaps {
    wallet: Arc<Wallet>,
}

impl Swaps {
    /// The swaps of `wallet`.
    pub fn of(wallet: &Arc<Wallet>) -> Value {
        Value::object(Swaps {
            wallet: wallet.clone(),
        })
    }

    /// The contract as the chain has it.
    fn find(&self, id: Hash) -> Result<Swap> {
        let core = self.wallet.client();
        let explorer = core.explorer()?;
        // Errors of the contract itself pass through unchanged; those of the network are explained.
        core.ask(async {
            match library::find(&explorer, id).await {
                Err(SwapError::Wallet(error)) => Err(error),
                other => Ok(other),
            }
        })?
        .map_err(Error::from)
    }

    /// Makes a contract with `counterpart` as its receiver.
    fn contract(&self, args: &Args, counterpart: &str, secret_hash: Hash) -> Result<Made> {
        let wallet = &self.wallet;
        let (core, library) = (wallet.client(), wallet.library()?);
        let receiver = single(args.get(counterpart))?;
        let amount = recipient::amount(args.get("amount"))?;
        library::check_amount(&amount, &library.minimum_miner_fee())?;
        let mut order = Order {
            request: crate::tfchain::wallet::SendRequest {
                sources: recipient::sources(args.get("source"))?,
                data: recipient::data(args.get("data"))?,
                ..std::default::Default::default()
            },
            dry_run: false,
            confirm: args.flag("confirm"),
        };
        if !matches!(args.get("refund"), Value::None) {
            order.request.refund = Some(recipient::recipient(args.get("refund"))?);
        }
        let sender = match order.request.refund {
            Some(Recipient::Address(address)) if address.kind() == UnlockType::PublicKey => address,
            _ => library.address(),
        };
        send::refuse_while_unclear(wallet)?;
        let balance = core.ask(library.balance());
        wallet.note_keys(&library)?;
        let balance = balance?;
        let chain_time = balance.chain.time;
        let terms = SwapContract {
            sender,
            receiver,
            hashed_secret: secret_hash,
            time_lock: time(args.get("refund_time"), chain_time, library.clock())?,
        };
        order.request.payments.push(Payment {
            recipient: Recipient::Condition(Condition::AtomicSwap(terms)),
            amount: amount.clone(),
            lock: None,
        });
        let draft = library.draft_from(&balance, &order.request)?;
        let preview = library.preview(&draft, Some(balance.chain.height));
        let submit = args.flag("submit");
        if order.confirm {
            let what = if submit { "send it" } else { "sign it" };
            send::confirm(core, &preview, what)?;
        }
        let signed = library.sign(&draft)?;
        let id = match signed.is_complete() {
            true => Some(signed.transaction.coin_output_id(0)?),
            false => None,
        };
        Ok(Made {
            swap: Swap {
                id,
                terms,
                amount,
                spent: None,
                chain_time,
            },
            signed,
            preview,
            submit,
        })
    }

    fn submit(&self, made: Made) -> Result<(Arc<Contract>, Arc<TransactionValue>, bool)> {
        let contract = Contract::new(made.swap, self.wallet.client().clock());
        let (transaction, submitted) = match made.submit {
            true => send::submit_signed(&self.wallet, made.signed, &made.preview)?,
            false => (TransactionValue::made(made.signed.transaction, None), false),
        };
        Ok((contract, transaction, submitted))
    }

    fn show_once(&self, swap: &Swap, secret: &SwapSecret) {
        let host = &self.wallet.world().host;
        // A contract that others must sign too has no id yet.
        let name = swap.id.map_or_else(
            || format!("the contract with the secret hash {}", secret.hashed()),
            |id| format!("contract {id}"),
        );
        let text = Zeroizing::new(format!(
            "secret of {name}:\n    {}\n\
             Write it down: it is not shown again. Tell nobody before you have redeemed the other \
             contract.",
            secret.reveal()
        ));
        if !host.show_secret(&text) {
            host.note(&format!(
                "the secret of {name} is not shown here: `.secret` of the result gives it"
            ));
        }
    }

    /// Redeems with a secret, refunds without.
    fn close(&self, args: &Args, secret: Option<&SwapSecret>) -> Result<Value> {
        let id = recipient::id(args.get("outputid"))?;
        let data = recipient::data(args.get("data"))?;
        let wallet = &self.wallet;
        let (core, library) = (wallet.client(), wallet.library()?);
        let swap = self.find(id)?;
        let owns = |address: &UnlockHash| library.owns(address);
        let owner = match secret {
            Some(secret) => {
                swap.check_redeem(secret, owns)?;
                swap.terms.receiver
            }
            None => {
                swap.check_refund(owns, library.clock())?;
                swap.terms.sender
            }
        };
        send::refuse_while_unclear(wallet)?;
        let key = library.key_pair(&owner)?;
        let fee = library.minimum_miner_fee();
        let transaction = library::close(&swap, id, &key, secret, &fee, data)?;
        let parent = Output::new(swap.amount.clone(), Condition::AtomicSwap(swap.terms));
        let preview = Preview::of_transaction(
            &transaction,
            |spent| (*spent == id).then(|| parent.clone()),
            library.network(),
            &library.known_addresses(),
            None,
            library.clock(),
        );
        if args.flag("confirm") {
            send::confirm(core, &preview, "send it")?;
        }
        let signed = Signed {
            transaction,
            signed: true,
            missing: Vec::new(),
        };
        let (transaction, _) = send::submit_signed(wallet, signed, &preview)?;
        Ok(transaction.into())
    }

    fn verify(&self, args: &Args) -> Result<Value> {
        let id = recipient::id(args.get("outputid"))?;
        let library = self.wallet.library()?;
        let swap = match args.get("contract") {
            Value::None => self.find(id)?,
            given => {
                let given = given.downcast::<Contract>().ok_or_else(|| {
                    Error::type_error("contract is what initiate() or participate() returned")
                })?;
                if given.swap.id != Some(id) {
                    return Err(Error::value(format!(
                        "output identifier is expected to be {id}, not {}",
                        id_text(given.swap.id)
                    )));
                }
                given.swap.clone()
            }
        };
        let mut expected = SwapExpectation {
            sender: args.flag("sender"),
            receiver: args.flag("receiver"),
            ..SwapExpectation::default()
        };
        if !matches!(args.get("amount"), Value::None) {
            expected.amount = Some(recipient::amount(args.get("amount"))?);
        }
        if !matches!(args.get("secret_hash"), Value::None) {
            expected.secret_hash = Some(recipient::id(args.get("secret_hash"))?);
        }
        expected.min_refund_time = match args.get("min_refund_time") {
            Value::None => None,
            Value::Int(0) => Some(0),
            given => Some(time(given, swap.chain_time, library.clock())?),
        };
        swap.verify(&expected, |address| library.owns(address), library.clock())?;
        Ok(Contract::new(swap, library.clock().clone()).into())
    }
}

/// A contract that is signed and not sent.
struct Made {
    swap: Swap,
    signed: Signed,
    preview: Preview,
    submit: bool,
}

fn id_text(id: Option<Hash>) -> String {
    id.map_or("None".to_owned(), |id| id.to_string())
}

fn single(value: &Value) -> Result<UnlockHash> {
    let wrong = || Error::type_error("the other side of a swap is a single address");
    let address = match value {
        Value::None | Value::List(_) => return Err(wrong()),
        one => recipient::address(one)?,
    };
    match address.kind() {
        UnlockType::PublicKey => Ok(address),
        _ => Err(wrong()),
    }
}

fn time(value: &Value, chain_time: u64, clock: &Clock) -> Result<u64> {
    match value {
        Value::Str(text) => Ok(library::refund_time(text, chain_time, clock)?),
        // A height would count as a time long ago, and the swap could be refunded at once.
        Value::Int(seconds) => match crate::tfchain::wallet::lock_from_int(*seconds)? {
            lock if lock >= LOCK_TIMESTAMP_MIN => Ok(lock),
            lock => Err(Error::value(format!(
                "a refund time is a time, not a height: {lock} is below {LOCK_TIMESTAMP_MIN}"
            ))),
        },
        other => Err(Error::type_error(format!(
            "a refund time is a Unix time, a duration such as '+48h' or a date, not {}",
            other.type_name()
        ))),
    }
}

fn secret(value: &Value) -> Result<SwapSecret> {
    let wrong = || Error::value("a secret is a text of 64 hex digits, or 32 bytes");
    match value {
        Value::Str(text) => SwapSecret::parse(text.trim()).map_err(|_| wrong()),
        Value::Bytes(bytes) => <[u8; 32]>::try_from(bytes.as_slice())
            .map(SwapSecret::from_bytes)
            .map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn new_secret() -> Result<SwapSecret> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut bytes[..])
        .map_err(|e| Error::new(Kind::Internal, format!("no random numbers: {e}")))?;
    Ok(SwapSecret::from_bytes(*bytes))
}

const AMOUNT: Param = Param::required("amount", Ty::Any("amount"), "the coins in it, in TFT");
const OUTPUT_ID: Param = Param::required(
    "outputid",
    Ty::Any("id"),
    "the id of the contract, as its outputid says",
);
const SUBMIT: Param = Param::optional(
    "submit",
    Ty::Bool,
    Default::Bool(true),
    "send it; False only signs it",
);
const REFUND_DOC: &str =
    "when the coins can be had back: a Unix time, a date, or '+48h' from the chain's time on";

const SAMPLE: &str = "p = c.wallets.pocket_money\n\
                      result = w.atomicswap.initiate(p.address, 50)";
const MONEY: Needs = Needs::NETWORK.and(Needs::MONEY).and(Needs::UNLOCKED);

impl Class for Swaps {
    const NAME: &'static str = "atomicswap";
    const DOC: &'static str = "Swaps with somebody on another chain, without a third party.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "initiate",
            &[
                Param::required("participator", Ty::Any("address"), "who may redeem it"),
                AMOUNT,
                Param::optional(
                    "refund_time",
                    Ty::Any("int or str"),
                    Default::Str("+48h"),
                    REFUND_DOC,
                ),
                SOURCE,
                REFUND,
                DATA,
                SUBMIT,
                CONFIRM,
            ],
            Ty::Object(class_of::<SwapResult>),
            "Begins a swap: makes a secret, and a contract that whoever knows it can redeem.\n\
             The secret is shown once, on a terminal: write it down. While the shell runs, \
             `.secret` of the result gives it.",
            SAMPLE,
            |this: &Arc<Swaps>, args| {
                let secret = new_secret()?;
                let made = this.contract(args, "participator", secret.hashed())?;
                // Before anything is sent: whatever happens then, the person has it.
                this.show_once(&made.swap, &secret);
                let (contract, transaction, submitted) = this.submit(made)?;
                Ok(Value::object(SwapResult {
                    contract,
                    secret: Some(secret),
                    transaction,
                    submitted,
                }))
            },
        )
        .needs(MONEY),
        Member::method(
            "participate",
            &[
                Param::required("initiator", Ty::Any("address"), "who may redeem it"),
                AMOUNT,
                Param::required(
                    "secret_hash",
                    Ty::Any("hash"),
                    "the secret hash of the contract that the other side made",
                ),
                Param::optional(
                    "refund_time",
                    Ty::Any("int or str"),
                    Default::Str("+24h"),
                    REFUND_DOC,
                ),
                SOURCE,
                REFUND,
                DATA,
                SUBMIT,
                CONFIRM,
            ],
            Ty::Object(class_of::<SwapResult>),
            "Answers a swap that somebody else began, with a contract of the same secret.",
            "hash = '31ca236d5094e1ec489e9ae27d27929ea64db359584e3516cfae81d01b837f3e'\n\
             result = w.atomicswap.participate(c.wallets.pocket_money.address, 50, hash)",
            |this: &Arc<Swaps>, args| {
                let hash = recipient::id(args.get("secret_hash"))?;
                let made = this.contract(args, "initiator", hash)?;
                let (contract, transaction, submitted) = this.submit(made)?;
                Ok(Value::object(SwapResult {
                    contract,
                    secret: None,
                    transaction,
                    submitted,
                }))
            },
        )
        .needs(MONEY),
        Member::method(
            "verify",
            &[
                OUTPUT_ID,
                Param::optional(
                    "amount",
                    Ty::Any("amount"),
                    Default::None,
                    "the coins in it",
                ),
                Param::optional("secret_hash", Ty::Any("hash"), Default::None, "its hash"),
                Param::optional(
                    "min_refund_time",
                    Ty::Any("int or str"),
                    Default::None,
                    "it cannot be refunded before; 0: it can be refunded already",
                ),
                Param::optional(
                    "sender",
                    Ty::Bool,
                    Default::Bool(false),
                    "this wallet is the sender",
                ),
                Param::optional(
                    "receiver",
                    Ty::Bool,
                    Default::Bool(false),
                    "this wallet is the receiver",
                ),
                Param::optional(
                    "contract",
                    Ty::Any("contract"),
                    Default::None,
                    "the contract itself, when it is not to be asked for",
                ),
            ],
            Ty::Object(class_of::<Contract>),
            "Looks a contract up, and checks what is given of it.",
            "result = w.atomicswap.initiate(w.address, 50)\n\
             w.atomicswap.verify(result.contract.outputid, amount=50, contract=result.contract)",
            |this: &Arc<Swaps>, args| this.verify(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "redeem",
            &[
                OUTPUT_ID,
                Param::required("secret", Ty::Any("secret"), "64 hex digits or bytes").secret(),
                DATA,
                CONFIRM,
            ],
            Ty::Object(class_of::<TransactionValue>),
            "Takes the coins of a contract whose secret is known.",
            "result = w.atomicswap.initiate(w.address, 50)\nblock = j.devnet.block_make()\n\
             w.atomicswap.redeem(result.contract.outputid, result.secret)",
            |this: &Arc<Swaps>, args| {
                let secret = secret(args.get("secret"))?;
                this.close(args, Some(&secret))
            },
        )
        .needs(MONEY),
        Member::method(
            "refund",
            &[OUTPUT_ID, DATA, CONFIRM],
            Ty::Object(class_of::<TransactionValue>),
            "Takes the coins back after the refund time, when nobody has redeemed them.",
            "result = w.atomicswap.initiate(w.address, 50, refund_time=1600000000)\n\
             block = j.devnet.block_make()\n\
             w.atomicswap.refund(result.contract.outputid)",
            |this: &Arc<Swaps>, args| this.close(args, None),
        )
        .needs(MONEY),
    ]];

    fn location(&self) -> String {
        format!("{}.atomicswap", self.wallet.path())
    }
}

/// A contract.
pub struct Contract {
    swap: Swap,
    clock: Clock,
}

impl Contract {
    fn new(swap: Swap, clock: Clock) -> Arc<Self> {
        Arc::new(Contract { swap, clock })
    }
}

const CONTRACT: &str = "result = w.atomicswap.initiate(w.address, 50)\nresult.contract";

impl Class for Contract {
    const NAME: &'static str = "AtomicSwapContract";
    const DOC: &'static str = "A contract of an atomic swap.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("outputid", Ty::Str, "Its id.", CONTRACT, |this, _| {
            Ok(this.swap.id.map(|id| id.to_string()).into())
        }),
        Member::property(
            "sender",
            Ty::Str,
            "Who gets the coins back after the refund time.",
            CONTRACT,
            |this, _| Ok(this.swap.terms.sender.to_string().into()),
        ),
        Member::property(
            "receiver",
            Ty::Str,
            "Who gets the coins with the secret.",
            CONTRACT,
            |this, _| Ok(this.swap.terms.receiver.to_string().into()),
        ),
        Member::property(
            "secret_hash",
            Ty::Str,
            "SHA-256 of the secret.",
            CONTRACT,
            |this, _| Ok(this.swap.terms.hashed_secret.to_string().into()),
        ),
        Member::property(
            "refund_timestamp",
            Ty::Int,
            "When the sender can have the coins back, in Unix seconds.",
            CONTRACT,
            |this, _| {
                Ok(i64::try_from(this.swap.terms.time_lock)
                    .unwrap_or(i64::MAX)
                    .into())
            },
        ),
        Member::property(
            "amount",
            Ty::Object(class_of::<Currency>),
            "The coins in it.",
            CONTRACT,
            |this, _| Ok(Currency::value(this.swap.amount.clone())),
        ),
        Member::property(
            "unspent",
            Ty::Bool,
            "True until it is redeemed or refunded.",
            CONTRACT,
            |this, _| Ok(this.swap.spent.is_none().into()),
        ),
        Member::property(
            "condition",
            Ty::Object(class_of::<ConditionValue>),
            "Its terms, as a condition.",
            CONTRACT,
            |this, _| {
                Ok(ConditionValue::value(Condition::AtomicSwap(
                    this.swap.terms,
                )))
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        self.swap.text(&self.clock)
    }
}

/// What initiating and participating answer.
pub struct SwapResult {
    contract: Arc<Contract>,
    secret: Option<SwapSecret>,
    transaction: Arc<TransactionValue>,
    submitted: bool,
}

impl SwapResult {
    fn secret_text(&self) -> Value {
        self.secret
            .as_ref()
            .map(|secret| secret.reveal().to_string())
            .into()
    }
}

impl Class for SwapResult {
    const NAME: &'static str = "AtomicSwapResult";
    const DOC: &'static str = "A contract that was made, and its secret for who began the swap.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "contract",
            Ty::Object(class_of::<Contract>),
            "The contract.",
            CONTRACT,
            |this, _| Ok(this.contract.clone().into()),
        ),
        Member::property(
            "secret",
            Ty::Str,
            "The secret of who began the swap: whoever knows it can redeem. None for the other side.",
            SAMPLE,
            |this, _| Ok(this.secret_text()),
        ),
        Member::property(
            "transaction",
            Ty::Object(class_of::<TransactionValue>),
            "The transaction that makes the contract.",
            SAMPLE,
            |this, _| Ok(this.transaction.clone().into()),
        ),
        Member::property(
            "submitted",
            Ty::Bool,
            "True if it was submitted.",
            SAMPLE,
            |this, _| Ok(this.submitted.into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let secret = match &self.secret {
            Some(_) => "Secret: not shown again, `.secret` gives it\n".to_owned(),
            None => String::new(),
        };
        format!(
            "{}{secret}{}, submitted={}",
            Class::repr(&*self.contract, Paint::Plain),
            Class::repr(&*self.transaction, Paint::Plain),
            print::truth(self.submitted)
        )
    }
    fn items(&self) -> Option<Vec<Value>> {
        let mut items: Vec<Value> = vec![self.contract.clone().into()];
        if self.secret.is_some() {
            items.push(self.secret_text());
        }
        items.extend([self.transaction.clone().into(), self.submitted.into()]);
        Some(items)
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        send::element(&self.items()?, index)
    }
}
