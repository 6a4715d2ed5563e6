//! Rules that the recordings do not reach: maturity, block stakes, bots that expire, balances of
//! bot transactions, the pool's limits, imports of blocks that break a rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kosmos::devnet::Clock;
use kosmos::devnet::chain::Block;
use kosmos::devnet::node::Node;
use kosmos::devnet::{Query, explorer_api};
use kosmos::tfchain::constants::BOT_MONTH_SECONDS;
use kosmos::tfchain::transaction::{BotRecordUpdate, BotRegistration, StandardTransaction};
use kosmos::tfchain::{
    Amount, BotName, Condition, Hash, Input, KeyPair, Output, SignTarget, Transaction,
};

const START: u64 = 1_800_000_000;

struct Bench {
    node: Node,
    time: Arc<AtomicU64>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicU64::new(START));
        let source = Arc::clone(&time);
        let clock = Clock::from_source(move || source.load(Ordering::Relaxed));
        let node = Node::open(
            &dir.path().join("chain.log"),
            &dir.path().join("log"),
            clock,
        );
        Self {
            node: node.unwrap(),
            time,
            _dir: dir,
        }
    }

    fn block(&self) -> u64 {
        self.node.make_block().unwrap().0.height
    }

    fn genesis_coin(&self) -> (Hash, Amount) {
        let address = self.node.genesis().address;
        let state = self.node.read();
        let coins = state.chain.ledger().coins();
        let mine = coins.filter(|(_, o)| o.condition == Condition::UnlockHash(address));
        mine.map(|(id, o)| (*id, o.value.clone()))
            .max_by_key(|(_, value)| value.clone())
            .unwrap()
    }

    /// Fills in the input and the refund of a transaction that costs `cost`, and signs it.
    fn pay(
        &self,
        cost: Amount,
        make: impl FnOnce(Vec<Input>, Output) -> Transaction,
    ) -> Transaction {
        let (id, value) = self.genesis_coin();
        let condition = Condition::UnlockHash(self.node.genesis().address);
        let refund = Output::new(value.minus(&cost).unwrap(), condition.clone());
        make(vec![Input::unsigned(id)], refund)
    }

    fn sign(&self, transaction: &mut Transaction) {
        let condition = Condition::UnlockHash(self.node.genesis().address);
        let hasher = transaction.signature_hasher().unwrap();
        let target = SignTarget::CoinInput(0);
        transaction
            .sign(&hasher, target, &condition, &self.node.genesis().key, None)
            .unwrap();
    }

    fn register(&self, key: &KeyPair, name: &str, months: u8, extra: u64) -> Transaction {
        let mut bot = BotRegistration {
            names: vec![name.parse::<BotName>().unwrap()],
            months,
            transaction_fee: Amount::ONE_TFT,
            ..BotRegistration::default()
        };
        let cost = bot.bot_fee() + Amount::ONE_TFT + Amount::from_tft(extra);
        let mut transaction = self.pay(cost, |inputs, refund| {
            bot.coin_inputs = inputs;
            bot.refund = Some(refund);
            bot.into()
        });
        transaction.sign_extension(SignTarget::Bot, key).unwrap();
        self.sign(&mut transaction);
        transaction
    }

    fn update(&self, key: &KeyPair, mut update: BotRecordUpdate) -> Transaction {
        update.transaction_fee = Amount::ONE_TFT;
        let cost = update.bot_fee() + Amount::ONE_TFT;
        let mut transaction = self.pay(cost, |inputs, refund| {
            update.coin_inputs = inputs;
            update.refund = Some(refund);
            update.into()
        });
        transaction.sign_extension(SignTarget::Bot, key).unwrap();
        self.sign(&mut transaction);
        transaction
    }

    fn refused(&self, transaction: Transaction) -> String {
        self.node.submit(transaction).unwrap_err().to_string()
    }

    fn get(&self, path: &str) -> (u16, String) {
        let route = explorer_api::find(path).unwrap();
        let reply = explorer_api::answer(&self.node.read(), &route, &Query::parse(""), "");
        let (status, _, body) = reply.parts();
        (status, body)
    }
}

fn key(n: u8) -> KeyPair {
    KeyPair::from_secret_seed(&[n; 32])
}

#[test]
fn rewards_can_be_spent_after_the_maturity_delay() {
    let bench = Bench::new();
    bench.block();
    let payout = bench.node.read().chain.tip().unwrap().payout_ids[0];
    for height in 2..=11 {
        assert!(
            bench.node.read().chain.ledger().coin(&payout).is_none(),
            "before {height}"
        );
        bench.block();
    }
    assert!(bench.node.read().chain.ledger().coin(&payout).is_some());
}

