//! File systems of a storage pool, and their snapshots.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::core::not_found;
use super::storagepools::{StoragePool, ask, checked};
use crate::object::{Class, Default, Member, Needs, Paint, Param, Result, Ty, Value, class_of};
use crate::zos::plain;

/// A file system of a storage pool.
pub struct FileSystem {
    pub(super) pool: Arc<StoragePool>,
    pub(super) name: String,
    pub(super) path: String,
}

impl FileSystem {
    fn folder(&self) -> String {
        format!("snapshots/{}", self.name)
    }

    fn snapshot(self: &Arc<Self>, name: &str) -> Result<Value> {
        let path = format!("{}/{}/{name}", self.pool.mount()?, self.folder());
        Ok(Value::object(Snapshot {
            of: self.clone(),
            name: name.to_string(),
            path,
        }))
    }

    fn names(&self) -> Result<Vec<String>> {
        let names = self
            .pool
            .volumes(&self.folder())?
            .into_iter()
            .filter_map(|item| Some(item["Path"].as_str()?.rsplit('/').next()?.to_string()));
        Ok(names.collect())
    }
}

const NAME: Param = Param::required("name", Ty::Str, "name of the snapshot");

impl Class for FileSystem {
    const NAME: &'static str = "FileSystem";
    const DOC: &'static str = "A file system of a storage pool.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "vm.storagepools.get('data').get('web').name",
            |this: &Arc<Self>, _| Ok(this.name.clone().into()),
        ),
        Member::property(
            "path",
            Ty::Str,
            "Its folder on the node: for mounts of containers.",
            "vm.storagepools.get('data').get('web').path",
            |this: &Arc<Self>, _| Ok(this.path.clone().into()),
        ),
        Member::method(
            "snapshots",
            &[],
            Ty::List,
            "Lists its snapshots.",
            "vm.storagepools.get('data').get('web').snapshots()",
            |this: &Arc<Self>, _| {
                let names = this.names()?;
                let all = names.iter().map(|name| this.snapshot(name));
                all.collect::<Result<Vec<_>>>().map(Value::List)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "snapshot_create",
            &[
                NAME,
                Param::optional(
                    "read_only",
                    Ty::Bool,
                    Default::Bool(true),
                    "nobody changes it",
                ),
            ],
            Ty::Object(class_of::<Snapshot>),
            "Keeps what it holds now under a name.",
            "vm.storagepools.get('data').get('web').snapshot_create('before')",
            |this: &Arc<Self>, args| {
                let name = checked(args, "name")?;
                let core = &this.pool.core;
                let folder = format!("{}/{}", this.pool.mount()?, this.folder());
                ask(core, "filesystem.mkdir", json!({"path": folder}))?;
                let given = json!({"source": this.path, "destination": format!("{folder}/{name}"),
                    "read_only": args.flag("read_only")});
                ask(core, "btrfs.subvol_snapshot", given)?;
                this.snapshot(name)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "snapshot_get",
            &[NAME],
            Ty::Object(class_of::<Snapshot>),
            "Answers a snapshot by its name.",
            "vm.storagepools.get('data').get('web').snapshot_get('old')",
            |this: &Arc<Self>, args| {
                let name = args.text("name");
                match this.names()?.iter().any(|known| known == name) {
                    true => this.snapshot(name),
                    false => Err(not_found(format!(
                        "Could not find snapshot with name {name}"
                    ))),
                }
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "delete",
            &[],
            Ty::Nothing,
            "Removes it, after a question: what is in it is lost.",
            "vm.storagepools.get('data').get('web').delete()",
            |this: &Arc<Self>, _| {
                let core = &this.pool.core;
                let what = format!("file system {} of {}", this.path, core.base.path());
                core.world()
                    .host
                    .confirm(&format!("{what}: what is in it is lost"), "remove it?")?;
                ask(core, "btrfs.subvol_delete", json!({"path": this.path}))?;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "FileSystem <{}: {}>",
            plain::line(&self.pool.name, 60),
            plain::line(&self.name, 60)
        )
    }
    fn to_json(&self) -> Json {
        json!({"pool": self.pool.name, "name": self.name, "path": self.path})
    }
}

/// A snapshot of a file system.
pub struct Snapshot {
    of: Arc<FileSystem>,
    name: String,
    path: String,
}

impl Class for Snapshot {
    const NAME: &'static str = "Snapshot";
    const DOC: &'static str = "A snapshot of a file system.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "vm.storagepools.get('data').get('web').snapshot_get('old').name",
            |this: &Arc<Self>, _| Ok(this.name.clone().into()),
        ),
        Member::property(
            "path",
            Ty::Str,
            "Its folder on the node.",
            "vm.storagepools.get('data').get('web').snapshot_get('old').path",
            |this: &Arc<Self>, _| Ok(this.path.clone().into()),
        ),
        Member::method(
            "rollback",
            &[],
            Ty::Nothing,
            "Gives the file system back what this holds, after a question.",
            "vm.storagepools.get('data').get('web').snapshot_get('old').rollback()",
            |this: &Arc<Self>, _| {
                let (core, path) = (&this.of.pool.core, &this.of.path);
                let what = format!(
                    "{path} of {} becomes snapshot {}",
                    core.base.path(),
                    this.name
                );
                core.world()
                    .host
                    .confirm(&format!("{what}: what was written since is lost"), "do it?")?;
                ask(core, "btrfs.subvol_delete", json!({"path": path}))?;
                let given = json!({"source": this.path, "destination": path, "read_only": false});
                ask(core, "btrfs.subvol_snapshot", given)?;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "delete",
            &[],
            Ty::Nothing,
            "Removes it.",
            "vm.storagepools.get('data').get('web').snapshot_get('old').delete()",
            |this: &Arc<Self>, _| {
                let given = json!({"path": this.path});
                ask(&this.of.pool.core, "btrfs.subvol_delete", given)?;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("Snapshot <{}>", plain::line(&self.name, 80))
    }
    fn to_json(&self) -> Json {
        json!({"name": self.name, "path": self.path})
    }
}
