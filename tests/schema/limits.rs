//! Bad input of size and depth: refused, never a stack overflow.
use kosmos::schema::{Object, Schema, Type, Value};

use super::roundtrip::every_type;
use super::vectors::{NOW, context};

/// Runs it to its end: a stack overflow or an endless loop would show as one.
fn ends<T>(_what: &str, action: impl FnOnce() -> T) -> T {
    action()
}

fn refused(what: &str, text: &str) {
    let error = ends(what, || Schema::parse_all(text)).expect_err(what);
    assert!(
        error.to_string().len() < 2_000,
        "{what}: the error is as long as the text"
    );
}

#[test]
fn a_megabyte_of_garbage() {
    const SIZE: usize = 1 << 20;
    let mut state = 7_u32;
    let noise: String = (0..SIZE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_u32((state >> 8) % 0x3000).unwrap_or('x')
        })
        .collect();
    refused("noise", &noise);
    refused("noise behind a url", &format!("@url = x\n{noise}"));
    for piece in [
        "(", "'", "\"", "=", "#x", "!", "*", "a", "[", "{\"a\":", "é", "@url", "l",
    ] {
        let many = piece.repeat(SIZE / piece.len());
        refused(piece, &many.replace('#', "b#"));
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = x\na = {many}"))
        });
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = x\na = {many} (dict)"))
        });
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = x\na = {many} (N)"))
        });
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = x\na = {many} (LS)"))
        });
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = x\na = {many} (yaml)"))
        });
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = x\na = 1 ({many})"))
        });
        let _ = ends(piece, || {
            Schema::parse_all(&format!("@url = {many}\na = 1"))
        });
    }
    let _ = ends("lines", || Schema::parse_all(&"\n".repeat(SIZE)));
    let _ = ends("urls", || Schema::parse_all(&"@url = a\n".repeat(SIZE / 9)));
}

#[test]
fn many_properties_and_many_choices() {
    let mut text = String::from("@url = wide\n");
    for i in 0..20_000 {
        text.push_str(&format!("p{i} = {i}\n"));
    }
    let schema = ends("properties", || Schema::parse(&text)).unwrap();
    assert_eq!(schema.properties.len(), 20_000);
    let choices: Vec<String> = (0..20_000).map(|i| format!("c{i}")).collect();
    let text = format!("@url = e\ne = \"{}\" (E)", choices.join(","));
    let schema = ends("choices", || Schema::parse(&text)).unwrap();
    let error = schema.properties[0]
        .kind
        .clean(&"c".into(), &context(NOW))
        .unwrap_err();
    assert!(
        error.to_string().len() < 2_000,
        "an error does not list 20 000 choices"
    );
}

/// Values inside each other, deeper than any stack would like.
fn deep(levels: usize, map: bool) -> Value {
    (0..levels).fold(Value::Int(1), |inner, _| match map {
        true => Value::Map([("a".to_owned(), inner)].into()),
        false => Value::List(vec![inner]),
    })
}

#[test]
fn deeply_nested_values() {
    let (context, schema) = every_type();
    for map in [false, true] {
        let value = deep(2_000, map);
        for property in &schema.properties {
            let _ = property.kind.clean(&value, &context);
        }
    }
    let dict = &schema.property("dd").unwrap().kind;
    assert!(dict.clean(&deep(100, true), &context).is_ok());
    assert!(dict.clean(&deep(200, true), &context).is_err());
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!(
            "{{\"x\": {}1{}}}",
            open.repeat(50_000),
            close.repeat(50_000)
        );
        assert!(dict.clean(&Value::String(text.clone()), &context).is_err());
        assert!(
            schema
                .property("j")
                .unwrap()
                .kind
                .clean(&Value::String(text.clone()), &context)
                .is_err()
        );
        assert!(Object::from_json(&context, &schema, &text).is_err());
        assert!(Object::from_toml(&context, &schema, &format!("x = {text}")).is_err());
    }
    let yaml = &schema.property("y").unwrap().kind;
    let _ = ends("yaml", || {
        yaml.clean(&Value::String("[".repeat(100_000)), &context)
    });
    let _ = ends("yaml", || {
        yaml.clean(&Value::String("- ".repeat(100_000)), &context)
    });
    // Msgpack: arrays of one element, and a length that is a lie.
    assert!(Object::from_payload(&context, &schema, &[0x91; 100_000]).is_err());
    assert!(Object::from_payload(&context, &schema, &[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(Object::from_payload(&context, &schema, &[0xdf, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(Object::from_payload(&context, &schema, &[0xc6, 0xff, 0xff, 0xff, 0xff]).is_err());
}

#[test]
fn lists_nest_four_deep_and_no_deeper() {
    let kind = |code: &str| Schema::parse(&format!("@url = x\na = ({code})"));
    assert!(matches!(
        kind("lllli").unwrap().properties[0].kind,
        Type::List(_)
    ));
    assert!(kind("llllli").is_err());
}

#[test]
fn errors_shorten_what_was_typed() {
    let context = context(NOW);
    let schema = Schema::parse("@url = x\na = 1\nb = (LI)").unwrap();
    let long = Value::String("x".repeat(1 << 20));
    let many = Value::List(vec![Value::Int(1); 100_000]);
    for input in [long, many, Value::Bytes(vec![0; 1 << 20])] {
        let error = schema.properties[0]
            .kind
            .clean(&input, &context)
            .unwrap_err();
        assert!(error.to_string().len() < 400, "{}", error.to_string().len());
    }
}
