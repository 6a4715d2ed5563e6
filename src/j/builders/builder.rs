//! A builder: the steps of a recipe, each done once.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context::{Context, remove};
use super::recipe::{Recipe, Step};
use super::state::{self, State};
use super::{process, publish};
use crate::flist::{self, BuildOptions, Built, Metadata};
use crate::j::data::flist::make::{self, FORMAT, names};
use crate::j::data::flist::place::{self, BACKEND, SECRET};
use crate::j::data::flist::value::FlistValue;
use crate::j::data::flist::work::{self, Progress, Stoppable};
use crate::j::world::World;
use crate::object::{
    Args, Class, Complete, Default, Error, Kind, Member, Needs, Obj, Paint, Param, Result, Ty,
    Value, class_of,
};

/// What a step answers that was done before.
pub const DONE: &str = "ALREADY DONE";

const RESET: Param = Param::optional(
    "reset",
    Ty::Bool,
    Default::Bool(false),
    "forget what was done, and do everything again",
);

/// A recipe with its folders and its state.
pub struct Builder {
    world: Arc<World>,
    clients: Obj,
    name: String,
    folder: PathBuf,
    recipe: Recipe,
}

impl Builder {
    /// A builder of a recipe, in a folder.
    pub fn new(
        world: &Arc<World>,
        clients: Obj,
        name: &str,
        folder: PathBuf,
        recipe: Recipe,
    ) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            clients,
            name: name.to_owned(),
            folder,
            recipe,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn context(&self) -> Arc<Context> {
        Context::new(&self.world, &self.name, &self.folder)
    }

    fn state(&self) -> Result<State> {
        state::load(&self.world, &self.name)
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<()> {
        let mut state = self.state()?;
        change(&mut state);
        state::save(&self.world, &self.name, &state)
    }

    fn forget(&self) -> Result<()> {
        self.change(|state| state.done.clear())
    }

    fn forget_steps(&self, steps: &[&str]) -> Result<()> {
        let own = |key: &str| {
            let rest = key
                .strip_prefix(&self.name)
                .and_then(|rest| rest.strip_prefix(':'));
            steps
                .iter()
                .any(|step| rest.is_some_and(|rest| rest.starts_with(&format!("{step}_"))))
        };
        self.change(|state| state.done.retain(|key, _| !own(key)))
    }

    /// Does something once; the key tells with which arguments.
    fn once(
        &self,
        method: &str,
        arguments: &[(&str, String)],
        run: impl FnOnce() -> Result<Value>,
    ) -> Result<Value> {
        let key = state::key(&self.name, method, arguments);
        if self.state()?.done.contains_key(&key) {
            return Ok(Value::Str(DONE.into()));
        }
        let answer = run()?;
        self.change(|state| {
            state.done.insert(key, "1".into());
        })?;
        Ok(answer)
    }

    fn make_folder(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::new(Kind::Io, format!("cannot make {}: {e}", folder.display())))
    }

    fn build(&self) -> Result<Value> {
        self.once(Step::Build.name(), &[], || {
            let context = self.context();
            self.make_folder(&context.dir_build())?;
            self.recipe.run(Step::Build, &context)
        })
    }

    fn install(&self) -> Result<Value> {
        self.build()?;
        self.once(Step::Install.name(), &[], || {
            let context = self.context();
            self.make_folder(&context.dir_install())?;
            self.recipe.run(Step::Install, &context)
        })
    }

    /// Makes the package: the files of the container, and what it starts.
    fn package(&self) -> Result<Value> {
        self.install()?;
        self.once("package", &[], || {
            let context = self.context();
            remove(&context.dir_sandbox())?;
            self.make_folder(&context.dir_sandbox())?;
            self.recipe.run(Step::Sandbox, &context)?;
            let command = context.take_command();
            if let Some(command) = &command {
                let file = context.dir_sandbox().join(".startup.toml");
                context.write(&file, &command.startup().to_toml(), 0o644)?;
            }
            self.change(|state| state.command = command)?;
            Ok(Value::None)
        })
    }

