//! `currency.json` and `fees.json`: amounts and prices.

use super::vectors::{list, load, number, text, truth};
use kosmos::tfchain::encoding::{Decode, Encode, Encoding};
use kosmos::tfchain::{Amount, AmountError, Network, fees};
use serde_json::Value;

/// Types of the scripting language that never reach this room as they are.
const OTHER_TYPES: [&str; 3] = ["float", "bool", "bytes"];

fn typed_text(case: &Value) -> Option<String> {
    match text(case, "type") {
        "none" => Some("0".to_owned()),
        "int" => Some(match &case["value"] {
            Value::String(digits) => digits.clone(),
            number => number.to_string(),
        }),
        "str" | "decimal" => Some(text(case, "value").to_owned()),
        other => {
            assert!(OTHER_TYPES.contains(&other), "{other}");
            None
        }
    }
}

fn kind(error: &AmountError) -> &'static str {
    match error {
        AmountError::Negative(_) => "CurrencyNegativeValue",
        AmountError::PrecisionOverflow(_) => "CurrencyPrecisionOverflow",
        _ => "other",
    }
}

#[test]
fn amounts_as_people_type_them() {
    let vectors = load("currency.json");
    let mut skipped = 0;
    for case in list(&vectors, "parse") {
        let Some(typed) = typed_text(case) else {
            skipped += 1;
            continue;
        };
        let parsed = Amount::parse_tft(&typed);
        if truth(case, "lenient") && parsed.is_err() {
            continue;
        }
        if !truth(case, "ok") {
            let error = parsed.expect_err(&typed);
            let expected = text(case, "error");
            if expected.starts_with("Currency") {
                assert_eq!(kind(&error), expected, "{typed:?}");
            }
            continue;
        }
        let amount = parsed.expect(&typed);
        assert_eq!(amount.units_text(), text(case, "units"), "{typed:?}");
        assert_eq!(amount.to_string(), text(case, "str"), "{typed:?}");
        assert_eq!(amount.with_unit(), text(case, "repr"), "{typed:?}");
        let json = serde_json::to_value(&amount).expect("json");
        assert_eq!(json.as_str(), Some(text(case, "json")), "{typed:?}");
        for (encoding, key) in [(Encoding::Siabin, "siabin"), (Encoding::Rivbin, "rivbin")] {
            let written = amount.to_bytes(encoding).expect("bytes");
            assert_eq!(hex::encode(&written), text(case, key), "{typed:?}");
            assert_eq!(
                Amount::from_bytes(encoding, &written).as_ref(),
                Ok(&amount),
                "{typed:?}"
            );
        }
    }
    assert_eq!(skipped, 3, "only one case each of {OTHER_TYPES:?}");
}

#[test]
fn amounts_from_json() {
    let vectors = load("currency.json");
    for case in list(&vectors, "from_json") {
        let source = format!("\"{}\"", text(case, "json"));
        let read = serde_json::from_str::<Amount>(&source);
        if !truth(case, "ok") {
            assert!(read.is_err(), "{source}");
            continue;
        }
        let amount = read.expect(&source);
        // Where the client lost digits, ours keeps them.
        assert_eq!(amount.units_text(), text(case, "json"));
        assert_eq!(serde_json::to_string(&amount).expect("json"), source);
        if truth(case, "exact") {
            assert_eq!(amount.units_text(), text(case, "units"));
            assert_eq!(amount.to_string(), text(case, "str"));
        }
    }
    let number: Amount = serde_json::from_str("42").expect("a JSON number is taken");
    assert_eq!(number, Amount::from_units(42));
    assert!(serde_json::from_str::<Amount>("-1").is_err());
    assert!(serde_json::from_str::<Amount>("1.5").is_err());
}

#[test]
fn operations() {
    let vectors = load("currency.json");
    for case in list(&vectors, "operations") {
        let left = Amount::parse_tft(text(case, "left")).expect("left");
        let right = match &case["right"] {
            Value::String(right) => Amount::parse_tft(right).expect("right"),
            // The shortest text of a float.
            number => Amount::parse_tft(&number.to_string()).expect("right"),
        };
        let result = match text(case, "op") {
            "+" => Ok(&left + &right),
            "-" => left.minus(&right),
            "*" => left.times_decimal(&right),
            "==" => {
                assert_eq!(left == right, truth(case, "result"), "{case}");
                continue;
            }
            "<" => {
                assert_eq!(left < right, truth(case, "result"), "{case}");
                continue;
            }
            ">" => {
                assert_eq!(left > right, truth(case, "result"), "{case}");
                continue;
            }
            other => panic!("unknown operation {other}"),
        };
        match result {
            Ok(amount) => assert_eq!(amount.to_string(), text(case, "result"), "{case}"),
            Err(error) => assert_eq!(kind(&error), text(case, "error"), "{case}"),
        }
    }
}

