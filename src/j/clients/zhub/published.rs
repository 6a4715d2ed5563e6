//! What an upload, conversion or merge became.
use crate::flist::hub::Account;
use crate::j::clients::zos::rows::dict;
use crate::object::{Class, Member, Paint, Ty, Value};

/// An flist that is available now.
pub struct PublishedFlist {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) storage: String,
    pub(super) files: Option<Account>,
}

impl Class for PublishedFlist {
    const NAME: &'static str = "PublishedFlist";
    const DOC: &'static str = "An flist that a hub has made available.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name, with .flist.",
            "hub.upload(archive).name",
            |p, _| Ok(p.name.clone().into()),
        ),
        Member::property(
            "source",
            Ty::Str,
            "Its address, which a container is created from.",
            "hub.upload(archive).source",
            |p, _| Ok(p.source.clone().into()),
        ),
        Member::property(
            "url",
            Ty::Str,
            "The same address.",
            "hub.upload(archive).url",
            |p, _| Ok(p.source.clone().into()),
        ),
        Member::property(
            "storage",
            Ty::Str,
            "Where its chunks are.",
            "hub.upload(archive).storage",
            |p, _| Ok(p.storage.clone().into()),
        ),
        Member::property(
            "files",
            Ty::Any("dict or None"),
            "How many files, links, directories and others are in it, where the hub tells.",
            "hub.upload(archive).files",
            |p, _| {
                let files = p.files.and_then(|files| serde_json::to_value(files).ok());
                Ok(
                    match files.as_ref().and_then(serde_json::Value::as_object) {
                        Some(files) => Value::object(dict(files)),
                        None => Value::None,
                    },
                )
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let mut text = format!(
            "Well done\nYour flist {} is available.\nSource: {}",
            self.name, self.source
        );
        if !self.storage.is_empty() {
            text.push_str(&format!("\nStorage: {}", self.storage));
        }
        text
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "source": self.source, "storage": self.storage,
                            "files": self.files })
    }
}
