//! `conditions.json`: how outputs are locked.

use super::vectors::{bytes, list, load, number, text, truth};
use kosmos::tfchain::encoding::{Decode, Encode, Encoding};
use kosmos::tfchain::rules::check_condition;
use kosmos::tfchain::{Condition, UnlockHash};
use serde_json::json;

/// By the rule a nil address is printed as zeros; the chain prints it empty.
const PRINTS_NIL_ADDRESS: &str = "unlockhash-nil";

#[test]
fn conditions_in_all_forms() {
    let vectors = load("conditions.json");
    for case in list(&vectors, "cases") {
        let name = text(case, "name");
        let source = case["json"].to_string();
        let condition: Condition = serde_json::from_str(&source).expect(name);
        let mut expected = case["json"].clone();
        if name == PRINTS_NIL_ADDRESS {
            expected["data"]["unlockhash"] = json!(UnlockHash::NIL.to_string());
        }
        let printed = serde_json::to_string(&condition).expect(name);
        assert_eq!(printed, expected.to_string(), "{name}");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let written = condition.to_bytes(encoding).expect(name);
            assert_eq!(hex::encode(&written), text(case, key), "{name} {key}");
            assert_eq!(
                Condition::from_bytes(encoding, &bytes(case, key)).as_ref(),
                Ok(&condition),
                "{name} {key}"
            );
        }
        let address: UnlockHash = match text(case, "unlockhash") {
            "" => UnlockHash::NIL,
            address => address.parse().expect(name),
        };
        assert_eq!(condition.unlock_hash(), address, "{name}");
        let standard = check_condition(&condition);
        assert_eq!(standard.is_ok(), truth(case, "standard"), "{name}");
        if let Err(error) = standard {
            assert_eq!(error.to_string(), text(case, "standard_error"), "{name}");
        }
    }
}

#[test]
fn locks_hold_until_exactly_their_value() {
    let vectors = load("conditions.json");
    let mut checked = 0;
    for case in list(&vectors, "cases") {
        let name = text(case, "name");
        let condition: Condition = serde_json::from_value(case["json"].clone()).expect(name);
        let Condition::TimeLock(lock) = &condition else {
            assert!(case["lock_checks"].is_null(), "{name}");
            assert!(!condition.is_locked(0, 0));
            continue;
        };
        for check in list(case, "lock_checks") {
            let (height, time) = (number(check, "height"), number(check, "time"));
            assert_eq!(
                lock.is_locked(height, time),
                truth(check, "locked"),
                "{name} at {height}, {time}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 40, "{checked}");
}

#[test]
fn spellings_of_the_nil_condition() {
    let vectors = load("conditions.json");
    for case in list(&vectors, "json_variants") {
        let condition: Condition = serde_json::from_value(case["json"].clone()).expect("variant");
        let printed = serde_json::to_value(&condition).expect("json");
        assert_eq!(printed, case["canonical"], "{case}");
        let siabin = condition.to_bytes(Encoding::Siabin).expect("siabin");
        assert_eq!(hex::encode(siabin), text(case, "siabin"));
    }
    assert_eq!(
        serde_json::from_str::<Condition>("null").expect("null"),
        Condition::Nil
    );
}

#[test]
fn json_that_is_refused() {
    let vectors = load("conditions.json");
    for case in list(&vectors, "invalid_json") {
        let read = serde_json::from_value::<Condition>(case["json"].clone());
        assert!(read.is_err(), "{case}");
    }
}

#[test]
fn too_many_time_locks_are_refused_not_followed() {
    let deep = (0..33).fold(Condition::Nil, |inner, _| inner.locked_until(1));
    let bytes = deep.to_bytes(Encoding::Siabin).expect("encodes");
    assert!(Condition::from_bytes(Encoding::Siabin, &bytes).is_err());
    let json = serde_json::to_string(&deep).expect("prints");
    assert!(serde_json::from_str::<Condition>(&json).is_err());
    // Half a million of them in one slice must not exhaust the stack.
    let mut data = Vec::new();
    for _ in 0..500_000 {
        data.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 3]);
    }
    let mut encoder = kosmos::tfchain::encoding::Encoder::new(Encoding::Siabin);
    encoder.byte(3);
    encoder.slice(&data);
    let bytes = encoder.finish().expect("encodes");
    assert!(Condition::from_bytes(Encoding::Siabin, &bytes).is_err());
}

#[test]
fn conditions_from_recipients() {
    let address: UnlockHash =
        "017f32c2edd4bcb37b8724d307a5a086f8ed68b1ff8b78780fdfee28ea482bd5c9fbec8d190cff"
            .parse()
            .expect("address");
    let other: UnlockHash =
        "010fc18bd69aabeefdb4830717678dd2483ab1c43c1d2496967986eb6d718e490da986e72d96ae"
            .parse()
            .expect("address");
    assert_eq!(Condition::for_recipients(&[]), Condition::Nil);
    assert_eq!(
        Condition::for_recipients(&[address]),
        Condition::UnlockHash(address)
    );
    assert_eq!(
        Condition::for_recipients(&[address, other]),
        Condition::multi_signature(vec![address, other], 2)
    );
    assert_eq!(Condition::from(UnlockHash::NIL), Condition::Nil);
    let locked = Condition::from(address).locked_until(42);
    assert_eq!(locked.lock_time(), Some(42));
    assert_eq!(locked.unlock_hash(), address);
    assert!(locked.is_locked(41, u64::MAX) && !locked.is_locked(42, 0));
}
