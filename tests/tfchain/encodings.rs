//! `encoding.json`: both encodings, value by value.

use super::vectors::{bytes, list, load, text};
use kosmos::tfchain::encoding::{
    Decode, Decoder, Encode, EncodeError, Encoder, Encoding, IntegerWidth, rivbin, siabin,
};
use kosmos::tfchain::{Amount, PublicKey, UnlockHash};
use serde_json::Value;

/// A value of the vectors' typed trees.
struct Tree<'a>(&'a Value);

impl Encode for Tree<'_> {
    fn encode(&self, encoder: &mut Encoder) {
        let tree = self.0;
        let number = || text(tree, "value").parse().expect("number");
        let items = || -> Vec<Tree<'_>> {
            let items = tree["items"].as_array().expect("items");
            items.iter().map(Tree).collect()
        };
        match text(tree, "type") {
            "bool" => encoder.bool(tree["value"].as_bool().expect("bool")),
            "uint8" => encoder.integer(IntegerWidth::U8, number()),
            "uint16" => encoder.integer(IntegerWidth::U16, number()),
            "uint24" => encoder.integer(IntegerWidth::U24, number()),
            "uint32" => encoder.integer(IntegerWidth::U32, number()),
            "uint64" => encoder.integer(IntegerWidth::U64, number()),
            "string" => encoder.string(text(tree, "value")),
            "bytes" => encoder.slice(&bytes(tree, "hex")),
            "bytes_array" => encoder.raw(&bytes(tree, "hex")),
            "currency" => {
                encoder.value(&Amount::parse_units(text(tree, "value")).expect("currency"));
            }
            "list" => encoder.list(&items()),
            "array" | "struct" => items().iter().for_each(|item| encoder.value(item)),
            "pointer" => {
                let inner = Some(Tree(&tree["value"])).filter(|inner| !inner.0.is_null());
                encoder.optional(inner.as_ref());
            }
            "publickey" => {
                encoder.value(&text(tree, "value").parse::<PublicKey>().expect("key"));
            }
            "unlockhash" => {
                encoder.value(&text(tree, "value").parse::<UnlockHash>().expect("hash"));
            }
            other => panic!("unknown type {other}"),
        }
    }
}

/// Reads what `tree` describes and compares it by writing it again.
fn read_back(tree: &Value, decoder: &mut Decoder<'_>, again: &mut Encoder) {
    match text(tree, "type") {
        "bool" => again.bool(decoder.bool().expect("bool")),
        "uint8" => again.u8(decoder.u8().expect("u8")),
        "uint16" => again.u16(decoder.u16().expect("u16")),
        "uint24" => again.raw(&decoder.array::<3>().expect("u24")),
        "uint32" => again.u32(decoder.u32().expect("u32")),
        "uint64" => again.u64(decoder.u64().expect("u64")),
        "string" => again.string(decoder.string().expect("string")),
        "bytes" => again.slice(decoder.slice().expect("slice")),
        "bytes_array" => again.raw(decoder.raw(bytes(tree, "hex").len()).expect("array")),
        "currency" => again.value(&decoder.value::<Amount>().expect("currency")),
        "list" => {
            let length = decoder.length().expect("length");
            again.length(length);
            for item in tree["items"].as_array().expect("items") {
                read_back(item, decoder, again);
            }
        }
        "array" | "struct" => {
            for item in tree["items"].as_array().expect("items") {
                read_back(item, decoder, again);
            }
        }
        "pointer" => {
            let present = decoder.bool().expect("pointer");
            again.bool(present);
            if present {
                read_back(&tree["value"], decoder, again);
            }
        }
        "publickey" => again.value(&decoder.value::<PublicKey>().expect("key")),
        "unlockhash" => again.value(&decoder.value::<UnlockHash>().expect("unlock hash")),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn values_encode_and_decode_as_the_chain_does() {
    let vectors = load("encoding.json");
    for case in list(&vectors, "cases") {
        let name = text(case, "name");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let written = Tree(&case["value"]).to_bytes(encoding);
            let Some(expected) = case[key].as_str() else {
                assert!(
                    matches!(written, Err(EncodeError::NoForm(_))),
                    "{name} has no {key} form: {written:?}"
                );
                continue;
            };
            assert_eq!(hex::encode(written.expect(name)), expected, "{name} {key}");
            let raw = hex::decode(expected).expect("hex");
            let mut decoder = Decoder::new(encoding, &raw).expect(name);
            let mut again = Encoder::new(encoding);
            read_back(&case["value"], &mut decoder, &mut again);
            decoder.finish().expect(name);
            assert_eq!(again.finish().expect(name), raw, "{name} {key} read back");
        }
    }
}

#[test]
fn length_prefixes() {
    let vectors = load("encoding.json");
    for case in list(&vectors, "length_prefixes") {
        let length = usize::try_from(case["length"].as_u64().expect("length")).expect("usize");
        let prefix = rivbin::length_prefix(length).expect("prefix");
        assert_eq!(
            hex::encode(prefix.as_bytes()),
            text(case, "rivbin"),
            "{length}"
        );
        let prefix = siabin::length_prefix(length as u64);
        assert_eq!(hex::encode(prefix), text(case, "siabin"), "{length}");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let mut data = bytes(case, key);
            data.resize(data.len() + length, 7);
            let mut decoder = Decoder::new(encoding, &data).expect("decoder");
            assert_eq!(decoder.slice().expect(key).len(), length, "{length} {key}");
            decoder.finish().expect("nothing left");
        }
    }
    assert_eq!(
        rivbin::length_prefix(rivbin::MAX_LENGTH + 1),
        Err(EncodeError::TooLong(rivbin::MAX_LENGTH + 1))
    );
}

