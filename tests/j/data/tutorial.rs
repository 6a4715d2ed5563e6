//! The schema part of the tutorial, from the transcript: every line, and what it prints.
use serde_json::Value as Json;

use super::super::{Session, records};

/// What lines of the transcript print that do not say it themselves, in order of appearance
/// (spec of the schemas, "The tutorial walk-through", at noon of 15 July 2019).
const SHOWN: &[(&str, &str)] = &[
    ("my_schema_instance.mylist", "- yolo\n- 42\n- kawai"),
    ("my_schema_instance.mylist", "- 1\n- [2, 5]\n- yolo"),
    ("my_schema_instance.myenum", "GREEN"),
    ("my_schema_instance.mymoney", "numeric: 10 kGBP"),
    ("my_schema_instance.mymoney.usd", "13462.030343416394"),
    ("my_schema_instance.mymoney", "numeric: 1 kGBP"),
    ("my_schema_instance.mydate", "324864000"),
    ("my_schema_instance.mydate", "1547769600"),
    ("my_schema_instance.mydate", "1563494400"),
];

/// The whole object in the end.
const PRINTED: &str = r#"mybool = true
mydate = "2019/07/19"
mydictionary = "{\n \"number\": 468,\n \"string\": \"iolo\"\n}"
myenum = "GREEN"
mylist = ["1", "[2, 5]", "yolo"]
mymoney = "1 kGBP"
mynumber = "42"
mystring = "yolo""#;

fn lines() -> Vec<Json> {
    let mut all = records();
    all.retain(|record| record["section"] == "7 schema" && record["source"] == "tutorial");
    all
}

#[test]
fn the_schema_part_prints_what_the_tutorial_shows() {
    let mut s = Session::frozen();
    let mut shown = SHOWN.iter();
    for record in lines() {
        let input = record["input"].as_str().unwrap();
        let printed = s.says(input);
        match record["expects"]["kind"].as_str().unwrap() {
            "none" => assert_eq!(printed, "", "{input}"),
            "value" => assert_eq!((input, printed.as_str()), *shown.next().unwrap()),
            _ => assert_eq!(printed, record["expects"]["text"], "{input}"),
        }
        if input.starts_with("my_schema_instance.mybool = ") {
            assert_eq!(s.says("my_schema_instance.mybool"), "True", "{input}");
        }
    }
    assert!(shown.next().is_none());
    assert_eq!(
        s.says("my_schema_instance.mydictionary"),
        "{'number': 468, 'string': 'iolo'}"
    );
    assert_eq!(s.says("my_schema_instance"), PRINTED);
    assert_eq!(
        s.says("my_schema_instance.mymoney.usd"),
        "1346.2030343416395"
    );
}

#[test]
fn the_schema_part_can_be_pasted_as_a_block() {
    let mut s = Session::frozen();
    let block: Vec<String> = lines()
        .iter()
        .map(|record| record["input"].as_str().unwrap().to_string())
        .collect();
    let printed = s.says(&block.join("\n"));
    let expected: Vec<&str> = ["42", "8.45101"]
        .into_iter()
        .chain(SHOWN.iter().map(|(_, text)| *text))
        .chain(["468"])
        .collect();
    assert_eq!(printed, expected.join("\n"));
    assert_eq!(s.says("my_schema_instance"), PRINTED);
}

#[test]
fn the_schema_docs_run() {
    let mut s = Session::frozen();
    let of = |section: &str| -> Vec<Json> {
        let mut all = records();
        all.retain(|record| record["section"] == section);
        all
    };
    let schemas = of("schemas");
    let input = |at: usize| schemas[at]["input"].as_str().unwrap();
    // Its last line says that 3 is RED: the order of choices was another one in those docs.
    let (runs, wrong) = input(0).rsplit_once('\n').unwrap();
    s.says(runs);
    assert!(s.fails(wrong).message.starts_with("assertion failed"));
    assert_eq!(s.says("o.enum"), "BLUE");
    s.says("j.data.schema.get_from_text('abool = false', 'jumpscale.digitalme.package')");
    for at in 1..schemas.len() {
        s.says(input(at));
    }
    assert_eq!(s.says("s2 == s"), "True");
    s.says(
        "text = \"\"\"\n@url = all.types\ninfo = (dict)\nemail_list = (lemail)\n\
         port_list = (lipport)\ndate_time = (t)\ndate = (d)\n\"\"\"",
    );
    s.says("schema_obj = j.data.schema.get_from_text(text).new()");
    for record in of("types") {
        if record["expects"]["kind"] != "error" {
            s.says(record["input"].as_str().unwrap());
        }
    }
    assert_eq!(
        s.says("schema_obj"),
        "date = \"2019/06/10\"\ndate_time = \"2019/10/10 09:50:00\"\n\
         email_list = [\"test@example.com\"]\ninfo = \"{\\n \\\"number\\\": 155\\n}\"\n\
         port_list = [80, 443, 2379]"
    );
}
