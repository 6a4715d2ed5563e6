//! `j.builders`: recipes that make flists of programs.
//!
//! * [`builder`]: a builder and its steps, each done once; [`state`]: what was done, in the store.
//! * [`recipe`]: recipes of scripts, and those that come with the shell; [`context`]: what they
//!   work with; [`command`]: commands they run.
//! * [`process`]: what a package starts, on this machine; [`publish`]: packages on a hub.
pub mod builder;
pub mod command;
pub mod context;
pub mod process;
pub mod publish;
pub mod recipe;
pub mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::clients::Clients;
use super::data::flist::make::texts;
use super::file;
use super::world::World;
use crate::object::{
    Args, Class, Complete, Default, Error, Kind, Member, Obj, Param, Peek, Result, Scripts, Ty,
    Value, class_of, similar,
};
use builder::Builder;
use recipe::Recipe;

/// The longest recipe, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// Functions that a recipe may have for the steps.
const STEPS: [&str; 3] = ["build", "install", "sandbox"];

const FOLDER: Param = Param::optional(
    "folder",
    Ty::Str,
    Default::None,
    "where builders work; beside the devnet's folder if None",
)
.completed_by(Complete::File);

/// `j.builders`.
pub struct Builders {
    world: Arc<World>,
    clients: Arc<Clients>,
    scripts: OnceLock<Scripts>,
    known: Mutex<BTreeMap<String, Arc<Builder>>>,
}

impl Builders {
    /// The node of the tree.
    pub fn open(world: &Arc<World>, clients: Arc<Clients>) -> Arc<Builders> {
        Arc::new(Builders {
            world: world.clone(),
            clients,
            scripts: OnceLock::new(),
            known: Mutex::default(),
        })
    }

    /// Tells what reads the functions of scripts.
    pub fn connect(&self, scripts: &Scripts) {
        // Only the first engine counts; there is one per tree.
        let _ = self.scripts.set(scripts.clone());
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Builder>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, args: &Args, name: &str, recipe: Recipe) -> Result<Value> {
        let proper = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(proper);
        if !fits || name.starts_with('.') {
            return Err(args.error(
                "name",
                format!(
                    "must be 1 to {LONGEST_NAME} letters, digits, '_', '-' and '.', not '{name}'"
                ),
            ));
        }
        let folder = match args.opt_text("folder") {
            Some(folder) => PathBuf::from(folder),
            None => self.world.settings.devnet_dir.with_file_name("builders"),
        };
        let folder = std::path::absolute(folder.join(name))
            .map_err(|e| Error::new(Kind::Io, format!("{}: {e}", folder.display())))?;
        let clients: Obj = self.clients.clone();
        let builder = Builder::new(&self.world, clients, name, folder, recipe);
        self.known().insert(name.to_owned(), builder.clone());
        Ok(builder.into())
    }

    fn load(&self, args: &Args) -> Result<Value> {
        let path = Path::new(args.text("path"));
        let source = file::read(path, LONGEST, "a recipe")?;
        let shown = path.file_name().unwrap_or_default().to_string_lossy();
        let scripts = self
            .scripts
            .get()
            .ok_or_else(|| Error::new(Kind::Internal, "scripts cannot be read here"))?;
        let functions = scripts(&source, &shown)?;
        if !STEPS.iter().any(|step| functions.contains_key(*step)) {
            return Err(Error::value(format!("{shown} declares no builder"))
                .hint("it needs a function build(ctx), install(ctx) or sandbox(ctx)"));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = args.opt_text("name").unwrap_or(&stem).to_owned();
        self.add(args, &name, Recipe::Script(functions))
    }
}

fn port(args: &Args) -> Result<u16> {
    let port = args.opt_port("port", 1)?;
    port.ok_or_else(|| args.error("port", "must be 1 to 65535"))
}

fn absolute(args: &Args, name: &str) -> Result<PathBuf> {
    std::path::absolute(args.text(name)).map_err(|e| args.error(name, e))
}

impl Class for Builders {
    const NAME: &'static str = "builders";
    const DOC: &'static str = "Recipes that make flists of programs: build, install, sandbox.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "load",
            &[
                Param::required(
                    "path",
                    Ty::Str,
                    "file with functions build(ctx), install(ctx), sandbox(ctx)",
                )
                .completed_by(Complete::File),
                Param::optional(
                    "name",
                    Ty::Str,
                    Default::None,
                    "its name; that of the file if None",
                ),
                FOLDER,
            ],
            Ty::Object(class_of::<Builder>),
            "Reads a builder from a file. What it did before is known.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.sandbox()",
            |builders: &Arc<Builders>, args| builders.load(args),
        ),
        Member::method(
            "website",
            &[
                Param::required("dir", Ty::Str, "folder with the pages")
                    .completed_by(Complete::File),
                Param::optional(
                    "name",
                    Ty::Str,
                    Default::Str("website"),
                    "name of the builder",
                ),
                Param::optional("port", Ty::Int, Default::Int(80), "port in the container"),
                FOLDER,
            ],
            Ty::Object(class_of::<Builder>),
            "A web server with the pages of a folder; it needs rustc to be made, and nothing to run.",
            "j.builders.website('examples', folder='/tmp/builders')",
            |builders: &Arc<Builders>, args| {
                let recipe = Recipe::Website {
                    folder: absolute(args, "dir")?,
                    port: port(args)?,
                };
                builders.add(args, args.text("name"), recipe)
            },
        ),
        Member::method(
            "redis",
            &[
                Param::optional(
                    "name",
                    Ty::Str,
                    Default::Str("redis"),
                    "name of the builder",
                ),
                Param::optional("port", Ty::Int, Default::Int(6379), "port in the container"),
                FOLDER,
            ],
            Ty::Object(class_of::<Builder>),
            "The Redis server that is installed on this machine, with the libraries it needs.",
            "j.builders.redis(folder='/tmp/builders')",
            |builders: &Arc<Builders>, args| {
                let recipe = Recipe::Redis { port: port(args)? };
                builders.add(args, args.text("name"), recipe)
            },
        ),
        Member::method(
            "rust",
            &[
                Param::required("dir", Ty::Str, "folder with its Cargo.toml")
                    .completed_by(Complete::File),
                Param::optional(
                    "name",
                    Ty::Str,
                    Default::None,
                    "name of the builder; that of the folder if None",
                ),
                Param::optional("args", Ty::List, Default::None, "arguments of the program"),
                FOLDER,
            ],
            Ty::Object(class_of::<Builder>),
            "A Rust program, built with cargo, with the libraries it needs.",
            "j.builders.rust('.', name='kosmos', folder='/tmp/builders')",
            |builders: &Arc<Builders>, args| {
                let dir = absolute(args, "dir")?;
                let own = dir
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let recipe = Recipe::Rust {
                    args: texts(args, "args")?,
                    folder: dir,
                };
                builders.add(args, args.opt_text("name").unwrap_or(&own), recipe)
            },
        ),
    ]];

    fn location(&self) -> String {
        "j.builders".into()
    }
    fn child_names(&self) -> Vec<String> {
        self.known().keys().cloned().collect()
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        let known = self.known();
        known.get(name).map(|builder| Peek::Object(builder.clone()))
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        let known = self.known();
        if let Some(builder) = known.get(name) {
            return Ok(Some(builder.clone().into()));
        }
        let error = Error::new(Kind::Attribute, format!("there is no builder '{name}'"))
            .hint("load one: j.builders.load('recipe.rhai')");
        Err(similar::hinted(
            error,
            name,
            known.keys().map(String::as_str),
        ))
    }
}
