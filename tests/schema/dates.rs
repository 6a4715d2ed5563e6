//! dates.json: dates and datetimes with a frozen clock, in UTC; other zones.
use kosmos::schema::{Context, FixedClock, Schema, Value};
use serde_json::Value as Json;

use super::vectors::{NOW, Report, cases, context, input};

#[test]
fn every_input() {
    let schema = Schema::parse("@url = t\nd = (D)\nt = (T)").unwrap();
    let mut report = Report::default();
    for case in cases("dates") {
        let name = format!("{} {} at {}", case["type"], case["input"], case["now"]);
        let kind = &schema.properties[usize::from(case["type"] == "T")].kind;
        let context = context(case["now"].as_i64().unwrap());
        let result = kind.clean(&input(&case["input"]), &context);
        let recommended = &case["recommended"];
        let refused = recommended["error"] == true
            || (case["ok"] == false && recommended.get("value").is_none());
        if refused {
            report.check(&name, result.is_err(), || format!("accepted as {result:?}"));
            continue;
        }
        let expected = recommended.get("value").unwrap_or(&case["value"]);
        let fits = result
            .as_ref()
            .is_ok_and(|value| value.as_int() == expected.as_i64());
        report.check(&name, fits, || format!("{result:?}, not {expected}"));
        let (Ok(value), None) = (result, recommended.get("value")) else {
            continue;
        };
        let human = kind.human(&value, &context).to_json();
        report.check(&name, case["hr"] == human, || format!("hr {human}"));
        let compact = Json::from(kind.compact(&value, &context));
        report.check(&name, case["string"] == compact, || {
            format!("string {compact}")
        });
        let prompt = Json::from(kind.prompt(&value, &context));
        report.check(&name, case["repl"] == prompt, || format!("repl {prompt}"));
    }
    report.finish(500);
}

#[test]
fn iso_dates_with_time() {
    let schema = Schema::parse("@url = t\nd = (D)\nt = (T)").unwrap();
    let context = context(NOW);
    for text in ["2019-01-15 10:30", "2019-01-15T10:30:00"] {
        let moment = schema.properties[1]
            .kind
            .clean(&text.into(), &context)
            .unwrap();
        assert_eq!(moment, Value::Int(1_547_548_200), "{text}");
        let day = schema.properties[0]
            .kind
            .clean(&text.into(), &context)
            .unwrap();
        assert_eq!(day, Value::Int(1_547_510_400), "{text}");
    }
    for bad in [
        "2019-02-30",
        "2019-1-1-1",
        "0000-01-01",
        "10000/01/01",
        "-9999999999999Y",
    ] {
        assert!(
            schema.properties[1]
                .kind
                .clean(&bad.into(), &context)
                .is_err(),
            "{bad}"
        );
    }
    for bad in [i64::MIN, i64::MAX, -62_135_596_801, 253_402_300_800] {
        assert!(
            schema.properties[1]
                .kind
                .clean(&Value::Int(bad), &context)
                .is_err(),
            "{bad}"
        );
    }
}

#[test]
fn days_begin_in_the_zone_of_the_context() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    let context = Context::new(FixedClock(NOW), |_: &mut [u8]| {}).with_zone(zone);
    let context = std::sync::Arc::new(context);
    let kind = Schema::parse("@url = t\nd = (D)").unwrap().properties[0]
        .kind
        .clone();
    let day = kind.clean(&"18/04/1980".into(), &context).unwrap();
    assert_eq!(day, Value::Int(324_864_000 - 7_200));
    assert_eq!(kind.human(&day, &context), Value::from("1980/04/18"));
}

#[test]
fn relative_defaults_are_of_the_moment_of_new() {
    let context = context(NOW);
    let text = "@url = t\na = +1d (D)\nb = 02/29 (D)\nc = 01/18 (D)";
    let schema = context.registry().get_from_text(text, None).unwrap();
    let day = schema.properties[0].default(&context).unwrap();
    assert_eq!(day, Value::Int(1_563_235_200));
    assert_eq!(
        schema.properties[2].default(&context).unwrap(),
        Value::Int(1_547_769_600)
    );
    // 2019 has no 29th of February: the text is right, the year is not.
    assert!(schema.properties[1].default(&context).is_err());
    assert!(Schema::parse("@url = t\na = 02/30 (D)").is_err());
}
