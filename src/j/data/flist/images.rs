//! Flists from images of containers: `from_docker_archive`, `from_oci_layout`, `from_registry`; and
//! images of folders: `image_new`.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::Flists;
use super::make::{FORMAT, format, texts};
use super::place::{self, BACKEND, SECRET};
use super::value::FlistValue;
use super::work::{self, Stoppable};
use crate::flist::image::{
    ConvertOptions, Image, ImageError, Login, MakeOptions, OpenOptions, Platform, PullOptions,
    make, pull,
};
use crate::flist::{self, Address, Metadata};
use crate::j::world::World;
use crate::object::{
    Args, Complete, Default, Error, Kind, Member, Needs, Param, Result, Ty, Value, class_of,
};

/// The flist that is written.
const FLIST: Param = Param::optional(
    "flist",
    Ty::Str,
    Default::None,
    "the flist that is written; without it one here, named after the image: nginx-latest.flist",
)
.completed_by(Complete::File);
const PLATFORM: Param = Param::optional(
    "platform",
    Ty::Str,
    Default::Str("linux/amd64"),
    "what the image has to be made for",
);
const KEEP_CMD: Param = Param::optional(
    "keep_cmd",
    Ty::Bool,
    Default::Bool(false),
    "keep the command of an image whose entry point has arguments; hubs drop it",
);
const IMAGE: Param = Param::optional(
    "image",
    Ty::Str,
    Default::None,
    "name of the image, where there are several",
);

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Self {
        let text = error.to_string();
        match error {
            ImageError::Flist(error) => error.into(),
            ImageError::NotThere { .. } | ImageError::Unnamed { .. } => {
                Error::new(Kind::NotFound, text)
            }
            ImageError::Unreachable { .. } | ImageError::Answer { .. } => {
                Error::new(Kind::Network, text)
            }
            ImageError::Denied { .. } => {
                Error::new(Kind::Refused, text).hint("name yourself with user= and password=")
            }
            ImageError::Platform { .. } => Error::value(text).hint("choose one with platform="),
            _ => Error::value(text),
        }
    }
}

fn platform(args: &Args) -> Result<Platform> {
    Ok(args.text("platform").parse()?)
}

/// Shows bytes of long work as megabytes, when the number that is shown changes.
pub fn megabytes(
    world: &Arc<World>,
    what: &'static str,
) -> impl Fn(u64, u64) + Send + Sync + use<> {
    const TENTH: u64 = 100_000;
    let shown = AtomicU64::new(u64::MAX);
    let world = world.clone();
    move |done, of| {
        let tenths = done / TENTH;
        if shown.swap(tenths, Ordering::Relaxed) == tenths {
            return;
        }
        let all = of.div_ceil(TENTH);
        let text = format!(
            "{what}: {}.{} of {}.{} MB",
            tenths / 10,
            tenths % 10,
            all / 10,
            all % 10
        );
        world.host.progress(Some(&text));
    }
}

/// Takes the progress away, however work ends.
pub struct Ended<'a>(pub &'a World);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.host.progress(None);
    }
}

/// Where the flist is written.
fn target(args: &Args, name: &str) -> PathBuf {
    match args.opt_text("flist") {
        Some(file) => PathBuf::from(file),
        None => PathBuf::from(name),
    }
}

/// Converts an image, writes the flist, and opens it.
fn convert(
    world: &Arc<World>,
    args: &Args,
    image: &Image,
    backend: Option<&Address>,
) -> Result<Value> {
    let opened = match backend {
        Some(address) => Some(Stoppable::new(world, place::open(address)?)),
        None => None,
    };
    let _ended = Ended(world);
    let progress = megabytes(world, "converting");
    let options = ConvertOptions {
        keep_cmd: args.flag("keep_cmd"),
        progress: Some(&progress),
        stop: Some(&world.interrupt),
        ..ConvertOptions::default()
    };
    let opened = opened.as_ref().map(|one| one as &dyn flist::Backend);
    let converted = image.convert(opened, &options)?;
    let mut metadata = Metadata::new();
    if let Some(row) = backend.and_then(Address::to_metadata) {
        metadata.insert("backend".into(), row);
    }
    let file = target(args, &converted.name);
    flist::write_file(&converted.tree, &metadata, format(args), &file)?;
    if let Some(backend) = backend {
        world.host.note(&format!(
            "{} chunks brought to {backend}, {} were there",
            converted.uploaded, converted.present
        ));
    }
    Ok(FlistValue::from_file(world, &file)?.into())
}

