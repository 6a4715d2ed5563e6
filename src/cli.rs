//! The command line: `kosmos [FILE|STATEMENT] [ARGS]…`, `kosmos devnet …`, `kosmos store …`,
//! `kosmos zos-node …`, `kosmos tutorial`, `kosmos reference`.
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// The shell in which a person runs their own cloud on the ThreeFold Grid.
///
/// Without arguments it opens the shell on a terminal, and runs what comes through a pipe.
#[derive(Debug, Parser)]
#[command(name = "kosmos", version)]
#[command(after_help = "\
exit codes: 0 success, 1 something failed, 2 wrong usage, 3 the store is locked by another process,
            4 wrong passphrase or no way to unlock
environment: KOSMOS_HOME, KOSMOS_KEYFILE, KOSMOS_PASSPHRASE_FILE, KOSMOS_PASSPHRASE,
             KOSMOS_LOCK_AFTER (minutes), KOSMOS_LOG (file), NO_COLOR")]
pub struct Cli {
    /// A script and its arguments, or one statement (its value is not printed: use print(…)).
    #[arg(value_name = "FILE|STATEMENT", trailing_var_arg = true)]
    pub arguments: Vec<String>,

    /// One input, printed as the prompt does.
    #[arg(short = 'c', value_name = "INPUT", conflicts_with = "arguments")]
    pub input: Option<String>,

    /// Run an instruction file (TOML).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["arguments", "input"])]
    pub instruct: Option<PathBuf>,

    /// Go on with the instruction file after an error.
    #[arg(long = "ignore_error", alias = "ignore-error", requires = "instruct")]
    pub ignore_error: bool,

    /// Answer with one JSON object per input.
    #[arg(long)]
    pub json: bool,

    /// With piped input: stop at the first error.
    #[arg(long)]
    pub strict: bool,

    /// Run the script as plain Rhai.
    #[arg(long)]
    pub plain: bool,

    /// Keep everything in memory: a fresh store, nothing on disk, no questions.
    #[arg(long)]
    pub ephemeral: bool,

    /// Let TEST mean the devnet on this machine.
    #[arg(long)]
    pub devnet: bool,

    /// Answer every question with yes.
    #[arg(global = true, long)]
    pub yes: bool,

    /// Show the place of every error, and how long things took.
    #[arg(long)]
    pub debug: bool,

    /// Warnings and errors only.
    #[arg(short, long)]
    pub quiet: bool,

    /// Work on the store.
    #[command(flatten)]
    pub store: StoreOptions,

    /// One of the other doors.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What is done with the store instead of opening the shell.
#[derive(Debug, Args)]
pub struct StoreOptions {
    /// Make the store, or confirm its recovery words.
    #[arg(long, help_heading = "Store")]
    pub init: bool,

    /// With --init: recover the store with its 24 words.
    #[arg(long, help_heading = "Store", requires = "init")]
    pub words: bool,

    /// Where the recovery words of a new store are written (must not exist).
    #[arg(long, value_name = "PATH", help_heading = "Store")]
    pub words_file: Option<PathBuf>,

    /// Change the passphrase.
    #[arg(long, help_heading = "Store")]
    pub passphrase: bool,

    /// Encrypt everything with a new key, and make new words.
    #[arg(long, help_heading = "Store")]
    pub rekey: bool,

