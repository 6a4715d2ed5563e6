//! Making flists: `from_dir`, `from_tar`, `merge`.
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use super::open::open;
use super::place::{self, BACKEND, SECRET};
use super::value::FlistValue;
use super::work::{Progress, Stoppable};
use super::{Flists, work};
use crate::flist::{self, Address, BuildOptions, Built, Format, Metadata, Names, TarLimits, Tree};
use crate::j::world::World;
use crate::object::{
    Args, Complete, Default, Error, Kind, Member, Needs, Param, Result, Ty, Value, class_of,
};

/// The file that is written.
pub const FILE: Param =
    Param::required("file", Ty::Str, "the flist that is written").completed_by(Complete::File);
/// Which format it has.
pub const FORMAT: Param = Param::optional(
    "format",
    Ty::Choice(&["2019", "2023"]),
    Default::Str("2019"),
    "of the year whose tools are to read it: 2019, or 2023 with numbers of users",
);
/// What is left out.
const EXCLUDE: Param = Param::optional(
    "exclude",
    Ty::List,
    Default::None,
    "regular expressions: paths within the folder that match one are left out",
);
/// What it starts.
const ENTRYPOINT: Param = Param::optional(
    "entrypoint",
    Ty::List,
    Default::None,
    "words of the command that it starts",
);

/// Most skipped files that are named one by one.
const NAMED: usize = 10;

/// The texts of an argument that is a list.
///
/// # Errors
/// When it is something else.
pub fn texts(args: &Args, name: &str) -> Result<Vec<String>> {
    match args.get(name) {
        Value::None => Ok(Vec::new()),
        Value::List(list) => list
            .iter()
            .map(|item| item.as_str().map(String::from))
            .collect::<Option<_>>()
            .ok_or_else(|| args.error(name, "must be a list of texts")),
        _ => Err(args.error(name, "must be a list of texts")),
    }
}

/// Names of the users and groups of this machine.
pub fn names() -> Names {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    Names::from_texts(&read("/etc/passwd"), &read("/etc/group"))
}

/// The format of the arguments.
pub fn format(args: &Args) -> Format {
    match args.text("format") {
        "2023" => Format::Y2023,
        _ => Format::Y2019,
    }
}

/// Writes an flist of a tree, and opens it. The row of the backend names where its chunks are.
///
/// # Errors
/// When it cannot be written.
pub fn write(
    world: &Arc<World>,
    tree: &Tree,
    mut metadata: Metadata,
    backend: Option<&Address>,
    args: &Args,
) -> Result<Arc<FlistValue>> {
    if let Some(row) = backend.and_then(Address::to_metadata) {
        metadata.insert("backend".into(), row);
    }
    let file = Path::new(args.text("file"));
    flist::write_file(tree, &metadata, format(args), file)?;
    FlistValue::from_file(world, file)
}

/// Tells what was left out, and how many chunks were new.
pub fn tell(world: &World, built: &Built, backend: Option<&Address>) {
    for (path, reason) in built.skipped.iter().take(NAMED) {
        world.host.note(&format!("left out {path}: {reason}"));
    }
    if let Some(more) = built.skipped.len().checked_sub(NAMED).filter(|n| *n > 0) {
        world.host.note(&format!("and {more} more left out"));
    }
    if let Some(backend) = backend {
        world.host.note(&format!(
            "{} chunks brought to {backend}, {} were there",
            built.uploaded, built.present
        ));
    }
}

