//! What a node has, in the units of the capacity directory: `vm.capacity`.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::core::Core;
use super::rows::shown;
use super::storagepools::ask;
use crate::object::{Class, Member, Needs, Result, Ty, Value};

/// Bytes of a unit of memory or storage.
const GIB: f64 = 1_073_741_824.0;

/// What a node has.
pub struct Capacity(Arc<Core>);

impl Capacity {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(Capacity(core.clone()))
    }

    fn disks(&self) -> Result<Vec<Json>> {
        let listed = ask(&self.0, "disk.list", json!({}))?;
        let listed = listed.get("blockdevices").unwrap_or(&listed);
        let is_disk = |disk: &&Json| disk["type"].as_str() == Some("disk");
        Ok(listed
            .as_array()
            .into_iter()
            .flatten()
            .filter(is_disk)
            .cloned()
            .collect())
    }

    fn total(&self) -> Result<Json> {
        let cpus = ask(&self.0, "info.cpu", json!({}))?;
        let memory = ask(&self.0, "info.mem", json!({}))?;
        let (mut hru, mut sru) = (0.0, 0.0);
        for disk in self.disks()? {
            let size = &disk["size"];
            let text = || size.as_str().and_then(|text| text.parse().ok());
            let bytes = size.as_f64().or_else(text).unwrap_or_default();
            let turns = match &disk["rota"] {
                Json::Bool(turns) => *turns,
                other => matches!(other.as_str(), Some("1" | "true")),
            };
            *(if turns { &mut hru } else { &mut sru }) += bytes / GIB;
        }
        let hundredth = |units: f64| (units * 100.0).round() / 100.0;
        Ok(json!({
            "cru": cpus.as_array().map_or(0, Vec::len),
            "mru": hundredth(memory["total"].as_f64().unwrap_or_default() / GIB),
            "hru": hundredth(hru),
            "sru": hundredth(sru),
        }))
    }
}

impl Class for Capacity {
    const NAME: &'static str = "Capacity";
    const DOC: &'static str = "What a node has, in the units of the directory.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "total_report",
            &[],
            Ty::Dict,
            "Answers its units: processors (cru), GiB of memory (mru), of disks that turn (hru) and \
             of others (sru).",
            "vm.capacity.total_report()",
            |this: &Arc<Self>, _| this.total().map(|report| shown(&report)),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "hw_report",
            &[],
            Ty::Dict,
            "Answers its hardware: processors, memory, disks, links.",
            "vm.capacity.hw_report()",
            |this: &Arc<Self>, _| {
                let core = &this.0;
                let cpus = ask(core, "info.cpu", json!({}))?;
                let models = cpus.as_array().into_iter().flatten();
                let models: Vec<Json> = models.map(|cpu| cpu["modelName"].clone()).collect();
                let disks: Vec<Json> = this
                    .disks()?
                    .iter()
                    .map(|disk| json!({"name": disk["name"], "size": disk["size"],
                        "model": disk["model"], "rota": disk["rota"]}))
                    .collect();
                let links = ask(core, "info.nic", json!({}))?;
                let links = links.as_array().into_iter().flatten();
                let links: Vec<Json> = links
                    .map(|link| json!({"name": link["name"], "hardwareaddr": link["hardwareaddr"]}))
                    .collect();
                let memory = ask(core, "info.mem", json!({}))?;
                Ok(shown(&json!({"cpus": models, "memory": memory["total"], "disks": disks,
                    "nics": links})))
            },
        )
        .needs(Needs::NETWORK),
    ]];
}
