//! A Redis client of a few lines, so that the tests see every byte.
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value as Json, json};

/// Longest wait for anything; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    pub stream: BufReader<TcpStream>,
}

/// Bytes of a command.
pub fn encode(arguments: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Reads an answer: texts as texts, nil as null, an error as `{"error": text}`.
pub fn reply(stream: &mut impl BufRead) -> std::io::Result<Json> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let rest = line[1..].trim_end_matches("\r\n").to_string();
    Ok(match line.as_bytes()[0] {
        b'+' => rest.into(),
        b'-' => json!({"error": rest}),
        b':' => rest.parse::<i64>().unwrap().into(),
        b'$' if rest == "-1" => Json::Null,
        b'$' => {
            let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
            stream.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            String::from_utf8(bytes).unwrap().into()
        }
        b'*' => {
            let count: usize = rest.parse().unwrap();
            let items: std::io::Result<Vec<Json>> = (0..count).map(|_| reply(stream)).collect();
            items?.into()
        }
        other => panic!("answer of an unknown kind {other}"),
    })
}

impl Client {
    pub fn connect(addr: SocketAddr) -> Client {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream: BufReader::new(stream),
        }
    }

    pub fn send(&mut self, arguments: &[&str]) {
        let arguments: Vec<&[u8]> = arguments.iter().map(|a| a.as_bytes()).collect();
        self.raw(&encode(&arguments));
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    pub fn read(&mut self) -> Json {
        reply(&mut self.stream).unwrap()
    }

    pub fn ask(&mut self, arguments: &[&str]) -> Json {
        self.send(arguments);
        self.read()
    }

    /// Pushes a job.
    pub fn push(&mut self, job: &Json) {
        let pushed = self.ask(&["RPUSH", "core:default", &job.to_string()]);
        assert!(pushed.is_i64(), "{pushed}");
    }

    /// Waits for the result of a job.
    pub fn result(&mut self, id: &str) -> Json {
        let key = format!("result:{id}");
        let text = self.ask(&["BRPOPLPUSH", &key, &key, "50"]);
        serde_json::from_str(text.as_str().expect("a result in time")).unwrap()
    }

    /// Runs a command and waits for its result.
    pub fn run(&mut self, id: &str, command: &str, arguments: Json) -> Json {
        self.push(&json!({"id": id, "command": command, "arguments": arguments}));
        self.result(id)
    }
}
