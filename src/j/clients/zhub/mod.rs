//! `j.clients.zhub`: hubs of flists.
mod published;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

pub use published::PublishedFlist;

use crate::flist::hub::{Account, Hub, HubError, HubOptions, Progress, pack_folder};
use crate::j::clients::zos::rows::shown;
use crate::j::devnet;
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{
    Args, Class, Complete, Default, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value,
    class_of,
};

/// The collection at `j.clients.zhub`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<ZhubClient>> {
    Collection::top(world, "j.clients.zhub")
}

impl From<HubError> for Error {
    fn from(error: HubError) -> Self {
        let kind = match &error {
            HubError::Address { .. }
            | HubError::NotPrivate { .. }
            | HubError::Token
            | HubError::Name { .. }
            | HubError::Kind { .. } => crate::object::Kind::Value,
            HubError::File { .. } => crate::object::Kind::Io,
            HubError::Refused { status: 404, .. } => crate::object::Kind::NotFound,
            HubError::Login { .. } | HubError::Forbidden { .. } | HubError::Refused { .. } => {
                crate::object::Kind::Refused
            }
            _ => crate::object::Kind::Network,
        };
        let out = Error::new(kind, error.to_string());
        match error.advice() {
            Some(advice) => out.hint(advice),
            None => out,
        }
    }
}

/// A hub of flists.
pub struct ZhubClient {
    base: Arc<Base>,
}

impl Config for ZhubClient {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.zhub.client
@secret = token_
name* = "" (S)
token_ = "" (S)                         # token of the identity service, for what changes something
username = "" (S)                       # the account to act as; empty is that of the token
url = "https://hub.grid.tf/api" (S)     # where the hub is
network_type = "STD,TEST,DEV" (E)       # DEV is the hub of the devnet on this machine, not url
"#;
    const COLLECTION: &'static str = "zhub";
    const COLLECTION_DOC: &'static str = "Hubs of flists, by name.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(ZhubClient { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        if let ("url", Value::Str(url)) = (name, value) {
            Hub::new(url, &HubOptions::default())?;
        }
        Ok(())
    }
}

