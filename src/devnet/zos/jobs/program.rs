//! What a job wants to run, and where the program is.
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

use super::command::{Failure, reason};
use crate::devnet::zos::view::View;
use crate::zos::protocol::result::codes;

/// A program with everything it is started with; the arguments of `core.system`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Program {
    /// Name, looked for in `PATH`, or path.
    pub name: String,
    /// Arguments.
    pub args: Vec<String>,
    /// Working folder; the runner's own when empty.
    pub dir: String,
    /// What it reads; nothing when empty.
    pub stdin: String,
    /// Added to the runner's environment.
    pub env: IndexMap<String, String>,
}

/// Where processes of a runner start.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Working folder when a job names none.
    pub dir: PathBuf,
    /// The whole environment, before what a job adds.
    pub env: Vec<(OsString, OsString)>,
    /// Each process leads a group of its own, to which signals of `job.kill` go.
    pub groups: bool,
    /// Processes end with the thread that started them: a node's do, a container's end with it
    /// anyway.
    pub end_with_us: bool,
    /// How long jobs have between SIGTERM and SIGKILL when the runner stops.
    pub patience: std::time::Duration,
    /// The view of the files that processes get; None for that of the runner itself.
    pub view: Option<std::sync::Arc<View>>,
}

impl Surroundings {
    /// Where on the machine lies what a process sees at a path.
    fn on_machine(&self, path: &Path) -> PathBuf {
        match &self.view {
            Some(view) => view.on_machine(path),
            None => path.to_path_buf(),
        }
    }
}

impl Program {
    /// The arguments of `core.system`; what is null counts as not given.
    ///
    /// # Errors
    /// Which argument is wrong.
    pub fn from_arguments(arguments: &Json) -> Result<Self, Failure> {
        let mut arguments = arguments.clone();
        if let Json::Object(map) = &mut arguments {
            map.retain(|_, value| !value.is_null());
        }
        serde_json::from_value(arguments)
            .map_err(|e| Failure::new(0, format!("arguments of core.system: {e}")))
    }

    /// The arguments of `bash`.
    ///
    /// # Errors
    /// Which argument is wrong.
    pub fn from_script(arguments: &Json) -> Result<Self, Failure> {
        let text = |name: &str| match arguments.get(name) {
            None | Some(Json::Null) => Ok(String::new()),
            Some(Json::String(text)) => Ok(text.clone()),
            Some(other) => Err(Failure::new(
                0,
                format!("arguments of bash: {name} is {other}, expected a text"),
            )),
        };
        Ok(Program {
            name: "sh".into(),
            args: vec!["-c".into(), text("script")?],
            stdin: text("stdin")?,
            ..Program::default()
        })
    }

    /// The file to execute, looked for as the real node does.
    ///
    /// # Errors
    /// The real node's texts, with code 404 when there is no such program.
    pub fn find(&self, surroundings: &Surroundings) -> Result<PathBuf, Failure> {
        let name = &self.name;
        let path = if name.contains('/') {
            let path = surroundings.dir.join(name);
            if let Err(e) = surroundings.on_machine(&path).metadata() {
                let why = reason(&e);
                return Err(Failure::new(
                    codes::NOT_FOUND,
                    format!("exec: \"{name}\": stat {name}: {why}"),
                ));
            }
            path
        } else {
            let searched = surroundings
                .env
                .iter()
                .find(|(key, _)| key == "PATH")
                .map(|(_, value)| value.clone())
                .unwrap_or_default();
            let found = searched
                .to_string_lossy()
                .split(':')
                .filter(|folder| !folder.is_empty() && !name.is_empty())
                .map(|folder| Path::new(folder).join(name))
                .find(|path| runnable(&surroundings.on_machine(path)));
            found.ok_or_else(|| {
                Failure::new(
                    codes::NOT_FOUND,
                    format!("exec: \"{name}\": executable file not found in $PATH"),
                )
            })?
        };
        // The C library would hand a file of an unknown kind to a shell: a node does not.
        let mut kind = [0; 4];
        let real = surroundings.on_machine(&path);
        if runnable(&real)
            && let Ok(mut file) = std::fs::File::open(&real)
            && file.read(&mut kind).is_ok()
            && !kind.starts_with(b"#!")
            && kind != *b"\x7fELF"
        {
            return Err(Failure::new(
                0,
                format!("fork/exec {}: exec format error", path.display()),
            ));
        }
        Ok(path)
    }
}

fn runnable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}