    fn sandbox(&self, args: &Args) -> Result<Value> {
        let create = args.flag("flist_create");
        let base = args.text("merge_base_flist");
        let client = match args.get("zhub_client") {
            Value::None if create => Some(publish::main(&self.clients)?),
            Value::Object(client) if create => Some(client.clone()),
            Value::None | Value::Object(_) => None,
            _ => return Err(args.error("zhub_client", "must be a client of a hub")),
        };
        if args.flag("reset") {
            self.forget()?;
        }
        self.package()?;
        let shown = client
            .as_ref()
            .map(|client| client.text())
            .unwrap_or_default();
        let arguments = [
            ("zhub_client", shown),
            ("flist_create", create.to_string()),
            ("merge_base_flist", base.to_owned()),
        ];
        self.once(Step::Sandbox.name(), &arguments, || match client {
            None => Ok(Value::None),
            Some(client) => {
                let package = self.context().dir_sandbox();
                publish::publish(&client, &self.name, &package, base)
            }
        })
    }

    fn flist(&self, args: &Args) -> Result<Value> {
        work::go_on(&self.world)?;
        if args.flag("reset") {
            self.forget()?;
        }
        let address = place::address(args)?;
        self.package()?;
        let backend = match &address {
            Some(address) => Some(Stoppable::new(&self.world, place::open(address)?)),
            None => None,
        };
        let mut built: Built = {
            let progress = Progress::new(&self.world, "reading files");
            let at = |done, of| progress.at(done, of);
            let options = BuildOptions {
                names: names(),
                progress: Some(&at),
                stop: Some(&self.world.interrupt),
                ..BuildOptions::default()
            };
            let backend = backend.as_ref().map(|one| one as &dyn flist::Backend);
            flist::from_dir(&self.context().dir_sandbox(), backend, &options)?
        };
        publish::give_to_root(&mut built.tree);
        let mut metadata = Metadata::new();
        if let Some(row) = address.as_ref().and_then(flist::Address::to_metadata) {
            metadata.insert("backend".into(), row);
        }
        let file = match args.opt_text("file") {
            Some(file) => PathBuf::from(file),
            None => self.folder.join(format!("{}.flist", self.name)),
        };
        flist::write_file(&built.tree, &metadata, make::format(args), &file)?;
        make::tell(&self.world, &built, address.as_ref());
        Ok(FlistValue::from_file(&self.world, &file)?.into())
    }

    fn start(&self) -> Result<Value> {
        self.package()?;
        let state = self.state()?;
        if process::is_running(state.process) {
            return Ok(Value::Str("ALREADY RUNNING".into()));
        }
        let command = state.command.ok_or_else(|| {
            Error::value(format!("{} names nothing to start", self.name))
                .hint("its recipe does so in sandbox(ctx): ctx.startup('/bin/x', ['--y'])")
        })?;
        let mut command = command;
        if let Recipe::Redis { .. } = self.recipe {
            // On this machine it is for this machine only.
            for (arg, here) in [("0.0.0.0", "127.0.0.1"), ("no", "yes")] {
                for own in command.args.iter_mut().filter(|own| *own == arg) {
                    here.clone_into(own);
                }
            }
        }
        let (package, log) = (self.context().dir_sandbox(), self.folder.join("log"));
        let process = process::start(&command, &package, &log)?;
        self.change(|state| state.process = Some(process))?;
        Ok(Value::None)
    }

    fn stop(&self) -> Result<()> {
        process::stop(self.state()?.process);
        self.change(|state| state.process = None)
    }

    fn clean(&self) -> Result<()> {
        remove(&self.context().dir_build())?;
        self.forget_steps(&["build"])
    }

    fn uninstall(&self) -> Result<()> {
        self.stop()?;
        remove(&self.context().dir_install())?;
        remove(&self.context().dir_sandbox())?;
        self.forget_steps(&["install", "package", "sandbox"])
    }
}

const OF_SITE: &str = "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')";