#[test]
fn block_stake_can_be_given_away_and_blocks_go_on() {
    let bench = Bench::new();
    bench.block();
    let genesis = bench.node.genesis();
    let stake = |node: &Node| {
        let state = node.read();
        let mine = state.chain.ledger().stakes().next();
        mine.map(|(id, s)| (*id, s.output.condition.clone()))
            .unwrap()
    };
    let (id, condition) = stake(&bench.node);
    let receiver = Condition::UnlockHash(key(7).unlock_hash());
    let (coin, value) = bench.genesis_coin();
    let change = value.minus(&Amount::ONE_TFT).unwrap();
    let mut transaction = Transaction::from(StandardTransaction {
        coin_inputs: vec![Input::unsigned(coin)],
        coin_outputs: vec![Output::new(change, condition.clone())],
        blockstake_inputs: vec![Input::unsigned(id)],
        blockstake_outputs: vec![Output::new(Amount::from_units(3_000), receiver.clone())],
        miner_fees: vec![Amount::ONE_TFT],
        ..StandardTransaction::default()
    });
    let hasher = transaction.signature_hasher().unwrap();
    for target in [SignTarget::CoinInput(0), SignTarget::BlockStakeInput(0)] {
        transaction
            .sign(&hasher, target, &condition, &genesis.key, None)
            .unwrap();
    }
    let (sent, _) = bench.node.submit(transaction).unwrap();
    bench.block();
    assert!(bench.node.read().chain.transaction(&sent).is_some());
    assert_eq!(stake(&bench.node).1, receiver);
    // Their transaction stands in for the block creating one, as the block's head tells.
    {
        let state = bench.node.read();
        let [one, two] = [1, 2].map(|height| &state.chain.block(height).unwrap().block);
        let own = two.transactions.first().unwrap();
        assert_eq!(two.transactions.len(), 1);
        assert_eq!(own.blockstake_inputs()[0].parent_id, id);
        assert_eq!(two.stake.block_height, 1);
        // A node that did not make these blocks takes them as well.
        let other = Bench::new();
        other.node.import_block(one.clone()).unwrap();
        let mut forged = two.clone();
        forged.stake.block_height = 0;
        let error = other.node.import_block(forged).unwrap_err().to_string();
        assert!(error.contains("respends its block stake"), "{error}");
        other.node.import_block(two.clone()).unwrap();
        let stats = explorer_api::find("/explorer/stats/range").unwrap();
        let answer = explorer_api::answer(&state, &stats, &Query::parse("start=1&end=2"), "");
        let explorer_api::Reply::Json(body) = answer else {
            panic!("no statistics")
        };

        assert!(body.contains(r#""blocktransactioncounts":[0,1]"#), "{body}");
    }
    assert_eq!(
        bench.block(),
        3,
        "the devnet makes blocks also without stake of its own"
    );
}

#[test]
fn bots_expire_lose_their_names_and_come_back() {
    let bench = Bench::new();
    bench.block();
    let text = bench.refused(bench.register(&key(1), "first.robot", 1, 5));
    assert!(
        text.starts_with("unbalanced coin outputs") && text.contains("greater"),
        "{text}"
    );
    bench
        .node
        .submit(bench.register(&key(1), "First.Robot", 1, 0))
        .unwrap();
    bench.block();
    let (status, body) = bench.get("/explorer/whois/3bot/FIRST.robot");
    let expiration = START / 60 * 60 + BOT_MONTH_SECONDS;
    assert_eq!(status, 200);
    assert!(
        body.contains(&format!("\"expiration\":{expiration}")),
        "{body}"
    );
    let text = bench.refused(bench.register(&key(2), "first.robot", 1, 0));
    assert_eq!(text, "bot name is already registered");

    bench.time.store(expiration, Ordering::Relaxed);
    bench.block();
    let expired = (402, "{\"message\":\"3bot name expired\"}\n".to_owned());
    assert_eq!(bench.get("/explorer/whois/3bot/first.robot"), expired);
    assert_eq!(bench.get("/consensus/3bot/1").0, 200);
    let text = bench.refused(bench.register(&key(2), "first.robot", 1, 0));
    let wanted = "unexpected error while validating non-existence of bot's name first.robot: 3bot \
                  name expired";
    assert_eq!(text, wanted);
    let change = |months, add: &[&str]| {
        let mut update = BotRecordUpdate {
            id: 1,
            months,
            ..BotRecordUpdate::default()
        };
        update.names.add = add.iter().map(|n| n.parse().unwrap()).collect();
        update
    };
    let text = bench.refused(bench.update(&key(1), change(0, &["other.robot"])));
    let inactive = "record update Tx does not make bot active, while bot is already expired";
    assert_eq!(
        text,
        format!("bot cannot be updated: UpdateBotRecord: {inactive}")
    );
    bench
        .node
        .submit(bench.update(&key(1), change(2, &["other.robot"])))
        .unwrap();
    bench.block();
    let (_, body) = bench.get("/explorer/3bot/1");
    assert!(body.contains("\"names\":[\"other.robot\"]"), "{body}");
    assert_eq!(bench.get("/explorer/whois/3bot/first.robot").0, 404);
    assert_eq!(
        bench.refused(bench.update(&key(2), change(1, &[]))),
        wrong_signer()
    );
}

fn wrong_signer() -> String {
    "failed to fulfill bot record update condition: invalid signature".into()
}

#[test]
fn an_update_without_a_bot_fee_is_mined_without_a_zero_payout() {
    let bench = Bench::new();
    bench.block();
    bench
        .node
        .submit(bench.register(&key(1), "first.robot", 1, 0))
        .unwrap();
    bench.block();
    let mut update = BotRecordUpdate {
        id: 1,
        ..BotRecordUpdate::default()
    };
    update.names.remove = vec!["first.robot".parse().unwrap()];
    bench.node.submit(bench.update(&key(1), update)).unwrap();
    bench.block();
    let state = bench.node.read();
    let payouts = &state.chain.tip().unwrap().block.payouts;
    assert_eq!(payouts.len(), 2, "{payouts:?}");
    drop(state);
    assert!(bench.get("/explorer/3bot/1").1.contains("\"names\":[]"));
}

#[test]
fn a_full_pool_accepts_nothing_more_until_the_next_block() {
    let bench = Bench::new();
    let condition = Condition::UnlockHash(bench.node.genesis().address);
    let (mut id, mut left) = bench.genesis_coin();
    let mut accepted = 0;
    let text = loop {
        // 250 outputs make nearly 16 000 bytes.
        let mut outputs = vec![Output::new(Amount::from_units(1), condition.clone()); 259];
        left = left
            .minus(&(Amount::ONE_TFT + Amount::from_units(259)))
            .unwrap();
        outputs.push(Output::new(left.clone(), condition.clone()));
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: vec![Input::unsigned(id)],
            coin_outputs: outputs,
            miner_fees: vec![Amount::ONE_TFT],
            ..StandardTransaction::default()
        });
        bench.sign(&mut transaction);
        id = transaction.coin_output_id(259).unwrap();
        match bench.node.submit(transaction) {
            Ok(_) => accepted += 1,
            Err(e) => break e.to_string(),
        }
    };
    assert_eq!(text, "transaction pool cannot accept more transactions");
    assert!(accepted > 100, "{accepted}");
    bench.block();
    assert_eq!(bench.node.read().pool.entries().len(), 0);
}

