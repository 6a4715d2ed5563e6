//! Recipes: of a script, and three that come with the shell.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::context::{Context, copy};
use super::state::Command;
use crate::object::{Callable, Error, Kind, Result, Value};

/// A web server that needs nothing but the compiler to be made, and nothing at all to run.
const SERVER: &str = include_str!("website.rs.txt");
/// Where programs lie in the container.
const PROGRAMS: &str = "/bin";

/// A step of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Compile.
    Build,
    /// Copy results.
    Install,
    /// Make the package.
    Sandbox,
    /// See whether it is as it should be.
    Test,
}

impl Step {
    /// The function of a script that does it, and the method of the builder.
    pub fn name(self) -> &'static str {
        match self {
            Step::Build => "build",
            Step::Install => "install",
            Step::Sandbox => "sandbox",
            Step::Test => "test",
        }
    }
}

/// How a package is made.
pub enum Recipe {
    /// By functions of a script.
    Script(IndexMap<String, Callable>),
    /// A folder of files, served on a port.
    Website {
        /// The files.
        folder: PathBuf,
        /// The port.
        port: u16,
    },
    /// The Redis server of this machine.
    Redis {
        /// The port.
        port: u16,
    },
    /// A Rust program.
    Rust {
        /// The folder with its `Cargo.toml`.
        folder: PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
}

impl Recipe {
    /// Does a step.
    ///
    /// # Errors
    /// Whatever keeps it from being done.
    pub fn run(&self, step: Step, context: &Arc<Context>) -> Result<Value> {
        match self {
            Self::Script(functions) => match functions.get(step.name()) {
                Some(function) => function(vec![Value::Object(context.clone())]),
                None => Ok(Value::None),
            },
            Self::Website { folder, port } => website(step, context, folder, *port),
            Self::Redis { port } => redis(step, context, *port),
            Self::Rust { folder, args } => rust(step, context, folder, args),
        }
        .map(|answer| match step {
            Step::Test => answer,
            _ => Value::None,
        })
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Script(_) => "script",
            Self::Website { .. } => "website",
            Self::Redis { .. } => "redis",
            Self::Rust { .. } => "rust",
        }
    }
}

fn command(name: &str, args: &[&str]) -> Command {
    Command {
        name: name.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        dir: "/".into(),
        env: std::collections::BTreeMap::new(),
    }
}

fn website(step: Step, context: &Arc<Context>, folder: &Path, port: u16) -> Result<Value> {
    match step {
        Step::Build => {
            if !folder.is_dir() {
                let text = format!("there is no folder {}", folder.display());
                return Err(Error::new(Kind::NotFound, text));
            }
            context.write(&context.path("site.rs"), SERVER, 0o644)?;
            // Without libraries of its own, it runs in a container that has nothing else.
            context.execute(
                "rustc --edition 2021 -O -C target-feature=+crt-static -o site site.rs",
                None,
            )?;
        }
        Step::Install => {
            copy(
                &context.path("site"),
                &context.path("{DIR_INSTALL}/bin/site"),
            )?;
            copy(folder, &context.path("{DIR_INSTALL}/www"))?;
        }
        Step::Sandbox => {
            context.program(&context.path("{DIR_INSTALL}/bin/site"), "/bin/site")?;
            copy(&context.path("{DIR_INSTALL}/www"), &context.inside("/www")?)?;
            context.start_with(command("/bin/site", &["/www", &port.to_string()]));
        }
        Step::Test => {}
    }
    Ok(Value::None)
}

fn redis(step: Step, context: &Arc<Context>, port: u16) -> Result<Value> {
    const SERVER: &str = "/usr/bin/redis-server";
    const CONFIG: &str = "/etc/redis.conf";
    match step {
        Step::Build => {
            context.find("redis-server", "redis-server")?;
        }
        Step::Install => {
            let server = context.find("redis-server", "redis-server")?;
            copy(&server, &context.path("{DIR_INSTALL}/bin/redis-server"))?;
        }
        Step::Sandbox => {
            let installed = context.path("{DIR_INSTALL}/bin/redis-server");
            context.program(&installed, SERVER)?;
            // Whoever tries it on this machine must not open it to the network: only the container
            // is told to listen everywhere.
            let config = "daemonize no\nsave \"\"\nappendonly no\n";
            context.write(&context.inside(CONFIG)?, config, 0o644)?;
            let port = port.to_string();
            let mut everywhere = command(SERVER, &[CONFIG, "--port", &port]);
            everywhere
                .args
                .extend(["--bind", "0.0.0.0", "--protected-mode", "no"].map(str::to_owned));
            context.start_with(everywhere);
        }
        Step::Test => {}
    }
    Ok(Value::None)
}

fn rust(step: Step, context: &Arc<Context>, folder: &Path, args: &[String]) -> Result<Value> {
    const PROGRAM: &str = "program";
    let named = || -> Result<PathBuf> {
        let place = context.path(PROGRAM);
        let path = std::fs::read_to_string(&place)
            .map_err(|e| Error::new(Kind::Io, format!("cannot read {}: {e}", place.display())))?;
        Ok(PathBuf::from(path))
    };
    let installed = |program: &Path| {
        let name = program.file_name().unwrap_or_default();
        context.path("{DIR_INSTALL}/bin").join(name)
    };
    match step {
        Step::Build => {
            if !folder.join("Cargo.toml").is_file() {
                let text = format!("there is no Cargo.toml in {}", folder.display());
                return Err(Error::new(Kind::NotFound, text));
            }
            let told = context.execute(
                "cargo build --release --bins --message-format=json-render-diagnostics \
                 --target-dir \"$DIR_BUILD/target\"",
                Some(folder),
            )?;
            let program = told.lines().find_map(|line| {
                let message: serde_json::Value = serde_json::from_str(line).ok()?;
                Some(message.get("executable")?.as_str()?.to_owned())
            });
            let program = program.ok_or_else(|| {
                Error::value(format!("{} makes no program", folder.display()))
                    .hint("a program has a src/main.rs, or [[bin]] in its Cargo.toml")
            })?;
            context.write(&context.path(PROGRAM), &program, 0o644)?;
        }
        Step::Install => {
            let program = named()?;
            copy(&program, &installed(&program))?;
        }
        Step::Sandbox => {
            let program = named()?;
            let name = program.file_name().unwrap_or_default().to_string_lossy();
            let target = format!("{PROGRAMS}/{name}");
            context.program(&installed(&program), &target)?;
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            context.start_with(command(&target, &args));
        }
        Step::Test => {}
    }
    Ok(Value::None)
}
