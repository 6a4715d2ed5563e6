//! The disks of a node: `vm.disks`.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::core::{Core, not_found};
use super::rows::shown;
use crate::object::{
    Class, Default, Member, Needs, Paint, Param, Result, Ty, Value, class_of, similar,
};
use crate::zos::{Request, plain};

/// Kinds of disks.
pub const TYPES: &[&str] = &["SSD", "HDD", "NVME", "CDROM"];

/// The disks that nothing is mounted from.
///
/// # Errors
/// No answer of the node.
pub fn free(core: &Arc<Core>, kind: Option<&str>) -> Result<Vec<Arc<Disk>>> {
    let mut all = Disks(core.clone()).all()?;
    all.retain(|disk| {
        let wanted = kind.is_none_or(|kind| disk.kind() == kind);
        wanted && disk.text("type") == "disk" && !disk.is_used()
    });
    Ok(all)
}

/// True when something below is mounted.
fn is_mounted(facts: &Json) -> bool {
    let is_path = |point: &Json| point.as_str().is_some_and(|text| !text.is_empty());
    let points = facts["mountpoints"].as_array();
    is_path(&facts["mountpoint"])
        || points.is_some_and(|points| points.iter().any(is_path))
        || facts["children"]
            .as_array()
            .is_some_and(|parts| parts.iter().any(is_mounted))
}

/// The disks of a node.
pub struct Disks(Arc<Core>);

impl Disks {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(Disks(core.clone()))
    }

    fn all(&self) -> Result<Vec<Arc<Disk>>> {
        let client = self.0.client()?;
        let listed = self
            .0
            .ask(client.json(Request::new("disk.list", json!({}))))?;
        // Some versions wrap the list.
        let listed = listed.get("blockdevices").unwrap_or(&listed);
        let disks = listed.as_array().into_iter().flatten().map(|facts| {
            Arc::new(Disk {
                core: self.0.clone(),
                facts: facts.clone(),
            })
        });
        Ok(disks.collect())
    }

    fn find(&self, wanted: &str, fits: impl Fn(&Disk) -> bool) -> Result<Value> {
        let all = self.all()?;
        match all.iter().find(|disk| fits(disk)) {
            Some(disk) => Ok(disk.clone().into()),
            None => {
                let error = not_found(format!("there is no disk '{wanted}'"));
                let names: Vec<String> = all.iter().map(|disk| disk.text("name")).collect();
                Err(similar::hinted(
                    error,
                    wanted,
                    names.iter().map(String::as_str),
                ))
            }
        }
    }
}

impl Class for Disks {
    const NAME: &'static str = "Disks";
    const DOC: &'static str = "The disks of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists the disks.",
            "vm.disks.list()",
            |this: &Arc<Self>, _| Ok(this.all()?.into_iter().map(Value::from).collect()),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[Param::required("name", Ty::Str, "its name (sda)")],
            Ty::Object(class_of::<Disk>),
            "Answers a disk by its name.",
            "vm.disks.get('sda')",
            |this: &Arc<Self>, args| {
                let name = args.text("name");
                this.find(name, |disk| disk.text("name") == name)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get_device",
            &[Param::required(
                "path",
                Ty::Str,
                "its path, or that of a partition (/dev/sda1)",
            )],
            Ty::Object(class_of::<Disk>),
            "Answers the disk of a path.",
            "vm.disks.get_device('/dev/sda')",
            |this: &Arc<Self>, args| {
                let path = args.text("path");
                let name = path.strip_prefix("/dev/").unwrap_or(path);
                this.find(name, |disk| {
                    disk.text("name") == name
                        || disk
                            .partitions()
                            .iter()
                            .any(|part| part["name"].as_str() == Some(name))
                })
            },
        )
        .needs(Needs::NETWORK),
    ]];
}

/// A disk of a node.
pub struct Disk {
    core: Arc<Core>,
    facts: Json,
}

