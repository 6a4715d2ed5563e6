//! A wallet of the chain: `j.clients.tfchain.my_client.wallets.my_wallet`.
use std::sync::{Arc, Mutex, PoisonError};

use super::atomicswap::Swaps;
use super::balance::BalanceValue;
use super::builder::Builder;
use super::capacity::WalletCapacity;
use super::client::TfchainClient;
use super::erc20::WalletErc20;
use super::minter::WalletMinter;
use super::pending::{self, Pending};
use super::place::{ClientCore, Place};
use super::qr::Qr;
use super::recipient;
use super::send::{
    self, CONFIRM, DATA, DRY_RUN, FEE, FEE_HIGH, LOCK, Order, REFUND, SOURCE, SendResult,
};
use super::sign::{self, SignResult};
use super::statement;
use super::threebot::WalletThreeBots;
use super::transaction::TransactionValue;
use crate::j::instances::{Base, Common, Config};
use crate::j::world::World;
use crate::object::{
    Class, Default, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value, class_of,
};
use crate::tfchain::Seed;
use crate::tfchain::wallet::{MAX_KEYS, Wallet as Library};
use zeroize::Zeroizing;

/// Bytes of randomness of a new wallet: 24 words.
const ENTROPY: usize = 32;

/// A wallet.
pub struct Wallet {
    base: Arc<Base>,
    client: Arc<ClientCore>,
    /// The wallet of the library, which has its keys; made when first needed.
    library: Mutex<Option<(Place, Arc<Library>)>>,
}

impl Wallet {
    /// What it shares with its client.
    pub fn client(&self) -> &ClientCore {
        &self.client
    }

    /// What the tree needs from outside.
    pub fn world(&self) -> &World {
        &self.base.world
    }

    /// Path in the tree.
    pub fn path(&self) -> String {
        self.base.path()
    }