fn opened(
    flists: &Flists,
    args: &Args,
    open: fn(&Path, &OpenOptions) -> ImageResult,
) -> Result<Value> {
    let world = flists.world();
    work::go_on(world)?;
    let address = place::address(args)?;
    let options = OpenOptions {
        platform: platform(args)?,
        image: args.opt_text("image").map(str::to_owned),
        ..OpenOptions::default()
    };
    let image = open(Path::new(args.text("file")), &options)?;
    convert(world, args, &image, address.as_ref())
}

type ImageResult = std::result::Result<Image, ImageError>;

fn from_registry(flists: &Flists, args: &Args) -> Result<Value> {
    let world = flists.world();
    work::go_on(world)?;
    let address = place::address(args)?;
    let name = args.text("image");
    let file = target(args, &flist::image::flist_name(name));
    let cache = args.opt_text("cache").map(PathBuf::from);
    // What was fetched before a break is taken up by the next call.
    let own = file.with_extension("blobs");
    let mut options = PullOptions::new(cache.clone().unwrap_or_else(|| own.clone()));
    options.platform = platform(args)?;
    options.registry = args.opt_text("registry").map(str::to_owned);
    options.insecure = args.flag("insecure");
    options.login = match (args.opt_text("user"), args.opt_text("password")) {
        (Some(user), Some(password)) => Some(Login {
            user: user.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        }),
        (None, None) => None,
        (Some(_), None) => return Err(args.error("password", "is needed with user=")),
        (None, Some(_)) => return Err(args.error("user", "is needed with password=")),
    };
    let image = {
        let _ended = Ended(world);
        options.progress = Some(Arc::new(megabytes(world, "fetching")));
        world.block_on(pull(name, &options))??
    };
    let made = convert(world, args, &image, address.as_ref())?;
    if cache.is_none() {
        // The flist is there: what it was made of only takes room.
        let _ = std::fs::remove_dir_all(own);
    }
    Ok(made)
}

/// A text made of a value of the arguments.
fn plain(args: &Args, name: &str, value: &Value) -> Result<String> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(if *truth { "1" } else { "0" }.into()),
        _ => Err(args.error(name, "must be a dict of texts")),
    }
}

fn image_new(flists: &Flists, args: &Args) -> Result<Value> {
    let world = flists.world();
    work::go_on(world)?;
    let env = match args.get("env") {
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| Ok((key.clone(), plain(args, "env", value)?)))
            .collect::<Result<_>>()?,
        _ => Vec::new(),
    };
    let now = world.now().duration_since(std::time::UNIX_EPOCH);
    let options = MakeOptions {
        name: args.text("name").to_owned(),
        entrypoint: texts(args, "entrypoint")?,
        cmd: texts(args, "cmd")?,
        env,
        working_dir: args.opt_text("workdir").map(str::to_owned),
        platform: platform(args)?,
        created: now.map_or(0, |now| u32::try_from(now.as_secs()).unwrap_or(u32::MAX)),
    };
    let (folder, file) = (Path::new(args.text("dir")), Path::new(args.text("file")));
    let made = make(folder, file, &options)?;
    for path in &made.skipped {
        world.host.note(&format!("left out {path}: it is a socket"));
    }
    Ok(Value::Str(made.digest.to_string()))
}

