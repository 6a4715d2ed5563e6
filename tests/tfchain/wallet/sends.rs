//! Sending: the transfers that the original made, and the rules of every form.
use std::sync::Arc;

use jiff::tz::TimeZone;
use kosmos::tfchain::explorer::Explorer;
use kosmos::tfchain::wallet::{
    Recipient, SendRequest, Submission, WalletError, balance_text, parse_address,
};
use kosmos::tfchain::{Amount, Condition, Network, Transaction, UnlockHash};
use serde_json::{Value, json};

use super::super::explorer::stub::{Replay, recorded_answer};
use super::super::explorer::vectors;
use super::{mnemonic, text, wallet};

/// The answers of the second recording as they were before its transfers from `sends` on.
fn before(vectors: &Value, sends: &[Value]) -> Replay {
    let mut replay = Replay::from_exchanges(&vectors["exchanges"]);
    let later: Vec<&Value> = sends.iter().map(|send| &send["transaction_id"]).collect();
    for (_, body) in replay.answers.values_mut() {
        let Ok(mut answer) = serde_json::from_slice::<Value>(body) else {
            continue;
        };
        if let Some(list) = answer["transactions"].as_array_mut() {
            list.retain(|transaction| !later.contains(&&transaction["id"]));
            *body = answer.to_string().into_bytes();
        }
    }
    replay
}

fn recipient(value: &Value) -> Recipient {
    match value {
        Value::Array(owners) => {
            let owners = owners
                .iter()
                .map(|owner| parse_address(text(owner)).unwrap())
                .collect();
            Recipient::multi_signature(owners, None).unwrap()
        }
        value => Recipient::parse(text(value)).unwrap(),
    }
}

#[tokio::test]
async fn the_transfers_of_the_original_are_made_again() {
    let vectors = vectors("21_client_unconfirmed");
    let sends = vectors["expected"]["extra"]["sends"].as_array().unwrap();
    assert_eq!(sends.len(), 3);
    for (index, send) in sends.iter().enumerate() {
        let mut replay = before(&vectors, &sends[index..]);
        replay.post_answer = Some(recorded_answer(&send["exchanges"][0]));
        let replay = Arc::new(replay);
        let wallet = wallet(replay.explorer(), &mnemonic(text(&send["from"])));
        let balance = wallet.balance().await.unwrap();
        let printed = balance_text(&balance, &TimeZone::UTC);
        assert_eq!(printed, text(&send["balance_before"]), "send {index}");

        let amount = match &send["amount"] {
            Value::Number(tft) => Amount::from_tft(tft.as_u64().unwrap()),
            other => text(other).parse().unwrap(),
        };
        let data = send["data"].as_str().unwrap_or("").as_bytes().to_vec();
        let request = SendRequest {
            data,
            ..SendRequest::default()
        }
        .pay(recipient(&send["recipient"]), amount, send["lock"].as_u64());
        let draft = wallet.draft(&request).await.unwrap();
        assert!(
            replay.posts.lock().unwrap().is_empty(),
            "drafting sends nothing"
        );
        let signed = wallet.sign(&draft).unwrap();
        assert!(signed.signed && signed.is_complete(), "send {index}");
        let ours = serde_json::to_value(&signed.transaction).unwrap();
        assert_eq!(ours, send["transaction"], "send {index}");
        let id = signed.transaction.id().unwrap();
        assert_eq!(json!(id), send["transaction_id"], "send {index}");
        let submission = wallet.submit(&signed.transaction).await.unwrap();
        assert_eq!(submission, Submission::Accepted { id });
        let posts = replay.posts.lock().unwrap();
        assert_eq!(
            *posts,
            [send["exchanges"][0]["request"]["body"].clone()],
            "send {index}"
        );
    }
}

fn confirmed() -> Explorer {
    let vectors = vectors("20_client_confirmed");
    Arc::new(Replay::from_exchanges(&vectors["exchanges"])).explorer()
}

const DAVE: &str = "010625a7ef9ddefb1d7b50fa583662c0c834ea10150b982856bdce821d94a59aa38bf00f46beca";
const SHARED: &str =
    "03365e70ea2d3d1955d1d3c988e70a8a5c106d01f4115c0ce5c896206604a72c5c33ff1553944f";

fn dave() -> Recipient {
    Recipient::parse(DAVE).unwrap()
}