impl Disk {
    fn text(&self, key: &str) -> String {
        match &self.facts[key] {
            Json::String(text) => text.trim().to_string(),
            Json::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn is_used(&self) -> bool {
        is_mounted(&self.facts)
    }

    /// Its path on the node.
    pub fn path(&self) -> String {
        format!("/dev/{}", self.text("name"))
    }

    fn partitions(&self) -> Vec<Json> {
        self.facts["children"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    fn kind(&self) -> &'static str {
        let turns = matches!(self.text("rota").as_str(), "1" | "true");
        if self.text("type") == "rom" {
            "CDROM"
        } else if self.text("name").starts_with("nvme") {
            "NVME"
        } else if turns {
            "HDD"
        } else {
            "SSD"
        }
    }

    /// After a question: what is on the disk may be lost.
    fn change(&self, method: &str, given: Json, sure: bool) -> Result<Value> {
        if !sure {
            let what = format!("{method} on {} of {}", self.path(), self.core.base.path());
            self.core
                .world()
                .host
                .confirm(&format!("{what}: what is on it may be lost"), "do it?")?;
        }
        let client = self.core.client()?;
        let given = given.as_object().cloned().unwrap_or_default();
        let request = client
            .listed("disk", method, &given)
            .map_err(|error| self.core.explain(error))?;
        self.core.ask(client.json(request))?;
        Ok(Value::None)
    }
}

impl Class for Disk {
    const NAME: &'static str = "Disk";
    const DOC: &'static str = "A disk of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "vm.disks.get('sda').name",
            |this: &Arc<Self>, _| Ok(this.text("name").into()),
        ),
        Member::property(
            "size",
            Ty::Int,
            "Bytes it holds.",
            "vm.disks.get('sda').size",
            |this: &Arc<Self>, _| Ok(Value::from_json(&this.facts["size"])),
        ),
        Member::property(
            "type",
            Ty::Str,
            "SSD, HDD, NVME or CDROM.",
            "vm.disks.get('sda').type",
            |this: &Arc<Self>, _| Ok(this.kind().into()),
        ),
        Member::property(
            "model",
            Ty::Str,
            "Its model.",
            "vm.disks.get('sda').model",
            |this: &Arc<Self>, _| Ok(this.text("model").into()),
        ),
        Member::property(
            "mountpoint",
            Ty::Str,
            "Where it is mounted; empty when it is not.",
            "vm.disks.get('sda').mountpoint",
            |this: &Arc<Self>, _| Ok(this.text("mountpoint").into()),
        ),
        Member::property(
            "partitions",
            Ty::List,
            "Its partitions.",
            "vm.disks.get('sda').partitions",
            |this: &Arc<Self>, _| Ok(shown(&Json::Array(this.partitions()))),
        ),
        Member::method(
            "mktable",
            &[Param::optional(
                "table_type",
                Ty::Str,
                Default::Str("gpt"),
                "kind of table",
            )],
            Ty::Nothing,
            "Makes a new table of partitions, after a question: what was on it is lost.",
            "vm.disks.get('sda').mktable()",
            |this: &Arc<Self>, args| {
                let given = json!({"disk": this.path(), "table_type": args.text("table_type")});
                this.change("mktable", given, false)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mkpart",
            &[
                Param::required("start", Ty::Any("str or int"), "where it begins"),
                Param::required("end", Ty::Any("str or int"), "where it ends"),
            ],
            Ty::Nothing,
            "Makes a partition, after a question.",
            "vm.disks.get('sda').mkpart('1MiB', '100%')",
            |this: &Arc<Self>, args| {
                let (start, end) = (args.get("start").to_json(), args.get("end").to_json());
                let given = json!({"disk": this.path(), "start": start, "end": end});
                this.change("mkpart", given, false)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "mount",
            &[
                Param::required("target", Ty::Str, "the folder"),
                Param::optional(
                    "options",
                    Ty::Any("list"),
                    Default::None,
                    "options of mount",
                ),
            ],
            Ty::Nothing,
            "Mounts it.",
            "vm.disks.get('sda').mount('/mnt/data')",
            |this: &Arc<Self>, args| {
                let mut given = json!({"source": this.path(), "target": args.text("target")});
                if args.given("options") {
                    given["options"] = args.get("options").to_json();
                }
                this.change("mount", given, true)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "umount",
            &[],
            Ty::Nothing,
            "Unmounts it.",
            "vm.disks.get('sda').umount()",
            |this: &Arc<Self>, _| this.change("umount", json!({"source": this.path()}), true),
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("Disk <{}>", plain::line(&self.text("name"), 40))
    }
    fn to_json(&self) -> Json {
        self.facts.clone()
    }
}