/// Shows how far a transfer is.
pub(super) fn progress(world: &Arc<World>, what: &'static str, file: &str) -> Progress {
    let (world, file) = (world.clone(), file.to_owned());
    Arc::new(move |done, total| {
        let kib = |bytes: u64| bytes.div_ceil(1024);
        let text = format!("{what} {file}: {} of {} KiB", kib(done), kib(total));
        world.host.progress(Some(&text));
    })
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A folder for one file, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    /// Beside the devnet's folder, where only the user may look.
    fn new(world: &World) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let unique = getrandom::u64().unwrap_or_default();
        let name = format!("upload-{unique:016x}");
        let path = world.settings.devnet_dir.with_file_name(name);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing of worth is in it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl ZhubClient {
    fn world(&self) -> &Arc<World> {
        &self.base.world
    }

    /// True when the hub is that of the devnet on this machine.
    fn is_devnet(&self) -> bool {
        match self.base.text("network_type").as_str() {
            "DEV" => true,
            "TEST" => self.world().settings.test_is_devnet,
            _ => false,
        }
    }

    fn hub(&self) -> Result<Hub> {
        let base = &self.base;
        let text = |name: &str| Some(base.text(name)).filter(|text| !text.trim().is_empty());
        let options = HubOptions {
            token: text("token_").map(Zeroizing::new),
            account: text("username"),
        };
        let url = match self.is_devnet() {
            false => base.text("url"),
            true => {
                let addr = devnet::hub(self.world()).ok_or_else(|| {
                    Error::new(Kind::NotFound, "no devnet runs, so there is no hub of it")
                        .hint("start one: j.devnet.start()")
                })?;
                format!("http://{addr}/api")
            }
        };
        Ok(Hub::new(&url, &options)?)
    }

    /// Runs a call of the hub to its end.
    fn ask<T>(&self, call: impl Future<Output = std::result::Result<T, HubError>>) -> Result<T> {
        let answer = self.world().block_on(call);
        self.world().host.progress(None);
        Ok(answer??)
    }

    /// The account that calls act as.
    fn account(&self, hub: &Hub) -> Result<String> {
        match self.base.text("username") {
            name if name.is_empty() => self.ask(hub.me()),
            name => Ok(name),
        }
    }

    fn user(&self, hub: &Hub, args: &Args) -> Result<String> {
        match args.opt_text("username") {
            Some(name) => Ok(name.to_owned()),
            None => self.account(hub),
        }
    }

    /// What an upload became: where it is, and where its chunks are.
    fn published(&self, hub: &Hub, name: &str, files: Option<Account>) -> Result<Value> {
        let user = self.account(hub)?;
        let facts = self.ask(hub.facts(&user, name));
        // It is published, whatever else the hub tells: the address is known without it.
        let (source, storage) = match facts {
            Ok(facts) => (facts.source, facts.storage),
            Err(error) if error.kind == Kind::Interrupted => return Err(error),
            Err(_) => (hub.source(&user, name)?, String::new()),
        };
        Ok(Value::object(PublishedFlist {
            name: name.to_owned(),
            source,
            storage,
            files,
        }))
    }

    fn upload(&self, file: &Path) -> Result<Value> {
        let hub = self.hub()?;
        let shown = file_name(&file.to_string_lossy());
        let progress = progress(self.world(), "upload of", &shown);
        let made = self.ask(hub.upload(file, Some(progress)))?;
        self.published(&hub, &made.name, made.files)
    }

    fn docker(&self, image: Option<&str>, archive: Option<&str>, args: &Args) -> Result<Value> {
        let hub = self.hub()?;
        let keep_cmd = args.flag("keep_cmd");
        let made = match (archive, image) {
            (Some(archive), image) => {
                let progress = progress(self.world(), "upload of", &file_name(archive));
                self.ask(hub.docker_archive(image, Path::new(archive), keep_cmd, Some(progress)))?
            }
            (None, image) => {
                let image = image.unwrap_or_default();
                let text = format!("the hub converts {image} …");
                self.world().host.progress(Some(&text));
                self.ask(hub.docker(image, keep_cmd))?
            }
        };
        self.published(&hub, &made.name, made.files)
    }

    fn sandbox_upload(&self, name: &str, folder: &str) -> Result<Value> {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(fine) {
            return Err(Error::value(format!(
                "name is '{name}': expected letters, digits and . _ - + @"
            )));
        }
        let scratch = Scratch::new(self.world())?;
        let archive = scratch.0.join(format!("{name}.tar.gz"));
        self.world().host.progress(Some("packing …"));
        pack_folder(Path::new(folder), &archive)?;
        self.upload(&archive)
    }

    fn list(&self, args: &Args) -> Result<Value> {
        let hub = self.hub()?;
        let user = self.user(&hub, args)?;
        Ok(records(&self.ask(hub.list(&user))?))
    }
}

/// What a hub answers, as dicts and lists; their texts are somebody's, and cleaned.
fn records(answer: &impl serde::Serialize) -> Value {
    let mut json = serde_json::to_value(answer).unwrap_or_default();
    clean(&mut json);
    shown(&json)
}

fn clean(json: &mut serde_json::Value) {
    use serde_json::Value as Json;
    match json {
        Json::String(text) if text.chars().any(char::is_control) => {
            *text = text.replace(char::is_control, "\u{fffd}");
        }
        Json::Array(list) => list.iter_mut().for_each(clean),
        Json::Object(map) => map.values_mut().for_each(clean),
        _ => {}
    }
}

const FLIST: Param = Param::required("flist", Ty::Str, "its name, with or without .flist");
const USER: Param = Param::required("username", Ty::Str, "the account");
/// Whether the command of an image comes behind its entry point.
const KEEP_CMD: Param = Param::optional(
    "keep_cmd",
    Ty::Bool,
    Default::Bool(false),
    "put the image's Cmd behind the arguments of its entry point; hubs drop it, a devnet's asks this",
);
const PUBLISHED: Ty = Ty::Object(class_of::<PublishedFlist>);

const MEMBERS: &[Member<ZhubClient>] = &[
    Member::method(
        "authenticate",
        &[],
        Ty::Str,
        "Asks the hub who you are there, by the token; answers the account.",
        "hub.authenticate()",
        |this: &Arc<ZhubClient>, _| {
            let hub = this.hub()?;
            this.ask(hub.me()).map(Value::Str)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "repositories",
        &[],
        Ty::List,
        "Lists the accounts that have flists there.",
        "hub.repositories()",
        |this: &Arc<ZhubClient>, _| {
            let hub = this.hub()?;
            Ok(records(&this.ask(hub.repositories())?))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "list",
        &[Param::optional(
            "username",
            Ty::Str,
            Default::None,
            "the account; None for your own",
        )],
        Ty::List,
        "Lists the flists and links of an account.",
        "hub.list()",
        |this: &Arc<ZhubClient>, args| this.list(args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "get",
        &[USER, FLIST],
        Ty::Dict,
        "Tells what is in an flist: counts, and every path with its size.",
        "hub.get('Administrator', 'web')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            let contents = hub.contents(args.text("username"), args.text("flist"));
            Ok(records(&this.ask(contents)?))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "info",
        &[USER, FLIST],
        Ty::Dict,
        "Tells size, time and MD5 of an flist; hubs do not tell it of links.",
        "hub.info('Administrator', 'web').md5",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            let info = hub.info(args.text("username"), args.text("flist"));
            Ok(records(&this.ask(info)?))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "url_get",
        &[
            FLIST,
            Param::optional(
                "username",
                Ty::Str,
                Default::None,
                "the account; None for your own",
            ),
        ],
        Ty::Str,
        "The address of an flist, which a container is created from.",
        "hub.url_get('web')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            let user = this.user(&hub, args)?;
            Ok(hub.source(&user, args.text("flist"))?.into())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "download",
        &[
            USER,
            FLIST,
            Param::required("filename", Ty::Str, "the file to write").completed_by(Complete::File),
        ],
        Ty::Int,
        "Fetches an flist into a file, as a whole or not at all; answers its bytes.",
        "hub.download('Administrator', 'web', '/tmp/web.flist')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            let progress = progress(this.world(), "download of", args.text("flist"));
            let to = Path::new(args.text("filename"));
            let (user, flist) = (args.text("username"), args.text("flist"));
            let bytes = this.ask(hub.download(user, flist, to, Some(progress)))?;
            Ok(Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX)))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "upload",
        &[Param::required(
            "filename",
            Ty::Str,
            "a .tar.gz archive of a root file system, or a .flist",
        )
        .completed_by(Complete::File)],
        PUBLISHED,
        "Uploads an archive, which becomes an flist of your account; or an flist whose chunks\n\
         the hub has. One of that name is replaced.",
        "hub.upload(archive)",
        |this: &Arc<ZhubClient>, args| this.upload(Path::new(args.text("filename"))),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "sandbox_upload",
        &[
            Param::required("name", Ty::Str, "name of the flist"),
            Param::required("path", Ty::Str, "the folder").completed_by(Complete::File),
        ],
        PUBLISHED,
        "Packs a folder, and uploads it: it becomes an flist of your account.",
        "hub.sandbox_upload('tools', folder)",
        |this: &Arc<ZhubClient>, args| this.sandbox_upload(args.text("name"), args.text("path")),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "docker_convert",
        &[
            Param::required("image", Ty::Str, "its name, with or without a tag"),
            Param::optional(
                "archive",
                Ty::Str,
                Default::None,
                "a file with it, as `docker save` writes it; None takes it from the hub's registry",
            )
            .completed_by(Complete::File),
            KEEP_CMD,
        ],
        PUBLISHED,
        "Has a docker image converted into an flist of your account.\n\
         Archives are taken by the hub of a devnet only.",
        "hub.docker_convert('tiny:1', archive=image)",
        |this: &Arc<ZhubClient>, args| {
            this.docker(Some(args.text("image")), args.opt_text("archive"), args)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "docker_upload",
        &[
            Param::required(
                "filename",
                Ty::Str,
                "an archive of an image: of `docker save`, or of an OCI layout",
            )
            .completed_by(Complete::File),
            KEEP_CMD,
        ],
        PUBLISHED,
        "Has an archive of a docker image converted into an flist of your account, under the\n\
         name that the image has in it. The hub of a devnet does this.",
        "hub.docker_upload(image)",
        |this: &Arc<ZhubClient>, args| this.docker(None, Some(args.text("filename")), args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "merge",
        &[
            Param::required("target", Ty::Str, "name of the new flist"),
            Param::required(
                "flists",
                Ty::List,
                "flists as 'user/name'; the first one wins",
            ),
        ],
        PUBLISHED,
        "Makes one flist of several.",
        "hub.merge('both', ['Administrator/web', 'Administrator/data'])",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            let sources = texts(args, "flists")?;
            let target = args.text("target");
            this.ask(hub.merge(target, &sources))?;
            let name = target.strip_suffix(".flist").unwrap_or(target);
            this.published(&hub, &format!("{name}.flist"), None)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "promote",
        &[
            Param::required("srepo", Ty::Str, "the account that has it"),
            Param::required("sfile", Ty::Str, "its name there"),
            Param::required("destination", Ty::Str, "its name in your account"),
        ],
        PUBLISHED,
        "Copies an flist of another account into yours.",
        "hub.promote('Administrator', 'web', 'web-copy')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            let (from, file) = (args.text("srepo"), args.text("sfile"));
            let copy = this.ask(hub.promote(from, file, args.text("destination")))?;
            this.published(&hub, &copy.destination.filename, None)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "rename",
        &[
            Param::required("source", Ty::Str, "its name"),
            Param::required("destination", Ty::Str, "its new name"),
        ],
        Ty::Bool,
        "Gives an flist or link of yours another name.",
        "hub.rename('web', 'web2')\nhub.rename('web2', 'web')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            this.ask(hub.rename(args.text("source"), args.text("destination")))?;
            Ok(Value::Bool(true))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "symlink",
        &[
            Param::required("source", Ty::Str, "what it leads to"),
            Param::required("linkname", Ty::Str, "name of the link"),
        ],
        Ty::Bool,
        "Makes a link to an flist of yours; a link of that name is led there.",
        "hub.symlink('web', 'latest')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            this.ask(hub.link(args.text("source"), args.text("linkname")))?;
            Ok(Value::Bool(true))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "delete_flist",
        &[Param::required("filename", Ty::Str, "its name")],
        Ty::Bool,
        "Deletes an flist or link of yours from the hub. Containers that run go on.",
        "hub.delete_flist('data')",
        |this: &Arc<ZhubClient>, args| {
            let hub = this.hub()?;
            this.ask(hub.delete(args.text("filename")))?;
            Ok(Value::Bool(true))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "exists",
        &[Param::required(
            "chunks",
            Ty::List,
            "ids of chunks, 32 hex digits each",
        )],
        Ty::List,
        "Answers which of these chunks the hub does not have.",
        "hub.exists(['00112233445566778899aabbccddeeff'])",
        |this: &Arc<ZhubClient>, args| {
            let site = this.hub()?.site();
            let token = Zeroizing::new(this.base.text("token_"));
            let direct = crate::flist::hub::Direct::new(&site, Some(&token))?;
            let ids = super::zhubdirect::ids(args, "chunks")?;
            let missing = this.ask(direct.exists(&ids))?;
            Ok(missing
                .iter()
                .map(|id| Value::Str(id.to_string()))
                .collect())
        },
    )
    .needs(Needs::NETWORK),
];

fn texts(args: &Args, name: &str) -> Result<Vec<String>> {
    let Value::List(list) = args.get(name) else {
        return Err(args.error(name, "must be a list of texts"));
    };
    list.iter()
        .map(|value| match value {
            Value::Str(text) => Ok(text.clone()),
            other => Err(args.error(
                name,
                format!("holds a {}: expected texts", other.type_name()),
            )),
        })
        .collect()
}

impl Class for ZhubClient {
    const NAME: &'static str = "zhub_client";
    const DOC: &'static str = "A hub of flists.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
