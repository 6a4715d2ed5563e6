//! `unlockhash.json`: addresses as text.

use super::vectors::{list, load, number, text};
use kosmos::tfchain::encoding::{Decode, Encode, Encoding};
use kosmos::tfchain::{UnlockHash, UnlockType};

#[test]
fn addresses_are_read_by_the_rule() {
    let vectors = load("unlockhash.json");
    for case in list(&vectors, "cases") {
        let name = text(case, "name");
        let parsed = text(case, "input").parse::<UnlockHash>();
        if text(case, "rule") == "invalid" {
            assert!(parsed.is_err(), "{name}: {parsed:?}");
            continue;
        }
        let address = parsed.expect(name);
        let chain = &case["chain"];
        assert_eq!(u64::from(address.kind().byte()), number(chain, "type"));
        assert_eq!(address.hash().to_string(), text(chain, "hash"), "{name}");
        assert_eq!(address.to_string(), text(case, "input").to_lowercase());
        assert_eq!(address.chain_text(), text(chain, "string"), "{name}");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let written = address.to_bytes(encoding).expect(name);
            assert_eq!(hex::encode(&written), text(chain, key), "{name}");
            assert_eq!(UnlockHash::from_bytes(encoding, &written), Ok(address));
        }
        let json = serde_json::to_string(&address).expect("json");
        assert_eq!(json, format!("\"{address}\""));
    }
}

#[test]
fn the_nil_address() {
    // Printed as zeros, read as zeros or (from a node only) as the empty text.
    assert_eq!(UnlockHash::NIL.to_string(), "0".repeat(78));
    assert_eq!("0".repeat(78).parse(), Ok(UnlockHash::NIL));
    assert_eq!(
        serde_json::from_str::<UnlockHash>("\"\"").expect("empty"),
        UnlockHash::NIL
    );
    assert!("".parse::<UnlockHash>().is_err());
    assert_eq!(UnlockHash::NIL.chain_text(), "");
    let hash = kosmos::tfchain::Hash::of(b"x");
    assert!(UnlockHash::new(UnlockType::Nil, hash).is_nil());
}
