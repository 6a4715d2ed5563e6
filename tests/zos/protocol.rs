//! Recorded texts are read, and written again as they were.
use kosmos::zos::protocol::message::flags;
use kosmos::zos::protocol::result::codes;
use kosmos::zos::protocol::{
    CreateArguments, Dispatched, Job, JobResult, Level, ListedArguments, ListedJob, Message,
    Record, State, json,
};
use serde_json::Value as Json;

use super::exchanges;

#[test]
fn jobs_keep_all_fields_in_order() {
    let mut seen = 0;
    for (case, exchange) in exchanges() {
        let Some(text) = exchange["send"][2].as_str() else {
            continue;
        };
        if exchange["command"].is_null() || exchange["command"].get("max_restart").is_some() {
            continue;
        }
        let job: Job = serde_json::from_str(text).unwrap();
        if job.id.is_empty() || !text.contains("recurring_period") {
            continue;
        }
        let parsed: Json = serde_json::from_str(text).unwrap();
        assert_eq!(json_text(&job), json_text(&parsed), "{case}");
        if job.command == "corex.dispatch" {
            let inner = &job.arguments["command"];
            let dispatched: Dispatched = serde_json::from_value(inner.clone()).unwrap();
            assert_eq!(json_text(&dispatched), json_text(inner), "{case}");
        }
        if job.command == "corex.create" {
            match serde_json::from_value::<CreateArguments>(job.arguments.clone()) {
                Ok(create) => assert_eq!(
                    serde_json::to_value(&create).unwrap(),
                    normal(&job.arguments),
                    "{case}"
                ),
                Err(error) => panic!("{case}: {error}"),
            }
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

/// `"nics": null` and no configuration mean empty ones.
fn normal(arguments: &Json) -> Json {
    let mut arguments = arguments.clone();
    if arguments["config"].is_null() {
        arguments["config"] = serde_json::json!({});
    }
    arguments
}

fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn results_and_records_are_written_byte_for_byte() {
    let (mut results, mut records) = (0, 0);
    for (case, exchange) in exchanges() {
        if let (Some(text), false) = (exchange["reply"].as_str(), exchange["result"].is_null()) {
            let result: JobResult = serde_json::from_str(text).unwrap();
            assert_eq!(result.to_wire().unwrap(), text, "{case}");
            results += 1;
        }
        if let (Some(text), false) = (exchange["reply"][1].as_str(), exchange["record"].is_null()) {
            let record: Record = serde_json::from_str(text).unwrap();
            assert_eq!(record.to_wire().unwrap(), text, "{case}");
            records += 1;
        }
    }
    assert!(results > 300 && records > 30, "{results} {records}");
}

#[test]
fn job_lists_and_containers_are_written_as_they_were() {
    let (mut jobs, mut containers) = (0, 0);
    for (case, exchange) in exchanges() {
        let Some(data) = exchange["result"]["data"].as_str() else {
            continue;
        };
        if exchange["result"]["state"] != "SUCCESS" {
            continue;
        }
        match exchange["result"]["command"].as_str().unwrap() {
            "job.list" => {
                let list: Vec<ListedJob> = serde_json::from_str(data).unwrap();
                for (job, raw) in list.iter().zip(raw_list(data)) {
                    let mut written = serde_json::to_value(job).unwrap();
                    // 0 is written as 0.0 by us and read the same.
                    written["cpu"] = raw["cpu"].clone();
                    assert_eq!(json_text(&written), json_text(&raw), "{case}");
                    jobs += 1;
                }
            }
            "corex.get" if data != "null" => {
                let raw: Json = serde_json::from_str(data).unwrap();
                let raw = &raw["container"]["arguments"];
                let listed: ListedArguments = serde_json::from_value(raw.clone()).unwrap();
                assert_eq!(json_text(&listed), json_text(raw), "{case}");
                containers += 1;
            }
            _ => {}
        }
    }
    assert!(jobs > 20 && containers > 5, "{jobs} {containers}");
}

fn raw_list(data: &str) -> Vec<Json> {
    serde_json::from_str(data).unwrap()
}

#[test]
fn metas_are_those_of_the_table() {
    let meta = |level, flags| Message::new("", level, flags, 0).meta;
    assert_eq!(meta(Level::STDOUT, flags::STREAM), 65537);
    assert_eq!(meta(Level::STDERR, flags::STREAM), 131_073);
    assert_eq!(meta(Level::STDOUT, flags::STREAM | flags::SUCCESS), 65539);
    assert_eq!(meta(Level::STDERR, flags::STREAM | flags::ERROR), 131_077);
    assert_eq!(meta(Level::JSON, flags::STREAM | flags::SUCCESS), 1_310_723);
    assert_eq!(meta(Level::STDOUT, flags::SUCCESS), 65538);
    let wide = Message::new("", Level(u16::MAX), flags::END, 0);
    assert_eq!((wide.level(), wide.flags()), (Level(u16::MAX), flags::END));
}

#[test]
fn what_a_node_leaves_out_has_its_default() {
    let result: JobResult = serde_json::from_str(r#"{"id":"x"}"#).unwrap();
    assert_eq!(result.code, codes::FAILED);
    assert_eq!((result.stdout(), result.stderr()), ("", ""));
    assert_eq!(result.state, State::Absent);
    let job: Job = serde_json::from_str(r#"{"command":"core.ping"}"#).unwrap();
    assert_eq!((job.id.as_str(), job.arguments), ("", Json::Null));
}

#[test]
fn texts_are_escaped_as_the_node_does() {
    assert_eq!(
        json::text(&"<a>&\u{2028}\u{2029}\u{e9}\"").unwrap(),
        "\"\\u003ca\\u003e\\u0026\\u2028\\u2029\u{e9}\\\"\""
    );
}
