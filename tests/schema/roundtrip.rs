//! Lossless dumps: JSON, TOML, msgpack and stored bytes of objects with every type.
use std::sync::Arc;

use kosmos::schema::{Context, Map, Object, ObjectError, Schema, Type, Value};
use proptest::prelude::*;

use super::vectors::{NOW, context};

pub const EVERY_TYPE: &str = "@url = every.1
s = \"a\" (S)
ml = \"a\\nb\" (multiline)
i = (I)
f = 1.5 (F)
b = true (B)
p = \"10%\" (P)
d = \"18/04/1980\" (D)
t = \"18/04/1980 10:00\" (T)
du = \"1h30m\" (duration)
n = \"10 EUR\" (N)
em = \"a@b.org\" (email)
tel = \"+3212345678\" (tel)
ip = \"10.0.0.1\" (ipaddr)
rng = \"10.0.0.0/8\" (iprange)
port = (ipport)
g = bebe8b34-b12e-4fda-b00c-99979452b7bd (guid)
u = \"example.com\" (url)
pa = \"/srv\" (path)
bb = \"aGVsbG8=\" (bytes)
h = 1:2 (H)
dd = {\"a\": 1} (dict)
y = \"k: v\" (yaml)
j = {} (json)
e = \"red,green,blue\" (E)
ls = \"a,b\" (LS)
li = \"1,2\" (LI)
lf = \"1,2.5\" (LF)
ln = \"1k,2 EUR\" (LN)
ld = \"18/04/1980\" (LD)
lp = (LP)
ldict = (Ldict)
lli = (LLI)
child = (O) !every.child
kids = (LO) !every.child

@url = every.child
key = \"\" (S)
price = \"10 USD\" (N)
";

pub fn every_type() -> (Arc<Context>, Arc<Schema>) {
    let context = context(NOW);
    let schema = context.registry().get_from_text(EVERY_TYPE, None).unwrap();
    (context, schema)
}

/// Any text, among it the texts that mean something to one type or another.
fn any_text() -> impl Strategy<Value = String> {
    let telling = prop::sample::select(vec![
        "",
        "-",
        "None",
        "'q'",
        "\"x\"",
        "''a''",
        " pad ",
        "true",
        "1,234",
        "-5",
        "1e-7",
        "12.345%",
        "7%",
        "10k GBP",
        "0.1m EUR",
        "5000000001 btc",
        "1.0005k",
        "33.33333%",
        "+4d",
        "01/18",
        "1990/11/30 10pm:50:15",
        "2019-01-15",
        "1d2h3m4s",
        "1.5h",
        "A@B.org",
        "+32 475 99 99 99",
        "::1",
        "fe80::/64",
        "443",
        "https://a.com:80/x",
        "46:682",
        "{\"z\":1,\"a\":{\"c\":[1,2.5]}}",
        "a: [1, 2]",
        "green",
        "2",
        "UNKNOWN",
        "[1,2,3]",
        "a,,b",
        "dGVzdA",
        "yolo",
        "\u{7f}\u{1}é\n",
    ]);
    prop_oneof![telling.prop_map(str::to_owned), ".{0,12}"]
}

pub fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => any_text().prop_map(Value::String),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => any::<i64>().prop_map(Value::Int),
        2 => any::<i32>().prop_map(|i| Value::Int(i.into())),
        1 => any::<u16>().prop_map(|i| Value::Int(i.into())),
        2 => any::<f64>().prop_map(Value::Float),
        2 => (-1.0..1.0_f64).prop_map(Value::Float),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().collect::<Map>())),
        ]
    })
}

/// Sets what fits, leaves what does not.
fn filled(inputs: &[(usize, Value)]) -> Object {
    let (context, schema) = every_type();
    let mut object = Object::new(&context, &schema).unwrap();
    for (nr, value) in inputs {
        let property = &schema.properties[nr % schema.properties.len()];
        let before = object.get(&property.name).unwrap().clone();
        match object.set(&property.name, value) {
            Ok(()) => {}
            Err(ObjectError::Value { .. }) => {
                assert_eq!(
                    *object.get(&property.name).unwrap(),
                    before,
                    "{}",
                    property.name
                );
            }
            Err(other) => panic!("{}: {other}", property.name),
        }
    }
    object
}

