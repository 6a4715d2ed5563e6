//! Labels for addresses: `c.address_book`.
//!
//! Each label is a record of its own below the record of the client, encrypted like all others;
//! they go with the client when it is deleted. Unlike properties they are stored at once.
use std::sync::Arc;

use indexmap::IndexMap;

use super::place::ClientCore;
use super::recipient;
use crate::j::model;
use crate::object::{Class, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value};
use crate::store::{Expect, Record, RecordId, Store};
use crate::tfchain::UnlockHash;
use crate::tfchain::explorer::ServerText;
use crate::tfchain::wallet::parse_address;

/// Where the records lie, below that of the client.
const LOCATION: &str = "j.clients.tfchain.*.address_book";
const SCHEMA: &str = r#"
@url = jumpscale.tfchain.label
address* = "" (S)
label* = "" (S)
"#;
/// Longest label, in characters.
const LONGEST_LABEL: usize = 40;
/// Characters of an address as text.
const ADDRESS_LENGTH: usize = 78;

/// The labels of a client, by address.
#[derive(Default)]
pub struct Labels(IndexMap<UnlockHash, String>);

impl Labels {
    /// The labels of a client.
    ///
    /// # Errors
    /// When the store cannot be opened or read.
    pub fn of(core: &ClientCore) -> Result<Labels> {
        match core.base.record_id() {
            Some(parent) => Labels::read(&*core.base.world.store()?, parent),
            None => Ok(Labels::default()),
        }
    }

    /// The same for printing: none when the store is not open, or cannot be read.
    pub fn if_open(core: &ClientCore) -> Labels {
        match (core.base.record_id(), core.base.world.opened_store()) {
            (Some(parent), Some(store)) => Labels::read(&store, parent).unwrap_or_default(),
            _ => Labels::default(),
        }
    }

    fn read(store: &Store, parent: RecordId) -> Result<Labels> {
        let schema = model::schema(SCHEMA)?;
        let mut labels = IndexMap::new();
        for record in store.scan(LOCATION, Some(parent))?.records {
            let data = schema.from_bytes(&record.data)?;
            if let (Some(Value::Str(address)), Some(Value::Str(label))) =
                (data.get("address"), data.get("label"))
                && let Ok(address) = parse_address(&address)
            {
                labels.insert(address, label);
            }
        }
        labels.sort_by(|_, a, _, b| a.cmp(b));
        Ok(Labels(labels))
    }

    /// The label of an address.
    pub fn get(&self, address: &UnlockHash) -> Option<&str> {
        self.0.get(address).map(String::as_str)
    }

    /// The address of a label.
    pub fn address(&self, label: &str) -> Option<UnlockHash> {
        let label = label.trim();
        let found = self.0.iter().find(|(_, known)| known.as_str() == label);
        found.map(|(address, _)| *address)
    }

    /// A text with the label in parentheses after each address that has one.
    pub fn mark(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let mut marked = String::with_capacity(text.len());
        let mut run = String::new();
        for c in text.chars().map(Some).chain([None]) {
            if let Some(digit) = c.filter(char::is_ascii_alphanumeric) {
                run.push(digit);
                continue;
            }
            marked.push_str(&run);
            if run.len() == ADDRESS_LENGTH
                && let Ok(address) = parse_address(&run)
                && let Some(label) = self.get(&address)
            {
                marked.push_str(&format!(" ({label})"));
            }
            run.clear();
            marked.extend(c);
        }
        marked
    }

    /// A recipient with the addresses instead of labels.
    fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Str(text) if parse_address(text).is_err() => match self.address(text) {
                Some(address) => Value::Str(address.to_string()),
                None => value.clone(),
            },
            Value::List(list) => list.iter().map(|item| self.resolve(item)).collect(),
            other => other.clone(),
        }
    }
}

/// What a user wrote for a recipient, with the addresses instead of labels.
///
/// # Errors
/// When the store cannot be read.
pub fn resolve(core: &ClientCore, value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Str(_) | Value::List(_) => Labels::of(core)?.resolve(value),
        other => other.clone(),
    })
}

fn checked(label: &str) -> Result<&str> {
    let label = label.trim();
    let length = label.chars().count();
    if length == 0 || length > LONGEST_LABEL {
        return Err(Error::value(format!(
            "a label has 1 to {LONGEST_LABEL} characters, not {length}"
        )));
    }
    if ServerText::new(label).as_str() != label {
        return Err(Error::value(
            "a label has characters that can be printed only",
        ));
    }
    Ok(label)
}

/// The labels of a client.
pub struct AddressBook {
    core: Arc<ClientCore>,
}

