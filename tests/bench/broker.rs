//! The broker of a devnet in this process: how long who has paid waits for the mail.
#![cfg(target_os = "linux")]
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kosmos::devnet::grid::NewFarm;
use kosmos::devnet::node::Node;
use kosmos::devnet::{Config, Devnet, Handle};
use kosmos::grid::directory::{Location, Units};
use kosmos::grid::notary::Register;
use kosmos::grid::reservation::{Reservation, Wanted};
use kosmos::grid::sealed::{NONCE, Sealed};
use kosmos::tfchain::explorer::{Explorer, HttpFetch, HttpLimits};
use kosmos::tfchain::network::{DEVNET_GENESIS_INDEX, DEVNET_GENESIS_PHRASE};
use kosmos::tfchain::wallet::{Clock, NewBot, Payer, Payment, Recipient, SendRequest, Wallet};
use kosmos::tfchain::{Amount, Network, PublicKey, Seed, Transaction};

/// Machines that are reserved at once.
const MANY: usize = 20;
const FARM: &str = "large.farm";
const BOT: &str = "bench.robot";

/// A devnet with capacity for all, and a wallet with coins and a 3bot.
struct Place {
    devnet: Handle,
    seed: Seed,
    wallet: Wallet,
    broker: PublicKey,
    number: u64,
}

fn submit(node: &Node, transaction: Transaction) -> String {
    node.submit(transaction).unwrap().0.to_string()
}

impl Place {
    async fn start(dir: &Path) -> Place {
        let mut config = Config::new(dir);
        config.port = 0;
        config.block_time = None;
        let devnet = Devnet::start(config).await.unwrap();
        devnet.block_make().await.unwrap();
        devnet.grid().ready().await;
        devnet.grid().directory().add(&farm()).unwrap();
        let seed = Seed::from_phrase(DEVNET_GENESIS_PHRASE).unwrap();
        let address = format!("http://{}", devnet.addr());
        let fetch = HttpFetch::new(&[address], Box::new(|| 0), HttpLimits::default()).unwrap();
        let explorer = Explorer::new(Network::Devnet, Arc::new(fetch));
        let clock = Clock::new(Timestamp::now, TimeZone::UTC);
        let keys = DEVNET_GENESIS_INDEX + 1;
        let wallet = Wallet::new(explorer, seed.clone(), keys, 0, clock).unwrap();
        let order = NewBot {
            months: 1,
            names: vec![BOT.parse().unwrap()],
            key_index: i64::try_from(DEVNET_GENESIS_INDEX).ok(),
            ..NewBot::default()
        };
        let draft = wallet.draft_bot(&order, &Payer::default()).await.unwrap();
        submit(devnet.node(), wallet.sign_bot(&draft).unwrap().transaction);
        devnet.block_make().await.unwrap();
        let broker = {
            let state = devnet.node().read();
            let bots = &state.chain.ledger().extensions().bots;
            bots.get(1).unwrap().public_key
        };
        Place {
            devnet,
            seed,
            wallet,
            broker,
            number: 0,
        }
    }

    /// Coins for so many payments, each from an output of its own.
    async fn split(&self, many: usize) {
        let own = Recipient::Address(self.seed.address(DEVNET_GENESIS_INDEX));
        let payment = Payment {
            recipient: own.clone(),
            amount: Amount::from_tft(100),
            lock: None,
        };
        let mut request = SendRequest::to(own, Amount::from_tft(100));
        request.payments = vec![payment; many];
        let draft = self.wallet.draft(&request).await.unwrap();
        submit(
            self.devnet.node(),
            self.wallet.sign(&draft).unwrap().transaction,
        );
        self.devnet.block_make().await.unwrap();
    }

    /// Registers a machine and pays for it; the id of the payment, which is in no block yet.
    async fn order(&mut self) -> String {
        self.number += 1;
        let machine = Reservation {
            duration: None,
            email: "user@email.com".into(),
            created: self.number,
            wanted: Wanted::Vm {
                size: 1,
                location: FARM.into(),
                organization: None,
            },
        };
        let mut nonce = [0; NONCE];
        nonce[..8].copy_from_slice(&self.number.to_le_bytes());
        let key = self.seed.key_pair(DEVNET_GENESIS_INDEX);
        let sealed = Sealed::new(&machine.pack(), &key, &self.broker, nonce).unwrap();
        let register = Register {
            threebot_id: BOT.into(),
            sealed,
        };
        let hash = self.devnet.grid().notary().register(register).unwrap();
        let to = Recipient::Address(self.broker.unlock_hash());
        let mut request = SendRequest::to(to, machine.price().unwrap());
        request.data = hash.into_bytes();
        let draft = self.wallet.draft(&request).await.unwrap();
        submit(
            self.devnet.node(),
            self.wallet.sign(&draft).unwrap().transaction,
        )
    }

    /// Time from the block with the payments to the last mail.
    async fn mailed(&mut self, many: usize) -> Duration {
        self.split(many * 2).await;
        let mut ids = Vec::new();
        for _ in 0..many {
            ids.push(self.order().await);
        }
        let begun = Instant::now();
        self.devnet.block_make().await.unwrap();
        for id in ids {
            let mail = self.devnet.grid().mail_of(&id).await.unwrap().mail;
            assert!(
                mail.subject.starts_with("Your virtual 0-OS"),
                "{}",
                mail.text
            );
        }
        begun.elapsed()
    }
}

fn farm() -> NewFarm {
    NewFarm {
        id: FARM.into(),
        name: String::new(),
        location: Location {
            city: String::new(),
            continent: String::new(),
            country: "Austria".into(),
            latitude: 0.0,
            longitude: 0.0,
        },
        units: Units {
            cru: 1e6,
            mru: 1e6,
            hru: 1e6,
            sru: 1e6,
        },
        nodes: 1,
    }
}

pub fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut group = c.benchmark_group("broker");
    group.sample_size(10);
    for (name, many) in [
        ("a paid machine started and mailed (500 ms)", 1),
        (
            "20 paid machines started side by side and mailed (5 s)",
            MANY,
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut place = runtime.block_on(Place::start(dir.path()));
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                let mut took = Duration::ZERO;
                for _ in 0..rounds {
                    took += runtime.block_on(place.mailed(many));
                }
                took
            });
        });
        runtime.block_on(place.devnet.stop());
    }
    group.finish();
}