fn check_round_trips(object: &Object) {
    let (context, schema) = (object.context(), object.schema());
    let json = object.to_json();
    let again = Object::from_json(context, schema, &json);
    assert_eq!(again.unwrap().to_plain(), object.to_plain(), "JSON {json}");
    let toml = object.to_toml();
    let again = Object::from_toml(context, schema, &toml);
    assert_eq!(
        again.unwrap_or_else(|e| panic!("{e} {toml}")).to_plain(),
        object.to_plain(),
        "TOML {toml}"
    );
    let again = Object::from_msgpack(context, schema, &object.to_msgpack()).unwrap();
    assert_eq!(again, *object, "msgpack");
    let again = Object::from_bytes(context, &object.to_bytes()).unwrap();
    assert_eq!(again, *object, "stored bytes");
    assert!(!again.is_changed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn objects_come_back_as_they_were(
        inputs in prop::collection::vec((any::<usize>(), any_value()), 0..30)
    ) {
        let object = filled(&inputs);
        check_round_trips(&object);
        // The printed form is TOML too.
        prop_assert!(object.print().parse::<toml::Table>().is_ok(), "{}", object.print());
    }

    #[test]
    fn damaged_bytes_never_panic(
        at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<prop::sample::Index>()
    ) {
        let (context, schema) = every_type();
        let mut bytes = Object::new(&context, &schema).unwrap().to_bytes();
        let length = bytes.len();
        bytes[at.index(length)] ^= 1 << bit;
        let _ = Object::from_bytes(&context, &bytes);
        bytes.truncate(cut.index(length));
        prop_assert!(Object::from_bytes(&context, &bytes).is_err());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let (context, schema) = every_type();
        let _ = Object::from_bytes(&context, &bytes);
        let _ = Object::from_payload(&context, &schema, &bytes);
        let _ = kosmos::schema::Numeric::from_bytes(&bytes);
    }
}

#[test]
fn defaults_come_back() {
    let (context, schema) = every_type();
    check_round_trips(&Object::new(&context, &schema).unwrap());
}

#[test]
fn the_number_of_a_stored_object_is_in_dumps_but_not_in_the_payload() {
    let (context, schema) = every_type();
    let mut object = Object::new(&context, &schema).unwrap();
    object.set_id(Some(7));
    let again = Object::from_msgpack(&context, &schema, &object.to_msgpack()).unwrap();
    assert_eq!(again.id(), Some(7));
    assert_eq!(
        Object::from_bytes(&context, &object.to_bytes())
            .unwrap()
            .id(),
        None
    );
}

#[test]
fn records_of_an_older_schema_keep_what_the_newer_does_not_know() {
    let context = context(NOW);
    let old = context
        .registry()
        .get_from_text("@url = r\na = 1\ngone = \"x\"\n", None)
        .unwrap();
    let new = context
        .registry()
        .get_from_text("@url = r\na = 1\nnew = 5\n", None)
        .unwrap();
    let record = Object::new(&context, &old).unwrap();
    let read = Object::from_payload(&context, &new, &record.to_payload()).unwrap();
    assert_eq!(read.get("new").unwrap(), &Value::Int(5));
    assert!(read.get("gone").is_err());
    let back = Object::from_payload(&context, &old, &read.to_payload()).unwrap();
    assert_eq!(back.get("gone").unwrap(), &"x".into());
    let error = Object::from_bytes(&context, &[2; 20])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "cannot read an object of 'stored data': version 2, known is 1"
    );
}

#[test]
fn a_stored_day_does_not_move_with_the_zone() {
    use kosmos::schema::FixedClock;
    let utc = context(NOW);
    let text = "@url = z\nd = 18/04/1980 (D)\n";
    let schema = utc.registry().get_from_text(text, None).unwrap();
    let bytes = Object::new(&utc, &schema).unwrap().to_bytes();
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
    let west = Arc::new(Context::new(FixedClock(NOW), |_: &mut [u8]| {}).with_zone(zone));
    west.registry().add(schema);
    let read = Object::from_bytes(&west, &bytes).unwrap();
    assert_eq!(read.get("d").unwrap(), &Value::Int(324_864_000));
}

proptest! {
    #[test]
    fn every_form_of_every_type_never_panics(value in any_value()) {
        let (context, schema) = every_type();
        for property in &schema.properties {
            let Ok(clean) = property.kind.clean(&value, &context) else { continue };
            let _ = property.kind.prompt(&clean, &context);
            let _ = property.kind.human(&clean, &context);
            let _ = property.kind.compact(&clean, &context);
            let exact = property.kind.exact(&clean, &context);
            let back = property.kind.restore(exact.clone(), &context);
            prop_assert_eq!(back.unwrap(), clean.clone(), "{} {:?}", property.name, exact);
            // A value of the type is accepted by the type and stays what it is.
            if !matches!(property.kind, Type::String | Type::Path | Type::List(_) | Type::Bytes) {
                let again = property.kind.clean(&clean, &context);
                prop_assert_eq!(again.unwrap(), clean, "{}", property.name);
            }
        }
    }
}