#[test]
fn numbers_out_of_range_are_errors() {
    let vectors = load("encoding.json");
    for case in list(&vectors, "encode_errors") {
        let encoding = match text(case, "encoding") {
            "siabin" => Encoding::Siabin,
            _ => Encoding::Rivbin,
        };
        let width = match text(case, "width") {
            "uint8" => IntegerWidth::U8,
            "uint16" => IntegerWidth::U16,
            "uint24" => IntegerWidth::U24,
            "uint32" => IntegerWidth::U32,
            "uint64" => IntegerWidth::U64,
            other => panic!("unknown width {other}"),
        };
        let mut encoder = Encoder::new(encoding);
        encoder.integer(width, text(case, "value").parse().expect("number"));
        let error = encoder.finish();
        assert!(
            matches!(error, Err(EncodeError::OutOfRange { .. })),
            "{case}"
        );
    }
}

#[test]
fn reading_has_limits() {
    // A slice over 5 000 000 bytes, in both encodings, even when the bytes are there.
    for encoding in [Encoding::Siabin, Encoding::Rivbin] {
        let mut encoder = Encoder::new(encoding);
        encoder.slice(&vec![0; 5_000_001]);
        let data = encoder.finish().expect("encodes");
        let mut decoder = Decoder::new(encoding, &data).expect("decoder");
        assert!(decoder.slice().is_err(), "{encoding:?}");
    }
    assert!(Decoder::new(Encoding::Siabin, &vec![0; 12_000_001]).is_err());
    // A currency of more than 256 bytes.
    let mut encoder = Encoder::new(Encoding::Rivbin);
    encoder.slice(&[1; 257]);
    let data = encoder.finish().expect("encodes");
    assert!(Amount::from_bytes(Encoding::Rivbin, &data).is_err());
    // A list that claims more elements than there are bytes allocates nothing.
    let huge = 4_000_000_u64.to_le_bytes();
    let mut decoder = Decoder::new(Encoding::Siabin, &huge).expect("decoder");
    assert!(decoder.list::<UnlockHash>().is_err());
}

#[test]
fn longer_prefixes_than_needed_are_read() {
    for prefix in ["02", "0500", "0b0000", "0f000000"] {
        let mut data = hex::decode(prefix).expect("hex");
        data.push(0x2a);
        let mut decoder = Decoder::new(Encoding::Rivbin, &data).expect("decoder");
        assert_eq!(decoder.slice().expect(prefix), [0x2a], "{prefix}");
    }
}
