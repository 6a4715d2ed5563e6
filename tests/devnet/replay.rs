//! Replays everything that was recorded from a real devnet node, in its order, on our node.
//!
//! Accepted transactions are posted just before the block that took them was made. At each block
//! our node must make the very same block (same id) from its pool as the real one did. An answer
//! must be equal byte by byte at the height reached so far or, if it differs, after more blocks.

use std::collections::HashMap;
use std::path::Path;

use kosmos::devnet::Query;
use kosmos::devnet::chain::{Block, GENESIS_ID};
use kosmos::devnet::explorer_api::{self, CALL, Reply};
use kosmos::devnet::node::{Node, Refused};
use kosmos::devnet::{Clock, Error};
use serde_json::Value;

use super::recording::{Exchange, exchanges, vector, vector_path};

/// Exchanges whose answers need not be equal, and why.
const EXEMPT: &[(&str, &str)] = &[
    (
        "01_chain_info.json #1",
        "the order of consensusplugins is random in the reference",
    ),
    (
        "01_chain_info.json #2",
        "the order of consensusplugins is random in the reference",
    ),
    (
        "01_chain_info.json #4",
        "the gateway's address is that of the recorded machine",
    ),
    (
        "09_lookup_errors.json #11",
        "flaw of the reference: an unknown id answers genesis",
    ),
    (
        "09_lookup_errors.json #19",
        "agents are checked by the HTTP server; see http.rs",
    ),
    (
        "09_lookup_errors.json #21",
        "agents are checked by the HTTP server; see http.rs",
    ),
    (
        "12_threebot_rejected.json #13",
        "flaw of the reference: a surplus is accepted",
    ),
    (
        "12_threebot_rejected.json #14",
        "flaw of the reference: a deficit is accepted",
    ),
];

/// Heights of the blocks that hold the two unbalanced registrations, which our pool refuses.
const UNBALANCED: &[u64] = &[20, 21];

const FILES: &[&str] = &[
    "01_chain_info",
    "02_plain_transfer",
    "03_block_by_id",
    "04_conditions",
    "05_unconfirmed_chain",
    "06_multisig_spend",
    "07_timelocks",
    "08_rejected_standard",
    "09_lookup_errors",
    "10_threebot_register",
    "11_threebot_update",
    "12_threebot_rejected",
    "13_atomic_swap",
    "14_minting",
    "15_erc20",
    "16_final_addresses",
    "17_pool_limits",
];

struct Replay {
    node: Node,
    blocks: Vec<Value>,
    /// Height of the block that took a transaction.
    mined: HashMap<String, u64>,
    same_blocks: usize,
    _dir: tempfile::TempDir,
}

pub fn open(dir: &Path) -> Node {
    let clock = Clock::from_source(|| 1_700_000_000);
    Node::open(&dir.join("chain.log"), &dir.join("node.log"), clock).unwrap()
}

fn ask(node: &Node, exchange: &Exchange) -> (u16, String) {
    let reply = match (exchange.method.as_str(), split(&exchange.path)) {
        (_, (path, _)) if explorer_api::find(path).is_none() => Reply::NotFound,
        ("GET", (path, query)) => {
            let route = explorer_api::find(path).unwrap();
            explorer_api::answer(&node.read(), &route, &Query::parse(query), "")
        }
        ("POST", ("/transactionpool/transactions", _)) => {
            return post(node, &exchange.body);
        }
        _ => Reply::MethodNotAllowed("GET"),
    };
    let (status, _, body) = reply.parts();
    (status, body)
}

/// Posts a transaction.
pub fn post(node: &Node, body: &[u8]) -> (u16, String) {
    let reply = match explorer_api::decode_transaction(body) {
        Err(message) => Reply::Error(400, message),
        Ok(transaction) => match node.submit(transaction) {
            Ok((id, _)) => Reply::Json(format!("{{\"transactionid\":\"{id}\"}}\n")),
            Err(Refused::Rule(text)) => Reply::Error(400, format!("{CALL}{text}")),
            Err(e) => panic!("{e}"),
        },
    };
    let (status, _, body) = reply.parts();
    (status, body)
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('?').unwrap_or((path, ""))
}

fn block(recorded: &Value) -> Block {
    Block::from_json(&recorded["rawblock"].to_string()).unwrap()
}

