//! A node that answers what a test says: a Redis server of the few commands a client sends.
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use kosmos::zos::protocol::{Job, JobResult, Level, State};

/// What a job comes to.
pub type Handler = Box<dyn FnMut(&Job, &mut Memory) -> Option<JobResult> + Send>;
/// Answers a command before the node does: the raw reply.
pub type Override = Box<dyn FnMut(&[String]) -> Option<String> + Send>;

/// What the node keeps.
#[derive(Default)]
pub struct Memory {
    /// Jobs as they were pushed.
    pub jobs: Vec<Job>,
    /// Every command that was received.
    pub commands: Vec<Vec<String>>,
    /// Results by id of the job.
    pub results: HashMap<String, String>,
    /// Records by id of the job.
    pub streams: HashMap<String, VecDeque<String>>,
    /// Ids that are known.
    pub known: HashSet<String>,
    /// Commands that passed the password.
    pub password: Option<String>,
}

pub struct Fake {
    pub port: u16,
    pub memory: Arc<Mutex<Memory>>,
    pub connections: Arc<AtomicUsize>,
}

impl Fake {
    pub fn start(handler: Handler) -> Fake {
        Fake::with_override(handler, Box::new(|_| None))
    }

    pub fn with_override(handler: Handler, over: Override) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let connections = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new((Mutex::new(handler), Mutex::new(over), memory.clone()));
        let count = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Fake {
            port,
            memory,
            connections,
        }
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }
}

/// A good result with a JSON value.
pub fn json_result(job: &Job, data: &serde_json::Value) -> JobResult {
    JobResult {
        id: job.id.clone(),
        command: job.command.clone(),
        data: data.to_string(),
        streams: Some(vec![String::new(), String::new()]),
        level: Level::JSON,
        state: State::Success,
        tags: job.tags.clone(),
        ..JobResult::default()
    }
}

type Shared = (Mutex<Handler>, Mutex<Override>, Arc<Mutex<Memory>>);

fn serve(stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(command) = read_command(&mut reader) {
        let reply = (shared.1.lock().unwrap())(&command);
        let reply = reply.unwrap_or_else(|| answer(&command, shared));
        if reply == "close" || writer.write_all(reply.as_bytes()).is_err() {
            return;
        }
        if reply.ends_with("half") {
            return;
        }
    }
}

fn read_command(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let count: usize = read_line(reader)?.strip_prefix('*')?.parse().ok()?;
    let mut words = Vec::new();
    for _ in 0..count {
        let length: usize = read_line(reader)?.strip_prefix('$')?.parse().ok()?;
        let mut bytes = vec![0; length + 2];
        reader.read_exact(&mut bytes).ok()?;
        bytes.truncate(length);
        words.push(String::from_utf8(bytes).ok()?);
    }
    Some(words)
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_string())
}

pub fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn answer(command: &[String], shared: &Shared) -> String {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    if words[0] == "RPUSH" {
        let job: Job = serde_json::from_str(words[2]).unwrap();
        let mut memory = shared.2.lock().unwrap();
        memory.commands.push(command.to_vec());
        memory.jobs.push(job.clone());
        memory.known.insert(job.id.clone());
        drop(memory);
        let mut handler = shared.0.lock().unwrap();
        let mut memory = shared.2.lock().unwrap();
        if let Some(result) = handler(&job, &mut memory) {
            let text = result.to_wire().unwrap();
            memory.results.insert(job.id, text);
        }
        return ":1\r\n".into();
    }
    let mut memory = shared.2.lock().unwrap();
    memory.commands.push(command.to_vec());
    let job_of = |key: &str| {
        let id = key.strip_prefix("result:").unwrap_or(key);
        let id = id.strip_prefix("stream:").unwrap_or(id);
        id.strip_suffix(":flag").unwrap_or(id).to_string()
    };
    match words.as_slice() {
        ["AUTH", password] => match &memory.password {
            Some(right) if right != password => "-invalid jwt\r\n".into(),
            _ => "+OK\r\n".into(),
        },
        ["BRPOPLPUSH", key, _, _] if key.ends_with(":flag") => {
            match memory.known.contains(&job_of(key)) {
                true => bulk(""),
                false => "$-1\r\n".into(),
            }
        }
        ["BRPOPLPUSH", key, _, _] => match memory.results.get(&job_of(key)) {
            Some(text) => bulk(text),
            None => "$-1\r\n".into(),
        },
        ["EXISTS", key] => {
            let id = job_of(key);
            let known = memory.known.contains(&id) || memory.results.contains_key(&id);
            format!(":{}\r\n", u8::from(known))
        }
        ["TTL", key] => match memory.results.contains_key(&job_of(key)) {
            true => ":300\r\n".into(),
            false => ":-1\r\n".into(),
        },
        ["BLPOP", key, _] => {
            let record = memory
                .streams
                .get_mut(&job_of(key))
                .and_then(VecDeque::pop_front);
            match record {
                Some(record) => format!("*2\r\n{}{}", bulk(key), bulk(&record)),
                None => "$-1\r\n".into(),
            }
        }
        ["LPOP", key] => {
            let record = memory
                .streams
                .get_mut(&job_of(key))
                .and_then(VecDeque::pop_front);
            record.map_or_else(|| "$-1\r\n".into(), |record| bulk(&record))
        }
        ["PING"] => "+PONG\r\n".into(),
        other => format!("-ERR unknown command '{}'\r\n", other[0]),
    }
}
