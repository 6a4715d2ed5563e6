//! The pages: every link leads somewhere, the facts are on them, nothing on the chain is markup.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kosmos::devnet::{Clock, Config, Devnet, Handle};
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::{Amount, Condition, Input, Network, Output, SignTarget, Transaction};

use super::client::{Answer, request};
use super::faucet::start;
use super::recording::vector_path;

const SOMEBODY: &str =
    "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";
const HOSTILE: &str = "<script>alert('1')</script>\"><img src=x onerror=\u{202e}alert(2)>&amp;";

/// Asks as a browser does: without the agent of an official client.
async fn browse(addr: SocketAddr, path: &str) -> Answer {
    request(addr, "GET", path, &[("User-Agent", "Mozilla/5.0")], b"").await
}

async fn start_recorded(dir: &std::path::Path) -> Handle {
    let config = Config {
        port: 0,
        block_time: None,
        clock: Clock::from_source(|| 1_800_000_000),
        import: Some(vector_path("explorer/30_chain.json")),
        ..Config::new(dir)
    };
    Devnet::start(config).await.unwrap()
}

fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("href=\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0))
}

/// Sends coins of genesis with arbitrary data; returns the transaction's id.
async fn send(devnet: &Handle, to: Condition, data: &[u8]) -> String {
    let node = devnet.node();
    let genesis = node.genesis();
    let make = |state: &kosmos::devnet::node::State| {
        let condition = Condition::UnlockHash(genesis.address);
        let mut coins = state.chain.ledger().coins();
        let (id, coin) = coins.find(|(_, o)| o.condition == condition).unwrap();
        let fee = Network::Devnet.minimum_miner_fee();
        let value = Amount::from_tft(42);
        let back = coin.value.saturating_sub(&(value.clone() + fee.clone()));
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: vec![Input::unsigned(*id)],
            coin_outputs: vec![Output::new(value, to), Output::new(back, condition.clone())],
            miner_fees: vec![fee],
            arbitrary_data: data.to_vec(),
            ..StandardTransaction::default()
        });
        let hasher = transaction.signature_hasher().unwrap();
        let target = SignTarget::CoinInput(0);
        transaction
            .sign(&hasher, target, &condition, &genesis.key, None)
            .unwrap();
        Ok(transaction)
    };
    let (id, pending) = node.submit_with(make).unwrap();
    pending.wait().await.unwrap();
    id.to_string()
}

/// Lists the pages of all blocks, transactions and outputs.
fn pages_of_all(devnet: &Handle) -> Vec<String> {
    let mut paths = Vec::new();
    let state = devnet.node().read();
    for block in (0..=state.chain.height()).filter_map(|height| state.chain.block(height)) {
        paths.push(format!("/block/{}", block.id));
        for stored in &block.transactions {
            paths.push(format!("/transaction/{}", stored.ids.transaction));
            let outputs = stored.ids.coin_outputs.iter();
            paths.extend(outputs.map(|id| format!("/output/{id}")));
        }
    }
    paths
}

