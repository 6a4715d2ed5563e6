//! numeric.json, numeric_arith.json, currency_rates.json.
use std::cmp::Ordering;

use kosmos::schema::{CurrencyId, Numeric, NumericError, NumericOp, Rates, Schema, Value};
use serde_json::Value as Json;

use super::vectors::{NOW, Report, cases, context, input, load, matches, near};

fn numeric(json: &Json) -> Result<Numeric, String> {
    let kind = Schema::parse("@url = t\nn = (N)").unwrap().properties[0]
        .kind
        .clone();
    match kind.clean(&input(json), &context(NOW)) {
        Ok(Value::Numeric(numeric)) => Ok(numeric),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_table_has_permanent_ids_and_rates() {
    let table = load("currency_rates");
    let rates = Rates::builtin();
    assert_eq!(rates.iter().count(), 170);
    for (code, id, rate) in rates.iter() {
        assert_eq!(table["ids"][code], id.as_u8(), "{code}");
        assert_eq!(table["rates"][code].as_f64(), Some(rate), "{code}");
        assert_eq!(CurrencyId::from_u8(id.as_u8()), Some(id));
    }
}

#[test]
fn every_input() {
    let rates = Rates::builtin();
    let mut report = Report::default();
    for case in cases("numeric") {
        let name = case["input"].to_string();
        let recommended = &case["recommended"];
        let result = numeric(&case["input"]);
        if recommended["error"] == true || (case["ok"] == false && recommended.is_null()) {
            report.check(&name, result.is_err(), || format!("accepted as {result:?}"));
            continue;
        }
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                report.check(&name, false, || error);
                continue;
            }
        };
        if recommended.is_object() {
            let own = value.own_value().as_f64();
            let usd = value.usd(rates).unwrap().as_f64();
            report.check(&name, near(&recommended["value"], own), || {
                format!("value {own}")
            });
            report.check(&name, near(&recommended["usd"], usd), || {
                format!("usd {usd}")
            });
            let code = value.currency_code();
            report.check(&name, recommended["currency_code"] == code, || {
                code.to_owned()
            });
            continue;
        }
        let bytes = value.to_bytes();
        let text = value.to_string();
        report.check(&name, case["hex"] == hex::encode(&bytes), || {
            hex::encode(&bytes)
        });
        report.check(&name, case["type_byte"] == bytes[0], || {
            bytes[0].to_string()
        });
        report.check(
            &name,
            case["currency_id"] == value.currency().as_u8(),
            || "id".into(),
        );
        report.check(&name, case["string"] == text, || text.clone());
        report.check(
            &name,
            case["currency_code"] == value.currency_code(),
            || "code".into(),
        );
        report.check(
            &name,
            case["repl"] == Value::from(value.clone()).repl_for_test(),
            || text.clone(),
        );
        for (code, expected) in case["value_currency"].as_object().unwrap() {
            let actual = value.value_currency(code, rates).unwrap();
            let (e, a) = (expected.as_f64(), actual.as_f64());
            report.check(&name, e == Some(a), || {
                format!("{code} {a}, not {expected}")
            });
        }
        assert_eq!(Numeric::from_bytes(&bytes).unwrap(), value, "{name}");
    }
    report.finish(900);
}

trait Repl {
    fn repl_for_test(&self) -> String;
}

impl Repl for Value {
    fn repl_for_test(&self) -> String {
        self.repr()
    }
}

/// Operations that money does not have: nothing offers them, so there is nothing to call.
const NO_SUCH_OPERATION: &[&str] = &["%", "**", "@", "abs", "round"];
/// Truth of a value is the dialect's business, not the library's.
const NOT_OF_THE_LIBRARY: &[&str] = &["bool"];

