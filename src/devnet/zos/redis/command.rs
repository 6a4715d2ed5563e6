//! What each command of the server does.
use std::time::Duration;

use super::keyspace::{Bytes, End, Keyspace, Refused};
use super::reply::Reply;

impl From<Refused> for Reply {
    fn from(refused: Refused) -> Self {
        Reply::Error(refused.to_string())
    }
}

const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
const SYNTAX: &str = "ERR syntax error";

/// Name, arguments at least and at most (the name not counted).
const COMMANDS: &[(&str, usize, usize)] = &[
    ("PING", 0, 1),
    ("ECHO", 1, 1),
    ("SELECT", 1, 1),
    ("CLIENT", 1, usize::MAX),
    ("COMMAND", 0, usize::MAX),
    ("INFO", 0, usize::MAX),
    ("DBSIZE", 0, 0),
    ("FLUSHDB", 0, 1),
    ("RPUSH", 2, usize::MAX),
    ("LPUSH", 2, usize::MAX),
    ("LPOP", 1, 2),
    ("RPOP", 1, 2),
    ("BLPOP", 2, usize::MAX),
    ("BRPOP", 2, usize::MAX),
    ("BRPOPLPUSH", 3, 3),
    ("LLEN", 1, 1),
    ("LRANGE", 3, 3),
    ("LTRIM", 3, 3),
    ("EXISTS", 1, usize::MAX),
    ("LKEYEXISTS", 1, 1),
    ("DEL", 1, usize::MAX),
    ("EXPIRE", 2, 2),
    ("TTL", 1, 1),
    ("LTTL", 1, 1),
    ("TYPE", 1, 1),
    ("KEYS", 1, 1),
    ("GET", 1, 1),
    ("SET", 2, 4),
];

/// True if the command may take as long as its client likes.
pub fn waits(arguments: &[Vec<u8>]) -> bool {
    let name = arguments.first().map(Vec::as_slice).unwrap_or_default();
    [b"BLPOP".as_slice(), b"BRPOP", b"BRPOPLPUSH"]
        .iter()
        .any(|blocking| name.eq_ignore_ascii_case(blocking))
}

/// Executes a command of a client that may.
pub async fn execute(keyspace: &Keyspace, mut arguments: Vec<Vec<u8>>) -> Reply {
    if arguments.is_empty() {
        return Reply::Error(SYNTAX.into());
    }
    let name = String::from_utf8_lossy(&arguments.remove(0)).into_owned();
    let upper = name.to_ascii_uppercase();
    let Some((_, least, most)) = COMMANDS.iter().find(|(known, ..)| *known == upper) else {
        return unknown(&name, &arguments);
    };
    if !(*least..=*most).contains(&arguments.len()) {
        return Reply::Error(format!(
            "ERR wrong number of arguments for '{}' command",
            upper.to_ascii_lowercase()
        ));
    }
    run(keyspace, &upper, arguments)
        .await
        .unwrap_or_else(|refused| refused)
}

fn unknown(name: &str, arguments: &[Vec<u8>]) -> Reply {
    // As Redis: a name and arguments of any length do not make the answer long.
    let mut text = String::new();
    for argument in arguments {
        if text.len() >= 128 {
            break;
        }
        let shown: String = String::from_utf8_lossy(argument)
            .chars()
            .take(128)
            .collect();
        text.push_str(&format!("'{shown}' "));
    }
    let name: String = name.chars().take(128).collect();
    Reply::Error(format!(
        "ERR unknown command '{name}', with args beginning with: {text}"
    ))
}

