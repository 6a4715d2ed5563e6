//! Storage pools of a node: btrfs file systems with a label of their own, `vm.storagepools`.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::core::{Core, not_found};
use super::filesystems::FileSystem;
use super::rows::shown;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
    similar,
};
use crate::zos::{Request, plain};

/// What the labels of pools begin with.
const LABEL: &str = "sp_";
/// Where pools are mounted.
const PLACE: &str = "/mnt/storagepools";
/// Profiles of btrfs.
const PROFILES: &[&str] = &[
    "", "raid0", "raid1", "raid5", "raid6", "raid10", "dup", "single",
];

/// Asks the node.
pub(super) fn ask(core: &Core, command: &str, arguments: Json) -> Result<Json> {
    let client = core.client()?;
    core.ask(client.json(Request::new(command, arguments)))
}

/// Names become parts of paths and labels.
pub(super) fn checked<'a>(args: &'a Args, name: &str) -> Result<&'a str> {
    let text = args.text(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = text.chars().all(plain) && !text.is_empty() && !text.starts_with('.');
    match good && text.len() <= 100 {
        true => Ok(text),
        false => Err(args.error(
            name,
            format!(
                "is '{}': expected letters, digits, - _ .",
                plain::line(text, 60)
            ),
        )),
    }
}

/// The storage pools of a node.
pub struct StoragePools(Arc<Core>);

impl StoragePools {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(StoragePools(core.clone()))
    }

    /// The pools of a node, to ask from here.
    pub fn of(core: &Arc<Core>) -> Self {
        StoragePools(core.clone())
    }

    /// True when there is a pool of that name, and it is mounted.
    ///
    /// # Errors
    /// No answer of the node.
    pub fn is_mounted(&self, name: &str) -> Result<bool> {
        let all = self.all()?;
        match all.iter().find(|pool| pool.name == name) {
            Some(pool) => Ok(pool.mounted()?.is_some()),
            None => Ok(false),
        }
    }

    /// The pool of a name; made on the device that `free` answers when it is not there.
    ///
    /// # Errors
    /// No free device, or whatever making it can fail with.
    pub fn ensured(
        &self,
        name: &str,
        free: impl Fn() -> Result<Option<String>>,
    ) -> Result<Arc<StoragePool>> {
        if let Some(pool) = self.all()?.into_iter().find(|pool| pool.name == name) {
            return Ok(pool);
        }
        let device = free()?
            .ok_or_else(|| not_found("no disk is free: each has something mounted from it"))?;
        self.make(name, &device, ["single", "single"], true)?;
        self.get(name)
    }

    fn make(&self, name: &str, device: &str, profiles: [&str; 2], overwrite: bool) -> Result<()> {
        let core = &self.0;
        let what = format!("pool {name} on {device} of {}", core.base.path());
        core.world()
            .host
            .confirm(&format!("{what}: what is on it is lost"), "make it?")?;
        let [metadata, data] = profiles;
        let given = json!({"label": format!("{LABEL}{name}"), "metadata": metadata, "data": data,
            "devices": [device], "overwrite": overwrite});
        ask(core, "btrfs.create", given).map(drop)
    }

    /// Folder of a file system on the node, for a mount.
    ///
    /// # Errors
    /// No pool, or no file system of that name.
    pub fn file_system_path(&self, pool: &str, name: &str) -> Result<String> {
        let pool = self.get(pool)?;
        match pool.filesystems()?.iter().any(|known| known == name) {
            true => pool.folder(name),
            false => Err(not_found(format!(
                "Could not find filesystem with name {name}"
            ))),
        }
    }

    fn all(&self) -> Result<Vec<Arc<StoragePool>>> {
        let listed = ask(&self.0, "btrfs.list", json!({}))?;
        let pools = listed.as_array().into_iter().flatten().filter_map(|facts| {
            let name = facts["label"].as_str()?.strip_prefix(LABEL)?;
            Some(Arc::new(StoragePool {
                core: self.0.clone(),
                name: name.to_string(),
                facts: facts.clone(),
            }))
        });
        Ok(pools.collect())
    }

    fn get(&self, name: &str) -> Result<Arc<StoragePool>> {
        let all = self.all()?;
        match all.iter().find(|pool| pool.name == name) {
            Some(pool) => Ok(pool.clone()),
            None => {
                let error = not_found(format!("Could not find StoragePool with name {name}"));
                Err(similar::hinted(
                    error,
                    name,
                    all.iter().map(|pool| pool.name.as_str()),
                ))
            }
        }
    }
}

