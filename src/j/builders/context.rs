//! `ctx`: what a recipe works with.
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::command;
use super::state::Command;
use crate::j::world::World;
use crate::object::{
    Args, Class, Complete, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value,
};

/// What a recipe works with: its folders, and what it does in them.
pub struct Context {
    world: Arc<World>,
    name: String,
    folder: PathBuf,
    command: Mutex<Option<Command>>,
}

fn io(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let text = format!("cannot {what} {}", path.display());
    move |e| Error::new(Kind::Io, format!("{text}: {e}"))
}

/// Takes a file or folder away; what is not there is no error.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(io("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Copies a file, a link or a folder with everything in it.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy(source: &Path, target: &Path) -> Result<()> {
    let data = fs::symlink_metadata(source).map_err(io("read", source))?;
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(io("make", folder))?;
    }
    if data.is_symlink() {
        let leads = fs::read_link(source).map_err(io("read", source))?;
        remove(target)?;
        return std::os::unix::fs::symlink(leads, target).map_err(io("write", target));
    }
    if data.is_file() {
        // What is there may be a program that runs, which cannot be written to.
        remove(target)?;
        return fs::copy(source, target)
            .map(drop)
            .map_err(io("write", target));
    }
    if !data.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(target).map_err(io("make", target))?;
    for entry in fs::read_dir(source).map_err(io("read", source))? {
        let entry = entry.map_err(io("read", source))?;
        copy(&entry.path(), &target.join(entry.file_name()))?;
    }
    Ok(())
}

impl Context {
    /// For a recipe of this name, in its folder.
    pub fn new(world: &Arc<World>, name: &str, folder: &Path) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            name: name.to_owned(),
            folder: folder.to_owned(),
            command: Mutex::default(),
        })
    }

    /// Where it is compiled.
    pub fn dir_build(&self) -> PathBuf {
        self.folder.join("build")
    }

    /// Where results are installed.
    pub fn dir_install(&self) -> PathBuf {
        self.folder.join("install")
    }

    /// What becomes the root of the container.
    pub fn dir_sandbox(&self) -> PathBuf {
        self.folder.join("package")
    }

    /// The command that the package starts with, if the recipe has named one.
    pub fn take_command(&self) -> Option<Command> {
        let mut command = self.command.lock().unwrap_or_else(PoisonError::into_inner);
        command.take()
    }

    /// Puts folders and the name in the place of `{DIR_BUILD}`, `{DIR_INSTALL}`, `{DIR_SANDBOX}`
    /// and `{NAME}`.
    pub fn replace(&self, text: &str) -> String {
        let mut replaced = text.to_owned();
        for (name, value) in self.variables() {
            replaced = replaced.replace(&format!("{{{name}}}"), &value);
        }
        replaced
    }

    fn variables(&self) -> Vec<(String, String)> {
        let shown = |path: PathBuf| path.display().to_string();
        vec![
            ("DIR_BUILD".into(), shown(self.dir_build())),
            ("DIR_INSTALL".into(), shown(self.dir_install())),
            ("DIR_SANDBOX".into(), shown(self.dir_sandbox())),
            ("NAME".into(), self.name.clone()),
        ]
    }

    /// A path of a recipe; one that is not absolute lies in the folder of the build.
    pub fn path(&self, text: &str) -> PathBuf {
        self.dir_build().join(self.replace(text))
    }

    /// Runs a script with bash in a folder.
    ///
    /// # Errors
    /// When it fails.
    pub fn execute(&self, script: &str, dir: Option<&Path>) -> Result<String> {
        let own = self.dir_build();
        let dir = dir.unwrap_or(&own);
        fs::create_dir_all(dir).map_err(io("make", dir))?;
        self.world
            .host
            .progress(Some(&format!("building {}", self.name)));
        let done = command::bash(&self.world, &self.replace(script), dir, &self.variables());
        self.world.host.progress(None);
        done
    }

    /// Writes a text file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path, text: &str, mode: u32) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io("make", folder))?;
        }
        fs::write(path, text).map_err(io("write", path))?;
        let mode = fs::Permissions::from_mode(mode & 0o7777);
        fs::set_permissions(path, mode).map_err(io("write", path))
    }

    /// Finds a program on this machine.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find(&self, program: &str, package: &str) -> Result<PathBuf> {
        let quoted = program.replace('\'', "");
        let found = self.execute(&format!("command -v '{quoted}' || true"), None)?;
        match found.trim() {
            "" => Err(
                Error::new(Kind::NotFound, format!("{program} is not on this machine"))
                    .hint(format!("install it: apt-get install {package}")),
            ),
            path => fs::canonicalize(path).map_err(io("find", Path::new(path))),
        }
    }

    /// Copies a program into the package, with the libraries that it needs, which keep their paths.
    ///
    /// # Errors
    /// When it is not there, or is no program.
    pub fn program(&self, program: &Path, target: &str) -> Result<()> {
        copy(program, &self.inside(target)?)?;
        let quoted = program.display().to_string().replace('\'', "'\\''");
        // A program without libraries is no error to us; ldd says so with one.
        let listed = self.execute(&format!("ldd '{quoted}' 2>&1 || true"), None)?;
        for line in listed.lines() {
            let line = line.trim();
            if line.contains("not found") {
                return Err(Error::new(
                    Kind::NotFound,
                    format!(
                        "{} needs a library that is not here: {line}",
                        program.display()
                    ),
                ));
            }
            let path = line.split("=> ").last().unwrap_or(line);
            let path = path.split(" (").next().unwrap_or_default().trim();
            if path.starts_with('/') {
                // Under its name, whatever links led to it.
                let real = fs::canonicalize(path).map_err(io("find", Path::new(path)))?;
                copy(&real, &self.inside(path)?)?;
            }
        }
        Ok(())
    }

    /// A path of the container, in the package.
    ///
    /// # Errors
    /// When it would leave it.
    pub fn inside(&self, path: &str) -> Result<PathBuf> {
        let path = self.replace(path);
        let parts = Path::new(&path).components();
        let mut inside = self.dir_sandbox();
        for part in parts {
            match part {
                Component::Normal(name) => inside.push(name),
                Component::RootDir | Component::CurDir => {}
                _ => {
                    return Err(Error::value(format!(
                        "'{path}' would leave the container: name a path without '..'"
                    )));
                }
            }
        }
        Ok(inside)
    }

    /// Names what the container starts.
    pub fn start_with(&self, command: Command) {
        *self.command.lock().unwrap_or_else(PoisonError::into_inner) = Some(command);
    }
}