impl Replay {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let node = open(dir.path());
        let blocks = vector("explorer/30_chain.json")["blocks"]
            .as_array()
            .unwrap()
            .clone();
        let mut mined = HashMap::new();
        for block in &blocks {
            for id in block["transactionids"].as_array().unwrap() {
                mined.insert(
                    id.as_str().unwrap().to_owned(),
                    block["height"].as_u64().unwrap(),
                );
            }
        }
        Self {
            node,
            blocks,
            mined,
            same_blocks: 0,
            _dir: dir,
        }
    }

    fn height(&self) -> u64 {
        self.node.read().chain.height()
    }

    /// Makes the next recorded block; false at the end of the recording.
    fn advance(&mut self) -> bool {
        let height = self.height() + 1;
        let Some(recorded) = self.blocks.get(usize::try_from(height).unwrap()) else {
            return false;
        };
        // Some transactions (the funding of the persons) were posted without being recorded.
        for transaction in recorded["rawblock"]["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .skip(1)
        {
            let text = transaction.to_string();
            let transaction = explorer_api::decode_transaction(text.as_bytes()).unwrap();
            let id = transaction.id().unwrap();
            if self.node.read().pool.get(&id).is_none()
                && let Err(e) = self.node.submit(transaction)
            {
                assert!(UNBALANCED.contains(&height), "block {height}, {id}: {e}");
            }
        }
        let time = recorded["rawblock"]["timestamp"].as_u64().unwrap();
        let ours = self
            .node
            .assemble_at(time)
            .unwrap()
            .id()
            .unwrap()
            .to_string();
        if !UNBALANCED.contains(&height) {
            assert_eq!(
                ours,
                recorded["blockid"].as_str().unwrap(),
                "block {height} differs"
            );
            self.same_blocks += 1;
        }
        self.node
            .import_block(block(recorded))
            .unwrap_or_else(|e| panic!("{e}"));
        true
    }

    fn advance_to(&mut self, height: u64) {
        while self.height() < height {
            assert!(self.advance(), "no block {height}");
        }
    }

    fn check(&mut self, exchange: &Exchange) {
        if EXEMPT.iter().any(|(name, _)| *name == exchange.name) {
            return;
        }
        if exchange.method == "POST" && exchange.status == 200 {
            let answer: Value = serde_json::from_str(&exchange.answer).unwrap();
            let id = answer["transactionid"].as_str().unwrap();
            // The very last transactions of a file may have been recorded without a block.
            let height = self
                .mined
                .get(id)
                .copied()
                .unwrap_or_else(|| panic!("{id} not mined"));
            self.advance_to(height - 1);
        }
        let begun = self.height();
        let first = ask(&self.node, exchange);
        let mut got = first.clone();
        while got != (exchange.status, exchange.answer.clone()) {
            if !self.advance() {
                panic!(
                    "{} ({} {}: {}) at height {begun}\n  got  {} {}\n  want {} {}\n  differ at {:?}",
                    exchange.name,
                    exchange.method,
                    exchange.path,
                    exchange.note,
                    first.0,
                    first.1,
                    exchange.status,
                    exchange.answer,
                    difference(&first.1, &exchange.answer),
                );
            }
            got = ask(&self.node, exchange);
        }
    }
}

/// Returns a piece of both texts where they begin to differ.
fn difference(got: &str, want: &str) -> (String, String) {
    let at = got
        .bytes()
        .zip(want.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let piece = |s: &str| s.chars().skip(at.saturating_sub(60)).take(160).collect();
    (piece(got), piece(want))
}

#[test]
fn every_recorded_exchange_is_answered_alike() {
    let mut replay = Replay::new();
    for file in FILES {
        let name = format!("{file}.json");
        for exchange in exchanges(&name, &vector(&format!("explorer/{name}"))) {
            replay.check(&exchange);
        }
    }
    assert!(
        replay.same_blocks > 30,
        "only {} blocks were compared",
        replay.same_blocks
    );
}

/// The height at which the wallet client's look-ups were recorded.
fn recorded_height(recording: &[Exchange]) -> u64 {
    let root = recording.iter().find(|e| e.path == "/explorer").unwrap();
    serde_json::from_str::<Value>(&root.answer).unwrap()["height"]
        .as_u64()
        .unwrap()
}

#[test]
fn look_ups_of_the_wallet_client_confirmed() {
    let recording = exchanges("20", &vector("explorer/20_client_confirmed.json"));
    let mut replay = Replay::new();
    import_to(&mut replay, recorded_height(&recording));
    for exchange in &recording {
        let answer = ask(&replay.node, exchange);
        let differ = difference(&answer.1, &exchange.answer);
        let want = (exchange.status, exchange.answer.clone());
        assert!(
            same(&answer, &want),
            "{} {} {differ:?}",
            exchange.name,
            exchange.path
        );
    }
}

#[test]
fn look_ups_of_the_wallet_client_unconfirmed() {
    let file = vector("explorer/21_client_unconfirmed.json");
    let recording = exchanges("21", &file);
    let mut replay = Replay::new();
    import_to(&mut replay, recorded_height(&recording));
    for send in file["expected"]["extra"]["sends"].as_array().unwrap() {
        for exchange in exchanges("21 send", send)
            .iter()
            .filter(|e| e.method == "POST")
        {
            let answer = ask(&replay.node, exchange);
            assert!(
                same(&answer, &(exchange.status, exchange.answer.clone())),
                "{answer:?}"
            );
        }
    }
    for exchange in &recording {
        let answer = ask(&replay.node, exchange);
        let differ = difference(&answer.1, &exchange.answer);
        let want = (exchange.status, exchange.answer.clone());
        assert!(
            same(&answer, &want),
            "{} {} {differ:?}",
            exchange.name,
            exchange.path
        );
    }
}

/// In these two files an empty answer was recorded as null or empty text.
fn same(got: &(u16, String), want: &(u16, String)) -> bool {
    got == want || (got.0 == 204 && want.0 == 204)
}

fn import_to(replay: &mut Replay, height: u64) {
    for recorded in &replay.blocks[1..] {
        if recorded["height"].as_u64().unwrap() > height {
            break;
        }
        replay.node.import_block(block(recorded)).unwrap();
    }
    assert_eq!(replay.height(), height);
}

#[test]
fn the_recorded_chain_imports_with_equal_ids_and_facts() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path());
    let file = vector_path("explorer/30_chain.json");
    assert_eq!(node.import(&file).unwrap(), 87);
    assert_eq!(
        node.import(&file).unwrap(),
        0,
        "a second import adds nothing"
    );
    let check = |node: &Node| {
        let state = node.read();
        for recorded in vector("explorer/30_chain.json")["blocks"]
            .as_array()
            .unwrap()
        {
            let height = recorded["height"].as_u64().unwrap();
            let path = format!("/explorer/blocks/{height}");
            let route = explorer_api::find(&path).unwrap();
            let (_, _, body) = explorer_api::answer(&state, &route, &Query::parse(""), "").parts();
            let ours: Value = serde_json::from_str(&body).unwrap();
            let ours = &ours["block"];
            for key in ["blockid", "minerpayoutids", "rawblock"] {
                assert_eq!(ours[key], recorded[key], "block {height}: {key}");
            }
            for (key, value) in recorded["facts"].as_object().unwrap() {
                assert_eq!(&ours[key], value, "block {height}: {key}");
            }
            let ids: Vec<&Value> = ours["transactions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| &t["id"])
                .collect();
            let wanted: Vec<&Value> = recorded["transactionids"]
                .as_array()
                .unwrap()
                .iter()
                .collect();
            assert_eq!(ids, wanted, "block {height}");
        }
    };
    check(&node);
    drop(node);
    check(&open(dir.path()));
}

