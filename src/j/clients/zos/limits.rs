//! Limits of memory and processors for a container.
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::core::Core;
use crate::object::{Error, Result};
use crate::zos::{Client, Request};

/// Makes the groups a container of that name is put in.
///
/// # Errors
/// More processors than there are, or whatever [`Client::json`] can fail with.
pub fn groups(core: &Core, name: &str, cpu: Option<i64>, memory: Option<i64>) -> Result<Json> {
    let client = core.client()?;
    let ask =
        |command: &str, arguments: Json| core.ask(client.json(Request::new(command, arguments)));
    // Nothing is made when something cannot be.
    let bytes = |mib: i64| {
        let bytes = mib.checked_mul(1 << 20).filter(|bytes| *bytes > 0);
        bytes.ok_or_else(|| {
            Error::value(format!("memory is {mib} MiB: expected a number from 1 on"))
        })
    };
    let memory = memory.map(bytes).transpose()?;
    let mut groups = Vec::new();
    if let Some(count) = cpu {
        ask(
            "cgroup.ensure",
            json!({"subsystem": "cpuset", "name": name}),
        )?;
        let cpus = least_used(core, &client, count)?;
        ask(
            "cgroup.cpuset.spec",
            json!({"name": name, "cpus": cpus, "mems": null}),
        )?;
        groups.push(json!(["cpuset", name]));
    }
    if let Some(bytes) = memory {
        ask(
            "cgroup.ensure",
            json!({"subsystem": "memory", "name": name}),
        )?;
        ask(
            "cgroup.memory.spec",
            json!({"name": name, "mem": bytes, "swap": 0}),
        )?;
        groups.push(json!(["memory", name]));
    }
    Ok(Json::Array(groups))
}

/// Numbers of the processors that the fewest groups use.
fn least_used(core: &Core, client: &Client, count: i64) -> Result<String> {
    let ask =
        |command: &str, arguments: Json| core.ask(client.json(Request::new(command, arguments)));
    let all = ask("info.cpu", json!({}))?;
    let total = all.as_array().map_or(0, Vec::len);
    let wanted = usize::try_from(count)
        .ok()
        .filter(|n| *n > 0 && *n <= total);
    let wanted = wanted
        .ok_or_else(|| Error::value(format!("cpu is {count}: maximum number of cpu is {total}")))?;
    let mut used: BTreeMap<usize, usize> = (0..total).map(|number| (number, 0)).collect();
    let groups = ask("cgroup.list", json!({}))?;
    let names = groups["cpuset"].as_array().cloned().unwrap_or_default();
    for name in names.iter().filter_map(Json::as_str) {
        let spec = ask(
            "cgroup.cpuset.spec",
            json!({"name": name, "cpus": null, "mems": null}),
        )?;
        for number in numbers(spec["cpus"].as_str().unwrap_or_default()) {
            if let Some(times) = used.get_mut(&number) {
                *times += 1;
            }
        }
    }
    let mut order: Vec<(usize, usize)> = used.into_iter().map(|(n, times)| (times, n)).collect();
    order.sort_unstable();
    let mut chosen: Vec<usize> = order.into_iter().take(wanted).map(|(_, n)| n).collect();
    chosen.sort_unstable();
    let texts: Vec<String> = chosen.iter().map(usize::to_string).collect();
    Ok(texts.join(","))
}

/// `0,2-3` as numbers; what cannot be read is left out.
fn numbers(text: &str) -> Vec<usize> {
    /// No machine has more processors.
    const MOST: usize = 4096;
    let mut all = Vec::new();
    for part in text.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(from), Ok(to)) = (from.trim().parse(), to.trim().parse::<usize>()) {
            all.extend(from..=to.min(MOST));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn lists_of_processors_are_read() {
        assert_eq!(super::numbers("0,2-4, 7"), [0, 2, 3, 4, 7]);
        assert!(super::numbers("").is_empty() && super::numbers("a-b").is_empty());
    }
}
