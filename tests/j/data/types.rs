//! `j.data.types` against the vectors: the four forms of every type.
use kosmos::object::{Value, dispatch};
use serde_json::Value as Json;

use super::super::Session;

#[test]
fn the_forms_are_those_of_the_vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/schema/types.json"
    );
    let file: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut s = Session::frozen();
    s.says("t = j.data.types");
    let Value::Object(types) = s.engine().variable("t").unwrap() else {
        panic!("j.data.types");
    };
    let mut compared = 0;
    for case in file["cases"].as_array().unwrap() {
        // What the reference does otherwise is checked in the library's own tests.
        let plain =
            case["input"].is_string() || case["input"].is_i64() || case["input"].is_boolean();
        // Types with cases that a rule of ours answers otherwise (see `tests/schema/types.rs`).
        let other = ["ipaddr", "bin", "LF", "duration"]
            .iter()
            .any(|code| case["type"] == *code);
        if !case["recommended"].is_null() || !plain || other {
            continue;
        }
        let (code, input) = (&case["type"], Value::from_json(&case["input"]));
        let default = Value::from_json(&case["default"]);
        let args = vec![Value::from_json(code), default];
        let Ok(Value::Object(kind)) = dispatch::call(&types, "get", args, Vec::new()) else {
            continue;
        };
        let ask = |form: &str| dispatch::call(&kind, form, vec![input.clone()], Vec::new());
        let ok = case["ok"] == true;
        assert!(
            ask("check").unwrap().equals(&Value::Bool(ok)),
            "{code} {}",
            case["input"]
        );
        if !ok {
            assert!(ask("clean").is_err(), "{case}");
            continue;
        }
        for form in ["hr", "string", "repl"] {
            if case[form].is_string() {
                let text = ask(form).unwrap();
                assert_eq!(text.as_str(), case[form].as_str(), "{form}: {case}");
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn types_are_found_by_name() {
    let mut s = Session::frozen();
    for (input, answer) in [
        ("j.data.types.int.clean('1,000')", "1000"),
        ("j.data.types.email.check('nobody')", "False"),
        ("j.data.types.date.hr('18/04/1980')", "'1980/04/18'"),
        ("j.data.types.numeric.repl('10k GBP')", "'numeric: 10 kGBP'"),
        ("j.data.types.get('ls').name", "'list of string'"),
        ("j.data.types.get('e', 'red,green').clean('Green')", "GREEN"),
        ("j.data.types.int.default()", "2147483647"),
        ("j.data.types.get('i') == j.data.types.int", "True"),
    ] {
        assert_eq!(s.says(input), answer, "{input}");
    }
    assert!(s.says("j.data.types.email").starts_with("email: "));
}