#[test]
fn an_import_with_a_wrong_id_or_a_foreign_chain_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path());
    let mut chain = vector("explorer/30_chain.json");
    assert_eq!(chain["blocks"][0]["blockid"], GENESIS_ID);
    chain["blocks"][3]["rawblock"]["timestamp"] = 1_795_372_127_u64.into();
    let file = dir.path().join("wrong.json");
    std::fs::write(&file, chain.to_string()).unwrap();
    let error = node.import(&file).unwrap_err();
    assert!(
        matches!(&error, Error::Import { reason, .. } if reason.contains("block 3")),
        "{error}"
    );
    assert_eq!(node.read().chain.height(), 2);
    node.make_block().unwrap();
    let error = node
        .import(&vector_path("explorer/30_chain.json"))
        .unwrap_err();
    assert!(error.to_string().contains("this chain has"), "{error}");
}

#[test]
fn blocks_survive_the_log_and_damaged_ones_are_errors() {
    for recorded in vector("explorer/30_chain.json")["blocks"]
        .as_array()
        .unwrap()
    {
        let bytes = block(recorded).to_record().unwrap();
        let again = Block::from_record(&bytes).unwrap();
        assert_eq!(
            again.id().unwrap().to_string(),
            recorded["blockid"].as_str().unwrap()
        );
        assert_eq!(again.to_record().unwrap(), bytes);
        for cut in (0..bytes.len()).step_by(13) {
            assert!(
                Block::from_record(&bytes[..cut]).is_err(),
                "{} at {cut}",
                recorded["height"]
            );
            let mut changed = bytes.clone();
            changed[cut] ^= 0xff;
            if let Ok(other) = Block::from_record(&changed) {
                let _ = other.id();
            }
        }
    }
}

#[test]
fn what_waits_in_the_pool_survives_an_import_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = vector("explorer/30_chain.json")["blocks"]
        .as_array()
        .unwrap()
        .clone();
    let node = open(dir.path());
    for recorded in &blocks[1..6] {
        node.import_block(block(recorded)).unwrap();
    }
    let text = blocks[6]["rawblock"]["transactions"][1].to_string();
    let transaction = explorer_api::decode_transaction(text.as_bytes()).unwrap();
    let (id, _) = node.submit(transaction).unwrap();
    for time in [1_795_372_160, 1_795_372_161] {
        let full = node.assemble_at(time).unwrap();
        let without = Block {
            payouts: full.payouts[..1].to_vec(),
            transactions: full.transactions[..1].to_vec(),
            ..full
        };
        node.import_block(without).unwrap();
    }
    drop(node);
    assert!(open(dir.path()).read().pool.get(&id).is_some());
}
