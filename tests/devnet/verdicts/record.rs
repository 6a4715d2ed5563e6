//! Records the verdicts of a real node (v1.2.0, devnet) that listens on `KOSMOS_REAL_NODE`.
//!
//! 1. Start it with an empty data folder, the modules gctwbe and the wallet of the genesis phrase
//!    (it makes the blocks), and run `a_chain`: it writes `chain.json`.
//! 2. Stop it, start it again on the same folder with the modules gcte (it makes no more blocks),
//!    and run `b_verdicts`: it writes `verdicts.json`. Only once for a chain: what the node took
//!    is in its pool then.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::cases::cases;
use super::setup::Setup;
use super::{chain, vector_path};

/// Height of the chain: the reward of its first block is mature, that of its last one is not.
const HEIGHT: u64 = 12;

struct Real(String);

impl Real {
    fn new() -> Real {
        Real(std::env::var("KOSMOS_REAL_NODE").expect("KOSMOS_REAL_NODE=127.0.0.1:PORT"))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.0).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: Rivine-Agent\r\n\
             Content-Length: {}\r\n\r\n",
            self.0,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn post(&self, body: &str) -> (u16, String) {
        self.ask("POST", "/transactionpool/transactions", body)
    }

    fn height(&self) -> u64 {
        self.get("/consensus")["height"].as_u64().unwrap()
    }

    /// Waits for a block of the node.
    fn block(&self) {
        let before = self.height();
        while self.height() == before {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

fn write(file: &str, value: &Value) {
    let mut text = serde_json::to_string_pretty(value).unwrap();
    text.push('\n');
    std::fs::write(vector_path(&format!("verdicts/{file}")), text).unwrap();
}

#[test]
#[ignore = "needs a real node"]
fn a_chain() {
    let real = Real::new();
    for transactions in Setup::new().blocks {
        for transaction in transactions {
            let body = serde_json::to_string(&transaction).unwrap();
            let (status, answer) = real.post(&body);
            assert_eq!(status, 200, "{answer}\n{body}");
        }
        while real.get("/transactionpool/transactions")["transactions"] != Value::Null {
            real.block();
        }
    }
    while real.height() < HEIGHT {
        real.block();
    }
    let blocks: Vec<Value> = (0..=real.height())
        .map(|height| {
            let block = &real.get(&format!("/explorer/blocks/{height}"))["block"];
            let ids = block["transactions"].as_array().unwrap().iter();
            json!({
                "height": height,
                "blockid": block["blockid"],
                "minerpayoutids": block["minerpayoutids"],
                "transactionids": ids.map(|t| t["id"].clone()).collect::<Vec<_>>(),
                "rawblock": block["rawblock"],
            })
        })
        .collect();
    write("chain.json", &json!({ "blocks": blocks }));
}

#[test]
#[ignore = "needs a real node"]
fn b_verdicts() {
    let real = Real::new();
    let last = chain()["blocks"].as_array().unwrap().len() - 1;
    assert_eq!(
        real.height(),
        u64::try_from(last).unwrap(),
        "not that chain"
    );
    let pool = real.get("/transactionpool/transactions");
    assert_eq!(pool["transactions"], Value::Null, "not an empty pool");
    let verdicts: Vec<Value> = cases(&chain())
        .into_iter()
        .map(|case| {
            let (status, answer) = real.post(&case.body);
            json!({
                "name": case.name,
                "body": case.body,
                "status": status,
                "answer": answer.trim_end(),
            })
        })
        .collect();
    write("verdicts.json", &json!({ "verdicts": verdicts }));
}
