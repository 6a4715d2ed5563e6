//! Reading a schema, making an object, setting and reading a property.
use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use kosmos::schema::{Context, FixedClock, Object, Schema, Value};

/// Twenty properties of the usual types.
fn text() -> String {
    let kinds = [
        "name{} = \"lamp\" (S) # what it is called",
        "count{} = 42",
        "price{} = \"10 USD\" (N)",
        "colour{} = \"red,green,blue\" (E)",
        "tags{} = \"a,b,c\" (LS)",
        "bought{} = \"18/04/1980\" (D)",
        "mail{} = \"ada@example.com\" (email)",
        "share{} = \"10%\" (P)",
        "on{} = true (B)",
        "info{} = {\"number\": 468} (dict)",
    ];
    let lines = (0..2).flat_map(|n| kinds.map(|kind| kind.replace("{}", &n.to_string())));
    format!(
        "@url = bench.item\n{}\n",
        lines.collect::<Vec<_>>().join("\n")
    )
}

pub fn bench(c: &mut Criterion) {
    let text = text();
    let schema = Schema::parse(&text).unwrap();
    assert_eq!(schema.properties.len(), 20);
    let context = Arc::new(Context::new(FixedClock(1_563_192_000), |_: &mut [u8]| {}));
    let mut object = Object::new(&context, &schema).unwrap();
    let mut group = c.benchmark_group("schema");
    group.bench_function("parse 20 properties (50 us)", |b| {
        b.iter(|| Schema::parse(black_box(&text)));
    });
    group.bench_function("new object of 20 properties", |b| {
        b.iter(|| Object::new(&context, black_box(&schema)));
    });
    for (name, property, values) in [
        ("set int (1 us)", "count0", [Value::from(1), Value::from(2)]),
        (
            "set string (1 us)",
            "name1",
            [Value::from("a chair"), Value::from("a table")],
        ),
        (
            "set numeric (1 us)",
            "price1",
            [Value::from("10k GBP"), Value::from("11 EUR")],
        ),
        (
            "set date (1 us)",
            "bought0",
            [Value::from("18/04/1980"), Value::from("+4d")],
        ),
        (
            "set enum (1 us)",
            "colour1",
            [Value::from("green"), Value::from("blue")],
        ),
        (
            "set email (1 us)",
            "mail0",
            [
                Value::from("ada@example.com"),
                Value::from("bo@example.com"),
            ],
        ),
    ] {
        let mut turn = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                turn = 1 - turn;
                object.set(property, black_box(&values[turn])).unwrap();
            });
        });
    }
    group.bench_function("get (1 us)", |b| {
        b.iter(|| {
            black_box(
                object
                    .get(black_box("price1"))
                    .unwrap()
                    .as_numeric()
                    .is_some(),
            )
        });
    });
    group.finish();
}