/// Sums of a draft: inputs, outputs, fees.
fn sums(draft: &kosmos::tfchain::wallet::Draft) -> (Amount, Amount, Amount) {
    let inputs = draft.transaction.coin_inputs().iter();
    (
        inputs
            .map(|input| &draft.parents[&input.parent_id].value)
            .sum(),
        draft
            .transaction
            .coin_outputs()
            .iter()
            .map(|output| &output.value)
            .sum(),
        draft.transaction.miner_fees().iter().sum(),
    )
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_before_anything_is_signed() {
    let wallet = wallet(confirmed(), &mnemonic("alice"));
    let balance = wallet.balance().await.unwrap();
    let one = Amount::ONE_TFT;
    let swap: UnlockHash = format!("02{}", &DAVE[2..66])
        .parse()
        .or_else(|_| parse_address(&format!("02{}", &DAVE[2..66])))
        .unwrap();
    let erc20 = Recipient::parse("0x828de486adc50aa52dab52a2ec284bcac75be211").unwrap();
    for (request, kind, message) in [
        (SendRequest::default(), "ValueError", "no output is defined"),
        (
            SendRequest::to(dave(), Amount::ZERO),
            "ValueError",
            "no amount is defined to be sent",
        ),
        (
            SendRequest {
                data: vec![0; 84],
                ..SendRequest::to(dave(), one.clone())
            },
            "ValueError",
            "arbitrary data can have a maximum bytes length of 83, 84 exceeds this limit",
        ),
        (
            SendRequest {
                fee: Some("0.5".parse().unwrap()),
                ..SendRequest::to(dave(), one.clone())
            },
            "ValueError",
            "a miner fee of 0.5 TFT is too small",
        ),
        (
            SendRequest {
                fee: Some("10.1".parse().unwrap()),
                ..SendRequest::to(dave(), one.clone())
            },
            "ValueError",
            "a miner fee of 10.1 TFT is far above the minimum of 1 TFT",
        ),
        (
            SendRequest {
                sources: vec![swap],
                ..SendRequest::to(dave(), one.clone())
            },
            "TypeError",
            "cannot add source addres with unsupported UnlockHashType 2",
        ),
        (
            SendRequest::to(dave(), "1000000".parse().unwrap()),
            "InsufficientFunds",
            "not enough funds available in the individual wallet to fund the requested amount",
        ),
        (
            SendRequest {
                sources: vec![SHARED.parse().unwrap()],
                ..SendRequest::to(dave(), "1000".parse().unwrap())
            },
            "InsufficientFunds",
            "not enough funds available in the wallets to fund the requested amount",
        ),
        (
            SendRequest::default().pay(erc20.clone(), one.clone(), Some(100)),
            "ValueError",
            "a lock cannot be applied when sending coins to an ERC20 Address",
        ),
        (
            SendRequest {
                data: vec![1],
                ..SendRequest::to(erc20.clone(), one.clone())
            },
            "ValueError",
            "data cannot be added to the transaction when sending coins to an ERC20 Address",
        ),
        (
            SendRequest::to(erc20, one.clone()).pay(dave(), one.clone(), None),
            "ValueError",
            "an ERC20 address can only be the one recipient",
        ),
    ] {
        let error = wallet.draft_from(&balance, &request).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(message), "{error}");
    }
    let fresh = kosmos::tfchain::wallet::Balance::default();
    let error = wallet
        .draft_from(&fresh, &SendRequest::to(dave(), one))
        .unwrap_err();
    assert_eq!(error, WalletError::NoFunds);
}

#[tokio::test]
async fn drafts_balance_and_the_change_goes_where_it_should() {
    let wallet = wallet(confirmed(), &mnemonic("alice"));
    let balance = wallet.balance().await.unwrap();
    let amount: Amount = "12.5".parse().unwrap();
    let change_of = |request: SendRequest| {
        let draft = wallet.draft_from(&balance, &request).unwrap();
        let (inputs, outputs, fees) = sums(&draft);
        assert_eq!(inputs, outputs + &fees, "{request:?}");
        draft
            .transaction
            .coin_outputs()
            .last()
            .unwrap()
            .condition
            .clone()
    };
    let base = SendRequest::to(dave(), amount.clone());
    let primary = Condition::UnlockHash(wallet.address());
    assert_eq!(change_of(base.clone()), primary);
    let refund = Some(Recipient::Address(wallet.known_addresses()[0]));
    assert_eq!(
        change_of(SendRequest {
            refund,
            ..base.clone()
        }),
        primary
    );
    let refund = Some(Recipient::FreeForAll);
    assert_eq!(
        change_of(SendRequest {
            refund,
            ..base.clone()
        }),
        Condition::Nil
    );
    let shared: UnlockHash = SHARED.parse().unwrap();
    let back = change_of(SendRequest {
        sources: vec![shared],
        ..base.clone()
    });
    assert_eq!(back.unlock_hash(), shared);
    let allowed = SendRequest {
        fee: Some("11".parse().unwrap()),
        allow_high_fee: true,
        ..base.clone()
    };
    assert_eq!(change_of(allowed), primary);
}