const NAME: Param = Param::required("name", Ty::Str, "name of the pool");

impl Class for StoragePools {
    const NAME: &'static str = "StoragePools";
    const DOC: &'static str = "The storage pools of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists the pools.",
            "vm.storagepools.list()",
            |this: &Arc<Self>, _| Ok(this.all()?.into_iter().map(Value::from).collect()),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[NAME],
            Ty::Object(class_of::<StoragePool>),
            "Answers a pool by its name.",
            "vm.storagepools.get('data')",
            |this: &Arc<Self>, args| this.get(args.text("name")).map(Value::from),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "exists",
            &[NAME],
            Ty::Bool,
            "True when there is a pool of that name.",
            "vm.storagepools.exists('data')",
            |this: &Arc<Self>, args| {
                let name = args.text("name");
                Ok(this.all()?.iter().any(|pool| pool.name == name).into())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "create",
            &[
                NAME,
                Param::required(
                    "device",
                    Ty::Str,
                    "path of a disk or a partition (/dev/sdb1)",
                ),
                Param::optional(
                    "metadata_profile",
                    Ty::Choice(PROFILES),
                    Default::Str("single"),
                    "how metadata is kept",
                ),
                Param::optional(
                    "data_profile",
                    Ty::Choice(PROFILES),
                    Default::Str("single"),
                    "how data is kept",
                ),
                Param::optional(
                    "overwrite",
                    Ty::Bool,
                    Default::Bool(false),
                    "also when something is on it",
                ),
            ],
            Ty::Object(class_of::<StoragePool>),
            "Makes a pool on a device, after a question: what was on the device is lost.",
            "vm.storagepools.create('more', '/dev/sdb1')",
            |this: &Arc<Self>, args| {
                let (name, device) = (checked(args, "name")?, args.text("device"));
                let profiles = [args.text("metadata_profile"), args.text("data_profile")];
                this.make(name, device, profiles, args.flag("overwrite"))?;
                this.get(name).map(Value::from)
            },
        )
        .needs(Needs::NETWORK),
    ]];
}

/// A storage pool of a node.
pub struct StoragePool {
    pub(super) core: Arc<Core>,
    pub(super) name: String,
    facts: Json,
}

impl StoragePool {
    fn devices(&self) -> Vec<String> {
        let devices = self.facts["devices"].as_array().into_iter().flatten();
        let paths = devices.filter_map(|device| device["path"].as_str());
        paths.map(String::from).collect()
    }

    fn place(&self) -> String {
        format!("{PLACE}/{}", self.name)
    }

    /// Where it is mounted now.
    fn mounted(&self) -> Result<Option<String>> {
        let mounts = ask(&self.core, "disk.mounts", json!({}))?;
        for device in self.devices() {
            let places = mounts[device.as_str()].as_array().into_iter().flatten();
            let mut places = places.filter_map(|mount| mount["mountpoint"].as_str());
            if let Some(place) = places.next() {
                return Ok(Some(place.to_string()));
            }
        }
        Ok(None)
    }

