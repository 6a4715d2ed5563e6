//! `botnames.json`, `networkaddresses.json` and `botrecords.json`.

use super::vectors::{bytes, list, load, number, text, truth};
use kosmos::tfchain::botrecord::{extend_expiration, floor_to_minute};
use kosmos::tfchain::encoding::{Decode, Encode, Encoding};
use kosmos::tfchain::{BotName, BotRecord, NetworkAddress};
use serde_json::json;

#[test]
fn names() {
    let vectors = load("botnames.json");
    for case in list(&vectors, "cases") {
        let input = text(case, "input");
        let parsed = input.parse::<BotName>();
        if text(case, "rule") == "invalid" {
            assert!(parsed.is_err(), "{input:?}");
            continue;
        }
        let name = parsed.expect(input);
        let chain = &case["chain"];
        assert_eq!(name.as_str(), text(chain, "string"), "{input:?}");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let written = name.to_bytes(encoding).expect(input);
            assert_eq!(hex::encode(&written), text(chain, key), "{input:?}");
            assert_eq!(BotName::from_bytes(encoding, &written).as_ref(), Ok(&name));
        }
    }
}

#[test]
fn network_addresses() {
    let vectors = load("networkaddresses.json");
    for case in list(&vectors, "cases") {
        let input = text(case, "input");
        let parsed = input.parse::<NetworkAddress>();
        if text(case, "rule") == "invalid" {
            assert!(parsed.is_err(), "{input:?}: {parsed:?}");
            continue;
        }
        let address = parsed.expect(input);
        let chain = &case["chain"];
        let kind = match address {
            NetworkAddress::HostName(_) => "hostname",
            NetworkAddress::Ipv4(_) => "ipv4",
            NetworkAddress::Ipv6(_) => "ipv6",
        };
        assert_eq!(kind, text(chain, "type"), "{input:?}");
        assert_eq!(address.to_string(), text(chain, "string"), "{input:?}");
        let written = address.to_bytes(Encoding::Rivbin).expect(input);
        assert_eq!(hex::encode(&written), text(chain, "rivbin"), "{input:?}");
        assert_eq!(address.to_bytes(Encoding::Siabin), Ok(written.clone()));
        assert_eq!(
            NetworkAddress::from_bytes(Encoding::Rivbin, &written).as_ref(),
            Ok(&address)
        );
    }
    for case in list(&vectors, "decode") {
        let raw = bytes(case, "rivbin");
        let read = NetworkAddress::from_bytes(Encoding::Rivbin, &raw);
        // Kind 3 is not defined, so it is refused.
        let undefined = raw.first().is_some_and(|header| header & 3 == 3);
        if truth(case, "ok") && !undefined {
            assert_eq!(read.expect("reads").to_string(), text(case, "string"));
        } else {
            assert!(read.is_err(), "{case}");
        }
    }
}

#[test]
fn records() {
    let vectors = load("botrecords.json");
    for case in list(&vectors, "records") {
        let mut json = case["json"].clone();
        let record: BotRecord = serde_json::from_value(json.clone()).expect("record");
        // The node prints empty lists of records as [].
        for key in ["addresses", "names"] {
            if json[key].is_null() {
                json[key] = json!([]);
            }
        }
        assert_eq!(
            serde_json::to_string(&record).expect("json"),
            json.to_string()
        );
        let written = record.to_bytes(Encoding::Rivbin).expect("bytes");
        assert_eq!(hex::encode(&written), text(case, "rivbin"));
        let read = BotRecord::from_bytes(Encoding::Rivbin, &written);
        assert_eq!(read.as_ref(), Ok(&record));
        // The unsorted inputs give the same record.
        let mut built = BotRecord {
            addresses: Vec::new(),
            names: Vec::new(),
            expiration: floor_to_minute(number(case, "input_timestamp")),
            ..record.clone()
        };
        let addresses: Vec<NetworkAddress> =
            serde_json::from_value(case["input_addresses"].clone()).expect("addresses");
        let names: Vec<BotName> =
            serde_json::from_value(case["input_names"].clone()).expect("names");
        built.add_addresses(&addresses).expect("adds");
        built.add_names(&names).expect("adds");
        assert_eq!(built, record);
    }
}

#[test]
fn expirations() {
    let vectors = load("botrecords.json");
    for case in list(&vectors, "expiration") {
        let before = number(case, "expiration_before");
        let time = number(case, "block_time");
        let months = u8::try_from(number(case, "months")).expect("months");
        assert_eq!(before <= time, truth(case, "expired_before"), "{case}");
        match extend_expiration(before, time, months) {
            Ok(after) => assert_eq!(after, number(case, "expiration_after"), "{case}"),
            Err(error) => assert_eq!(error.to_string(), text(case, "error"), "{case}"),
        }
    }
}

#[test]
fn changes_of_records_have_the_nodes_texts() {
    let name = |text: &str| text.parse::<BotName>().expect(text);
    let address = |text: &str| text.parse::<NetworkAddress>().expect(text);
    let mut record = BotRecord {
        id: 1,
        addresses: vec![address("bot.example.org")],
        names: vec![name("alpha1")],
        public_key: Default::default(),
        expiration: 1_600_000_000,
    };
    let error = |result: Result<(), kosmos::tfchain::botrecord::BotRecordError>| {
        result.expect_err("refused").to_string()
    };
    assert_eq!(
        error(record.remove_addresses(&[address("1.2.3.4")])),
        "the network address is not registerd with this 3bot"
    );
    assert_eq!(
        error(record.add_addresses(&[address("bot.example.org")])),
        "the network address is already registerd with this 3bot"
    );
    assert_eq!(
        error(record.remove_names(&[name("bravo1")])),
        "the name is not registerd with this 3bot"
    );
    assert_eq!(
        error(record.add_names(&[name("ALPHA1")])),
        "the network address is already registerd with this 3bot"
    );
    let names: Vec<BotName> = (0..5).map(|n| name(&format!("robot{n}"))).collect();
    assert_eq!(
        error(record.add_names(&names)),
        "a 3bot can have a maximum of 5 names"
    );
    let addresses: Vec<_> = (0..10).map(|n| address(&format!("10.0.0.{n}"))).collect();
    assert_eq!(
        error(record.add_addresses(&addresses)),
        "a 3bot can have a maximum of 10 addresses"
    );
}