async fn run(keyspace: &Keyspace, name: &str, arguments: Vec<Vec<u8>>) -> Result<Reply, Reply> {
    let at = |n: usize| arguments.get(n).map(Vec::as_slice).unwrap_or_default();
    let key = at(0);
    let bulk = |bytes: Option<Bytes>| bytes.map_or(Reply::Nil, Reply::Bulk);
    Ok(match name {
        "PING" if arguments.is_empty() => Reply::Simple("PONG"),
        "PING" | "ECHO" => Reply::Bulk(key.into()),
        "SELECT" => match integer(key)? {
            0 => Reply::OK,
            _ => Reply::Error("ERR DB index is out of range: a node has database 0 only".into()),
        },
        "CLIENT" => match key.to_ascii_uppercase().as_slice() {
            b"SETNAME" | b"SETINFO" | b"NO-EVICT" | b"NO-TOUCH" => Reply::OK,
            b"GETNAME" => Reply::Nil,
            _ => Reply::Error("ERR unknown subcommand of CLIENT".into()),
        },
        "COMMAND" => match key.to_ascii_uppercase().as_slice() {
            b"COUNT" => Reply::count(COMMANDS.len()),
            _ => Reply::Array(Vec::new()),
        },
        "INFO" => Reply::text(format!(
            "# Server\r\nredis_version:5.0.0\r\nserver_name:kosmos zos-node\r\n\
             # Memory\r\nused_memory:{}\r\n# Keyspace\r\ndb0:keys={}\r\n",
            keyspace.used(),
            keyspace.len()
        )),
        "DBSIZE" => Reply::count(keyspace.len()),
        "FLUSHDB" => {
            keyspace.clear();
            Reply::OK
        }
        "RPUSH" | "LPUSH" => {
            let end = if name == "RPUSH" {
                End::Right
            } else {
                End::Left
            };
            let key = key.to_vec();
            let values = arguments.into_iter().skip(1).map(Bytes::from).collect();
            Reply::count(keyspace.push(&key, end, values)?)
        }
        "LPOP" | "RPOP" => {
            let end = if name == "RPOP" {
                End::Right
            } else {
                End::Left
            };
            if arguments.len() == 1 {
                bulk(keyspace.pop(key, end)?)
            } else {
                let count = natural(at(1))?;
                let mut values = Vec::new();
                while values.len() < count {
                    match keyspace.pop(key, end)? {
                        Some(value) => values.push(Reply::Bulk(value)),
                        None => break,
                    }
                }
                if values.is_empty() {
                    Reply::Nil
                } else {
                    Reply::Array(values)
                }
            }
        }
        "BLPOP" | "BRPOP" => {
            let end = if name == "BRPOP" {
                End::Right
            } else {
                End::Left
            };
            let (time, keys) = arguments.split_last().ok_or(Reply::Nil)?;
            let time = timeout(time)?;
            let keys = keys.iter().map(|key| Bytes::from(key.as_slice())).collect();
            match keyspace.pop_waiting(keys, end, time).await? {
                Some((key, value)) => Reply::Array(vec![Reply::Bulk(key), Reply::Bulk(value)]),
                None => Reply::Nil,
            }
        }
        "BRPOPLPUSH" => {
            let time = timeout(at(2))?;
            bulk(
                keyspace
                    .shift_waiting(key.into(), at(1).into(), time)
                    .await?,
            )
        }
        "LLEN" => Reply::count(keyspace.list_len(key)?),
        "LRANGE" => {
            let values = keyspace.range(key, integer(at(1))?, integer(at(2))?)?;
            Reply::Array(values.into_iter().map(Reply::Bulk).collect())
        }
        "LTRIM" => {
            keyspace.trim(key, integer(at(1))?, integer(at(2))?)?;
            Reply::OK
        }
        "EXISTS" | "LKEYEXISTS" => {
            Reply::count(arguments.iter().filter(|key| keyspace.exists(key)).count())
        }
        "DEL" => Reply::count(arguments.iter().filter(|key| keyspace.remove(key)).count()),
        "EXPIRE" => Reply::Integer(match integer(at(1))? {
            seconds @ 1.. => {
                let life = Duration::from_secs(seconds.unsigned_abs());
                i64::from(keyspace.expire(key, life))
            }
            // A time that is over already removes the key.
            _ => i64::from(keyspace.remove(key)),
        }),
        "TTL" | "LTTL" => Reply::Integer(match keyspace.life(key) {
            None => -2,
            Some(None) => -1,
            // Rounded to the nearest second, as Redis does.
            Some(Some(life)) => i64::try_from((life.as_millis() + 500) / 1000).unwrap_or(i64::MAX),
        }),
        "TYPE" => Reply::Simple(keyspace.kind(key)),
        "KEYS" => Reply::Array(
            keyspace
                .keys()
                .into_iter()
                .filter(|name| matches(key, name))
                .map(Reply::Bulk)
                .collect(),
        ),
        "GET" => bulk(keyspace.get(key)?),
        "SET" => {
            let life = match (at(2).to_ascii_uppercase().as_slice(), arguments.len()) {
                (_, 2) => None,
                (b"EX", 4) => Some(Duration::from_secs(life(at(3))?)),
                (b"PX", 4) => Some(Duration::from_millis(life(at(3))?)),
                _ => return Err(Reply::Error(SYNTAX.into())),
            };
            keyspace.set(key, at(1), life)?;
            Reply::OK
        }
        _ => return Err(unknown(name, &arguments)),
    })
}

