//! Kosmos as a library: a devnet in this process, two wallets, one payment.
//!
//! ```text
//! cargo run --locked --example payment
//! ```
#![allow(clippy::disallowed_macros, reason = "an example prints")]
use std::error::Error;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kosmos::devnet::{Config, Devnet};
use kosmos::tfchain::explorer::{Explorer, HttpFetch, HttpLimits};
use kosmos::tfchain::wallet::{Clock, Recipient, SendRequest, Submission, Wallet, balance_text};
use kosmos::tfchain::{Amount, Network, Seed};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A chain of our own, on free ports, with blocks when we ask for them.
    let folder = std::env::temp_dir().join(format!("kosmos-payment-{}", std::process::id()));
    let config = Config {
        port: 0,
        block_time: None,
        ..Config::new(&folder)
    };
    let devnet = Devnet::start(config).await?;
    let outcome = pay(&devnet).await;
    devnet.stop().await;
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn pay(devnet: &kosmos::devnet::Handle) -> Result<(), Box<dyn Error>> {
    // The order in which several nodes are tried; there is one here.
    let random = Box::new(|| 0);
    let nodes = [format!("http://{}", devnet.addr())];
    let fetch = HttpFetch::new(&nodes, random, HttpLimits::default())?;
    let explorer = Explorer::new(Network::Devnet, Arc::new(fetch));
    let clock = Clock::new(Timestamp::now, TimeZone::system());

    // A wallet is 32 random bytes, or the 24 words that stand for them.
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)?;
    let ours = Wallet::new(
        explorer.clone(),
        Seed::from_entropy(&entropy)?,
        1,
        -1,
        clock.clone(),
    )?;
    getrandom::fill(&mut entropy)?;
    let theirs = Wallet::new(
        explorer,
        Seed::from_entropy(&entropy)?,
        1,
        -1,
        clock.clone(),
    )?;

    devnet.faucet().give(ours.address(), 300).await?;
    devnet.block_make().await?;

    // Build, look at it, sign, and only then send.
    let amount = Amount::parse_tft("12.5")?;
    let request = SendRequest::to(Recipient::parse(&theirs.address().to_string())?, amount);
    let draft = ours.draft(&request).await?;
    println!("{}", ours.preview(&draft, None));
    let signed = ours.sign(&draft)?;
    match ours.submit(&signed.transaction).await? {
        Submission::Accepted { id } => println!("accepted: {id}"),
        Submission::Refused { error, .. } | Submission::Unknown { error, .. } => {
            return Err(error.into());
        }
    }
    devnet.block_make().await?;
    println!("{}", balance_text(&theirs.balance().await?, clock.zone()));
    Ok(())
}
