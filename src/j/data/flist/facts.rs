//! What an flist is as a whole: `info`, `check`, `diff`.
use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::listing::count;
use super::open::open;
use super::place::{self, BACKEND, SECRET};
use super::value::FlistValue;
use super::work::{Progress, Stoppable};
use crate::flist::{self, Address, Backend, Difference, Kind};
use crate::j::clients::zos::rows::Rows;
use crate::object::dict::Dict;
use crate::object::{Args, Error, Member, Needs, Param, Result, Ty, Value, class_of};

pub(super) fn dict(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entries = entries.into_iter();
    let entries: IndexMap<String, Value> = entries
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::object(Dict::new(entries))
}

fn info(flist: &FlistValue) -> Result<Value> {
    let tree = flist.whole()?;
    let (mut files, mut directories, mut links, mut specials) = (0, 0, 0, 0);
    let (mut bytes, mut chunks) = (0_u64, HashSet::new());
    for (location, node) in tree.iter() {
        match &node.kind {
            Kind::Dir if location.is_empty() => {}
            Kind::Dir => directories += 1,
            Kind::Link { .. } => links += 1,
            Kind::Special { .. } => specials += 1,
            Kind::File { size, blocks } => {
                files += 1;
                bytes = bytes.saturating_add(*size);
                chunks.extend(blocks.iter().map(|block| block.id));
            }
        }
    }
    let metadata = flist.metadata()?;
    let backend = metadata.get("backend");
    let backend = backend.and_then(|row| Address::from_metadata(row).ok());
    let entry = metadata.get("entrypoint");
    let entry = entry.and_then(|row| serde_json::from_str(row).ok());
    let others: Vec<Value> = metadata
        .keys()
        .filter(|name| !["backend", "entrypoint"].contains(&name.as_str()))
        .map(|name| Value::Str(crate::zos::plain::line(name, 80)))
        .collect();
    Ok(dict([
        ("source", flist.source().to_string().into()),
        ("file_size", count(flist.size())),
        ("regular", count(files)),
        ("directory", count(directories)),
        ("symlink", count(links)),
        ("special", count(specials)),
        ("bytes", count(bytes)),
        ("chunks", count(chunks.len() as u64)),
        ("backend", backend.map(|address| address.to_string()).into()),
        (
            "entrypoint",
            entry.map_or(Value::None, |json| Value::from_json(&json)),
        ),
        ("metadata", Value::List(others)),
    ]))
}

/// The backend of the arguments, else the one that the flist names.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub(super) fn backend(flist: &FlistValue, args: &Args) -> Result<Stoppable> {
    let address = match place::address(args)? {
        Some(address) => address,
        None => match flist.metadata()?.get("backend") {
            Some(row) => Address::from_metadata(row)?.with_secret(args.text("secret")),
            None => {
                return Err(Error::value("this flist does not say where its chunks are")
                    .hint("name the backend: backend='zdb://hub.grid.tf:9900'"));
            }
        },
    };
    Ok(Stoppable::new(flist.world(), place::open(&address)?))
}

fn check(flist: &FlistValue, args: &Args) -> Result<Value> {
    let backend = backend(flist, args)?;
    let tree = flist.whole()?;
    let progress = Progress::new(flist.world(), "checking files");
    let total = tree.len();
    let report = flist::check(tree, &backend, |done| progress.at(done, total))?;
    let row = |words: Vec<(&'static str, String)>| {
        dict(words.into_iter().map(|(name, text)| (name, text.into())))
    };
    let missing = report.missing.iter();
    let missing =
        missing.map(|(id, path)| row(vec![("chunk", id.to_string()), ("path", path.clone())]));
    let wrong = report.wrong.iter().map(|(id, path, reason)| {
        row(vec![
            ("chunk", id.to_string()),
            ("path", path.clone()),
            ("reason", reason.clone()),
        ])
    });
    let incomplete = report.incomplete.iter();
    Ok(dict([
        ("good", report.is_good().into()),
        ("backend", backend.name().into()),
        ("chunks", count(report.chunks as u64)),
        ("missing", missing.collect()),
        ("wrong", wrong.collect()),
        (
            "incomplete",
            incomplete.map(|path| path.clone().into()).collect(),
        ),
    ]))
}

fn diff(flist: &FlistValue, args: &Args) -> Result<Value> {
    let other = match args.get("other") {
        Value::Str(path) => open(flist.world(), path, "")?,
        value => value
            .downcast::<FlistValue>()
            .ok_or_else(|| args.error("other", "must be an flist, or the path of one"))?,
    };
    let row = |difference: &Difference| {
        let (change, path) = match difference {
            Difference::Added(path) => ("added", path),
            Difference::Removed(path) => ("removed", path),
            Difference::Content(path) => ("content", path),
            Difference::Meta(path) => ("owner or mode", path),
        };
        dict([("change", change.into()), ("path", path.clone().into())])
    };
    let differences = flist::diff(flist.whole()?, other.whole()?);
    Ok(Rows::of(differences.iter().map(row).collect()))
}

pub(super) const MEMBERS: &[Member<FlistValue>] = &[
    Member::method(
        "info",
        &[],
        Ty::Dict,
        "Counts what is in it, and tells where its chunks are and what it starts.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist')\nf.info()",
        |flist: &Arc<FlistValue>, _| info(flist),
    ),
    Member::method(
        "check",
        &[BACKEND, SECRET],
        Ty::Dict,
        "Fetches every chunk once, and looks whether it is there and right.\n\
         Without a backend the one that the flist names is asked.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist', backend='/tmp/chunks')\n\
         f.check(backend='/tmp/chunks')",
        |flist, args| check(flist, args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "diff",
        &[Param::required(
            "other",
            Ty::Any("flist|str"),
            "the other flist, or its path",
        )],
        Ty::Object(class_of::<Rows>),
        "Lists what differs in another flist; times alone are no difference.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist')\nf.diff(f)",
        |flist, args| diff(flist, args),
    ),
];