#[tokio::test]
async fn every_link_of_a_chain_with_everything_on_it_leads_to_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start_recorded(dir.path()).await;
    let addr = devnet.faucet_addr();
    devnet
        .faucet()
        .give(SOMEBODY.parse().unwrap(), 300)
        .await
        .unwrap();
    let mut seen: BTreeSet<String> = BTreeSet::from(["/".into()]);
    let mut next: VecDeque<String> = VecDeque::from(["/".into()]);
    while let Some(path) = next.pop_front() {
        let answer = browse(addr, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").expect(&path);
        for part in [
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let page = answer.body;
        assert!(page.starts_with("<!DOCTYPE html>\n"), "{path}");
        assert!(!page.contains("<script"), "{path}");
        for element in [
            "main", "ol", "dl", "ul", "span", "a", "p", "code", "pre", "li", "dd", "b",
        ] {
            let opened = page.matches(&format!("<{element}>")).count()
                + page.matches(&format!("<{element} ")).count();
            let closed = page.matches(&format!("</{element}>")).count();
            assert_eq!(opened, closed, "{path}: {element}");
        }
        for link in links(&page) {
            assert!(link.starts_with('/'), "{path}: {link}");
            if seen.insert(link.to_owned()) {
                next.push_back(link.to_owned());
            }
        }
    }
    for room in [
        "/explorer",
        "/blocks",
        "/block/",
        "/transaction/",
        "/output/",
        "/address/01",
    ] {
        assert!(seen.iter().any(|path| path.starts_with(room)), "{room}");
    }
    for room in ["/address/03", "/address/02", "/3bot/"] {
        assert!(seen.iter().any(|path| path.starts_with(room)), "{room}");
    }
    // Every transaction and output of the chain has its page, linked or not.
    for path in pages_of_all(&devnet) {
        assert_eq!(browse(addr, &path).await.status, 200, "{path}");
    }
    devnet.stop().await;
}

#[tokio::test]
async fn a_payment_is_told_in_words_while_it_waits_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let addr = devnet.faucet_addr();
    let address = format!("/address/{SOMEBODY}");
    let page = browse(addr, &address).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Nothing happened on this address yet"));
    let id = devnet
        .faucet()
        .give(SOMEBODY.parse().unwrap(), 300)
        .await
        .unwrap();
    let transaction = format!("/transaction/{id}");
    let page = browse(addr, &transaction).await.body;
    assert!(
        page.contains("paid <b class=\"amount\">300 TFT</b> to"),
        "{page}"
    );
    assert!(
        page.contains("The fee was <b class=\"amount\">1 TFT</b>"),
        "{page}"
    );
    assert!(page.contains("came back as change"), "{page}");
    assert!(page.contains("waiting</span> in the pool"), "{page}");
    assert!(page.contains(&format!("href=\"{address}\"")), "{page}");
    assert!(
        page.contains("<details><summary>Raw JSON</summary>"),
        "{page}"
    );
    let page = browse(addr, &address).await.body;
    assert!(page.contains("Waiting for the next block"), "{page}");
    assert!(
        page.contains("<dt>Balance</dt><dd><b class=\"amount\">0 TFT</b>"),
        "{page}"
    );
    assert!(
        browse(addr, "/explorer")
            .await
            .body
            .contains("1 transaction</dd>")
    );

    devnet.block_make().await.unwrap();
    let page = browse(addr, &transaction).await.body;
    assert!(
        page.contains("confirmed</span> in <a href=\"/block/1\">block 1</a>"),
        "{page}"
    );
    let page = browse(addr, &address).await.body;
    assert!(
        page.contains("<dt>Balance</dt><dd><b class=\"amount\">300 TFT</b>"),
        "{page}"
    );
    assert!(
        page.contains("&#43;300 TFT") || page.contains("+300 TFT"),
        "{page}"
    );

    let lock = Condition::UnlockHash(SOMEBODY.parse().unwrap()).locked_until(40);
    let id = send(&devnet, lock, b"rent").await;
    devnet.block_make().await.unwrap();
    let page = browse(addr, &format!("/transaction/{id}")).await.body;
    assert!(
        page.contains("it opens at block height 40 (in 38 blocks)"),
        "{page}"
    );
    assert!(page.contains("<pre>rent</pre>"), "{page}");
    let page = browse(addr, &address).await.body;
    assert!(
        page.contains("<dt>Locked</dt><dd><b class=\"amount\">42 TFT</b>"),
        "{page}"
    );
    devnet.stop().await;
}

