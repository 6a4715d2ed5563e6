//! Bad input at the tree: every odd text of the vectors, texts of size and depth.
use kosmos::object::{Error, Kind, Result, Value, dispatch};

use super::super::Session;

/// Calls a method of what an expression answers.
fn call(s: &Session, name: &str, args: Vec<Value>) -> Result<Value> {
    let Value::Object(object) = s.engine().variable(name).unwrap() else {
        panic!("{name} is no object");
    };
    let method = match name {
        "factory" => "get_from_text",
        _ => "new",
    };
    dispatch::call(&object, method, args, Vec::new())
}

fn register(s: &Session, text: &str) -> Result<Value> {
    call(s, "factory", vec![Value::Str(text.into())])
}

fn session() -> Session {
    let mut s = Session::frozen();
    s.says("factory = j.data.schema");
    s
}

fn is_helpful(what: &str, error: &Error) {
    assert!(
        matches!(error.kind, Kind::Value | Kind::NotFound | Kind::Type),
        "{what}: {error:?}"
    );
    assert!(
        error.message.len() < 2_000,
        "{what}: {}",
        error.message.len()
    );
    assert!(!error.message.contains('\u{1b}'), "{what}");
}

#[test]
fn every_odd_text_of_the_vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/schema/errors.json"
    );
    let file: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut refused, mut taken) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let s = session();
        let recommended = &case["recommended"];
        let answer = register(&s, case["text"].as_str().unwrap());
        let bad = recommended["error"].is_string()
            || (case["get_from_text"]["ok"] != true && recommended.is_null());
        let schema = match answer {
            Err(error) => {
                assert!(bad, "{name}: {error}");
                is_helpful(name, &error);
                assert!(error.message.contains("expected"), "{name}: {error}");
                refused += 1;
                continue;
            }
            Ok(Value::Object(schema)) => schema,
            Ok(_) => panic!("{name}: no schema"),
        };
        assert!(!bad, "{name}: accepted");
        let object = dispatch::call(&schema, "new", Vec::new(), Vec::new());
        let fails = recommended.is_null() && case["new"]["ok"] == false;
        match object {
            Err(error) => {
                assert!(fails, "{name}: {error}");
                is_helpful(name, &error);
                refused += 1;
            }
            Ok(_) => {
                assert!(!fails, "{name}: new() accepted");
                taken += 1;
            }
        }
    }
    assert!(refused > 20 && taken > 15, "{refused} {taken}");
}

#[test]
fn a_text_error_shows_its_line() {
    let mut s = Session::frozen();
    let error = s.fails("j.data.schema.get_from_text('@url = a\\nport = 99999 (ipport)')");
    assert_eq!(
        error.message,
        "line 2, column 8: the default '99999' does not fit; expected a whole number from 1 to 65535"
    );
    assert_eq!(error.hints, ["port = 99999 (ipport)", "       ^"]);
    for input in [
        "j.data.schema.get_from_text('')",
        "j.data.schema.get_from_text('a = 1')",
        "j.data.schema.get_from_text(5)",
        "j.data.schema.get_from_text('@url = a\\nx = 1', 'other')",
        "j.data.schema.get_from_url_latest('nothing')",
        "j.data.schema.get_from_md5('zz')",
        "j.data.schema.exists()",
        "j.data.schema.get()",
        "j.data.schema.add_from_path('/no/such/file')",
        "j.data.types.get('zz')",
        "j.data.types.get('e')",
        "j.data.types.int.clean('x')",
        "j.data.types.int.clean(j)",
        "j.data.types.numeric.clean('10 EUX')",
    ] {
        assert!(!s.fails(input).message.is_empty(), "{input}");
    }
    let error = s.fails("j.data.types.get('numerc')");
    assert_eq!(error.hints, ["did you mean 'numeric'?"]);
}

#[test]
fn a_megabyte_of_garbage_and_deep_texts_are_refused() {
    let s = session();
    let size = 1 << 20;
    for piece in ["(", "x = ", "@url", "é", "\u{1b}[31m", "\u{0}", "a=[", "#{"] {
        let text = piece.repeat(size / piece.len());
        let error = register(&s, &text).unwrap_err();
        is_helpful(piece, &error);
    }
    let deep = "[".repeat(100_000);
    for text in [
        format!("@url = deep\na = {deep}"),
        format!("@url = deep\na = {{\"a\": {deep} (dict)"),
        format!("@url = deep\na = \"{deep}\" (json)"),
        format!("@url = deep\na = 1 ({})", "l".repeat(100_000)),
    ] {
        is_helpful("deep", &register(&s, &text).unwrap_err());
    }
    // Deep data for an object.
    let mut s = session();
    s.says("d = j.data.schema.get_from_text('d = (dict)', 'deep.dict')");
    let error = call(&s, "d", vec![Value::Str(format!("{{\"d\": {deep}"))]).unwrap_err();
    is_helpful("deep data", &error);
    let mut nested = Value::Int(1);
    for _ in 0..500 {
        nested = Value::List(vec![nested]);
    }
    let data = [(
        "d".to_string(),
        Value::Map([("x".to_string(), nested)].into()),
    )];
    let error = call(&s, "d", vec![Value::Map(data.into())]).unwrap_err();
    is_helpful("nested data", &error);
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let mut s = Session::frozen();
    s.says("r = j.data.schema.get_from_text('me = (O) !round', 'round')");
    let error = s.fails("r.new()");
    assert!(error.message.contains("nested deeper"), "{error}");
    let error = s.fails("j.data.schema.get_from_text('o = (O) !nowhere', 'lost').new()");
    assert_eq!(error.kind, Kind::NotFound);
}