#[test]
fn amounts_have_no_upper_end_short_of_the_wires() {
    let most = Amount::parse_units(&"9".repeat(616)).expect("616 digits");
    let bytes = most.to_bytes(Encoding::Rivbin).expect("bytes");
    assert_eq!(Amount::from_bytes(Encoding::Rivbin, &bytes), Ok(most));
    assert_eq!(
        Amount::parse_units(&"9".repeat(617)),
        Err(AmountError::TooLarge(617))
    );
    // Millions of digits are refused, not reckoned.
    assert!(Amount::parse_tft(&"9".repeat(5_000_000)).is_err());
    let edge = Amount::from_units(u128::MAX);
    let over = &edge + &Amount::from_units(1);
    assert!(over > edge);
    assert_eq!(over.units(), None);
    assert_eq!(over.checked_sub(&Amount::from_units(1)), Some(edge.clone()));
    assert_eq!(edge.checked_sub(&over), None);
    assert_eq!(edge.times(2), &edge + &edge);
}

#[test]
fn prices() {
    let vectors = load("fees.json");
    let units = |case: &Value| text(case, "fee").to_owned();
    let count = |case: &Value, key: &str| usize::try_from(number(case, key)).expect("usize");
    let months = |case: &Value| u8::try_from(number(case, "months")).expect("months");
    for case in list(&vectors, "monthly") {
        let fee = fees::bot_months(months(case));
        assert_eq!(fee.units_text(), units(case), "{case}");
    }
    for case in list(&vectors, "registration") {
        let fee = fees::bot_registration(months(case), count(case, "names"));
        assert_eq!(fee.units_text(), units(case), "{case}");
    }
    for case in list(&vectors, "update") {
        let changed = count(case, "addresses_add") + count(case, "addresses_remove") > 0;
        let fee = fees::bot_update(months(case), changed, count(case, "names_add"));
        assert_eq!(fee.units_text(), units(case), "{case}");
    }
    for case in list(&vectors, "name_transfer") {
        let fee = fees::bot_name_transfer(count(case, "names"));
        assert_eq!(fee.units_text(), units(case), "{case}");
    }
    let prices = &vectors["units"];
    for (key, price) in [
        ("one_coin", Amount::ONE_TFT),
        ("registration", fees::BOT_REGISTRATION),
        ("month", fees::BOT_MONTH),
        ("additional_name", fees::BOT_NAME),
        ("network_address_change", fees::BOT_ADDRESS_CHANGE),
        ("erc20_address_registration", fees::ERC20_REGISTRATION),
        ("erc20_convert_minimum", fees::ERC20_CONVERT_MINIMUM),
    ] {
        assert_eq!(price.units_text(), text(prices, key), "{key}");
    }
    for network in Network::ALL {
        assert_eq!(
            network.minimum_miner_fee().units_text(),
            text(&prices["minimum_miner_fee"], network.name())
        );
        assert_eq!(
            network.block_creator_fee().units_text(),
            text(&prices["block_creator_fee"], network.name())
        );
    }
}

#[test]
fn a_precision_does_not_cut_an_amount() {
    let amount = Amount::from_tft(1234);
    assert_eq!(format!("{amount:.2}"), "1234");
    assert_eq!(format!("{amount:>8}"), "    1234");
}

/// Programs print small numbers with an exponent; it is exact.
#[test]
fn an_exponent_moves_the_point() {
    for (text, units) in [
        ("1e3", "1000000000000"),
        ("1E+3 TFT", "1000000000000"),
        ("1e-9 tft", "1"),
        ("2.5e-3", "2500000"),
        ("0.5e1", "5000000000"),
        ("12.345e2", "1234500000000"),
        ("+1e0", "1000000000"),
        ("0e5", "0"),
        ("1e100", &format!("1{}", "0".repeat(109))),
    ] {
        assert_eq!(
            Amount::parse_tft(text).unwrap().units_text(),
            units,
            "{text}"
        );
    }
    for (text, kind_of) in [
        ("1e-10", "CurrencyPrecisionOverflow"),
        ("1.5e-9", "CurrencyPrecisionOverflow"),
        ("1e-32768", "CurrencyPrecisionOverflow"),
        ("-1e3", "CurrencyNegativeValue"),
        ("1e", "other"),
        ("e3", "other"),
        ("1e3.5", "other"),
        ("1e 3", "other"),
        ("1e3e3", "other"),
        ("0x1e3", "other"),
        ("1e32767", "other"),
        ("1e99999999999999999999", "other"),
    ] {
        assert_eq!(
            kind(&Amount::parse_tft(text).unwrap_err()),
            kind_of,
            "{text}"
        );
    }
}