fn text(path: &Path) -> Value {
    Value::Str(path.display().to_string())
}

fn texts(args: &Args, name: &str) -> Result<Vec<String>> {
    let wrong = || args.error(name, "must be a list of texts");
    match args.get(name) {
        Value::List(list) => list
            .iter()
            .map(|item| match item {
                Value::Str(text) => Ok(text.clone()),
                Value::Int(number) => Ok(number.to_string()),
                _ => Err(wrong()),
            })
            .collect(),
        _ => Ok(Vec::new()),
    }
}

fn startup(context: &Context, args: &Args) -> Result<Value> {
    let mut env = BTreeMap::new();
    if let Value::Map(map) = args.get("env") {
        for (name, value) in map {
            let Some(value) = value.as_str() else {
                return Err(args.error("env", "must be a dict of texts"));
            };
            env.insert(name.clone(), value.to_owned());
        }
    }
    context.start_with(Command {
        name: args.text("name").to_owned(),
        args: texts(args, "args")?,
        dir: args.text("dir").to_owned(),
        env,
    });
    Ok(Value::None)
}

fn mode(args: &Args) -> Result<u32> {
    let octal = u32::from_str_radix(args.text("mode"), 8);
    octal.map_err(|_| args.error("mode", "must be octal digits like '755'"))
}