/// What a page says, without its markup.
fn words(page: &str) -> String {
    let (_, words) = page.split_once("<div class=\"words\">").unwrap();
    let (words, _) = words.split_once("</div>").unwrap();
    let mut text = String::new();
    for part in words.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    text.lines()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The transactions of the recordings 14 and 15.
#[tokio::test]
async fn minting_and_ethereum_are_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start_recorded(dir.path()).await;
    let addr = devnet.faucet_addr();
    for (id, parts) in [
        (
            "2de69f816705804f7b63497d95154a03338364924bd35886b1da6e476b718cf0",
            &[
                "The minters created, out of nothing:",
                "Signed by ",
                "it was created, too.",
            ][..],
        ),
        (
            "443205e1522aac7759deaea4facafe06400bf45fbaadb992a4d6d847dc73f5ce",
            &[
                "The minters handed the right to create coins on to ",
                "(2 signatures of 3 needed)",
                "Signed by ",
            ],
        ),
        (
            "88835f1df823624aab7ede3576d5837823b5868ee9fb8f099ccbee9805ca019f",
            &["The minters created", "Signed by ", ", "],
        ),
        (
            "99b839b60b1ad5ea2548c13898663a7d189be51cece22a8e74751b75c8b4130a",
            &[
                "registered ",
                " for coins that come back from Ethereum.",
                "Coins sent on Ethereum to 0xe3604b21945f95b77a92ac8af74fdde46ac4b106 arrive at that",
                "The registration cost 10 TFT.",
            ],
        ),
        (
            "9fd7c96b86ca9f7e636980f87bce737e2880137992904b8301be2e83d450777e",
            &[
                " sent ",
                " TFT to Ethereum.",
                "They are paid out to the ERC20 address 0x",
            ],
        ),
        (
            "90c86e1805a9f37dfcac1b32a622120117b280777f1fa8dac92a3473cae28cc4",
            &[
                " came from Ethereum to ",
                "in the Ethereum transaction 0x",
                "it was created, too.",
            ],
        ),
    ] {
        let page = browse(addr, &format!("/transaction/{id}")).await;
        assert_eq!(page.status, 200);
        let words = words(&page.body);
        for part in parts {
            assert!(words.contains(part), "{id}: {part} is not in\n{words}");
        }
    }
    devnet.stop().await;
}

#[tokio::test]
async fn hostile_data_stays_text() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let addr = devnet.faucet_addr();
    let to = Condition::UnlockHash(SOMEBODY.parse().unwrap());
    let id = send(&devnet, to, HOSTILE.as_bytes()).await;
    let page = browse(addr, &format!("/transaction/{id}")).await.body;
    assert!(
        page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
        "{page}"
    );
    for bad in ["<script", "<img", "\u{202e}"] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg%20src=x%3E%0D%0ASet-Cookie:%20a=b";
    for path in [
        format!("/search?q={hostile}"),
        format!("/block/{hostile}"),
        format!("/transaction/{hostile}"),
        format!("/output/{hostile}"),
        format!("/address/{hostile}"),
        format!("/3bot/{hostile}"),
    ] {
        let answer = browse(addr, &path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("Nothing found for"), "{path}");
        assert!(answer.body.contains("&lt;script&gt;"), "{path}");
        assert!(
            !answer.body.contains("<script") && !answer.body.contains("<img"),
            "{path}"
        );
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
    devnet.stop().await;
}

/// Lists what stands on the chain, as it can be searched, and its page.
fn cases_of_chain(devnet: &Handle) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    let state = devnet.node().read();
    let block = state.chain.block(7).unwrap();
    let stored = &block.transactions[0];
    cases.push((block.id.to_string(), "/block/7".into()));
    let id = stored.ids.transaction;
    cases.push((id.to_string(), format!("/transaction/{id}")));
    let output = block.payout_ids[0];
    cases.push((output.to_string(), format!("/output/{output}")));
    let mut names = 0;
    let bots = &state.chain.ledger().extensions().bots;
    for bot in (1..).map_while(|id| bots.get(id)) {
        let page = format!("/3bot/{}", bot.id);
        cases.push((bot.public_key.to_string(), page.clone()));
        for name in &bot.names {
            names += 1;
            cases.push((name.to_string().to_uppercase(), page.clone()));
        }
    }
    assert!(names > 0);
    cases
}