#[tokio::test]
async fn several_outputs_keep_their_order() {
    let wallet = wallet(confirmed(), &mnemonic("alice"));
    let request = SendRequest::default()
        .pay(dave(), Amount::from_tft(1), None)
        .pay(Recipient::FreeForAll, Amount::from_tft(2), Some(42_000))
        .pay(dave(), Amount::from_tft(3), Some(1_900_000_000));
    let draft = wallet.draft(&request).await.unwrap();
    assert_eq!(draft.payments, 3);
    let outputs = draft.transaction.coin_outputs();
    assert_eq!(outputs[0].condition.lock_time(), None);
    assert_eq!(outputs[1].condition, Condition::Nil.locked_until(42_000));
    assert_eq!(outputs[2].condition.lock_time(), Some(1_900_000_000));
    let preview = wallet.preview(&draft, Some(60)).to_string();
    let expected = format!(
        "network: DEV\n\
         send: 1 TFT to {DAVE}\n\
         send: 2 TFT to anybody (free for all), can be spent at block height 42000 (in 41940 blocks)\n\
         send: 3 TFT to {DAVE}, can be spent on 2030/03/17 17:46:40 (in 1210d23h5m)\n\
         fee: 1 TFT\n"
    );
    assert!(preview.starts_with(&expected), "{preview}");
    assert!(preview.contains("\nchange: "), "{preview}");
    assert!(preview.contains("(this wallet)"), "{preview}");
    assert!(preview.contains("\ntotal: 7 TFT (of "), "{preview}");
}

#[tokio::test]
async fn coins_for_ethereum_are_converted() {
    let wallet = wallet(confirmed(), &mnemonic("carol"));
    let erc20 = "0x828de486adc50aa52dab52a2ec284bcac75be211";
    let request = SendRequest::to(Recipient::parse(erc20).unwrap(), Amount::from_tft(1000));
    let draft = wallet.draft(&request).await.unwrap();
    assert!(matches!(draft.transaction, Transaction::Erc20Convert(_)));
    let (inputs, outputs, fees) = sums(&draft);
    assert_eq!(inputs, outputs + &fees + &Amount::from_tft(1000));
    let preview = wallet.preview(&draft, None).to_string();
    assert!(
        preview.contains(&format!("send: 1000 TFT to the ERC20 address {erc20}")),
        "{preview}"
    );
    assert!(wallet.sign(&draft).unwrap().is_complete());
    let balance = wallet.balance().await.unwrap();
    let primary = wallet.address();
    let error = kosmos::tfchain::wallet::draft(&balance, &request, primary, Network::Standard);
    assert_eq!(
        error.unwrap_err().to_string(),
        "there is no ERC20 on STD, only on TEST and DEV"
    );
    for (amount, part) in [
        (
            "999.999999999",
            "coins to be converted, 999.999999999 TFT is less",
        ),
        (
            "0.000000001",
            "coins to be converted, 0.000000001 TFT is less",
        ),
        ("0", "no amount is defined to be sent"),
    ] {
        let recipient = Recipient::parse(erc20).unwrap();
        let request = SendRequest::to(recipient, Amount::parse_tft(amount).unwrap());
        let error = wallet.draft(&request).await.unwrap_err();
        assert_eq!(error.kind(), "ValueError");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_balance_is_drained_in_transactions_that_nodes_take() {
    let wallet = wallet(confirmed(), &mnemonic("dave"));
    let balance = wallet.balance().await.unwrap();
    let network = wallet.network();
    let fee = wallet.minimum_miner_fee();
    let drafts = balance
        .drain(&dave(), &fee, false, b"drained", None, network)
        .unwrap();
    assert!(!drafts.is_empty());
    let mut inputs = 0;
    for draft in &drafts {
        let (sum, outputs, fees) = sums(draft);
        assert_eq!(sum, outputs + &fees);
        assert_eq!(draft.transaction.coin_outputs().len(), 1);
        inputs += draft.transaction.coin_inputs().len();
        let signed = wallet.sign(draft).unwrap();
        assert!(signed.is_complete());
        let bytes = signed.transaction.binary().unwrap().len();
        assert!(bytes <= 16_000, "{bytes} bytes");
        // The same comes out when only the transaction is handed on.
        let again = wallet.sign_any(draft.transaction.clone()).await.unwrap();
        assert_eq!(again, signed);
    }
    assert!(inputs <= balance.outputs_available().count());
    let error = balance
        .drain(&dave(), &Amount::ZERO, false, b"", None, network)
        .unwrap_err();
    assert_eq!(error.to_string(), "a non-zero miner fee has to be defined");
    let empty = kosmos::tfchain::wallet::Balance::default();
    assert_eq!(
        empty.drain(&dave(), &fee, true, b"", None, network),
        Ok(Vec::new())
    );
}
