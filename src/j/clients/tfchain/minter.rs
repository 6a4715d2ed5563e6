//! Minting: `w.minter` names minters and creates coins, `c.minter` tells who the minters are.
use std::sync::Arc;

use super::condition::ConditionValue;
use super::order::carry_out;
use super::place::ClientCore;
use super::recipient;
use super::send::{CONFIRM, DATA, DRY_RUN, LOCK, SendResult};
use super::wallet::Wallet;
use crate::object::{
    Class, Default, Error, Kind, Member, Needs, Param, Result, Ty, Value, class_of,
};
use crate::tfchain::transaction::Nonce;

/// `w.minter`.
pub struct WalletMinter {
    wallet: Arc<Wallet>,
}

impl WalletMinter {
    /// The node below a wallet.
    pub fn value(wallet: &Arc<Wallet>) -> Value {
        let wallet = wallet.clone();
        Value::object(WalletMinter { wallet })
    }
}

fn nonce() -> Result<Nonce> {
    let mut nonce = Nonce::default();
    // The chain refuses zeros.
    while nonce.is_zero() {
        getrandom::fill(&mut nonce.0)
            .map_err(|e| Error::new(Kind::Internal, format!("no random numbers: {e}")))?;
    }
    Ok(nonce)
}

const ORDERS: Needs = Needs::NETWORK.and(Needs::MONEY).and(Needs::UNLOCKED);

impl Class for WalletMinter {
    const NAME: &'static str = "TFChainWalletMinter";
    const DOC: &'static str = "Minting, for those who have the right to: new coins, new minters.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "definition_set",
            &[
                Param::required(
                    "minter",
                    Ty::Any("recipient"),
                    "who may create coins from then on: an address; a list of them (all must \
                     sign) or a list and a number",
                ),
                DATA,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Hands the right to create coins on, from the block on that has it. Who gives it to\n\
             somebody else cannot take it back.\n\
             Without (enough of) the keys of the minters it is not sent: transaction_sign() of\n\
             their wallets goes on with what it answers.",
            "a = j.devnet.minter()\n\
             m = c.wallets.new('minter', seed=a.seed, key_count=a.key_count)\n\
             m.minter.definition_set(([a.address, w.address], 1), dry_run=True)",
            |this: &Arc<WalletMinter>, args| {
                let minter = recipient::labelled(args.get("minter"), this.wallet.client())?;
                let (data, nonce) = (recipient::data(args.get("data"))?, nonce()?);
                let library = this.wallet.library()?;
                let draft = library.draft_minter_definition(&minter, &data, nonce);
                carry_out(&this.wallet, args, draft)
            },
        )
        .needs(ORDERS),
        Member::method(
            "coins_new",
            &[
                Param::required(
                    "recipient",
                    Ty::Any("recipient"),
                    "who gets them: as for coins_send()",
                ),
                Param::required(
                    "amount",
                    Ty::Any("amount"),
                    "how much, in TFT; the fee is created too",
                ),
                LOCK,
                DATA,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Creates coins out of nothing, and their fee.\n\
             Without (enough of) the keys of the minters it is not sent: transaction_sign() of\n\
             their wallets goes on with what it answers.",
            "a = j.devnet.minter()\n\
             m = c.wallets.new('minter', seed=a.seed, key_count=a.key_count)\n\
             m.minter.coins_new(w.address, 1000)",
            |this: &Arc<WalletMinter>, args| {
                let payment = recipient::payment(args, this.wallet.client())?;
                let (data, nonce) = (recipient::data(args.get("data"))?, nonce()?);
                let library = this.wallet.library()?;
                let (to, amount) = (&payment.recipient, &payment.amount);
                let draft = library.draft_coin_creation(to, amount, payment.lock, &data, nonce);
                carry_out(&this.wallet, args, draft)
            },
        )
        .needs(ORDERS),
    ]];

    fn location(&self) -> String {
        format!("{}.minter", self.wallet.path())
    }
}

/// `c.minter`.
pub struct ClientMinter {
    core: Arc<ClientCore>,
}

impl ClientMinter {
    /// The node below a client.
    pub fn value(core: &Arc<ClientCore>) -> Value {
        let core = core.clone();
        Value::object(ClientMinter { core })
    }
}

impl Class for ClientMinter {
    const NAME: &'static str = "TFChainMinter";
    const DOC: &'static str = "Who may create coins.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "condition_get",
        &[Param::optional(
            "height",
            Ty::Int,
            Default::None,
            "the height of a block: who could then; the newest without",
        )],
        Ty::Object(class_of::<ConditionValue>),
        "Asks for the condition that a creation of coins must fulfill.",
        "c.minter.condition_get()\nc.minter.condition_get(height=0).unlockhash",
        |this: &Arc<ClientMinter>, args| {
            let height = args.opt_int("height").map(u64::try_from).transpose();
            let height = height.map_err(|_| args.error("height", "must be 0 or more"))?;
            let explorer = this.core.explorer()?;
            let condition = this.core.ask(explorer.mint_condition(height))?;
            Ok(ConditionValue::value(condition))
        },
    )
    .needs(Needs::NETWORK)]];

    fn location(&self) -> String {
        format!("{}.minter", self.core.base.path())
    }
}
