//! What the files of an flist hold: `cat`, `extract`.
use std::path::Path;
use std::sync::Arc;

use super::facts::{backend, dict};
use super::listing::{count, location};
use super::place::{BACKEND, SECRET};
use super::value::FlistValue;
use super::work::Progress;
use crate::flist::{self, ExtractOptions, Kind, display};
use crate::object::{Args, Complete, Default, Error, Member, Needs, Param, Result, Ty, Value};

/// Largest file that `cat` answers, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

fn cat(flist: &FlistValue, args: &Args) -> Result<Value> {
    let at = location(args.text("path"))?;
    let node = flist.flist().stat(&at)?;
    let Kind::File { size, .. } = &node.kind else {
        return Err(Error::value(format!("{} is no file", display(&at))));
    };
    if *size > LARGEST {
        return Err(Error::value(format!(
            "{} has {size} bytes, {LARGEST} is the most for cat()",
            display(&at)
        ))
        .hint("use extract()"));
    }
    let backend = backend(flist, args)?;
    let bytes = flist::content(&node, &at, &backend)?;
    let is_text = !bytes.contains(&0);
    Ok(match String::from_utf8(bytes) {
        Ok(text) if is_text => Value::Str(text),
        Ok(text) => Value::Bytes(text.into_bytes()),
        Err(bytes) => Value::Bytes(bytes.into_bytes()),
    })
}

fn extract(flist: &FlistValue, args: &Args) -> Result<Value> {
    let backend = backend(flist, args)?;
    let progress = Progress::new(flist.world(), "extracting files");
    let at = |done, of| progress.at(done, of);
    let options = ExtractOptions {
        owners: args.flag("owners"),
        all_mode_bits: args.flag("owners"),
        progress: Some(&at),
    };
    let folder = Path::new(args.text("dir"));
    let made = flist::extract(flist.whole()?, &backend, folder, &options)?;
    let skipped = made.skipped.into_iter().map(Value::Str).collect();
    Ok(dict([
        ("files", count(made.files as u64)),
        ("directories", count(made.directories as u64)),
        ("links", count(made.links as u64)),
        ("skipped", skipped),
    ]))
}

pub(super) const MEMBERS: &[Member<FlistValue>] = &[
    Member::method(
        "cat",
        &[
            Param::required("path", Ty::Str, "path of a file in the flist"),
            BACKEND,
            SECRET,
        ],
        Ty::Any("str|bytes"),
        "Answers what a file holds: a text, or bytes when it is none.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist', backend='/tmp/chunks')\n\
         f.cat(f.list()[0]['path'], backend='/tmp/chunks')",
        |flist: &Arc<FlistValue>, args| cat(flist, args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "extract",
        &[
            Param::required("dir", Ty::Str, "folder that is empty or not there")
                .completed_by(Complete::File),
            BACKEND,
            SECRET,
            Param::optional(
                "owners",
                Ty::Bool,
                Default::Bool(false),
                "give files to the users that the flist names, with all bits of the mode",
            ),
        ],
        Ty::Dict,
        "Makes its files in a folder. Devices and sockets are left out and named.",
        "f = j.data.flist.from_dir('examples', '/tmp/examples.flist', backend='/tmp/chunks')\n\
         f.extract('/tmp/extracted', backend='/tmp/chunks')",
        |flist, args| extract(flist, args),
    )
    .needs(Needs::NETWORK),
];
