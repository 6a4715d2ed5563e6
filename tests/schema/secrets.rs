//! Secret properties: never printed, never in an error, wiped; yet stored and dumped.
use kosmos::schema::{Object, Schema, Value};

use super::vectors::{NOW, context};

const TEXT: &str = "@url = s.1\n@secret = seed, codes\nname = \"\"\nseed = \"\" (S)\n\
     codes = (LI)\npin = 0 (I)\n";

#[test]
fn print_shows_stars_for_a_secret_that_is_set() {
    let context = context(NOW);
    let schema = context.registry().get_from_text(TEXT, None).unwrap();
    let mut object = Object::new(&context, &schema).unwrap();
    assert_eq!(
        object.print(),
        "codes = []\nname = \"\"\npin = \"0\"\nseed = \"\"\n"
    );
    object.set("seed", &"bullet absurd".into()).unwrap();
    object.set("codes", &Value::from(vec![4711_i64])).unwrap();
    assert_eq!(
        object.print(),
        "codes = \"***\"\nname = \"\"\npin = \"0\"\nseed = \"***\"\n"
    );
    assert!(
        object
            .print_lines()
            .contains("- seed                          : ***\n")
    );
    assert!(!format!("{object:?}").contains("bullet"));
    assert_eq!(object.get("seed").unwrap(), &"bullet absurd".into());
    assert!(
        object.to_json().contains("bullet absurd"),
        "a dump is lossless"
    );
    let again = Object::from_bytes(&context, &object.to_bytes()).unwrap();
    assert_eq!(again, object);
}

#[test]
fn errors_do_not_repeat_a_secret() {
    let context = context(NOW);
    let schema = context.registry().get_from_text(TEXT, None).unwrap();
    let mut object = Object::new(&context, &schema).unwrap();
    let error = object
        .set("codes", &"4711,bullet".into())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("codes: *** is not a valid int"),
        "{error}"
    );
    let error = object
        .list_mut("codes")
        .unwrap()
        .append(&"bullet".into())
        .unwrap_err();
    assert!(!error.to_string().contains("bullet"), "{error}");
    let json = "{\"codes\": \"bullet\"}";
    let error = Object::from_json(&context, &schema, json)
        .unwrap_err()
        .to_string();
    assert!(!error.contains("bullet"), "{error}");
}

#[test]
fn a_secret_must_be_a_property() {
    let error = Schema::parse("@url = s\n@secret = sed\nseed = \"\"").unwrap_err();
    assert_eq!((error.line, error.column), (2, 1));
    assert_eq!(
        error.message,
        "'@secret' names 'sed', which is no property of the schema"
    );
}