impl Class for Builder {
    const NAME: &'static str = "builder";
    const DOC: &'static str = "A recipe that makes an flist of a program: build, install, sandbox.\n\
        Each step is done once, and does the one before it.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("name", Ty::Str, "Its name.", OF_SITE, |b: &Arc<Builder>, _| {
            Ok(Value::Str(b.name.clone()))
        }),
        Member::property(
            "folder",
            Ty::Str,
            "Folder with what it makes: build, install, package, log.",
            OF_SITE,
            |b: &Arc<Builder>, _| Ok(Value::Str(b.folder.display().to_string())),
        ),
        Member::method(
            "build",
            &[RESET],
            Ty::Any("str or None"),
            "Compiles; answers ALREADY DONE if that was done before.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.build()\nb.build()",
            |b: &Arc<Builder>, args| {
                if args.flag("reset") {
                    b.forget()?;
                }
                b.build()
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "install",
            &[RESET],
            Ty::Any("str or None"),
            "Copies what was built to its folder install; builds before.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.install()",
            |b: &Arc<Builder>, args| {
                if args.flag("reset") {
                    b.forget()?;
                }
                b.install()
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "sandbox",
            &[
                RESET,
                Param::optional(
                    "zhub_client",
                    Ty::Any("client of a hub"),
                    Default::None,
                    "hub that gets the flist; j.clients.zhub.main if None",
                ),
                Param::optional(
                    "flist_create",
                    Ty::Bool,
                    Default::Bool(false),
                    "upload the package to the hub, where it becomes an flist",
                ),
                Param::optional(
                    "merge_base_flist",
                    Ty::Str,
                    Default::Str(""),
                    "flist of a hub ('user/name') that is merged under it",
                ),
            ],
            Ty::Any("what the hub answers, str or None"),
            "Makes the package: all files of the container; installs before.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.sandbox()",
            |b: &Arc<Builder>, args| b.sandbox(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "flist",
            &[
                Param::optional("file", Ty::Str, Default::None, "the flist that is written; one in its folder if None")
                    .completed_by(Complete::File),
                BACKEND,
                SECRET,
                RESET,
                FORMAT,
            ],
            Ty::Object(class_of::<FlistValue>),
            "Makes an flist of the package, and brings its chunks to a backend if one is named.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\n\
             b.flist('/tmp/hello.flist', backend='/tmp/chunks')",
            |b: &Arc<Builder>, args| b.flist(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "start",
            &[],
            Ty::Any("str or None"),
            "Starts on this machine what the container would start, to try it.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.start()\nb.stop()",
            |b: &Arc<Builder>, _| b.start(),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "stop",
            &[],
            Ty::Nothing,
            "Ends what start() started.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.stop()",
            |b: &Arc<Builder>, _| {
                b.stop()?;
                Ok(Value::None)
            },
        ),
        Member::method(
            "running",
            &[],
            Ty::Bool,
            "True while what start() started runs.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.running()",
            |b: &Arc<Builder>, _| Ok(Value::Bool(process::is_running(b.state()?.process))),
        ),
        Member::method(
            "test",
            &[],
            Ty::Any("what test(ctx) answers"),
            "Runs test(ctx) of the recipe, if it has one; makes the package before.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.test()",
            |b: &Arc<Builder>, _| {
                b.package()?;
                b.recipe.run(Step::Test, &b.context())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "clean",
            &[],
            Ty::Nothing,
            "Removes what was compiled, and forgets that it was.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.clean()",
            |b: &Arc<Builder>, _| {
                b.clean()?;
                Ok(Value::None)
            },
        ),
        Member::method(
            "uninstall",
            &[],
            Ty::Nothing,
            "Ends what runs, removes what was installed and the package, and forgets both.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.uninstall()",
            |b: &Arc<Builder>, _| {
                b.uninstall()?;
                Ok(Value::None)
            },
        ),
        Member::method(
            "reset",
            &[],
            Ty::Nothing,
            "Removes and forgets everything that it made.",
            "b = j.builders.load('examples/builders/hello.rhai', folder='/tmp/builders')\nb.reset()",
            |b: &Arc<Builder>, _| {
                b.uninstall()?;
                b.clean()?;
                b.forget()?;
                Ok(Value::None)
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("<builder {} ({})>", self.name, self.recipe.kind())
    }
}