impl Class for Context {
    const NAME: &'static str = "ctx";
    const DOC: &'static str = "What a recipe works with: its folders, and what it does in them.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Name of the builder.",
            "fn build(ctx) { print(ctx.name) }",
            |ctx: &Arc<Context>, _| Ok(Value::Str(ctx.name.clone())),
        ),
        Member::property(
            "dir_build",
            Ty::Str,
            "Folder to compile in.",
            "fn build(ctx) { print(ctx.dir_build) }",
            |ctx: &Arc<Context>, _| Ok(text(&ctx.dir_build())),
        ),
        Member::property(
            "dir_install",
            Ty::Str,
            "Folder where results are installed.",
            "fn install(ctx) { print(ctx.dir_install) }",
            |ctx: &Arc<Context>, _| Ok(text(&ctx.dir_install())),
        ),
        Member::property(
            "dir_sandbox",
            Ty::Str,
            "Folder that becomes the root of the container.",
            "fn sandbox(ctx) { print(ctx.dir_sandbox) }",
            |ctx: &Arc<Context>, _| Ok(text(&ctx.dir_sandbox())),
        ),
        Member::method(
            "replace",
            &[Param::required(
                "text",
                Ty::Str,
                "with {DIR_BUILD}, {DIR_INSTALL}, {DIR_SANDBOX}, {NAME}",
            )],
            Ty::Str,
            "Puts the folders of the builder into a text.",
            "fn build(ctx) { print(ctx.replace('{DIR_BUILD}/x')) }",
            |ctx: &Arc<Context>, args| Ok(Value::Str(ctx.replace(args.text("text")))),
        ),
        Member::method(
            "execute",
            &[
                Param::required(
                    "script",
                    Ty::Str,
                    "commands for bash, which stops at the first error",
                ),
                Param::optional(
                    "dir",
                    Ty::Str,
                    Default::None,
                    "folder to run in; that of the build if None",
                )
                .completed_by(Complete::File),
            ],
            Ty::Str,
            "Runs commands, ten minutes at most, and answers what they wrote.",
            "fn build(ctx) { ctx.execute('cc -o hello hello.c') }",
            |ctx: &Arc<Context>, args| {
                let dir = args.opt_text("dir").map(|dir| ctx.path(dir));
                ctx.execute(args.text("script"), dir.as_deref())
                    .map(Value::Str)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "copy",
            &[
                Param::required("source", Ty::Str, "file or folder").completed_by(Complete::File),
                Param::required("target", Ty::Str, "where it goes"),
            ],
            Ty::Nothing,
            "Copies a file, or a folder with everything in it.",
            "fn install(ctx) { ctx.copy('hello', '{DIR_INSTALL}/hello') }",
            |ctx: &Arc<Context>, args| {
                copy(
                    &ctx.path(args.text("source")),
                    &ctx.path(args.text("target")),
                )?;
                Ok(Value::None)
            },
        ),
        Member::method(
            "write",
            &[
                Param::required("path", Ty::Str, "the file"),
                Param::required("text", Ty::Str, "what it holds"),
                Param::optional("mode", Ty::Str, Default::Str("644"), "its mode, octal"),
            ],
            Ty::Nothing,
            "Writes a text file.",
            "fn build(ctx) { ctx.write('hello.c', 'int main() { return 0; }') }",
            |ctx: &Arc<Context>, args| {
                ctx.write(&ctx.path(args.text("path")), args.text("text"), mode(args)?)?;
                Ok(Value::None)
            },
        ),
        Member::method(
            "remove",
            &[Param::required("path", Ty::Str, "file or folder")],
            Ty::Nothing,
            "Removes a file, or a folder with everything in it, of the builder.",
            "fn build(ctx) { ctx.remove('hello') }",
            |ctx: &Arc<Context>, args| {
                let path = ctx.path(args.text("path"));
                let leaves = path.components().any(|part| part == Component::ParentDir);
                if leaves || !path.starts_with(&ctx.folder) || path == ctx.folder {
                    return Err(args.error("path", "must lie in a folder of the builder"));
                }
                remove(&path)?;
                Ok(Value::None)
            },
        ),
        Member::method(
            "program",
            &[
                Param::required("path", Ty::Str, "the program").completed_by(Complete::File),
                Param::required("target", Ty::Str, "its path in the container"),
            ],
            Ty::Nothing,
            "Copies a program into the package, with the libraries that it needs.",
            "fn sandbox(ctx) { ctx.program('{DIR_INSTALL}/hello', '/bin/hello') }",
            |ctx: &Arc<Context>, args| {
                ctx.program(&ctx.path(args.text("path")), args.text("target"))?;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "startup",
            &[
                Param::required("name", Ty::Str, "the program, as a path in the container"),
                Param::optional("args", Ty::List, Default::None, "its arguments"),
                Param::optional("env", Ty::Dict, Default::None, "its environment"),
                Param::optional(
                    "dir",
                    Ty::Str,
                    Default::Str("/"),
                    "directory it is started in",
                ),
            ],
            Ty::Nothing,
            "Names what the container starts: it is written to /.startup.toml.",
            "fn sandbox(ctx) { ctx.startup('/bin/hello', ['--loud']) }",
            |ctx: &Arc<Context>, args| startup(ctx, args),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("<ctx of {}>", self.name)
    }
}
