//! Compares what several nodes say: which of them lag, tell another chain, or do not answer.
use std::collections::HashMap;

use tokio::task::JoinSet;

use super::client::Explorer;
use super::error::ExplorerError;
use crate::tfchain::Hash;

/// Blocks that a node may be behind the others before it is said to lag.
pub const TOLERATED_LAG: u64 = 3;

/// Blocks below the tip at which chains are compared: the last ones may still change.
pub const SETTLED_DEPTH: u64 = 6;

/// What a node turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It agrees with the others.
    Good,
    /// It is so many blocks behind the others, on the same chain.
    Lags(u64),
    /// It has another block than most nodes at a settled height.
    Lies,
    /// It has another block, and as many nodes say the one as the other.
    Disagrees,
    /// It answers what cannot be, or an error.
    BadAnswer(String),
    /// It does not answer.
    Silent(String),
}

/// What is known of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// Its address.
    pub node: String,
    /// Height and time (Unix seconds) of its newest block.
    pub newest: Option<(u64, u64)>,
    /// The height at which it was compared with the others.
    pub compared_at: Option<u64>,
    /// Its block at that height.
    pub block: Option<Hash>,
    /// What it turned out to be.
    pub verdict: Verdict,
}

/// Asks every node of `explorer` side by side for its newest block, then for a settled block of
/// the same height: those that keep up at one height, those that lag at a lower one.
pub async fn compare(explorer: &Explorer) -> Vec<NodeReport> {
    let nodes = explorer.each();
    let newest = ask(nodes.iter().map(|(_, node)| (node.clone(), None))).await;
    let heights: Vec<Option<u64>> = newest
        .iter()
        .map(|said| said.as_ref().ok().map(|block| block.height))
        .collect();
    let reached = median(heights.iter().flatten().copied().collect());
    let lag = |height: u64| reached.saturating_sub(height);
    let lags = |height: &u64| lag(*height) > TOLERATED_LAG;
    let answered = || heights.iter().flatten().copied();
    let settled = |height: Option<u64>| height.map(|height| height.saturating_sub(SETTLED_DEPTH));
    let high = settled(answered().filter(|height| !lags(height)).min());
    let low = settled(answered().filter(lags).min());

    // Every node can be asked for the lower height too, which is what laggards are judged by.
    let at = |height: Option<u64>, laggards_too: bool| {
        let wanted = nodes.iter().zip(&heights);
        let wanted =
            wanted.filter(move |(_, own)| own.is_some_and(|own| laggards_too || !lags(&own)));
        let places = wanted.clone().map(|(node, _)| node.0.clone());
        let questions = wanted.map(move |(node, _)| (node.1.clone(), height));
        (places.collect::<Vec<_>>(), questions.collect::<Vec<_>>())
    };
    let blocks = async |height: Option<u64>, laggards_too: bool| {
        let (names, questions) = match height {
            Some(_) => at(height, laggards_too),
            None => (Vec::new(), Vec::new()),
        };
        let said = ask(questions.into_iter()).await;
        names
            .into_iter()
            .zip(said)
            .collect::<HashMap<String, Said>>()
    };
    let (high_blocks, low_blocks) = tokio::join!(blocks(high, false), blocks(low, true));

    let reports = nodes.iter().zip(newest);
    let reports = reports.map(|((node, _), newest)| {
        let tip = match newest {
            Ok(tip) => tip,
            Err(error) => return NodeReport::without(node, failure(&error)),
        };
        let laggard = lags(&tip.height);
        let (height, said) = match laggard {
            true => (low, &low_blocks),
            false => (high, &high_blocks),
        };
        let mut report = NodeReport {
            newest: Some((tip.height, tip.time)),
            compared_at: height,
            ..NodeReport::without(node, Verdict::Good)
        };
        match said.get(node) {
            Some(Ok(own)) => {
                report.block = Some(own.id);
                report.verdict = match (judge(own.id, said), laggard) {
                    (Verdict::Good, true) => Verdict::Lags(lag(tip.height)),
                    (verdict, _) => verdict,
                };
            }
            Some(Err(error)) => report.verdict = failure(error),
            None => {}
        }
        report
    });
    reports.collect()
}

/// Whether a block is the one that most nodes have.
fn judge(own: Hash, said: &HashMap<String, Said>) -> Verdict {
    let mut votes: HashMap<Hash, usize> = HashMap::new();
    for block in said.values().flatten() {
        *votes.entry(block.id).or_default() += 1;
    }
    let ours = votes.remove(&own).unwrap_or_default();
    match votes.values().max() {
        Some(others) if *others > ours => Verdict::Lies,
        Some(others) if *others == ours => Verdict::Disagrees,
        _ => Verdict::Good,
    }
}

impl NodeReport {
    /// True when it answers and agrees with the others.
    pub fn is_good(&self) -> bool {
        self.verdict == Verdict::Good
    }

    fn without(node: &str, verdict: Verdict) -> Self {
        Self {
            node: node.to_owned(),
            newest: None,
            compared_at: None,
            block: None,
            verdict,
        }
    }
}

struct SaidBlock {
    height: u64,
    time: u64,
    id: Hash,
}

type Said = Result<SaidBlock, ExplorerError>;

/// Asks nodes side by side for a block: that of a height, or the newest.
async fn ask(questions: impl Iterator<Item = (Explorer, Option<u64>)>) -> Vec<Said> {
    let mut tasks = JoinSet::new();
    let mut answers: Vec<Said> = Vec::new();
    for (place, (explorer, height)) in questions.enumerate() {
        // What a task says that was ended before its time.
        answers.push(Err(ExplorerError::invalid(
            "/explorer",
            "the question was ended",
        )));
        tasks.spawn(async move {
            let block = match height {
                Some(height) => explorer.block_by_height(height).await,
                None => explorer.chain_info().await,
            };
            (place, block)
        });
    }
    while let Some(done) = tasks.join_next().await {
        if let Ok((place, said)) = done
            && let Some(answer) = answers.get_mut(place)
        {
            *answer = said.map(|block| SaidBlock {
                height: block.height,
                time: block.time,
                id: block.id,
            });
        }
    }
    answers
}

/// The height that half of the nodes have reached; where there are three or more, one alone that
/// claims too much cannot raise it.
fn median(mut heights: Vec<u64>) -> u64 {
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied().unwrap_or_default()
}

fn failure(error: &ExplorerError) -> Verdict {
    match error.tried().first() {
        Some(unreachable) => Verdict::Silent(unreachable.reason.clone()),
        None => Verdict::BadAnswer(error.to_string()),
    }
}
