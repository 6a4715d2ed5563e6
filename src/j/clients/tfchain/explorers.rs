//! What the explorer nodes of a client say, compared: `c.explorers_check()`.
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::place::ClientCore;
use crate::object::columns::aligned;
use crate::object::{Class, Member, Paint, Result, Ty, Value};
use crate::tfchain::explorer::{NodeReport, Verdict, compare};
use crate::tfchain::wallet::{Clock, WalletError, format_time};

/// What the nodes of a client say.
pub struct Check {
    nodes: Vec<NodeReport>,
    clock: Clock,
}

/// Asks every node of a client; those that lag or lie are avoided from then on.
///
/// # Errors
/// A node that is no HTTP address; that one does not answer is part of the result.
pub fn check(core: &ClientCore) -> Result<Value> {
    let explorer = core.explorer()?;
    let host = &core.base.world.host;
    let count = explorer.addresses().len();
    host.progress(Some(&format!("asking {count} explorer nodes")));
    let asked = core.ask(async { Ok::<_, WalletError>(compare(&explorer).await) });
    host.progress(None);
    let nodes = asked?;
    for node in &nodes {
        if matches!(
            node.verdict,
            Verdict::Lags(_) | Verdict::Lies | Verdict::BadAnswer(_)
        ) {
            explorer.avoid(&node.node);
        }
    }
    Ok(Value::object(Check {
        nodes,
        clock: core.clock(),
    }))
}

/// One word for scripts, and a sentence for people.
fn words(verdict: &Verdict) -> (&'static str, String) {
    match verdict {
        Verdict::Good => ("ok", "ok".into()),
        Verdict::Lags(blocks) => ("lags", format!("lags {blocks} blocks behind, is avoided")),
        Verdict::Lies => (
            "lies",
            "lies: most nodes have another block there, is avoided".into(),
        ),
        Verdict::Disagrees => (
            "disagrees",
            "disagrees: as many nodes have another block there, nobody can tell who is right"
                .into(),
        ),
        Verdict::BadAnswer(reason) => ("bad_answer", format!("bad answer: {reason}, is avoided")),
        Verdict::Silent(reason) => ("no_answer", format!("no answer: {reason}")),
    }
}

impl Check {
    fn json(&self) -> serde_json::Value {
        let nodes = self.nodes.iter().map(|node| {
            let (word, sentence) = words(&node.verdict);
            json!({
                "node": node.node,
                "ok": node.is_good(),
                "verdict": word,
                "words": sentence,
                "height": node.newest.map(|(height, _)| height),
                "time": node.newest.map(|(_, time)| time),
                "compared_at": node.compared_at,
                "block": node.block.map(|id| id.to_string()),
            })
        });
        nodes.collect()
    }

    fn table(&self) -> String {
        let mut rows = vec![["node", "height", "newest block", "verdict"].map(String::from)];
        rows.extend(self.nodes.iter().map(|node| {
            let time = node.newest.and_then(|(_, time)| i64::try_from(time).ok());
            let time = time.and_then(|time| Timestamp::from_second(time).ok());
            let height = node.newest.map(|(height, _)| height.to_string());
            [
                node.node.clone(),
                height.unwrap_or_else(|| "-".into()),
                time.map_or_else(|| "-".into(), |at| format_time(at, self.clock.zone())),
                words(&node.verdict).1,
            ]
        }));
        aligned(&rows, &[1])
    }
}

impl Class for Check {
    const NAME: &'static str = "ExplorersCheck";
    const DOC: &'static str = "What the explorer nodes of a client say, compared.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "nodes",
            Ty::List,
            "A dict for each node: `node`, `ok`, `verdict` (ok, lags, lies, disagrees, bad_answer,\n\
             no_answer), `words`, `height` and `time` of its newest block, and the `block` that it\n\
             has at the height at which it was `compared_at`.",
            "c.explorers_check().nodes",
            |this: &Arc<Check>, _| Ok(Value::from_json(&this.json())),
        ),
        Member::property(
            "ok",
            Ty::Bool,
            "True when all nodes answer and agree.",
            "c.explorers_check().ok",
            |this: &Arc<Check>, _| Ok(this.nodes.iter().all(NodeReport::is_good).into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        self.table()
    }
    fn inline(&self) -> String {
        format!("ExplorersCheck({} nodes)", self.nodes.len())
    }
    fn to_json(&self) -> serde_json::Value {
        self.json()
    }
}