fn build(
    world: &Arc<World>,
    args: &Args,
    what: &'static str,
    exclude: Vec<String>,
    run: impl FnOnce(Option<&dyn flist::Backend>, &BuildOptions<'_>) -> flist::Result<Built>,
) -> Result<Value> {
    work::go_on(world)?;
    let address = place::address(args)?;
    let backend = match &address {
        Some(address) => Some(Stoppable::new(world, place::open(address)?)),
        None => None,
    };
    let built = {
        let progress = Progress::new(world, what);
        let at = |done, of| progress.at(done, of);
        let options = BuildOptions {
            names: names(),
            exclude,
            progress: Some(&at),
            stop: Some(&world.interrupt),
            ..BuildOptions::default()
        };
        let backend = backend
            .as_ref()
            .map(|backend| backend as &dyn flist::Backend);
        run(backend, &options)?
    };
    let entry = texts(args, "entrypoint")?;
    let mut metadata = Metadata::new();
    if !entry.is_empty() {
        metadata.insert("entrypoint".into(), serde_json::json!(entry).to_string());
    }
    let value = write(world, &built.tree, metadata, address.as_ref(), args)?;
    tell(world, &built, address.as_ref());
    Ok(value.into())
}

fn from_dir(flists: &Flists, args: &Args) -> Result<Value> {
    let folder = Path::new(args.text("dir"));
    let exclude = texts(args, "exclude")?;
    build(
        flists.world(),
        args,
        "reading files",
        exclude,
        |backend, options| flist::from_dir(folder, backend, options),
    )
}

fn from_tar(flists: &Flists, args: &Args) -> Result<Value> {
    let path = Path::new(args.text("tar"));
    let archive = File::open(path)
        .map_err(|e| Error::new(Kind::Io, format!("cannot read {}: {e}", path.display())))?;
    let exclude = texts(args, "exclude")?;
    build(
        flists.world(),
        args,
        "reading entries",
        exclude,
        |backend, options| flist::from_tar(archive, backend, &TarLimits::default(), options),
    )
}

fn merge(flists: &Flists, args: &Args) -> Result<Value> {
    let wrong = || args.error("flists", "must be a list of flists, or of paths of flists");
    let Value::List(list) = args.get("flists") else {
        return Err(wrong());
    };
    let mut opened = Vec::new();
    for item in list {
        opened.push(match item {
            Value::Str(path) => open(flists.world(), path, "")?,
            value => value.downcast::<FlistValue>().ok_or_else(wrong)?,
        });
    }
    let mut trees = Vec::new();
    let mut metadata = Metadata::new();
    for flist in &opened {
        trees.push(flist.whole()?.clone());
        for (name, row) in flist.metadata()? {
            metadata.entry(name).or_insert(row);
        }
    }
    let backends = opened
        .iter()
        .map(|flist| Ok(flist.metadata()?.get("backend").cloned()));
    let backends: Vec<Option<String>> = backends.collect::<Result<_>>()?;
    if backends.windows(2).any(|pair| pair.first() != pair.last()) {
        flists
            .world()
            .host
            .note("these flists name different backends: the first one's is kept");
    }
    let merged = flist::merge(trees).ok_or_else(|| args.error("flists", "is empty"))?;
    write(flists.world(), &merged, metadata, None, args).map(Into::into)
}

pub(super) const MEMBERS: &[Member<Flists>] = &[
    Member::method(
        "from_dir",
        &[
            Param::required("dir", Ty::Str, "folder on this machine").completed_by(Complete::File),
            FILE,
            BACKEND,
            SECRET,
            EXCLUDE,
            ENTRYPOINT,
            FORMAT,
        ],
        Ty::Object(class_of::<FlistValue>),
        "Makes an flist of a folder, and brings its chunks to a backend if one is named.\n\
         Chunks that are there already are not brought again, so it can be repeated after a break.",
        "j.data.flist.from_dir('examples', '/tmp/examples.flist', backend='/tmp/chunks')",
        |flists: &Arc<Flists>, args| from_dir(flists, args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "from_tar",
        &[
            Param::required("tar", Ty::Str, "archive: .tar or .tar.gz")
                .completed_by(Complete::File),
            FILE,
            BACKEND,
            SECRET,
            EXCLUDE,
            ENTRYPOINT,
            FORMAT,
        ],
        Ty::Object(class_of::<FlistValue>),
        "Makes an flist of a tar archive, which is not unpacked for it.",
        "",
        |flists, args| from_tar(flists, args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "merge",
        &[
            Param::required("flists", Ty::List, "flists, or their paths; the first wins"),
            FILE,
            FORMAT,
        ],
        Ty::Object(class_of::<FlistValue>),
        "Unites flists: directories are united, of anything else the first one's is taken.",
        "a = j.data.flist.from_dir('examples', '/tmp/examples.flist')\n\
         j.data.flist.merge([a, '/tmp/examples.flist'], '/tmp/merged.flist')",
        |flists, args| merge(flists, args),
    )
    .needs(Needs::NETWORK),
];
