//! Keys, lists, expiry, and who waits for what.
use std::sync::Arc;
use std::time::Duration;

use kosmos::devnet::zos::redis::keyspace::End;
use kosmos::devnet::zos::redis::request::{Limits, Parser};
use kosmos::devnet::zos::redis::{Bytes, Keep, Keyspace};
use proptest::prelude::*;

fn bytes(text: &str) -> Bytes {
    Bytes::from(text.as_bytes())
}

fn push(keyspace: &Keyspace, key: &str, value: &str) {
    keyspace
        .push(key.as_bytes(), End::Right, vec![bytes(value)])
        .unwrap();
}

#[tokio::test]
async fn waiters_are_served_in_order_of_arrival() {
    let keyspace = Arc::new(Keyspace::new(1 << 20));
    let mut waiters = Vec::new();
    for _ in 0..50 {
        let keyspace = Arc::clone(&keyspace);
        waiters.push(tokio::spawn(async move {
            keyspace
                .pop_waiting(vec![bytes("k")], End::Left, None)
                .await
        }));
        // Each stands in the queue before the next comes.
        tokio::task::yield_now().await;
    }
    for n in 0..50 {
        push(&keyspace, "k", &n.to_string());
    }
    for (n, waiter) in waiters.into_iter().enumerate() {
        let (_, value) = waiter.await.unwrap().unwrap().unwrap();
        assert_eq!(*value, *n.to_string().as_bytes());
    }
    assert!(keyspace.is_empty());
}

#[tokio::test]
async fn one_element_serves_everybody_who_only_looks() {
    let keyspace = Arc::new(Keyspace::new(1 << 20));
    let look = |keyspace: &Arc<Keyspace>| {
        let keyspace = Arc::clone(keyspace);
        tokio::spawn(async move { keyspace.shift_waiting(bytes("f"), bytes("f"), None).await })
    };
    let lookers = [look(&keyspace), look(&keyspace), look(&keyspace)];
    tokio::task::yield_now().await;
    push(&keyspace, "f", "");
    for looker in lookers {
        assert_eq!(looker.await.unwrap().unwrap(), Some(bytes("")));
    }
    assert_eq!(keyspace.list_len(b"f"), Ok(1));
}

#[tokio::test]
async fn who_goes_away_takes_nothing_with_it() {
    let keyspace = Arc::new(Keyspace::new(1 << 20));
    for _ in 0..20 {
        let waiting = keyspace.pop_waiting(vec![bytes("k"), bytes("l")], End::Left, None);
        let waited = tokio::time::timeout(Duration::from_millis(1), waiting).await;
        assert!(waited.is_err());
    }
    push(&keyspace, "k", "a");
    assert_eq!(keyspace.list_len(b"k"), Ok(1));
    // Given and gone in the same moment: the value is back.
    keyspace.remove(b"k");
    let mut waiting = Box::pin(keyspace.pop_waiting(vec![bytes("k")], End::Left, None));
    assert!(futures_poll(&mut waiting).await.is_none());
    push(&keyspace, "k", "b");
    drop(waiting);
    assert_eq!(keyspace.pop(b"k", End::Left), Ok(Some(bytes("b"))));
}

/// Polls once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(out) => Some(out),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn keys_end_when_their_time_is_over() {
    let keyspace = Keyspace::new(1 << 20);
    push(&keyspace, "k", "a");
    assert_eq!(keyspace.life(b"k"), Some(None));
    assert!(keyspace.expire(b"k", Duration::from_secs(300)));
    let left = keyspace.life(b"k").unwrap().unwrap();
    assert!(left > Duration::from_secs(299) && left <= Duration::from_secs(300));
    assert!(keyspace.expire(b"k", Duration::ZERO));
    assert_eq!(keyspace.life(b"k"), None);
    assert!(!keyspace.exists(b"k"));
    let keep = Keep {
        values: 2,
        bytes: 0,
    };
    for value in ["1", "2", "3"] {
        keyspace.append("s", value, Some(keep), Some(Duration::from_secs(60)));
    }
    assert_eq!(
        keyspace.range(b"s", 0, -1).unwrap(),
        [bytes("2"), bytes("3")]
    );
    assert!(keyspace.expire(b"s", Duration::ZERO));
    assert!(keyspace.is_empty());
    assert_eq!(keyspace.used(), 0);
}