    /// The wallet of the library, with its keys; kept until seed, key count or network change.
    ///
    /// # Errors
    /// A seed that is none; an explorer node that is no address.
    pub fn library(&self) -> Result<Arc<Library>> {
        let place = self.client.place()?;
        let mut kept = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, library)) = kept.as_ref()
            && *at == place
        {
            return Ok(library.clone());
        }
        let words = Zeroizing::new(self.base.text("seed"));
        let seed = Seed::from_phrase(&words)?;
        let count = u64::try_from(self.base.int("key_count")).unwrap_or(1);
        let scan = self.base.int("key_scan_count");
        let library = Library::new(
            self.client.explorer()?,
            seed,
            count,
            scan,
            self.client.clock(),
        )?;
        let library = Arc::new(library);
        *kept = Some((place, library.clone()));
        Ok(library)
    }

    /// Keeps the number of keys that a scan or a new address left; a change to be saved.
    ///
    /// # Errors
    /// None at present.
    pub fn note_keys(&self, library: &Library) -> Result<()> {
        let count = i64::try_from(library.key_count()).unwrap_or(i64::MAX);
        if count != self.base.int("key_count") {
            self.base.set("key_count", &Value::Int(count))?;
        }
        Ok(())
    }

    /// Looks for keys that were used before. Without a network that is left for later.
    fn scan(&self, library: &Library) -> Result<()> {
        let scanned = self.client.ask(library.scan());
        self.note_keys(library)?;
        match scanned {
            Err(error) if error.kind == Kind::Interrupted => Err(error),
            Err(error) => {
                let text = format!("addresses used elsewhere were not looked for: {error}");
                self.world().host.note(&text);
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

fn new_seed() -> Result<Zeroizing<String>> {
    let mut entropy = Zeroizing::new([0_u8; ENTROPY]);
    getrandom::fill(&mut entropy[..])
        .map_err(|e| Error::new(Kind::Internal, format!("no random numbers: {e}")))?;
    Ok(Seed::from_entropy(&entropy[..])?.phrase())
}

impl Config for Wallet {
    type Owner = Arc<ClientCore>;
    const SCHEMA: &'static str = r#"
@url = jumpscale.tfchain.wallet
@secret = seed
name* = "" (S)
seed = "" (S)                # the recovery words; made when empty
key_count = 1 (I)            # keys to recreate
key_scan_count = -1 (I)      # keys looked ahead; -1 means 3, 0 never looks
"#;
    const COLLECTION: &'static str = "wallets";
    const COLLECTION_DOC: &'static str = "The wallets of a client, by name.";

    fn open(base: Arc<Base>, owner: &Arc<ClientCore>) -> Result<Self> {
        if base.text("seed").is_empty() {
            base.set("seed", &Value::Str(new_seed()?.to_string()))?;
        }
        Ok(Wallet {
            base,
            client: owner.clone(),
            library: Mutex::new(None),
        })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        match (name, value) {
            ("seed", Value::Str(words)) if !words.trim().is_empty() => {
                Seed::from_phrase(words)?;
            }
            ("key_count", Value::Int(count))
                if !u64::try_from(*count).is_ok_and(|count| (1..=MAX_KEYS).contains(&count)) =>
            {
                return Err(Error::value(format!(
                    "key_count is between 1 and {MAX_KEYS}, not {count}"
                )));
            }
            ("key_scan_count", Value::Int(count)) if !(-1..=1_000).contains(count) => {
                return Err(Error::value(format!(
                    "key_scan_count is between -1 and 1000, not {count}"
                )));
            }
            _ => {}
        }
        Ok(())
    }
    fn changed(&self) {
        if self.base.text("seed").trim().is_empty()
            && let Ok(words) = new_seed()
        {
            // The type of the property takes every text.
            let _ = self.base.set("seed", &Value::Str(words.to_string()));
        }
        *self.library.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

const KEYS: &[Member<Wallet>] = &[
    Member::property(
        "address",
        Ty::Str,
        "The primary address: where others send coins to.",
        "w.address",
        |wallet: &Arc<Wallet>, _| Ok(wallet.library()?.address().to_string().into()),
    ),
    Member::method(
        "address_new",
        &[],
        Ty::Str,
        "Adds an address to the wallet and returns it.",
        "w.address_new()",
        |wallet: &Arc<Wallet>, _| {
            let library = wallet.library()?;
            let address = library.address_new()?;
            wallet.note_keys(&library)?;
            Ok(address.to_string().into())
        },
    ),
    Member::method(
        "public_key_new",
        &[],
        Ty::Str,
        "Adds a key to the wallet and returns its public part.",
        "w.public_key_new()",
        |wallet: &Arc<Wallet>, _| {
            let library = wallet.library()?;
            let key = library.public_key_new()?;
            wallet.note_keys(&library)?;
            Ok(key.to_string().into())
        },
    ),
    Member::method(
        "public_key_get",
        &[Param::optional(
            "address",
            Ty::Any("address"),
            Default::None,
            "an address of the wallet; the primary one without",
        )],
        Ty::Str,
        "Returns the public key of an address of the wallet.",
        "w.public_key_get(w.address)",
        |wallet: &Arc<Wallet>, args| {
            let library = wallet.library()?;
            let address = match args.get("address") {
                Value::None => library.address(),
                given => recipient::address(given)?,
            };
            Ok(library.key_pair(&address)?.public_key().to_string().into())
        },
    ),
    Member::property(
        "addresses",
        Ty::List,
        "All addresses of the wallet, in order of their addition. Looks first for addresses of\n\
         the same seed that were used elsewhere; without a network that is left for later.",
        "w.addresses",
        |wallet: &Arc<Wallet>, _| {
            let library = wallet.library()?;
            wallet.scan(&library)?;
            let list = library.known_addresses();
            Ok(list.iter().map(|a| Value::Str(a.to_string())).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::property(
        "addresses_multisig",
        Ty::List,
        "The multi-signature addresses of which the wallet is an owner.",
        "w.addresses_multisig",
        |wallet: &Arc<Wallet>, _| {
            let balance = wallet.balance()?;
            let list = balance.addresses_multisig();
            Ok(list.map(|a| Value::Str(a.to_string())).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "address_qr",
        &[Param::optional(
            "address",
            Ty::Any("address"),
            Default::None,
            "an address; the primary one without",
        )],
        Ty::Object(class_of::<Qr>),
        "Shows an address as a QR code that a phone can scan.",
        "w.address_qr()",
        |wallet: &Arc<Wallet>, args| {
            let address = match args.get("address") {
                Value::None => wallet.library()?.address(),
                given => recipient::address(given)?,
            };
            Qr::value(address.to_string())
        },
    ),
    Member::property(
        "seed_entropy",
        Ty::Bytes,
        "The secret bytes behind the recovery words.",
        "len(w.seed_entropy)",
        |wallet: &Arc<Wallet>, _| Ok(Value::Bytes(wallet.library()?.seed().entropy().to_vec())),
    ),
    Member::property(
        "network_type",
        Ty::Str,
        "The network of its client: STD, TEST or DEV.",
        "w.network_type",
        |wallet: &Arc<Wallet>, _| Ok(wallet.client.network_type().into()),
    ),
    Member::property(
        "client",
        Ty::Object(class_of::<TfchainClient>),
        "The client of the wallet.",
        "w.client",
        |wallet: &Arc<Wallet>, _| Ok(wallet.client.client().into()),
    ),
];

impl Wallet {
    fn balance(&self) -> Result<crate::tfchain::wallet::Balance> {
        let library = self.library()?;
        let balance = self.client.ask(library.balance());
        self.note_keys(&library)?;
        balance
    }
}

const COINS: &[Member<Wallet>] = &[
    Member::child(
        "atomicswap",
        class_of::<Swaps>,
        "Swaps with somebody on another chain.",
        "w.atomicswap",
        |wallet: &Arc<Wallet>, _| Ok(Swaps::of(wallet)),
    ),
    Member::child(
        "capacity",
        class_of::<WalletCapacity>,
        "Capacity of the grid: reserved, paid and listed here.",
        "w.capacity",
        |wallet: &Arc<Wallet>, _| Ok(WalletCapacity::value(wallet)),
    ),
    Member::child(
        "threebot",
        class_of::<WalletThreeBots>,
        "The 3bots of the wallet: registered, changed and paid here.",
        "w.threebot",
        |wallet: &Arc<Wallet>, _| Ok(WalletThreeBots::value(wallet)),
    ),
    Member::child(
        "erc20",
        class_of::<WalletErc20>,
        "Coins to the Ethereum chain, and addresses for those that come back.",
        "w.erc20",
        |wallet: &Arc<Wallet>, _| Ok(WalletErc20::value(wallet)),
    ),
    Member::child(
        "minter",
        class_of::<WalletMinter>,
        "Minting, for those who have the right to: new coins, new minters.",
        "w.minter",
        |wallet: &Arc<Wallet>, _| Ok(WalletMinter::value(wallet)),
    ),
    Member::property(
        "balance",
        Ty::Object(class_of::<BalanceValue>),
        "What the wallet owns, asked anew each time.",
        "w.balance",
        |wallet: &Arc<Wallet>, _| {
            let balance = wallet.balance()?;
            Ok(BalanceValue::value(wallet.client.clone(), balance))
        },
    )
    .needs(Needs::NETWORK),
    Member::property(
        "transactions",
        Ty::List,
        "All transactions of all addresses, newest first, those without a block on top.",
        "w.transactions",
        |wallet: &Arc<Wallet>, _| {
            let library = wallet.library()?;
            let found = wallet.client.ask(library.transactions());
            wallet.note_keys(&library)?;
            Ok(found?.into_iter().map(TransactionValue::seen).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "statement",
        statement::PARAMS,
        Ty::Any("WalletStatement, or str"),
        "Shows what each transaction brought in or took out, oldest first, with the balance after\n\
         it and with whom it was; labels of c.address_book stand for addresses, ids and addresses\n\
         are shortened on screen. With a format it answers the text, with a file it writes it and\n\
         answers the name of the file.",
        "w.statement()\nw.statement(format='csv')",
        |wallet: &Arc<Wallet>, args| statement::make(wallet, args),
    )
    .needs(Needs::NETWORK.and(Needs::UNLOCKED)),
    Member::method(
        "coins_send",
        &[
            Param::required(
                "recipient",
                Ty::Any("recipient"),
                "an address or its label; a list of them (all must sign) or a list and a number; an ERC20 \
                 address (0x…); None",
            ),
            Param::required(
                "amount",
                Ty::Any("amount"),
                "how much, in TFT, without the fee",
            ),
            SOURCE,
            REFUND,
            LOCK,
            DATA,
            FEE,
            FEE_HIGH,
            DRY_RUN,
            CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Sends coins. On STD and TEST a preview is shown and confirmed first.\n\
         The signed transaction is stored before it is posted: when its answer gets lost,\n\
         w.pending() shows it and sends it again, and nothing is paid twice.",
        "w.coins_send(c.wallets.pocket_money.address, 10)\n\
         w.coins_send(c.wallets.pocket_money.address, '1.5 TFT', lock='+7d', data='pocket money')",
        |wallet: &Arc<Wallet>, args| {
            let mut order = Order::of(args)?;
            let payment = recipient::payment(args, &wallet.client)?;
            order.request.payments.push(payment);
            send::send(wallet, order)
        },
    )
    .needs(Needs::NETWORK.and(Needs::MONEY).and(Needs::UNLOCKED)),
    Member::method(
        "coin_transaction_builder_new",
        &[],
        Ty::Object(class_of::<Builder>),
        "Begins a transaction with several recipients.",
        "w.coin_transaction_builder_new().output_add(w.address, 1).send()",
        |wallet: &Arc<Wallet>, _| Ok(Value::object(Builder::new(wallet.clone()))),
    ),
    Member::method(
        "transaction_sign",
        &[
            Param::required(
                "txn",
                Ty::Any("transaction, JSON or file"),
                "what coins_send() or drain() returned, its json(), JSON text, or a file of it",
            ),
            Param::optional(
                "submit",
                Ty::Bool,
                Default::Bool(true),
                "send it when no signature is missing any more",
            ),
            CONFIRM,
        ],
        Ty::Object(class_of::<SignResult>),
        "Signs what the wallet can of a transaction, and sends it when nothing is missing.",
        "t = w.balance.drain(w.address, c.minimum_miner_fee)[0]\nw.transaction_sign(t)",
        |wallet: &Arc<Wallet>, args| sign::sign(wallet, args),
    )
    .needs(Needs::NETWORK.and(Needs::MONEY).and(Needs::UNLOCKED)),
    Member::method(
        "pending",
        &[Param::optional(
            "send",
            Ty::Bool,
            Default::Bool(false),
            "send them again; the chain never takes one twice",
        )],
        Ty::List,
        "Lists the transactions whose fate is not known because the answer got lost.\n\
         With send=True they are sent again, and the results are listed.",
        "w.pending()",
        |wallet: &Arc<Wallet>, args| {
            let list: Vec<Arc<Pending>> = pending::list(wallet)?;
            if !args.flag("send") {
                return Ok(list.into_iter().map(Value::from).collect());
            }
            // Every one is tried; the first error is told after that.
            let results: Vec<Result<Value>> = list.iter().map(|pending| pending.send()).collect();
            results.into_iter().collect()
        },
    )
    .needs(Needs::NETWORK.and(Needs::UNLOCKED)),
];

impl Class for Wallet {
    const NAME: &'static str = "TFChainWallet";
    const DOC: &'static str = "A wallet: keys made from recovery words, and the coins they own.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[KEYS, COINS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