    /// Destroy the store (asks for a typed word, or needs --yes).
    #[arg(short, long, help_heading = "Store")]
    pub reset: bool,
}

/// The other doors.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look after the encrypted store.
    #[command(subcommand)]
    Store(StoreCommand),
    /// A chain on this machine to learn and test with.
    #[command(subcommand)]
    Devnet(DevnetCommand),
    /// Run a Zero-OS node on this machine, in the foreground. Its jobs run as you.
    ZosNode(ZosNodeOptions),
    /// Play the tutorial on a store in memory and a devnet of its own.
    Tutorial {
        /// Straight through, without waiting for Enter.
        #[arg(long)]
        auto: bool,
    },
    /// Print the reference of the whole tree as Markdown.
    Reference,
    /// The web server of the website that a devnet's node can make.
    #[command(hide = true)]
    ZosWeb(ZosWebOptions),
    /// What the devnet's node starts for each container.
    #[command(hide = true)]
    ZosInit {
        /// Shown as the arguments of the container's first process.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// `kosmos store …`
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Check permissions, header and every record.
    Check,
    /// Write a sealed backup of everything, databases included.
    Backup {
        /// File to write; must not exist.
        file: PathBuf,
    },
    /// Put a backup in place; a store that is there is moved aside.
    Restore {
        /// File to read.
        file: PathBuf,
    },
}

/// `kosmos devnet …`
#[derive(Debug, Subcommand)]
pub enum DevnetCommand {
    /// Start it in the background.
    Start(Box<DevnetStart>),
    /// Show whether it runs, and how high its chain is.
    Status(DevnetPlace),
    /// Stop it; its chain stays.
    Stop(DevnetPlace),
    /// Stop it and delete its chain.
    Reset(DevnetPlace),
}

/// Where a devnet lives.
#[derive(Debug, Args)]
pub struct DevnetPlace {
    /// Folder of its state.
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

/// Options of `kosmos devnet start`.
#[derive(Debug, Args)]
pub struct DevnetStart {
    /// Where it lives.
    #[command(flatten)]
    pub place: DevnetPlace,
    /// Port of its HTTP API on 127.0.0.1.
    #[arg(long, default_value_t = 23110)]
    pub port: u16,
    /// Seconds between blocks, 0.02 to 86400; with 0 blocks are made on demand only.
    #[arg(long, value_name = "S", default_value = "10", value_parser = block_time)]
    pub block_time: Duration,
    /// Start with the blocks of this file.
    #[arg(long, value_name = "FILE")]
    pub import: Option<PathBuf>,
    /// Registry that the flist hub takes docker images from when their name has none.
    #[arg(long, value_name = "HOST:PORT")]
    pub registry: Option<String>,
    /// The flist hub wants tokens of an identity service with this public key (PEM, curve P-384).
    #[arg(long, value_name = "FILE")]
    pub identity_key: Option<PathBuf>,
    /// Stay in the foreground.
    #[arg(long)]
    pub foreground: bool,
    /// Where mails go; the last, because its heading counts for all that follow.
    #[command(flatten)]
    pub mail: MailFlags,
}

/// The mail server of a devnet, in `kosmos devnet start`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mail server")]
pub struct MailFlags {
    /// Mail server that the broker's mails go to, kept from then on; '' for none any more.
    #[arg(long, value_name = "HOST")]
    pub smtp_host: Option<String>,
    /// Its port; 587, 465 or 25 without, as the encryption is.
    #[arg(long, value_name = "PORT", requires = "smtp_host")]
    pub smtp_port: Option<u16>,
    /// Its encryption: starttls (without), tls or none.
    #[arg(long, value_name = "HOW", requires = "smtp_host")]
    pub smtp_tls: Option<String>,
    /// Who signs in there.
    #[arg(long, value_name = "NAME", requires = "smtp_host")]
    pub smtp_user: Option<String>,
    /// File whose first line is the password.
    #[arg(long, value_name = "FILE", requires = "smtp_user")]
    pub smtp_password_file: Option<PathBuf>,
    /// Who the mails are from; broker@grid.tf without.
    #[arg(long, value_name = "ADDRESS", requires = "smtp_host")]
    pub smtp_from: Option<String>,
    /// Certificates (PEM) that are trusted besides those of the system.
    #[arg(long, value_name = "FILE", requires = "smtp_host")]
    pub smtp_ca_file: Option<PathBuf>,
}

/// Options of `kosmos zos-node`.
#[derive(Debug, Args)]
pub struct ZosNodeOptions {
    /// Where it listens, for TLS and plain connections; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:6379")]
    pub listen: std::net::SocketAddr,
    /// Folder it lives in; the node's own / is the folder fs in it.
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,
    /// A folder of this machine that clients and jobs reach at its own path (repeat for more);
    /// / gives them the whole machine.
    #[arg(long, value_name = "DIR")]
    pub share: Vec<PathBuf>,
    /// File with the password that clients must send.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Let members of this organization in, by a token of its identity service (repeat for more).
    #[arg(
        long,
        value_name = "NAME",
        requires = "identity_key",
        conflicts_with = "password_file"
    )]
    pub organization: Vec<String>,
    /// Public key of the identity service (PEM, curve P-384).
    #[arg(long, value_name = "FILE")]
    pub identity_key: Option<PathBuf>,
}

/// Options of the web server of a node's website.
#[derive(Debug, Args)]
pub struct ZosWebOptions {
    /// Folder with the pages.
    pub folder: PathBuf,
    /// Where it listens.
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:80")]
    pub listen: std::net::SocketAddr,
}

/// Seconds as a time; the bounds are those of `j.devnet.start(block_time=…)`.
fn block_time(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(Duration::ZERO),
        Ok(seconds) if (0.02..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("expected 0, or 0.02 to 86400 seconds".to_string()),
    }
}