#[test]
fn small_values_beyond_the_count_stay_while_they_are_few_bytes() {
    let keyspace = Keyspace::new(1 << 20);
    let keep = Keep {
        values: 2,
        bytes: 1000,
    };
    let append = |value: &str| keyspace.append("s", value, Some(keep), None);
    // Each costs its own byte and those of an entry.
    for _ in 0..100 {
        append("x");
    }
    let small = keyspace.list_len(b"s").unwrap();
    assert!((3..100).contains(&small), "{small}");
    // Two always stay, however large.
    for value in ["a", "b", "c"] {
        append(&value.repeat(5000));
    }
    assert_eq!(keyspace.list_len(b"s"), Ok(2));
    // What readers take makes room again.
    while keyspace.pop(b"s", End::Left).unwrap().is_some() {}
    assert_eq!(keyspace.used(), 0);
    for _ in 0..100 {
        append("x");
    }
    assert_eq!(keyspace.list_len(b"s"), Ok(small));
    // In a server that is half full, only those that always stay do.
    push(&keyspace, "other", &"x".repeat(600_000));
    append("x");
    assert_eq!(keyspace.list_len(b"s"), Ok(2));
}

#[test]
fn a_full_server_says_so() {
    let keyspace = Keyspace::new(1000);
    let value = bytes(&"x".repeat(900));
    assert!(keyspace.push(b"k", End::Right, vec![value.clone()]).is_ok());
    assert!(keyspace.push(b"k", End::Right, vec![value]).is_err());
    assert_eq!(keyspace.list_len(b"k"), Ok(1));
}

proptest! {
    #[test]
    fn the_parser_never_breaks(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let mut parser = Parser::new(Limits::TRUSTED);
        for piece in pieces {
            parser.buffer().extend_from_slice(&piece);
            if parser.command().is_err() {
                break;
            }
        }
    }

    #[test]
    fn commands_come_out_as_they_went_in(
        commands in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..5), 1..5),
        size in 1_usize..64,
    ) {
        let mut sent = Vec::new();
        for command in &commands {
            let arguments: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            sent.extend(super::wire::encode(&arguments));
        }
        let mut parser = Parser::new(Limits::TRUSTED);
        let mut got = Vec::new();
        for piece in sent.chunks(size) {
            parser.buffer().extend_from_slice(piece);
            while let Some(command) = parser.command().unwrap() {
                got.push(command);
            }
        }
        prop_assert_eq!(got, commands);
    }

    #[test]
    fn lists_are_as_a_plain_list_is(steps in prop::collection::vec((0_u8..6, -5_i64..5, -5_i64..5), 0..40)) {
        let keyspace = Keyspace::new(1 << 20);
        let mut model: Vec<String> = Vec::new();
        for (n, (step, from, to)) in steps.into_iter().enumerate() {
            let value = n.to_string();
            match step {
                0 | 1 => {
                    push(&keyspace, "k", &value);
                    model.push(value);
                }
                2 => {
                    keyspace.push(b"k", End::Left, vec![bytes(&value)]).unwrap();
                    model.insert(0, value);
                }
                3 => {
                    let popped = keyspace.pop(b"k", End::Right).unwrap();
                    prop_assert_eq!(popped, model.pop().map(|value| bytes(&value)));
                }
                _ => {
                    let length = model.len() as i64;
                    let absolute = |at: i64| if at < 0 { at + length } else { at };
                    let (first, last) = (absolute(from).max(0), absolute(to).min(length - 1));
                    let kept: Vec<String> = if first > last {
                        Vec::new()
                    } else {
                        model[first as usize..=last as usize].to_vec()
                    };
                    let range = keyspace.range(b"k", from, to).unwrap();
                    prop_assert_eq!(&range, &kept.iter().map(|value| bytes(value)).collect::<Vec<_>>());
                    if step == 5 {
                        keyspace.trim(b"k", from, to).unwrap();
                        model = kept;
                    }
                }
            }
            prop_assert_eq!(keyspace.list_len(b"k"), Ok(model.len()));
        }
        while keyspace.pop(b"k", End::Left).unwrap().is_some() {}
        prop_assert_eq!(keyspace.used(), 0);
    }
}
