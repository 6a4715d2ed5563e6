//! `types.mnemonic`: the words of a seed, its entropy, and the keys made of them.
use super::binary;
use super::plain::Plain;
use crate::object::{Class, Default, Member, Param, Ty, class_of};
use crate::tfchain::{PublicKey, Seed};

/// `j.clients.tfchain.types.mnemonic`.
pub struct Mnemonics;

const PHRASE: Param =
    Param::required("phrase", Ty::Str, "12, 15, 18, 21 or 24 words of the list").secret();

impl Class for Mnemonics {
    const NAME: &'static str = "mnemonic";
    const DOC: &'static str = "The words of a seed, and the entropy that they stand for.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "to_entropy",
            &[PHRASE],
            Ty::Str,
            "Returns the entropy that words stand for, as hex digits. It is as secret as the words.",
            "words = j.clients.tfchain.types.mnemonic.from_entropy('00000000000000000000000000000000')\n\
             j.clients.tfchain.types.mnemonic.to_entropy(words)",
            |_, args| {
                let seed = Seed::from_phrase(args.text("phrase"))?;
                Ok(hex::encode(seed.entropy()).into())
            },
        ),
        Member::method(
            "from_entropy",
            &[Param::required(
                "entropy",
                Ty::Any("hex or bytes"),
                "16, 20, 24, 28 or 32 bytes: hex digits, or bytes",
            )
            .secret()],
            Ty::Str,
            "Returns the words that stand for entropy. They are as secret as the entropy.",
            "words = j.clients.tfchain.types.mnemonic.from_entropy('00000000000000000000000000000000')",
            |_, args| {
                let entropy = zeroize::Zeroizing::new(binary::bytes(args.get("entropy"))?);
                Ok(Seed::from_entropy(&entropy)?.phrase().as_str().into())
            },
        ),
        Member::method(
            "public_key",
            &[
                PHRASE,
                Param::optional("index", Ty::Int, Default::Int(0), "which key, from 0"),
            ],
            Ty::Object(class_of::<Plain<PublicKey>>),
            "Returns a public key of the wallet of these words; its address is .unlockhash.",
            "words = j.clients.tfchain.types.mnemonic.from_entropy('00000000000000000000000000000000')\n\
             j.clients.tfchain.types.mnemonic.public_key(words, 1).unlockhash",
            |_, args| {
                let index = args
                    .opt_int("index")
                    .and_then(|index| u64::try_from(index).ok())
                    .ok_or_else(|| args.error("index", "must be a number from 0 on"))?;
                let seed = Seed::from_phrase(args.text("phrase"))?;
                Ok(Plain::value(*seed.key_pair(index).public_key()))
            },
        ),
    ]];

    fn location(&self) -> String {
        "j.clients.tfchain.types.mnemonic".into()
    }
}
