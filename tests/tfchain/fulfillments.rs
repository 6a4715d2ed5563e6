//! `fulfillments.json`: how inputs unlock.

use super::vectors::{bytes, list, load, text, truth};
use kosmos::tfchain::Fulfillment;
use kosmos::tfchain::encoding::{Decode, Encode, Encoding};
use kosmos::tfchain::rules::check_fulfillment;
use serde_json::json;

#[test]
fn fulfillments_in_all_forms() {
    let vectors = load("fulfillments.json");
    for case in list(&vectors, "cases") {
        let name = text(case, "name");
        let fulfillment: Fulfillment = serde_json::from_value(case["json"].clone()).expect(name);
        let printed = serde_json::to_string(&fulfillment).expect(name);
        assert_eq!(printed, case["json"].to_string(), "{name}");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let written = fulfillment.to_bytes(encoding).expect(name);
            assert_eq!(hex::encode(&written), text(case, key), "{name} {key}");
            assert_eq!(
                Fulfillment::from_bytes(encoding, &bytes(case, key)).as_ref(),
                Ok(&fulfillment),
                "{name} {key}"
            );
        }
        let standard = check_fulfillment(&fulfillment);
        assert_eq!(standard.is_ok(), truth(case, "standard"), "{name}");
        if let Err(error) = standard {
            assert_eq!(error.to_string(), text(case, "standard_error"), "{name}");
        }
    }
}

#[test]
fn a_refund_may_leave_the_secret_out() {
    let vectors = load("fulfillments.json");
    let case = list(&vectors, "cases")
        .iter()
        .find(|case| text(case, "name") == "atomicswap-refund")
        .expect("refund");
    let expected: Fulfillment = serde_json::from_value(case["json"].clone()).expect("refund");
    let mut json = case["json"].clone();
    let data = json["data"].as_object_mut().expect("data");
    data.remove("secret");
    let read: Fulfillment = serde_json::from_value(json.clone()).expect("reads");
    assert_eq!(read, expected);
    // The node takes nothing else for it.
    for secret in [json!(null), json!("")] {
        json["data"]["secret"] = secret;
        assert!(serde_json::from_value::<Fulfillment>(json.clone()).is_err());
    }
}

#[test]
fn legacy_swaps_have_all_terms_or_none() {
    let vectors = load("fulfillments.json");
    let case = list(&vectors, "cases")
        .iter()
        .find(|case| text(case, "name") == "atomicswap-legacy")
        .expect("legacy");
    for key in ["sender", "receiver", "hashedsecret", "timelock"] {
        let mut json = case["json"].clone();
        json["data"].as_object_mut().expect("data").remove(key);
        assert!(
            serde_json::from_value::<Fulfillment>(json).is_err(),
            "{key}"
        );
    }
}

#[test]
fn unknown_and_nil_types() {
    assert!(serde_json::from_str::<Fulfillment>(r#"{"type":4,"data":{}}"#).is_err());
    for nil in ["{}", "null", r#"{"type":0}"#, r#"{"type":0,"data":{}}"#] {
        let read: Fulfillment = serde_json::from_str(nil).expect(nil);
        assert_eq!(read, Fulfillment::Nil, "{nil}");
        assert_eq!(
            check_fulfillment(&read).expect_err("nil").to_string(),
            "nil fulfillment type"
        );
    }
}