#[test]
fn every_operation() {
    let rates = Rates::builtin();
    let mut report = Report::default();
    for case in cases("numeric_arith") {
        let op = case["op"].as_str().unwrap();
        let name = format!("{} {op} {}", case["left"], case["right"]);
        if NO_SUCH_OPERATION.contains(&op) {
            assert_eq!(case["ok"], false, "{name}");
            continue;
        }
        if NOT_OF_THE_LIBRARY.contains(&op) {
            continue;
        }
        let left = numeric(&case["left"]).unwrap();
        let right = || numeric(&case["right"]).unwrap();
        let number = || case["right"].as_f64().unwrap();
        let bool_result = match op {
            "==" => Some(left.equals(&right(), rates).unwrap()),
            "!=" => Some(!left.equals(&right(), rates).unwrap()),
            "<" => Some(left.compare(&right(), rates).unwrap() == Ordering::Less),
            ">" => Some(left.compare(&right(), rates).unwrap() == Ordering::Greater),
            _ => None,
        };
        let recommended = &case["recommended"];
        if let Some(result) = bool_result {
            let expected = recommended.get("result").unwrap_or(&case["result"]);
            report.check(&name, *expected == result, || result.to_string());
            continue;
        }
        if op == "float" || op == "int" {
            let result = match op {
                "float" => left.usd(rates).unwrap().as_f64(),
                _ => left.to_int(rates).unwrap() as f64,
            };
            report.check(&name, case["result"].as_f64() == Some(result), || {
                result.to_string()
            });
            continue;
        }
        let result = match op {
            "*" => left.apply(NumericOp::Mul, &right(), rates),
            "+" | "iadd" => left.apply(NumericOp::Add, &right(), rates),
            "-" => left.apply(NumericOp::Sub, &right(), rates),
            "/" => left.apply(NumericOp::Div, &right(), rates),
            "//" => left.apply(NumericOp::FloorDiv, &right(), rates),
            "neg" => Ok(left.negated()),
            "rmul" => left.apply_to_number(NumericOp::Mul, number(), rates),
            "radd" => left.apply_to_number(NumericOp::Add, number(), rates),
            other => panic!("unknown operation {other}"),
        };
        if case["ok"] == false && recommended.is_null() {
            report.check(&name, result.is_err(), || format!("{result:?}"));
            continue;
        }
        let result = result.unwrap_or_else(|e| panic!("{name}: {e}"));
        let usd = result.usd(rates).unwrap().as_f64();
        if recommended.is_object() {
            let own = result.own_value().as_f64();
            report.check(&name, near(&recommended["value"], own), || {
                format!("value {own}")
            });
            report.check(&name, near(&recommended["usd"], usd), || {
                format!("usd {usd}")
            });
            let code = result.currency_code();
            report.check(&name, recommended["currency_code"] == code, || {
                code.to_owned()
            });
            continue;
        }
        let actual = Value::from(result.clone());
        report.check(&name, matches(&case["result"], &actual), || {
            result.to_string()
        });
        report.check(&name, case["result_usd"].as_f64() == Some(usd), || {
            usd.to_string()
        });
    }
    report.finish(40);
}

#[test]
fn codes_in_front_signs_and_blanks() {
    for (text, expected) in [
        ("EUR 10", "10 EUR"),
        ("eur10k", "10 kEUR"),
        ("-EUR 10", "-10 EUR"),
        ("EUR -10", "-10 EUR"),
        ("- 10 k eur", "-10 kEUR"),
        ("1.0005k", "1000.5"),
        ("12.345%", "12.345%"),
        ("1e-05 eur", "1e-05 EUR"),
        ("5000000000", "5,000,000 k"),
        (".5", "0.5"),
        ("4294967297", "4,294,967,297"),
    ] {
        let value = numeric(&Json::from(text)).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(value.to_string(), expected, "{text}");
        let again = Numeric::parse(expected, Rates::builtin()).unwrap();
        assert_eq!(again, value, "{text}");
    }
    for bad in [
        "EUR 10 EUR",
        "10 k k",
        "1e400",
        "1e,5",
        "10e",
        "10 kk eur",
        "1k%",
        "+-5",
        "",
        "k",
    ] {
        assert!(Numeric::parse(bad, Rates::builtin()).is_err(), "{bad}");
    }
}

#[test]
fn tft_counts_once_its_rate_is_set() {
    let error = Numeric::parse("10 TFT", Rates::builtin()).unwrap_err();
    assert_eq!(error, NumericError::NoRate { code: "TFT".into() });
    let mut rates = (**Rates::builtin()).clone();
    rates.set("tft", 10.0).unwrap();
    let ten = Numeric::parse("10 TFT", &rates).unwrap();
    assert_eq!(ten.usd(&rates).unwrap().as_f64(), 1.0);
    assert_eq!(ten.to_bytes(), [0, 171, 10, 0, 0, 0]);
    // Without a rate the amount stays readable, only its worth is unknown.
    assert!(
        Numeric::from_bytes(&ten.to_bytes())
            .unwrap()
            .usd(Rates::builtin())
            .is_err()
    );
    assert!(rates.set("tft", 0.0).is_err() && rates.set("xxx", 1.0).is_err());
}
