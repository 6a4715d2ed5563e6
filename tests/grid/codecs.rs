//! Recorded calls of the notary, in every form.
use kosmos::grid::gedis::{Call, CommandName, Form, Header, Value, WireError, client};
use kosmos::grid::notary::{GET, HASH, REGISTER, Register, STORED, Stored, register_schema};
use kosmos::grid::sealed::Sealed;
use kosmos::tfchain::Signature;
use serde_json::Value as Json;

use super::{bytes, text, whole};

fn register(args: &Json) -> Register {
    Register {
        threebot_id: text(args, "threebot_id").into(),
        sealed: Sealed {
            content: bytes(args, "content"),
            signature: Signature::from_bytes(bytes(args, "content_signature")),
        },
    }
}

/// The bulk string of a reply.
fn bulk(wire: &[u8]) -> Vec<u8> {
    match redis::parse_redis_value(wire).unwrap() {
        redis::Value::BulkString(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

fn parts(wire: &[u8]) -> Vec<Vec<u8>> {
    match redis::parse_redis_value(wire).unwrap() {
        redis::Value::Array(list) => list
            .into_iter()
            .map(|part| match part {
                redis::Value::BulkString(bytes) => bytes,
                other => panic!("{other:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn schemas_have_the_recorded_sums() {
    let recorded = whole("gedis_notary.json");
    let sum = |role: &str| {
        let schemas = recorded["schemas"].as_array().unwrap();
        let schema = schemas.iter().find(|s| text(s, "role").starts_with(role));
        bytes(schema.unwrap(), "md5")
    };
    assert_eq!(register_schema().md5.to_vec(), sum("register.in"));
    assert_eq!(HASH.md5.to_vec(), sum("register.out"));
    assert_eq!(HASH.md5.to_vec(), sum("get.in"));
    assert_eq!(STORED.md5.to_vec(), sum("get.out"));
}

#[test]
fn recorded_calls_are_written_and_read() {
    let recorded = whole("gedis_notary.json");
    for case in recorded["calls"].as_array().unwrap() {
        let call = &case["register"];
        let register = register(&call["args"]);
        let values = register.values();
        let schema = register_schema();
        assert_eq!(schema.object(&values), bytes(call, "object_data"), "{case}");
        assert_eq!(schema.argument(&values), bytes(call, "argument"));
        let wire = bytes(call, "request_wire");
        let cmd = client::command(REGISTER, Some(&schema.argument(&values)), Header::default());
        assert_eq!(cmd.get_packed_command(), wire);
        // As a server reads it.
        let received = Call::read(&parts(&wire)).unwrap();
        assert_eq!(
            received.name,
            CommandName::read(REGISTER.as_bytes()).unwrap()
        );
        let read = received.values(schema).unwrap();
        assert_eq!(Register::from_values(read), Some(register.clone()));

        let get = &case["get"];
        let hash = [Value::Text(text(&get["args"], "hash").into())];
        assert_eq!(HASH.object(&hash), bytes(call, "response_object_data"));
        assert_eq!(HASH.msgpack(&hash, None), bytes(call, "response_msgpack"));
        let answer = bulk(&bytes(call, "response_wire"));
        assert_eq!(HASH.read_object(&answer).unwrap(), hash);
        assert_eq!(HASH.object(&hash), bytes(get, "object_data"));
        let cmd = client::command(GET, Some(&HASH.argument(&hash)), Header::default());
        assert_eq!(cmd.get_packed_command(), bytes(get, "request_wire"));

        let stored = Stored {
            hash: text(&get["args"], "hash").into(),
            register,
        };
        let object = bytes(get, "response_object_data");
        assert_eq!(STORED.object(&stored.values()), object);
        let read = STORED.read_object(&object).unwrap();
        assert_eq!(Stored::from_values(read), Some(stored.clone()));
        let packed = bytes(get, "response_msgpack");
        assert_eq!(STORED.msgpack(&stored.values(), None), packed);
        assert_eq!(STORED.read_msgpack(&packed).unwrap(), stored.values());
        // With the number of the storage, which is no field.
        let packed = STORED.msgpack(&stored.values(), Some(7));
        assert_eq!(STORED.read_msgpack(&packed).unwrap(), stored.values());
        let json = STORED.json(&stored.values(), Some(7));
        assert!(json.ends_with("\"id\":7}"), "{json}");
        assert_eq!(STORED.read_json(json.as_bytes()).unwrap(), stored.values());
        let rest = serde_json::to_string(&stored.rest()).unwrap();
        let rest = serde_json::from_str(&rest).unwrap();
        assert_eq!(Register::from_rest(&rest), Some(stored.register));
    }
    let misc = &recorded["misc"];
    let ping = client::command("ping", None, Header::default());
    assert_eq!(ping.get_packed_command(), bytes(misc, "ping_request_wire"));
    let meta = client::command("api_meta_get", Some(b"default"), Header::default());
    let wire = bytes(misc, "api_meta_get_request_wire");
    assert_eq!(meta.get_packed_command(), wire);
}

#[test]
fn arguments_are_taken_in_the_forms_of_the_header() {
    let values = [Value::Text("ab".into())];
    let json = br#"{"hash":"ab","more":[1]}"#.to_vec();
    let capnp = HASH.argument(&values);
    let call = |argument: &[u8], header: Option<&str>| {
        let mut parts = vec![b"Notary_Actor.Get".to_vec(), argument.to_vec()];
        parts.extend(header.map(|text| text.as_bytes().to_vec()));
        Call::read(&parts).unwrap()
    };
    for argument in [&json, &capnp] {
        for header in [None, Some("{}"), Some(r#"{"content_type":"auto"}"#)] {
            let call = call(argument, header);
            assert_eq!(call.values(&HASH).unwrap(), values);
            assert_eq!(call.answer(&HASH, &values, Some(1)), HASH.object(&values));
        }
    }
    let one = call(&json, Some(r#"{"content_type":"capnp"}"#));
    assert!(one.values(&HASH).is_err());
    let one = call(&capnp, Some(r#"{"content_type":"json"}"#));
    assert!(one.values(&HASH).is_err());
    let one = call(&json, Header::JSON.text().as_deref());
    assert_eq!(one.header, Header::JSON);
    assert_eq!(one.answer(&HASH, &values, None), br#"{"hash":"ab"}"#);
    let one = call(&json, Some(r#"{"response_type":"msgpack"}"#));
    assert_eq!(one.header.response_type, Form::Msgpack);
    assert_eq!(
        one.answer(&HASH, &values, None),
        HASH.msgpack(&values, None)
    );
    let name = one.name;
    assert_eq!(
        (name.namespace, name.actor.as_str()),
        (None, "notary_actor")
    );
    let ping = CommandName::read(b"PING").unwrap();
    assert_eq!(
        (ping.actor.as_str(), ping.method.as_str()),
        ("system", "ping")
    );
    for wrong in ["", "a..b", "a.b.c.d", "."] {
        assert!(CommandName::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
    // Text that is not base64 is taken as it is; a number is a text.
    let json = br#"{"threebot_id":3,"content":"no base64!","content_signature":"YWI="}"#;
    let values = register_schema().read_json(json).unwrap();
    assert_eq!(values[0], Value::Text("3".into()));
    assert_eq!(values[1], Value::Data(b"no base64!".to_vec()));
    assert_eq!(values[2], Value::Data(b"ab".to_vec()));
}

#[test]
fn objects_that_are_none_are_refused() {
    let good = HASH.object(&[Value::Text("ab".into())]);
    assert_eq!(HASH.read_object(&good[..5]), Err(WireError::Short(5)));
    let mut other = good.clone();
    other[0] = 2;
    assert_eq!(HASH.read_object(&other), Err(WireError::Version(2)));
    assert!(matches!(
        STORED.read_object(&good),
        Err(WireError::Schema { .. })
    ));
    for length in 17..good.len() {
        assert!(HASH.read_object(&good[..length]).is_err(), "{length}");
    }
}
