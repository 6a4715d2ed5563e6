//! Transactions that are damaged in one place of their JSON.
use serde_json::{Value, json};

/// What stands in the place instead.
fn others() -> [Value; 6] {
    [
        Value::Null,
        json!({}),
        json!([]),
        json!("x"),
        json!(0),
        json!("00"),
    ]
}

/// Every value of a JSON text taken out, and replaced by others. `name` begins the names.
pub fn mutants(name: &str, whole: &Value) -> Vec<(String, Value)> {
    let mut made = Vec::new();
    for place in places(whole, "") {
        let (parent, last) = place.rsplit_once('/').unwrap();
        let mut without = whole.clone();
        match without.pointer_mut(parent) {
            Some(Value::Object(fields)) => {
                fields.shift_remove(last);
            }
            Some(Value::Array(items)) => {
                items.remove(last.parse().unwrap());
            }
            _ => {}
        }
        made.push((format!("{name}: no {place}"), without));
        for other in others() {
            let mut with = whole.clone();
            let at = with.pointer_mut(&place).unwrap();
            if *at != other {
                *at = other.clone();
                made.push((format!("{name}: {place} is {other}"), with));
            }
        }
    }
    made
}

fn places(value: &Value, at: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => (0..).map(|n: usize| n.to_string()).zip(items).collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (key, child) in children {
        let place = format!("{at}/{key}");
        found.push(place.clone());
        found.extend(places(child, &place));
    }
    found
}
