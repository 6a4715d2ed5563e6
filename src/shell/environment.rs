//! What the surroundings of the process say: folders, ways to unlock, the wish for colours.
//!
//! Read once at the start. Variables that hold a passphrase leave the environment at once, so that
//! no child process inherits them.
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

/// Everything Kosmos reads from environment variables.
#[derive(Clone, Default)]
pub struct Environment {
    /// Folder of everything Kosmos keeps: `KOSMOS_HOME`, else the platform's data folder.
    pub home: PathBuf,
    /// `KOSMOS_KEYFILE`.
    pub keyfile: Option<PathBuf>,
    /// `KOSMOS_PASSPHRASE_FILE`: its first line is the passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// `KOSMOS_PASSPHRASE`.
    pub passphrase: Option<Zeroizing<String>>,
    /// `KOSMOS_LOCK_AFTER` in minutes: forget the keys after so much idle time.
    pub lock_after: Option<Duration>,
    /// `KOSMOS_LOG`: file that log lines are appended to.
    pub log: Option<PathBuf>,
    /// Folder for texts that are being edited: in memory (`XDG_RUNTIME_DIR`) where there is one,
    /// because they may hold secrets.
    pub drafts: PathBuf,
    /// False with `NO_COLOR` or `TERM=dumb`.
    pub colours: bool,
}

impl Environment {
    /// Reads the variables and removes the passphrase from the own environment.
    ///
    /// To be called once, before any thread is started.
    pub fn take() -> Environment {
        let path = |name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        let passphrase = std::env::var("KOSMOS_PASSPHRASE").ok().map(Zeroizing::new);
        // SAFETY: the process has one thread at this point, so nobody reads the environment while
        // it changes.
        unsafe { std::env::remove_var("KOSMOS_PASSPHRASE") };
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let home = path("KOSMOS_HOME").unwrap_or_else(data_folder);
        Environment {
            drafts: path("XDG_RUNTIME_DIR")
                .filter(|p| p.is_dir())
                .unwrap_or_else(|| home.clone()),
            home,
            keyfile: path("KOSMOS_KEYFILE"),
            passphrase_file: path("KOSMOS_PASSPHRASE_FILE"),
            passphrase,
            lock_after: std::env::var("KOSMOS_LOCK_AFTER")
                .ok()
                .and_then(|minutes| minutes.trim().parse::<f64>().ok())
                .filter(|minutes| *minutes > 0.0)
                .and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok()),
            log: path("KOSMOS_LOG"),
            colours: !dumb && !no_color,
        }
    }

    /// Folder of the store.
    pub fn store(&self) -> PathBuf {
        self.home.join("store")
    }

    /// The key file of a store without a passphrase.
    pub fn own_keyfile(&self) -> PathBuf {
        self.home.join("key")
    }

    /// The history of the prompt.
    pub fn history(&self) -> PathBuf {
        self.home.join("history")
    }

    /// Folder of the devnet.
    pub fn devnet(&self) -> PathBuf {
        self.home.join("devnet")
    }
}

/// `$XDG_DATA_HOME/kosmos`, `~/.local/share/kosmos`, on a Mac `~/Library/Application Support/kosmos`.
fn data_folder() -> PathBuf {
    let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("."));
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/kosmos");
    }
    match std::env::var_os("XDG_DATA_HOME").map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => folder.join("kosmos"),
        _ => home.join(".local/share/kosmos"),
    }
}

/// A path as a person writes it: with `~` for the home folder.
pub fn short(path: &Path) -> String {
    if let Some(home) = std::env::home_dir()
        && let Ok(rest) = path.strip_prefix(&home)
    {
        return format!("~/{}", rest.display());
    }
    path.display().to_string()
}
