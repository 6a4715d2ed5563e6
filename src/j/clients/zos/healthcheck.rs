//! How a node is: `vm.healthcheck`.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::core::Core;
use super::rows::shown;
use super::storagepools::ask;
use crate::object::{Class, Member, Needs, Result, Ty, Value};

/// Percents from which on a check warns, and from which on it is an error.
const WARNS: f64 = 80.0;
const FAILS: f64 = 95.0;

/// The checks of a node.
pub struct Health(Arc<Core>);

fn row(name: &str, percent: f64, what: &str) -> Json {
    let status = match percent {
        p if p >= FAILS => "ERROR",
        p if p >= WARNS => "WARNING",
        _ => "OK",
    };
    json!({"name": name, "status": status, "message": format!("{percent:.0} % of {what} in use")})
}

impl Health {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(Health(core.clone()))
    }

    fn run(&self) -> Result<Json> {
        let memory = ask(&self.0, "info.mem", json!({}))?;
        let number = |value: &Json| value.as_f64().unwrap_or_default();
        let (total, free) = (number(&memory["total"]), number(&memory["available"]));
        let mut rows = Vec::new();
        if total > 0.0 {
            rows.push(row("memory", (1.0 - free / total) * 100.0, "the memory"));
        }
        // Measured every 30 s; a node that runs for less has nothing yet.
        let measured = ask(
            &self.0,
            "aggregator.query",
            json!({"key": null, "tags": {}}),
        )?;
        let of = |metric: &str| {
            let all = measured.as_object().into_iter().flatten();
            let found = all.filter(|(key, _)| key.split('/').next() == Some(metric));
            found
                .map(|(key, value)| {
                    let id = key.split_once('/').map_or("", |(_, id)| id);
                    (id.to_string(), number(&value["last_value"]))
                })
                .collect::<Vec<_>>()
        };
        let loads = of("machine.CPU.percent");
        if !loads.is_empty() {
            #[allow(clippy::cast_precision_loss, reason = "few processors")]
            let mean = loads.iter().map(|(_, load)| load).sum::<f64>() / loads.len() as f64;
            rows.push(row("cpu", mean, "the processors"));
        }
        let free = of("disk.size.free");
        for (id, total) in of("disk.size.total") {
            let left = free.iter().find(|(known, _)| *known == id);
            if let Some((_, left)) = left.filter(|_| total > 0.0) {
                rows.push(row(
                    &format!("disk {id}"),
                    (1.0 - left / total) * 100.0,
                    "the disk",
                ));
            }
        }
        Ok(Json::Array(rows))
    }
}

impl Class for Health {
    const NAME: &'static str = "HealthCheck";
    const DOC: &'static str = "How a node is.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "run",
        &[],
        Ty::List,
        "Checks memory, processors and disks: name, status (OK, WARNING, ERROR), message.",
        "vm.healthcheck.run().table()",
        |this: &Arc<Self>, _| this.run().map(|rows| shown(&rows)),
    )
    .needs(Needs::NETWORK)]];
}
