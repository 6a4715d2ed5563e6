//! Every recorded GET that the client has a call for must be understood.
use std::sync::Arc;

use kosmos::tfchain::explorer::{Explorer, ExplorerError};
use kosmos::tfchain::{Erc20Address, Hash, UnlockHash};
use serde_json::{Value, json};

use super::stub::{Replay, recorded_answer};
use super::vectors;

const FILES: [&str; 19] = [
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
    "20_client_confirmed",
    "21_client_unconfirmed",
];

fn serving(path: &str, exchange: &Value) -> Explorer {
    let mut replay = Replay::default();
    replay
        .answers
        .insert(path.to_owned(), recorded_answer(exchange));
    Arc::new(replay).explorer()
}

/// Asks the question of a recorded exchange again; None when the client has no call for it.
async fn ask(path: &str, exchange: &Value) -> Option<Result<Value, ExplorerError>> {
    let explorer = serving(path, exchange);
    let printed = |value: String| json!(value);
    if let Some(hash) = path.strip_prefix("/explorer/hashes/") {
        if let Ok(address) = hash.parse::<UnlockHash>() {
            let info = explorer.address(address).await;
            return Some(info.map(|info| {
                let body = &exchange["body"];
                let count = |list: &Value| list.as_array().map_or(0, Vec::len);
                assert_eq!(
                    info.transactions.len(),
                    count(&body["transactions"]),
                    "{path}"
                );
                assert_eq!(
                    info.multisig_addresses.len(),
                    count(&body["multisigaddresses"])
                );
                assert_eq!(info.erc20.is_some(), body.get("erc20info").is_some());
                let pool = info
                    .transactions
                    .iter()
                    .filter(|t| t.is_unconfirmed())
                    .count();
                assert!(info.transactions[..pool].iter().all(|t| t.is_unconfirmed()));
                printed(info.to_string())
            }));
        }
        let id = hash.parse::<Hash>().ok()?;
        return match exchange["body"]["hashtype"].as_str() {
            Some("blockid") => Some(explorer.block_by_id(id).await.map(|b| json!(b.height))),
            Some("coinoutputid") => Some(explorer.coin_output(id).await.map(|info| {
                let transactions =
                    usize::from(info.creation.is_some()) + usize::from(info.spend.is_some());
                let said = exchange["body"]["transactions"]
                    .as_array()
                    .map_or(0, Vec::len);
                assert_eq!(transactions, said, "{path}");
                json!(info.output.value.units_text())
            })),
            Some("blockstakeoutputid") => Some(
                explorer
                    .blockstake_output(id)
                    .await
                    .map(|info| json!(info.id)),
            ),
            _ => Some(explorer.transaction(id).await.map(|t| {
                assert_eq!(
                    t.is_unconfirmed(),
                    exchange["body"]["unconfirmed"] == true,
                    "{path}"
                );
                printed(t.to_string())
            })),
        };
    }
    if let Some(height) = path.strip_prefix("/explorer/blocks/") {
        let height = height.parse().ok()?;
        return Some(explorer.block_by_height(height).await.map(|b| json!(b.id)));
    }
    if let Some(key) = path.strip_prefix("/explorer/3bot/") {
        if key.contains('/') {
            return None;
        }
        let record = explorer.threebot_record(key).await;
        return Some(record.map(|record| {
            let record = serde_json::to_value(record).unwrap();
            assert_eq!(record, exchange["body"]["record"], "{path}");
            record
        }));
    }
    if let Some(name) = path.strip_prefix("/explorer/whois/3bot/") {
        let record = explorer.threebot_record_by_name(name).await;
        return Some(record.map(|record| json!(record.id)));
    }
    if let Some(height) = path.strip_prefix("/explorer/mintcondition") {
        let height = match height.strip_prefix('/') {
            Some(height) => Some(height.parse().ok()?),
            None => None,
        };
        return Some(explorer.mint_condition(height).await.map(|condition| {
            let condition = serde_json::to_value(condition).unwrap();
            assert_eq!(condition, exchange["body"]["mintcondition"], "{path}");
            condition
        }));
    }
    if let Some(text) = path.strip_prefix("/explorer/erc20/addresses/") {
        let pair = match (text.parse::<UnlockHash>(), text.parse::<Erc20Address>()) {
            (Ok(address), _) => explorer.erc20_addresses(address).await,
            // Nodes refuse the prefix, which is never sent.
            (_, Ok(address)) if !text.starts_with("0x") => explorer.erc20_addresses(address).await,
            _ => return None,
        };
        return Some(pair.map(|(tft, erc20)| {
            assert_eq!(json!(tft), exchange["body"]["tftaddress"]);
            json!(erc20)
        }));
    }
    if path == "/transactionpool/transactions" {
        let pool = explorer.pool().await;
        return Some(pool.map(|pool| {
            let pool = serde_json::to_value(pool).unwrap();
            let said = &exchange["body"]["transactions"];
            let said = if said.is_null() {
                json!([])
            } else {
                said.clone()
            };
            assert_eq!(pool, said, "{path}");
            pool
        }));
    }
    None
}

#[tokio::test]
async fn every_recorded_answer_is_understood() {
    let mut asked = 0;
    for file in FILES {
        let vectors = vectors(file);
        for (index, exchange) in vectors["exchanges"].as_array().unwrap().iter().enumerate() {
            let request = &exchange["request"];
            if request["method"] != "GET" || request.get("headers").is_some() {
                continue;
            }
            let path = request["path"].as_str().unwrap();
            let Some(answer) = ask(path, exchange).await else {
                continue;
            };
            asked += 1;
            let name = format!("{file} exchange {index} {path}");
            match (exchange["status"].as_u64().unwrap(), answer) {
                (200, Ok(_)) => {}
                (200, Err(error)) => panic!("{name}: {error}"),
                (status, Ok(value)) => panic!("{name}: status {status} gave {value}"),
                (status, Err(error)) => {
                    let bot = path.contains("3bot");
                    let expected = match status {
                        404 if bot => "ThreeBotNotFound",
                        204 => "ExplorerNoContent",
                        400 if exchange["body"]["message"].as_str().is_some_and(|message| {
                            message.contains("unrecognized hash") || message.contains("not found")
                        }) =>
                        {
                            "ExplorerNoContent"
                        }
                        _ => "ExplorerServerError",
                    };
                    assert_eq!(error.kind(), expected, "{name}: {error}");
                }
            }
        }
    }
    assert!(asked > 150, "only {asked} exchanges were asked again");
}

#[tokio::test]
async fn the_newest_block() {
    let file = vectors("20_client_confirmed");
    let explorer = Arc::new(Replay::from_exchanges(&file["exchanges"])).explorer();
    let block = explorer.chain_info().await.unwrap();
    let expected = &file["expected"]["alice"]["balance"];
    assert_eq!(json!(block.id), expected["chain_blockid"]);
    assert_eq!(json!(block.height), expected["chain_height"]);
    assert_eq!(json!(block.time), expected["chain_time"]);
}

#[tokio::test]
async fn identifiers_of_bots_cannot_leave_their_path() {
    let explorer = Arc::new(Replay::default()).explorer();
    for name in ["../../wallet", "a b", "x?y=1", "a/b", "\u{1b}[31m", "naïve"] {
        let error = explorer.threebot_record_by_name(name).await.unwrap_err();
        assert_eq!(error.kind(), "ThreeBotNotFound", "{name}");
    }
}
