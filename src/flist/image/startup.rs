//! `/.startup.toml`: what the first process of a container starts (spec: flist §11).
use indexmap::IndexMap;

use super::config::ImageConfig;

/// The path of the file, without a slash at its beginning.
pub const LOCATION: &[u8] = b".startup.toml";
/// What an image without a command is given.
const SHELL: &str = "/bin/sh";
/// The directory of an image that names none.
const ROOT: &str = "/";

/// The process that a container starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Startup {
    /// The program.
    pub name: String,
    /// Its arguments; None where the image has none and says so.
    pub args: Option<Vec<String>>,
    /// The directory that it is started in.
    pub dir: String,
    /// Its environment, in order.
    pub env: IndexMap<String, String>,
}

impl Startup {
    /// The process of an image: the entry point with its own arguments, or with the command as
    /// arguments where it has none; else the command; else a shell.
    ///
    /// The original drops the command of an image whose entry point has arguments; `keep_cmd` puts
    /// it after them, as a container engine does.
    pub fn of(config: &ImageConfig, keep_cmd: bool) -> Self {
        let words = |words: &Option<Vec<String>>| words.clone().filter(|words| !words.is_empty());
        let cmd = words(&config.cmd);
        let (name, args) = match words(&config.entrypoint) {
            Some(mut entry) => {
                let name = entry.remove(0);
                let args = match (entry.is_empty(), keep_cmd) {
                    (true, _) => config.cmd.clone(),
                    (false, false) => Some(entry),
                    (false, true) => {
                        entry.extend(cmd.unwrap_or_default());
                        Some(entry)
                    }
                };
                (name, args)
            }
            None => match cmd {
                Some(mut cmd) => (cmd.remove(0), Some(cmd)),
                None => (SHELL.to_owned(), Some(Vec::new())),
            },
        };
        let mut env = IndexMap::new();
        for pair in config.env.iter().flatten() {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            env.insert(key.to_owned(), value.to_owned());
        }
        let dir = config.working_dir.clone().filter(|dir| !dir.is_empty());
        Self {
            name,
            args,
            dir: dir.unwrap_or_else(|| ROOT.to_owned()),
            env,
        }
    }

    /// The text of the file.
    pub fn to_toml(&self) -> String {
        let args = match &self.args {
            Some(args) => {
                let args: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
                format!("args = [{}]", args.join(", "))
            }
            None => "#args = null  # To use: uncomment and replace null with value".to_owned(),
        };
        let mut text = format!(
            "[startup]\n\n[startup.entry]\nname = \"core.system\"\n\n[startup.entry.args]\n\
             name = {}\n{args}\ndir = {}\n\n[startup.entry.args.env]\n",
            quoted(&self.name),
            quoted(&self.dir)
        );
        for (name, value) in &self.env {
            text.push_str(&format!("{} = {}\n", key(name), quoted(value)));
        }
        text
    }
}

fn key(name: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match !name.is_empty() && name.bytes().all(bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
