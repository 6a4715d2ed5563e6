//! A directory and a notary for tests, that behave as they are told.
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use kosmos::grid::gedis::{Call, Value};
use kosmos::grid::notary::{EXISTS, HASH, NOT_FOUND, Register, STORED, Stored, register_schema};
use kosmos::grid::sealed::notary_hash;

use super::{http, load, text};

/// How the notary behaves.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Well,
    /// Says this error.
    Refuses(&'static str),
    /// Answers a hash that is another one.
    OtherHash,
    /// Answers something that is no object.
    Senseless,
    /// Takes what it is told and never answers.
    Silent,
    /// Takes what it is told and closes the connection.
    Drops,
}

#[derive(Default)]
struct State {
    mood: Mutex<Option<Mood>>,
    stored: Mutex<Vec<Stored>>,
    /// Numbers of 3bots by name.
    bots: Mutex<HashMap<String, u64>>,
    /// Locations that are not there any more.
    gone: Mutex<Vec<String>>,
    /// Connections that must stay open.
    silent: Mutex<Vec<TcpStream>>,
}

/// A directory and a notary.
pub struct FakeGrid {
    pub directory: String,
    pub notary: u16,
    state: Arc<State>,
}

impl FakeGrid {
    pub fn start() -> FakeGrid {
        let state = Arc::new(State::default());
        let own = state.clone();
        let directory = http::serve(move |request| directory(&request, &own));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = own.clone();
                std::thread::spawn(move || notary(stream, &state));
            }
        });
        FakeGrid {
            directory: format!("http://127.0.0.1:{directory}"),
            notary: port,
            state,
        }
    }

    pub fn behave(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = Some(mood);
    }

    pub fn bot(&self, name: &str, id: u64) {
        let mut bots = self.state.bots.lock().unwrap();
        bots.insert(name.to_owned(), id);
    }

    pub fn remove_location(&self, id: &str) {
        self.state.gone.lock().unwrap().push(id.to_owned());
    }

    /// How many reservations the notary has.
    pub fn registered(&self) -> usize {
        self.state.stored.lock().unwrap().len()
    }

    pub fn stored(&self) -> Vec<Stored> {
        self.state.stored.lock().unwrap().clone()
    }
}

fn directory(request: &http::Request, state: &State) -> http::Reply {
    let path = &request.path;
    let gone = state.gone.lock().unwrap();
    let gone = gone.iter().any(|id| path.ends_with(id.as_str()));
    let cases = load("directory_http.json");
    let found = cases
        .iter()
        .find(|case| text(case, "path") == path && !gone);
    let json = vec![("content-type", "application/json".to_owned())];
    match found {
        Some(case) => {
            let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
            (status, json, text(case, "body").into())
        }
        None => (404, json, b"{}\n".to_vec()),
    }
}

/// The parts of a request.
fn request(reader: &mut impl BufRead) -> Option<Vec<Vec<u8>>> {
    let mut line = String::new();
    let mut number = |reader: &mut dyn BufRead, sign: char| -> Option<usize> {
        line.clear();
        reader.read_line(&mut line).ok()?;
        line.trim().strip_prefix(sign)?.parse().ok()
    };
    let count = number(reader, '*')?;
    (0..count)
        .map(|_| {
            let length = number(reader, '$')?;
            let mut part = vec![0; length + 2];
            reader.read_exact(&mut part).ok()?;
            part.truncate(length);
            Some(part)
        })
        .collect()
}

fn notary(mut stream: TcpStream, state: &State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(parts) = request(&mut reader) {
        let call = Call::read(&parts).unwrap();
        let mood = state.mood.lock().unwrap().unwrap_or(Mood::Well);
        let answer = match call.name.method.as_str() {
            "ping" => Ok(None),
            "register" => register(&call, state, mood).map(Some),
            "get" => get(&call, state).map(Some),
            "api_meta_get" => Ok(Some(meta())),
            other => Err(format!("no method {other}")),
        };
        let of_register = call.name.method == "register";
        match mood {
            Mood::Silent if of_register => {
                state.silent.lock().unwrap().push(stream);
                return;
            }
            Mood::Drops if of_register => return,
            _ => {}
        }
        let sent = match answer {
            Ok(None) => stream.write_all(b"+PONG\r\n"),
            Ok(Some(bytes)) => {
                let mut reply = format!("${}\r\n", bytes.len()).into_bytes();
                reply.extend(bytes);
                reply.extend(b"\r\n");
                stream.write_all(&reply)
            }
            Err(text) => stream.write_all(format!("-ERR {text}\r\n").as_bytes()),
        };
        if sent.is_err() {
            return;
        }
    }
}

fn register(call: &Call, state: &State, mood: Mood) -> Result<Vec<u8>, String> {
    if let Mood::Refuses(text) = mood {
        return Err(text.into());
    }
    let values = call.values(register_schema()).map_err(|e| e.to_string())?;
    let register = Register::from_values(values).ok_or("fields")?;
    let bots = state.bots.lock().unwrap();
    let id = *bots.get(&register.threebot_id).ok_or("no such 3bot")?;
    let hash = notary_hash(id, &register.sealed.content).to_string();
    let mut stored = state.stored.lock().unwrap();
    if stored.iter().any(|one| one.hash == hash) {
        return Err(EXISTS.into());
    }
    stored.push(Stored {
        hash: hash.clone(),
        register,
    });
    match mood {
        Mood::OtherHash => Ok(HASH.object(&[Value::Text("0".repeat(64))])),
        Mood::Senseless => Ok(b"whatever".to_vec()),
        _ => Ok(call.answer(&HASH, &[Value::Text(hash)], None)),
    }
}

fn get(call: &Call, state: &State) -> Result<Vec<u8>, String> {
    let values = call.values(&HASH).map_err(|e| e.to_string())?;
    let hash = values
        .into_iter()
        .next()
        .map(Value::into_text)
        .unwrap_or_default();
    let stored = state.stored.lock().unwrap();
    let (at, found) = stored
        .iter()
        .enumerate()
        .find(|(_, one)| one.hash == hash)
        .ok_or(NOT_FOUND)?;
    Ok(call.answer(&STORED, &found.values(), Some(at as u64)))
}

/// The actors of the namespace; their schemas are of no interest.
fn meta() -> Vec<u8> {
    let actors = HashMap::from([("default__notary_actor", "schema")]);
    rmp_serde::to_vec(&HashMap::from([("cmds", actors)])).unwrap()
}