    /// Where it is mounted; mounts it when it is not.
    ///
    /// # Errors
    /// Whatever mounting can fail with.
    pub fn mount(&self) -> Result<String> {
        if let Some(place) = self.mounted()? {
            return Ok(place);
        }
        let device = self.devices().into_iter().next().ok_or_else(|| {
            Error::new(Kind::Refused, format!("pool {} has no device", self.name))
        })?;
        let place = self.place();
        ask(&self.core, "filesystem.mkdir", json!({"path": place}))?;
        let given = json!({"source": device, "target": place, "options": ""});
        ask(&self.core, "disk.mount", given)?;
        Ok(place)
    }

    /// Folder of a file system in it.
    fn folder(&self, name: &str) -> Result<String> {
        Ok(format!("{}/filesystems/{name}", self.mount()?))
    }

    /// Paths of its subvolumes below a folder of the pool.
    pub(super) fn volumes(&self, below: &str) -> Result<Vec<Json>> {
        let place = self.mount()?;
        let listed = ask(&self.core, "btrfs.subvol_list", json!({"path": place}))?;
        let inside = |item: &&Json| {
            let path = item["Path"].as_str().unwrap_or_default();
            path.strip_prefix(below)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|name| !name.is_empty() && !name.contains('/'))
        };
        Ok(listed
            .as_array()
            .into_iter()
            .flatten()
            .filter(inside)
            .cloned()
            .collect())
    }

    fn filesystems(&self) -> Result<Vec<String>> {
        let names = self.volumes("filesystems")?.into_iter().filter_map(|item| {
            let path = item["Path"].as_str()?;
            Some(path.rsplit('/').next()?.to_string())
        });
        Ok(names.collect())
    }

    fn file_system(self: &Arc<Self>, name: &str) -> Result<Value> {
        Ok(Value::object(FileSystem {
            pool: self.clone(),
            name: name.to_string(),
            path: self.folder(name)?,
        }))
    }

    fn number(&self, key: &str) -> u64 {
        let devices = self.facts["devices"].as_array().into_iter().flatten();
        devices.filter_map(|device| device[key].as_u64()).sum()
    }
}

const FILE_SYSTEM: Param = Param::required("name", Ty::Str, "name of the file system");

