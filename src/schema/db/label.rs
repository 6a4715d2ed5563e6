//! Values in indexes: a form for equality, and one for order.
use std::net::IpAddr;

use crate::schema::{Object, Property, Rates, Schema, Type, Value, msgpack};

/// The bytes that equal values share; None for a value that counts as empty and is not indexed.
///
/// Money is by amount in its own currency: `10k EUR` equals `10000 EUR` but not its worth in USD.
pub(super) fn canonical(kind: &Type, value: &Value) -> Option<Vec<u8>> {
    let tagged = |tag: u8, bytes: &[u8]| {
        let mut out = Vec::with_capacity(bytes.len() + 1);
        out.push(tag);
        out.extend_from_slice(bytes);
        Some(out)
    };
    match (kind, value) {
        _ if is_unset(kind, value) => None,
        (_, Value::Bool(b)) => tagged(1, &[u8::from(*b)]),
        (_, Value::Int(i)) => tagged(2, &i.to_be_bytes()),
        (_, Value::Float(f)) => tagged(3, &normal(*f).to_bits().to_be_bytes()),
        (_, Value::String(text)) => tagged(4, text.as_bytes()),
        (_, Value::Bytes(bytes)) => tagged(5, bytes),
        (_, Value::Enum(choice)) => tagged(6, choice.name().as_bytes()),
        (_, Value::Numeric(numeric)) => {
            let mut bytes = vec![numeric.currency().as_u8()];
            let amount = normal(numeric.own_value().as_f64());
            bytes.extend_from_slice(&amount.to_bits().to_be_bytes());
            tagged(7, &bytes)
        }
        (Type::List(element), Value::List(list)) => {
            let mut bytes = Vec::new();
            for item in list {
                let item = canonical(element, item).unwrap_or_default();
                bytes.extend_from_slice(&item.len().to_be_bytes());
                bytes.extend_from_slice(&item);
            }
            tagged(9, &bytes)
        }
        (_, Value::Object(object)) => tagged(11, &object.to_payload()),
        (_, other) => tagged(10, &msgpack::encode(other)),
    }
}

/// True for values that count as empty: they are not indexed, may occur more than once in a
/// unique property, and are found by no comparison of size.
pub(super) fn is_unset(kind: &Type, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) => true,
        (Type::Integer, Value::Int(i)) => *i == Type::UNSET_INT,
        (Type::IpPort, Value::Int(i)) => *i == Type::UNSET_PORT,
        (Type::Date | Type::DateTime, Value::Int(i)) => *i == 0,
        (_, Value::String(text)) => text.is_empty(),
        (_, Value::Bytes(bytes)) => bytes.is_empty(),
        (_, Value::List(list)) => list.is_empty(),
        (_, Value::Map(map)) => map.is_empty(),
        _ => false,
    }
}

/// A value that can be ordered among others of its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Int(i64),
    /// A float in an order of bits.
    Float(u64),
    Text(Box<str>),
    Address(u8, u128),
}

/// Types that have an order.
pub(super) fn has_order(kind: &Type) -> bool {
    !matches!(kind, Type::List(_) | Type::Object(_) | Type::Dict)
}

/// The place of a value in the order of its type; money by its worth in USD.
pub(super) fn order(kind: &Type, value: &Value, rates: &Rates) -> Option<Order> {
    if is_unset(kind, value) {
        return None;
    }
    Some(match value {
        Value::Bool(b) => Order::Int(i64::from(*b)),
        Value::Int(i) => Order::Int(*i),
        Value::Float(f) => float(*f),
        Value::Enum(choice) => Order::Int(choice.index()),
        Value::Numeric(numeric) => float(numeric.usd(rates).ok()?.as_f64()),
        Value::String(text) if matches!(kind, Type::IpAddr) => match text.parse() {
            Ok(IpAddr::V4(address)) => Order::Address(4, u32::from(address).into()),
            Ok(IpAddr::V6(address)) => Order::Address(6, address.into()),
            Err(_) => return None,
        },
        Value::String(text) => Order::Text(text.as_str().into()),
        Value::Bytes(bytes) => Order::Text(hex::encode(bytes).into()),
        Value::Hash(a, b) => {
            let (a, b) = (ordered(*a), ordered(*b));
            Order::Address(0, (u128::from(a) << 64) | u128::from(b))
        }
        Value::Null | Value::List(_) | Value::Map(_) | Value::Object(_) => return None,
    })
}

fn ordered(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

fn float(number: f64) -> Order {
    let bits = normal(number).to_bits();
    Order::Float(match bits >> 63 {
        0 => bits | (1 << 63),
        _ => !bits,
    })
}

/// Minus zero is zero.
fn normal(number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { number }
}

/// The label of a value in the exact index of a property.
pub(super) fn label(property: &Property, value: &Value) -> Option<Vec<u8>> {
    let canonical = canonical(&property.kind, value)?;
    let mut label = Vec::with_capacity(property.name.len() + 1 + canonical.len());
    label.extend_from_slice(property.name.as_bytes());
    label.push(0);
    label.extend_from_slice(&canonical);
    Some(label)
}

/// All labels of an object, with the properties they are of.
pub(super) fn labels<'a>(schema: &'a Schema, object: &Object) -> Vec<(&'a Property, Vec<u8>)> {
    let all = schema.properties.iter().enumerate();
    all.filter(|(_, property)| property.index_key)
        .filter_map(|(nr, property)| Some((property, label(property, object.get_nr(nr)?)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Context, FixedClock};
    use proptest::prelude::*;
    use std::sync::Arc;

    proptest! {
        #[test]
        fn floats_and_pairs_keep_their_order(a in any::<f64>(), b in any::<f64>(),
            c in any::<(i64, i64)>(), d in any::<(i64, i64)>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(float(a).cmp(&float(b)), normal(a).partial_cmp(&normal(b)).unwrap());
            let of = |(a, b)| order(&Type::Hash, &Value::Hash(a, b), Rates::builtin());
            prop_assert_eq!(of(c).cmp(&of(d)), c.cmp(&d));
        }
    }

    #[test]
    fn equal_money_has_one_form() {
        let context = Arc::new(Context::new(FixedClock(0), |_: &mut [u8]| {}));
        let of = |text: &str| {
            let value = Type::Numeric.clean(&Value::from(text), &context).unwrap();
            canonical(&Type::Numeric, &value)
        };
        assert_eq!(of("10k EUR"), of("10000 eur"));
        assert_ne!(of("10 EUR"), of("10 USD"));
        assert_eq!(
            canonical(&Type::Integer, &Value::Int(Type::UNSET_INT)),
            None
        );
        assert_eq!(canonical(&Type::String, &Value::from("")), None);
        assert_ne!(canonical(&Type::Integer, &Value::Int(0)), None);
    }
}
