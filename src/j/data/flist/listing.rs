//! What is in an flist: `list`, `stat`, `tree`.
use std::sync::Arc;

use indexmap::IndexMap;

use super::drawing::Drawing;
use super::value::FlistValue;
use crate::flist::{Kind, Node, SpecialKind, Tree, display};
use crate::j::clients::zos::rows::Rows;
use crate::object::dict::Dict;
use crate::object::{Default, Error, Member, Param, Result, Ty, Value, class_of};

const PATH: Param = Param::required("path", Ty::Str, "path in the flist");

/// A path of a user as a location.
pub(super) fn location(path: &str) -> Result<Vec<u8>> {
    Tree::location(path.as_bytes()).map_err(|error| Error::value(error.to_string()))
}

/// The word for what a node is.
pub(super) fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Dir => "dir",
        Kind::File { .. } => "file",
        Kind::Link { .. } => "link",
        Kind::Special { kind, .. } => match kind {
            SpecialKind::Socket => "socket",
            SpecialKind::BlockDevice => "block",
            SpecialKind::CharDevice => "char",
            SpecialKind::Fifo => "fifo",
            SpecialKind::Unknown => "special",
        },
    }
}

/// Bytes of a node, as listings show them.
pub(super) fn size(kind: &Kind) -> u64 {
    match kind {
        Kind::Dir => 4096,
        Kind::File { size, .. } => *size,
        Kind::Link { target } => target.len() as u64,
        Kind::Special { .. } => 0,
    }
}

pub(super) fn count(n: u64) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A text of the flist, fit to be shown.
fn shown(bytes: &[u8]) -> String {
    // With a slash before it, as paths are shown; targets may have none.
    display(bytes).chars().skip(1).collect()
}

/// The columns of a listing.
fn record(location: &[u8], node: &Node) -> IndexMap<String, Value> {
    let target = match &node.kind {
        Kind::Link { target } => Value::Str(shown(target)),
        _ => Value::None,
    };
    let mode = format!("{:04o}", node.meta.mode);
    [
        ("path", Value::Str(display(location))),
        ("type", kind(&node.kind).into()),
        ("size", count(size(&node.kind))),
        ("mode", mode.into()),
        ("user", node.meta.user.clone().into()),
        ("group", node.meta.group.clone().into()),
        ("target", target),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn list(flist: &FlistValue, path: &str, recursive: bool) -> Result<Value> {
    let at = location(path)?;
    let row = |location: &[u8], node: &Node| Value::object(Dict::new(record(location, node)));
    let rows: Vec<Value> = match recursive {
        true => {
            let tree = flist.whole()?;
            let Some(top) = tree.get(&at) else {
                return Err(crate::flist::Error::NotFound { path: display(&at) }.into());
            };
            if top.kind != Kind::Dir {
                vec![row(&at, top)]
            } else {
                tree.below(&at).map(|(at, node)| row(at, node)).collect()
            }
        }
        false => {
            let found = flist.flist();
            let top = found.stat(&at)?;
            if top.kind == Kind::Dir {
                let mut inside = found.list(&at)?;
                inside.sort_by(|(a, _), (b, _)| a.cmp(b));
                let path = |name: &[u8]| match at.is_empty() {
                    true => name.to_vec(),
                    false => [at.as_slice(), b"/", name].concat(),
                };
                let rows = inside.iter().map(|(name, node)| row(&path(name), node));
                rows.collect()
            } else {
                vec![row(&at, &top)]
            }
        }
    };
    Ok(Rows::of(rows))
}

fn stat(flist: &FlistValue, path: &str) -> Result<Value> {
    let at = location(path)?;
    let node = flist.flist().stat(&at)?;
    let mut facts = record(&at, &node);
    let number = |id: Option<u32>| id.map_or(Value::None, Value::from);
    facts.insert("uid".into(), number(node.meta.uid));
    facts.insert("gid".into(), number(node.meta.gid));
    facts.insert("created".into(), node.meta.created.into());
    facts.insert("modified".into(), node.meta.modified.into());
    match &node.kind {
        Kind::File { blocks, .. } => {
            let chunk = |block: &crate::flist::Block| {
                let words = [
                    ("key", block.id.to_string()),
                    ("decipher", hex::encode(block.key)),
                ];
                let words = words.map(|(name, value)| (name.to_owned(), value.into()));
                Value::object(Dict::new(words.into_iter().collect()))
            };
            facts.insert("chunks".into(), blocks.iter().map(chunk).collect());
        }
        Kind::Special {
            device: Some((major, minor)),
            ..
        } => {
            facts.insert("device".into(), format!("{major},{minor}").into());
        }
        _ => {}
    }
    Ok(Value::object(Dict::new(facts)))
}

pub(super) const MEMBERS: &[Member<FlistValue>] = &[
    Member::method(
        "list",
        &[
            Param::optional("path", Ty::Str, Default::Str("/"), "directory, or one file"),
            Param::optional(
                "recursive",
                Ty::Bool,
                Default::Bool(false),
                "also what is in the directories below",
            ),
        ],
        Ty::Object(class_of::<Rows>),
        "Lists what is in a directory: path, type, size, mode, user, group, target of a link.\n\
         .table() prints it as a table.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist')\n\
         f.list(recursive=True).table()",
        |flist: &Arc<FlistValue>, args| list(flist, args.text("path"), args.flag("recursive")),
    ),
    Member::method(
        "stat",
        &[PATH],
        Ty::Dict,
        "Tells everything of one file: also numbers of owners, times, and its chunks.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist')\n\
         f.stat('/')",
        |flist, args| stat(flist, args.text("path")),
    ),
    Member::method(
        "tree",
        &[Param::optional(
            "path",
            Ty::Str,
            Default::Str("/"),
            "directory to begin at",
        )],
        Ty::Object(class_of::<Drawing>),
        "Draws the directories and files.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist')\n\
         f.tree()",
        |flist, args| Drawing::of(flist.whole()?, &location(args.text("path"))?),
    ),
];
