//! Addresses, keys and names as values: what is a text in JSON and on the command line.
use std::fmt::Display;

use super::binary::{self, ENCODING};
use crate::object::{Class, Member, Paint, Param, Ty, Value, class_of};
use crate::tfchain::encoding::Encode;
use crate::tfchain::{
    BotName, Erc20Address, Hash, NetworkAddress, PublicKey, Signature, UnlockHash,
};

/// A type of the chain that is a text for people.
pub trait PlainType: Display + Encode + PartialEq + Send + Sync + Sized + 'static {
    /// Name of its class.
    const CLASS: &'static str;
    /// What it is.
    const WHAT: &'static str;
    /// Lines that make one and call it `x`.
    const SAMPLE: &'static str;
    /// What it has besides text and bytes.
    const OWN: &'static [Member<Plain<Self>>];
}

/// A value of such a type.
pub struct Plain<T>(T);

impl<T: PlainType> Plain<T> {
    /// The value of the shell.
    pub fn value(inner: T) -> Value {
        Value::object(Plain(inner))
    }

    /// What it is.
    pub fn inner(&self) -> &T {
        &self.0
    }
}

impl<T: PlainType> Class for Plain<T> {
    const NAME: &'static str = T::CLASS;
    const DOC: &'static str = T::WHAT;
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        T::OWN,
        &[
            Member::method(
                "str",
                &[],
                Ty::Str,
                "Returns it as text.",
                T::SAMPLE,
                |this, _| Ok(this.0.to_string().into()),
            ),
            Member::method(
                "json",
                &[],
                Ty::Str,
                "Returns it as the chain's JSON has it: a text.",
                T::SAMPLE,
                |this, _| Ok(this.0.to_string().into()),
            ),
            Member::method(
                "binary",
                &[ENCODING],
                Ty::Str,
                "Returns its bytes as hex digits.",
                T::SAMPLE,
                |this, args| binary::write(&this.0, args),
            ),
        ],
    ];

    fn repr(&self, _paint: Paint) -> String {
        self.0.to_string()
    }
    fn equals(&self, other: &Value) -> bool {
        match other {
            Value::Str(text) => *text == self.0.to_string(),
            _ => other
                .downcast::<Self>()
                .is_some_and(|other| other.0 == self.0),
        }
    }
}

const ADDRESS: &str = "x = j.clients.tfchain.types.unlockhash(w.address)";

impl PlainType for UnlockHash {
    const CLASS: &'static str = "UnlockHash";
    const WHAT: &'static str = "An address; it can be a recipient.";
    const SAMPLE: &'static str = ADDRESS;
    const OWN: &'static [Member<Plain<Self>>] = &[
        Member::property(
            "type",
            Ty::Int,
            "Its type: 0 anybody, 1 a wallet, 2 an atomic swap, 3 several owners.",
            ADDRESS,
            |this, _| Ok(Value::Int(this.0.kind().byte().into())),
        ),
        Member::property(
            "hash",
            Ty::Str,
            "The hash in it, without type and checksum.",
            ADDRESS,
            |this, _| Ok(this.0.hash().to_string().into()),
        ),
        Member::property(
            "erc20_address",
            Ty::Object(class_of::<Plain<Erc20Address>>),
            "The address of Ethereum that stands for it.",
            ADDRESS,
            |this, _| Ok(Plain::value(Erc20Address::from_unlock_hash(&this.0))),
        ),
    ];
}

const KEY: &str = "x = j.clients.tfchain.types.public_key(\
                   'ed25519:060bf143977959248d80635c6c89137d86e1d6e2906ab731d30a00cc9b95d68d')";

impl PlainType for PublicKey {
    const CLASS: &'static str = "PublicKey";
    const WHAT: &'static str = "A public key.";
    const SAMPLE: &'static str = KEY;
    const OWN: &'static [Member<Plain<Self>>] = &[
        Member::property(
            "unlockhash",
            Ty::Object(class_of::<Plain<UnlockHash>>),
            "The address of its wallet.",
            KEY,
            |this, _| Ok(Plain::value(this.0.unlock_hash())),
        ),
        Member::method(
            "verify",
            &[
                Param::required("hash", Ty::Str, "what was signed: 64 hex digits"),
                Param::required("signature", Ty::Str, "the signature: 128 hex digits"),
            ],
            Ty::Bool,
            "Returns whether a signature of a hash is this key's.",
            "t = w.coins_send(w.address, 1).transaction\n\
             f = t.coin_inputs[0].fulfillment\n\
             x = j.clients.tfchain.types.public_key(f.data.publickey)\n\
             x.verify(t.signature_hash(0), f.data.signature)",
            |this, args| {
                let hash: Hash = args
                    .text("hash")
                    .parse()
                    .map_err(|error| args.error("hash", format!("is no hash: {error}")))?;
                let signature: Signature = args
                    .text("signature")
                    .parse()
                    .map_err(|error| args.error("signature", format!("is none: {error}")))?;
                Ok(this.0.verify(&hash, &signature).into())
            },
        ),
    ];
}

impl PlainType for BotName {
    const CLASS: &'static str = "BotName";
    const WHAT: &'static str = "The name of a 3bot.";
    const SAMPLE: &'static str = "x = j.clients.tfchain.types.bot_name('chatbot.example2')";
    const OWN: &'static [Member<Plain<Self>>] = &[];
}

const HOST: &str = "x = j.clients.tfchain.types.network_address('bot.example.org')";

impl PlainType for NetworkAddress {
    const CLASS: &'static str = "NetworkAddress";
    const WHAT: &'static str = "Where a 3bot can be reached.";
    const SAMPLE: &'static str = HOST;
    const OWN: &'static [Member<Plain<Self>>] = &[Member::property(
        "type",
        Ty::Str,
        "Its kind: 'hostname', 'ipv4' or 'ipv6'.",
        HOST,
        |this, _| {
            Ok(match this.0 {
                NetworkAddress::HostName(_) => "hostname".into(),
                NetworkAddress::Ipv4(_) => "ipv4".into(),
                NetworkAddress::Ipv6(_) => "ipv6".into(),
            })
        },
    )];
}

impl PlainType for Erc20Address {
    const CLASS: &'static str = "ERC20Address";
    const WHAT: &'static str = "An address of Ethereum.";
    const SAMPLE: &'static str =
        "x = j.clients.tfchain.types.erc20_address('0x878f491ede981a1959f2a767a9d6aaa7b7eef7d8')";
    const OWN: &'static [Member<Plain<Self>>] = &[];
}