impl AddressBook {
    /// The address book of a client.
    pub fn new(core: Arc<ClientCore>) -> Arc<Self> {
        Arc::new(AddressBook { core })
    }

    fn set(&self, address: &Value, label: &str) -> Result<()> {
        let (address, label) = (recipient::address(address)?, checked(label)?);
        if let Some(other) = Labels::of(&self.core)?.address(label)
            && other != address
        {
            return Err(
                Error::value(format!("{other} has the label '{label}' already")).hint(format!(
                    "take another one, or remove that first: {}.address_book.remove('{label}')",
                    self.core.base.path()
                )),
            );
        }
        let base = &self.core.base;
        if !base.is_stored() {
            base.save(false)?;
        }
        let schema = model::schema(SCHEMA)?;
        let mut data = schema.fresh()?;
        data.set("address", &address.to_string().into())?;
        data.set("label", &label.into())?;
        let record = Record {
            id: None,
            revision: 0,
            location: LOCATION.into(),
            parent: base.record_id(),
            name: address.to_string(),
            schema_url: schema.url().to_string(),
            schema_text: schema.text().to_string(),
            data: data.to_bytes()?,
        };
        base.world.store()?.put(&record, Expect::Force)?;
        Ok(())
    }

    /// Address and label of what was given, which is either.
    fn find(&self, given: &str) -> Result<Option<(UnlockHash, String)>> {
        let labels = Labels::of(&self.core)?;
        let address = parse_address(given).ok().or_else(|| labels.address(given));
        Ok(address.and_then(|address| Some((address, labels.get(&address)?.to_owned()))))
    }

    fn known(&self, given: &str) -> Result<(UnlockHash, String)> {
        self.find(given)?.ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("'{given}' is neither a label nor an address with one"),
            )
            .hint(format!("see {}.address_book.list()", self.core.base.path()))
        })
    }
}

const WHICH: Param = Param::required("which", Ty::Str, "the address, or its label");

impl Class for AddressBook {
    const NAME: &'static str = "AddressBook";
    const DOC: &'static str = "Labels for addresses, kept encrypted below the client.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "set",
            &[
                Param::required("address", Ty::Any("address"), "the address"),
                Param::required("label", Ty::Str, "its label: 1 to 40 characters"),
            ],
            Ty::Nothing,
            "Gives an address a label, instead of the one it may have. Stored at once, and the\n\
             client with it when it never was.",
            "c.address_book.set(w.address, 'savings')",
            |this: &Arc<AddressBook>, args| {
                this.set(args.get("address"), args.text("label"))
                    .map(Value::from)
            },
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "get",
            &[WHICH],
            Ty::Str,
            "Answers the label of an address, or the address of a label.",
            "c.address_book.set(w.address, 'savings')\nc.address_book.get('savings')",
            |this: &Arc<AddressBook>, args| {
                let given = args.text("which");
                let (address, label) = this.known(given)?;
                let is_address = parse_address(given).is_ok();
                Ok(if is_address {
                    label
                } else {
                    address.to_string()
                }
                .into())
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "remove",
            &[WHICH],
            Ty::Nothing,
            "Takes the label of an address away.",
            "c.address_book.set(w.address, 'savings')\nc.address_book.remove('savings')",
            |this: &Arc<AddressBook>, args| {
                let (address, _) = this.known(args.text("which"))?;
                let base = &this.core.base;
                let store = base.world.store()?;
                let record = store.get(LOCATION, base.record_id(), &address.to_string())?;
                if let Some(id) = record.and_then(|record| record.id) {
                    store.delete(id)?;
                }
                Ok(Value::None)
            },
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "list",
            &[],
            Ty::Dict,
            "Lists the labels with their addresses.",
            "c.address_book.list()",
            |this: &Arc<AddressBook>, _| {
                let labels = Labels::of(&this.core)?;
                let entries = labels.0.into_iter();
                Ok(Value::Map(
                    entries
                        .map(|(a, label)| (label, a.to_string().into()))
                        .collect(),
                ))
            },
        )
        .needs(Needs::UNLOCKED),
    ]];

    fn location(&self) -> String {
        format!("{}.address_book", self.core.base.path())
    }
    fn repr(&self, _paint: Paint) -> String {
        let labels = Labels::if_open(&self.core);
        let lines: Vec<String> = labels
            .0
            .iter()
            .map(|(a, label)| format!("{a}  {label}"))
            .collect();
        match lines.is_empty() {
            true => "no labels".into(),
            false => lines.join("\n"),
        }
    }
}