pub(super) const MEMBERS: &[Member<Flists>] = &[
    Member::method(
        "from_docker_archive",
        &[
            Param::required("file", Ty::Str, "archive of docker save, or of an OCI layout")
                .completed_by(Complete::File),
            FLIST,
            BACKEND,
            SECRET,
            IMAGE,
            PLATFORM,
            KEEP_CMD,
            FORMAT,
        ],
        Ty::Object(class_of::<FlistValue>),
        "Makes an flist of an image that docker saved, and brings its chunks to a backend if one is named.\n\
         Nothing of it is unpacked on this machine. What it starts is written to /.startup.toml.",
        "j.data.flist.image_new('examples', '/tmp/hello.tar', 'hello', ['/bin/hello'])\n\
         j.data.flist.from_docker_archive('/tmp/hello.tar', '/tmp/hello.flist', backend='/tmp/chunks')",
        |flists: &Arc<Flists>, args| opened(flists, args, Image::open_archive),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "from_oci_layout",
        &[
            Param::required("file", Ty::Str, "folder of an OCI image layout, or its archive")
                .completed_by(Complete::File),
            FLIST,
            BACKEND,
            SECRET,
            IMAGE,
            PLATFORM,
            KEEP_CMD,
            FORMAT,
        ],
        Ty::Object(class_of::<FlistValue>),
        "Makes an flist of an image in an OCI layout: a folder with index.json and blobs.",
        "j.data.flist.image_new('examples', '/tmp/hello.tar', 'hello', ['/bin/hello'])\n\
         j.data.flist.from_oci_layout('/tmp/hello.tar', '/tmp/hello.flist')",
        |flists: &Arc<Flists>, args| opened(flists, args, Image::open),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "from_registry",
        &[
            Param::required("image", Ty::Str, "its name: nginxdemos/hello, localhost:5000/x:1.0"),
            FLIST,
            BACKEND,
            SECRET,
            Param::optional(
                "registry",
                Ty::Str,
                Default::None,
                "registry of names without one: localhost:5000; docker.io if None",
            ),
            Param::optional("user", Ty::Str, Default::None, "who asks; nobody for public images"),
            Param::optional("password", Ty::Str, Default::None, "password or token of the user")
                .secret(),
            PLATFORM,
            KEEP_CMD,
            Param::optional(
                "insecure",
                Ty::Bool,
                Default::Bool(false),
                "ask over plain HTTP, too; this machine always is",
            ),
            Param::optional(
                "cache",
                Ty::Str,
                Default::None,
                "folder that keeps what was fetched, for other images with the same layers",
            )
            .completed_by(Complete::File),
            FORMAT,
        ],
        Ty::Object(class_of::<FlistValue>),
        "Fetches an image from a registry and makes an flist of it.\n\
         What broke off is taken up again, by the next call, too.",
        "",
        |flists: &Arc<Flists>, args| from_registry(flists, args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "image_new",
        &[
            Param::required("dir", Ty::Str, "folder that becomes the root of the image")
                .completed_by(Complete::File),
            Param::required("file", Ty::Str, "archive that is written, as of docker save")
                .completed_by(Complete::File),
            Param::required("name", Ty::Str, "name of the image: hello, me/hello:1.0"),
            Param::optional(
                "entrypoint",
                Ty::List,
                Default::None,
                "the program it starts, with its first arguments",
            ),
            Param::optional(
                "cmd",
                Ty::List,
                Default::None,
                "further arguments, or the program if there is no entry point",
            ),
            Param::optional("env", Ty::Dict, Default::None, "environment of the program"),
            Param::optional(
                "workdir",
                Ty::Str,
                Default::None,
                "directory that the program is started in",
            ),
            PLATFORM,
        ],
        Ty::Str,
        "Makes an image of a folder, in an archive that docker can load, and answers its id.",
        "j.data.flist.image_new('examples', '/tmp/hello.tar', 'hello', ['/bin/hello'], env={'MODE': 'quiet'})",
        |flists: &Arc<Flists>, args| image_new(flists, args),
    ),
];