fn integer(text: &[u8]) -> Result<i64, Reply> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Reply::Error(NOT_AN_INTEGER.into()))
}

fn natural(text: &[u8]) -> Result<usize, Reply> {
    usize::try_from(integer(text)?)
        .map_err(|_| Reply::Error("ERR value is out of range, must be positive".into()))
}

fn life(text: &[u8]) -> Result<u64, Reply> {
    match integer(text)? {
        n @ 1.. => Ok(n.unsigned_abs()),
        _ => Err(Reply::Error(
            "ERR invalid expire time in 'set' command".into(),
        )),
    }
}

/// Seconds, 0 for ever; fractions as newer clients send them.
fn timeout(text: &[u8]) -> Result<Option<Duration>, Reply> {
    let seconds: f64 = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|seconds: &f64| seconds.is_finite())
        .ok_or_else(|| Reply::Error("ERR timeout is not a float or out of range".into()))?;
    if seconds < 0.0 {
        return Err(Reply::Error("ERR timeout is negative".into()));
    }
    Ok(Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero()))
}

/// Redis' patterns: `*`, `?`, `[a-z]`, `[^a]`, `\` takes the next character as it is.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Position after the last star, and the text position it was tried with: enough to go back.
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() || p < pattern.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if let Some(length) = one(pattern.get(p..).unwrap_or_default(), text.get(t)) {
            p += length;
            t += 1;
            continue;
        }
        match star {
            Some((after, tried)) if tried < text.len() => {
                star = Some((after, tried + 1));
                (p, t) = (after, tried + 1);
            }
            _ => return false,
        }
    }
    true
}

/// Length of the pattern's first part, if it matches the letter.
fn one(pattern: &[u8], letter: Option<&u8>) -> Option<usize> {
    let letter = letter?;
    match pattern.first()? {
        b'?' => Some(1),
        b'\\' => (pattern.get(1)? == letter).then_some(2),
        b'[' => {
            let end = pattern.iter().skip(1).position(|b| *b == b']')? + 1;
            let set = pattern.get(1..end)?;
            let (set, wanted) = match set.strip_prefix(b"^") {
                Some(set) => (set, false),
                None => (set, true),
            };
            let mut found = false;
            let mut at = 0;
            while let Some(from) = set.get(at) {
                match (set.get(at + 1), set.get(at + 2)) {
                    (Some(b'-'), Some(to)) => {
                        found |= (from.min(to)..=from.max(to)).contains(&letter);
                        at += 3;
                    }
                    _ => {
                        found |= from == letter;
                        at += 1;
                    }
                }
            }
            (found == wanted).then_some(end + 1)
        }
        other => (other == letter).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_keys() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "anything", true),
            ("result:*", "result:1:flag", true),
            ("result:*:flag", "result:1:flag", true),
            ("result:*:flag", "result:1", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a[b-d]e", "ace", true),
            ("a[^b]c", "abc", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*a*b", "xaxxab", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                fits,
                "{pattern} {text}"
            );
        }
    }
}