#[tokio::test]
async fn the_search_leads_to_what_was_meant() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start_recorded(dir.path()).await;
    let addr = devnet.faucet_addr();
    let mut cases: Vec<(String, String)> = vec![
        (String::new(), "/explorer".into()),
        (SOMEBODY.into(), format!("/address/{SOMEBODY}")),
        (format!("+{SOMEBODY}%20"), format!("/address/{SOMEBODY}")),
        ("0".into(), "/block/0".into()),
        ("30".into(), "/block/30".into()),
    ];
    cases.extend(cases_of_chain(&devnet));
    for (text, page) in cases {
        let answer = browse(addr, &format!("/search?q={text}")).await;
        assert_eq!(answer.status, 303, "{text}");
        assert_eq!(answer.header("location"), Some(page.as_str()), "{text}");
        assert_eq!(browse(addr, &page).await.status, 200, "{page}");
    }
    // A block and a 3bot have this number.
    let answer = browse(addr, "/search?q=1").await;
    assert_eq!(answer.status, 200);
    let found: Vec<&str> = links(&answer.body).collect();
    assert!(found.contains(&"/block/1") && found.contains(&"/3bot/1"));
    for unknown in [
        "99999999",
        "nobody.at.all",
        &"ab".repeat(32),
        &"9".repeat(77),
        "-1",
        "%FF",
    ] {
        let answer = browse(addr, &format!("/search?q={unknown}")).await;
        assert_eq!(answer.status, 404, "{unknown}");
        assert!(
            answer.body.contains("You can search for an address"),
            "{unknown}"
        );
    }
    let mistyped = SOMEBODY.replace("8c5f91", "8c5f92");
    let answer = browse(addr, &format!("/search?q={mistyped}")).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("checksum"), "{}", answer.body);
    devnet.stop().await;
}

#[tokio::test]
async fn only_reading_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let addr = devnet.faucet_addr();
    let answer = request(addr, "POST", "/explorer", &[], b"x").await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
    let answer = request(addr, "HEAD", "/explorer", &[], b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    for path in ["/block", "/block/", "/explorer/x", "/blocks/1", "/address"] {
        let answer = browse(addr, path).await;
        assert_eq!(answer.body, format!("{path} is not a valid path\n"));
        assert_eq!(answer.status, 404);
    }
    devnet.stop().await;
}

/// Loads a page in a headless Chromium as wide as a phone; None where there is no Chromium.
fn dump_dom(url: &str, dir: &std::path::Path) -> Option<String> {
    let out = dir.join("dom.html");
    let child = std::process::Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
        ])
        .args(["--window-size=390,844", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::process::Stdio::null())
        .spawn();
    let mut child = child.ok()?;
    let deadline = Instant::now() + Duration::from_secs(90);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("Chromium did not finish {url}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(std::fs::read_to_string(out).unwrap())
}

#[tokio::test]
#[allow(clippy::disallowed_macros, reason = "what was not run must be seen")]
async fn a_real_browser_shows_them_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(&dir.path().join("devnet")).await;
    let to = Condition::UnlockHash(SOMEBODY.parse().unwrap());
    let id = send(&devnet, to, HOSTILE.as_bytes()).await;
    devnet.block_make().await.unwrap();
    let url = format!("http://{}/search?q={id}", devnet.faucet_addr());
    let folder = dir.path().to_owned();
    let dom = tokio::task::spawn_blocking(move || dump_dom(&url, &folder)).await;
    match dom.unwrap() {
        None => eprintln!("not run: there is no chromium on this machine"),
        Some(dom) => {
            assert!(dom.contains("<h1>Transaction: standard</h1>"), "{dom}");
            assert!(!dom.contains("<script") && !dom.contains("<img"), "{dom}");
            assert!(dom.contains("&lt;script&gt;"), "{dom}");
        }
    }
    devnet.stop().await;
}