#[test]
fn a_block_that_breaks_a_rule_is_not_imported_and_changes_nothing() {
    let bench = Bench::new();
    bench.block();
    bench
        .node
        .submit(bench.register(&key(1), "first.robot", 1, 0))
        .unwrap();
    let good = bench.node.assemble_at(START + 1).unwrap();
    let refused = |block: Block, part: &str| {
        let before = bench.node.read().chain.tip_id();
        let error = bench.node.import_block(block).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert_eq!(bench.node.read().chain.tip_id(), before);
    };
    let mut block = good.clone();
    block.parent_id = Hash::ZERO;
    refused(block, "its parent");
    let mut block = good.clone();
    block.timestamp = 5;
    refused(block, "before the median");
    let mut block = good.clone();
    block.payouts[0].value = Amount::from_tft(11);
    refused(block, "payouts");
    let mut block = good.clone();
    block.transactions.remove(0);
    refused(block, "respends its block stake");
    let mut block = good.clone();
    block.stake.output_index = 9;
    refused(block, "stake");
    let mut forged = (*good.transactions[1]).clone();
    let Transaction::BotRegistration(bot) = &mut forged else {
        panic!()
    };
    bot.refund.as_mut().unwrap().value = Amount::from_tft(1);
    let mut block = good.clone();
    block.transactions[1] = Arc::new(forged);
    refused(block, "invalid signature");
    bench.node.import_block(good).unwrap();
    assert_eq!(bench.node.read().pool.entries().len(), 0);
}

#[test]
fn extensions_without_their_parts_are_refused_with_the_reference_text() {
    let bench = Bench::new();
    bench.block();
    let mint = r#""nonce":"nf4MZl/bLBc=","mintfulfillment":{}"#;
    let cases = [
        (
            format!(r#"{{"version":129,"data":{{{mint}}}}}"#),
            "a CoinCreationTx: at least one coin output is required for a CoinCreationTransaction",
        ),
        (
            format!(r#"{{"version":128,"data":{{{mint},"mintcondition":{{}}}}}}"#),
            "a MinterDefinitionTx: at least one miner fee is required for a MinterDefinitionTransaction",
        ),
    ];
    for (json, text) in cases {
        let transaction = explorer_api::decode_transaction(json.as_bytes()).unwrap();
        let told = bench.refused(transaction);
        assert_eq!(
            told,
            format!("failed to convert txData to {text}"),
            "{json}"
        );
    }
}
