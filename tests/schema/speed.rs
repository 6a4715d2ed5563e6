//! Orders of magnitude, with room for a slow build and a busy machine; the figures themselves are
//! printed by `cargo test --release --test all schema::speed -- --nocapture`.
use std::hint::black_box;
use std::time::{Duration, Instant};

use kosmos::schema::{Object, Schema, Value};

use super::roundtrip::every_type;
use super::vectors::{NOW, context};

/// Optimised code must keep the promise; unoptimised code is allowed this much more.
const SLACK: u32 = if cfg!(debug_assertions) { 60 } else { 4 };

/// Best of several rounds, per call, so that a pause of the machine does not count.
fn measure(what: &str, calls: u32, mut action: impl FnMut()) -> Duration {
    let round = || {
        let start = Instant::now();
        (0..calls).for_each(|_| action());
        start.elapsed() / calls
    };
    let best = std::iter::repeat_with(round).take(7).min().unwrap();
    #[allow(
        clippy::disallowed_macros,
        reason = "figures for a person who asks with --nocapture"
    )]
    {
        println!("{what}: {best:?}");
    }
    best
}

#[test]
fn parse_set_and_store() {
    let mut text = String::from("@url = twenty.1\n");
    for i in 0..10 {
        text.push_str(&format!("s{i}* = \"text {i}\" (S) # a comment\n"));
        text.push_str(&format!("n{i} = {i} (I)\n"));
    }
    let parse = measure("parse 20 properties", 200, || {
        black_box(Schema::parse(black_box(&text)).unwrap());
    });
    assert!(parse < Duration::from_micros(50) * SLACK, "{parse:?}");

    let context = context(NOW);
    let schema = context.registry().get_from_text(&text, None).unwrap();
    let mut object = Object::new(&context, &schema).unwrap();
    let inputs = [Value::from("some text"), Value::from("other text")];
    let mut turn = 0;
    let set = measure("set a property", 2_000, || {
        turn ^= 1;
        object.set("s7", black_box(&inputs[turn])).unwrap();
    });
    assert!(set < Duration::from_micros(1) * SLACK, "{set:?}");
    measure("new object", 500, || {
        black_box(Object::new(&context, &schema).unwrap());
    });
    let bytes = object.to_bytes();
    measure("to bytes", 500, || {
        black_box(object.to_bytes());
    });
    measure("from bytes", 500, || {
        black_box(Object::from_bytes(&context, &bytes).unwrap());
    });
    let (context, schema) = every_type();
    let object = Object::new(&context, &schema).unwrap();
    let bytes = object.to_bytes();
    measure("from bytes, every type", 100, || {
        black_box(Object::from_bytes(&context, &bytes).unwrap());
    });
    measure("print, every type", 100, || {
        black_box(object.print());
    });
}