impl Class for StoragePool {
    const NAME: &'static str = "StoragePool";
    const DOC: &'static str = "A storage pool of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "vm.storagepools.get('data').name",
            |this: &Arc<Self>, _| Ok(this.name.clone().into()),
        ),
        Member::property(
            "devices",
            Ty::List,
            "Paths of its devices.",
            "vm.storagepools.get('data').devices",
            |this: &Arc<Self>, _| Ok(this.devices().into_iter().map(Value::Str).collect()),
        ),
        Member::property(
            "size",
            Ty::Int,
            "Bytes of its devices.",
            "vm.storagepools.get('data').size",
            |this: &Arc<Self>, _| {
                Ok(i64::try_from(this.number("size"))
                    .unwrap_or(i64::MAX)
                    .into())
            },
        ),
        Member::property(
            "used",
            Ty::Int,
            "Bytes that are in use.",
            "vm.storagepools.get('data').used",
            |this: &Arc<Self>, _| {
                Ok(i64::try_from(this.number("used"))
                    .unwrap_or(i64::MAX)
                    .into())
            },
        ),
        Member::property(
            "mountpoint",
            Ty::Str,
            "Where it is mounted; None when it is not.",
            "vm.storagepools.get('data').mountpoint",
            |this: &Arc<Self>, _| this.mounted().map(Value::from),
        )
        .needs(Needs::NETWORK),
        Member::property(
            "info",
            Ty::Dict,
            "What the node knows of it.",
            "vm.storagepools.get('data').info",
            |this: &Arc<Self>, _| Ok(shown(&this.facts)),
        ),
        Member::method(
            "mount",
            &[],
            Ty::Str,
            "Mounts it; answers where.",
            "vm.storagepools.get('data').mount()",
            |this: &Arc<Self>, _| this.mount().map(Value::Str),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "umount",
            &[],
            Ty::Nothing,
            "Unmounts it; nothing when it is not mounted.",
            "vm.storagepools.get('data').umount()",
            |this: &Arc<Self>, _| {
                if let Some(place) = this.mounted()? {
                    ask(&this.core, "disk.umount", json!({"source": place}))?;
                }
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists its file systems.",
            "vm.storagepools.get('data').list()",
            |this: &Arc<Self>, _| {
                let names = this.filesystems()?;
                let all = names.iter().map(|name| this.file_system(name));
                all.collect::<Result<Vec<_>>>().map(Value::List)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[FILE_SYSTEM],
            Ty::Object(class_of::<FileSystem>),
            "Answers a file system by its name.",
            "vm.storagepools.get('data').get('web')",
            |this: &Arc<Self>, args| {
                let name = args.text("name");
                let names = this.filesystems()?;
                match names.iter().any(|known| known == name) {
                    true => this.file_system(name),
                    false => Err(similar::hinted(
                        not_found(format!("Could not find filesystem with name {name}")),
                        name,
                        names.iter().map(String::as_str),
                    )),
                }
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "exists",
            &[FILE_SYSTEM],
            Ty::Bool,
            "True when it has a file system of that name.",
            "vm.storagepools.get('data').exists('web')",
            |this: &Arc<Self>, args| {
                let name = args.text("name");
                Ok(this.filesystems()?.iter().any(|known| known == name).into())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "create",
            &[
                FILE_SYSTEM,
                Param::optional(
                    "quota",
                    Ty::Any("bytes"),
                    Default::None,
                    "most it may hold (10G)",
                ),
            ],
            Ty::Object(class_of::<FileSystem>),
            "Makes a file system in it.",
            "vm.storagepools.get('data').create('mine', quota='10G')",
            |this: &Arc<Self>, args| {
                let name = checked(args, "name")?;
                let path = this.folder(name)?;
                ask(&this.core, "btrfs.subvol_create", json!({"path": path}))?;
                if args.given("quota") && !args.get("quota").is_none() {
                    let limit = match args.get("quota") {
                        Value::Str(text) => text.clone(),
                        Value::Int(bytes) => bytes.to_string(),
                        _ => return Err(args.error("quota", "must be like '10G', or bytes")),
                    };
                    let given = json!({"path": path, "limit": limit});
                    ask(&this.core, "btrfs.subvol_quota", given)?;
                }
                this.file_system(name)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "delete",
            &[Param::optional(
                "zero",
                Ty::Bool,
                Default::Bool(true),
                "also remove its partitions",
            )],
            Ty::Nothing,
            "Unmounts it and removes its partitions, after a question: what is on it is lost.",
            "vm.storagepools.get('data').delete()",
            |this: &Arc<Self>, args| {
                this.core.world().host.confirm(
                    &format!(
                        "pool {} of {}: what is on it is lost",
                        this.name,
                        this.core.base.path()
                    ),
                    "remove it?",
                )?;
                if let Some(place) = this.mounted()? {
                    ask(&this.core, "disk.umount", json!({"source": place}))?;
                }
                for device in this.devices().iter().filter(|_| args.flag("zero")) {
                    // `/dev/sda1` is partition 1 of `/dev/sda`; a whole disk has no number.
                    let disk = device.trim_end_matches(|c: char| c.is_ascii_digit());
                    let number = device.strip_prefix(disk).unwrap_or_default();
                    let disk = match disk.strip_suffix('p') {
                        Some(whole) if whole.ends_with(|c: char| c.is_ascii_digit()) => whole,
                        _ => disk,
                    };
                    if let Ok(number) = number.parse::<u32>() {
                        ask(
                            &this.core,
                            "disk.rmpart",
                            json!({"disk": disk, "number": number}),
                        )?;
                    }
                }
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("StoragePool <{}>", plain::line(&self.name, 80))
    }
    fn to_json(&self) -> Json {
        self.facts.clone()
    }
}
