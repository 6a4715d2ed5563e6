//! Which door the command line opens.
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::batch::Mode;
use super::environment::Environment;
use super::host::{Person, Sink};
use super::interrupt::Caught;
use super::session::{Look, Session, Tree};
use super::tutorial::{Need, Stage};
use super::unlock::{Ask, Opener, failed};
use super::{
    batch, devnet_command, errors, first_run, input, interactive, keeping, log, output, terminal,
    tutorial, zos_node_command, zos_web_command,
};
use crate::cli::{Cli, Command, StoreCommand};
use crate::j::{self, world::Settings, world::World};
use crate::object::{Error, Kind, Paint, Result, reference};
use crate::store::Store;

/// Stack of the thread that runs everything: deeply nested expressions need it.
const STACK: usize = 64 << 20;

/// Time between the blocks of the tutorial: nobody likes to wait.
const TUTORIAL_BLOCK_TIME: std::time::Duration = std::time::Duration::from_millis(500);

/// The tree that users get.
const TREE: Tree = Tree {
    open: j::open,
    unsaved: World::unsaved,
};

/// Runs the command line that was given; answers the exit code of the process.
pub fn main(cli: Cli) -> ExitCode {
    crate::store::harden_process();
    let environment = Environment::take();
    let run = move || ExitCode::from(Start { cli, environment }.open());
    match std::thread::Builder::new().stack_size(STACK).spawn(run) {
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        Err(error) => {
            output::err(&format!("cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}

struct Start {
    cli: Cli,
    environment: Environment,
}

impl Start {
    fn open(&self) -> u8 {
        output::set_quiet(self.cli.quiet);
        if let Err(error) = log::start(self.cli.debug, self.environment.log.as_deref()) {
            output::err(&format!("warning: no log: {error}"));
        }
        let code = match self.door() {
            Ok(code) => code,
            Err(error) if output::broken() && error.kind == Kind::Interrupted => 0,
            Err(error) => batch::fatal(&error, self.cli.json, self.look().errors),
        };
        match output::lost() {
            Some(reason) => {
                output::err(&format!("cannot write the results: {reason}"));
                code.max(1)
            }
            None => code,
        }
    }

    fn door(&self) -> Result<u8> {
        let done = |result: Result<()>| result.map(|()| 0);
        match &self.cli.command {
            Some(Command::Store(command)) => {
                let opener = self.opener(Ask::Passphrase);
                return done(match command {
                    StoreCommand::Check => keeping::check(&opener),
                    StoreCommand::Backup { file } => keeping::backup(&opener, file),
                    StoreCommand::Restore { file } => keeping::restore(&opener, file),
                });
            }
            Some(Command::Devnet(command)) => {
                return devnet_command::run(command, &self.environment, self.cli.yes);
            }
            Some(Command::ZosNode(options)) => return zos_node_command::run(options),
            Some(Command::ZosWeb(options)) => return zos_web_command::run(options),
            Some(Command::Tutorial { auto }) => return self.tutorial(*auto),
            // Opened by `main`, before anything else is touched; no door of the shell.
            Some(Command::ZosInit { .. }) => return Ok(2),
            Some(Command::Reference) => {
                let session = self.session(self.opener(Ask::Nobody));
                output::line(&reference::markdown(session.root.class(), "j"));
                return Ok(0);
            }
            None => {}
        }
        let store = &self.cli.store;
        if store.reset {
            return done(keeping::reset(&self.opener(Ask::Nobody), self.cli.yes));
        }
        if store.init {
            let opener = self.opener(Ask::Everything);
            return done(match store.words {
                true => first_run::recover(&opener),
                false => first_run::init(&opener),
            });
        }
        if store.passphrase {
            return done(first_run::passphrase(&self.opener(Ask::Passphrase)));
        }
        if store.rekey {
            return done(first_run::rekey(&self.opener(Ask::Passphrase)));
        }
        self.run()
    }

    /// The shell itself, and everything that is run without a prompt.
    fn run(&self) -> Result<u8> {
        let mode = Mode {
            json: self.cli.json,
            strict: self.cli.strict,
            plain: self.cli.plain,
        };
        if let Some(file) = &self.cli.instruct {
            return batch::instructions(&self.quiet_session(), file, self.cli.ignore_error);
        }
        if let Some(source) = &self.cli.input {
            return Ok(batch::statement(&self.quiet_session(), source, true, mode));
        }
        match self.cli.arguments.as_slice() {
            [] => {}
            [one] => {
                return match script(one)? {
                    Some(file) => batch::script(&self.quiet_session(), file, &[], mode),
                    None => {
                        let session = self.quiet_session();
                        Ok(batch::statement(
                            &session,
                            input::unquoted(one),
                            false,
                            mode,
                        ))
                    }
                };
            }
            [file, args @ ..] => {
                let path = Path::new(file);
                if !path.is_file() {
                    return Err(no_file(file).hint("a statement is one argument: put it in quotes"));
                }
                return batch::script(&self.quiet_session(), path, args, mode);
            }
        }
        if terminal::interactive() && !self.cli.json {
            return self.prompt();
        }
        batch::piped(&self.quiet_session(), mode)
    }

    /// The prompt. The store is opened first, because from then on nobody wants to wait.
    fn prompt(&self) -> Result<u8> {
        let started = Instant::now();
        let opener = self.opener(Ask::Everything);
        let session = self.session(opener);
        // Whoever just put the words off was told so a line above.
        let is_new = !Store::is_at(&self.environment.store());
        let store = session.world().store()?;
        if !is_new {
            self.remind(&store)?;
        }
        let _caught = Caught::sigint();
        output::note(&self.banner());
        log::line(&format!(
            "ready after {:.1} ms",
            started.elapsed().as_secs_f64() * 1e3
        ));
        let setting = interactive::Setting {
            history: (!self.cli.ephemeral).then(|| self.environment.history()),
            lock_after: self.environment.lock_after.filter(|_| !self.cli.ephemeral),
            colours: self.environment.colours,
        };
        interactive::run(&session, &setting)
    }

    fn banner(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let memory = match self.cli.ephemeral {
            true => "\nEverything is in memory: nothing of it is there after you leave.",
            false => "",
        };
        format!(
            "kosmos {version}: everything hangs on j; Tab completes, ? explains, Ctrl-D leaves{memory}"
        )
    }

    fn remind(&self, store: &Store) -> Result<()> {
        if !self.cli.ephemeral && !store.words_confirmed().map_err(failed)? {
            output::err("Your 24 recovery words are not confirmed yet: kosmos --init");
        }
        Ok(())
    }

    /// A session for what runs without a prompt: it may ask for a passphrase, but for nothing else.
    fn quiet_session(&self) -> Session {
        let ask = if self.cli.json {
            Ask::Nobody
        } else {
            Ask::Passphrase
        };
        self.session(self.opener(ask))
    }

    fn opener(&self, ask: Ask) -> Opener {
        let mut opener = Opener::new(self.environment.clone(), ask);
        opener.ephemeral = self.cli.ephemeral;
        opener.words_file = self.cli.store.words_file.clone();
        opener
    }

    fn session(&self, opener: Opener) -> Session {
        let settings = Settings {
            devnet_dir: self.environment.devnet(),
            devnet_port: crate::devnet::DEFAULT_PORT,
            devnet_program: std::env::current_exe().ok(),
            container_program: std::env::current_exe().ok(),
            test_is_devnet: self.cli.devnet,
            ephemeral: self.cli.ephemeral,
        };
        let sink = Arc::new(Sink::default());
        let person = Person {
            sink: sink.clone(),
            yes: self.cli.yes,
            asks: !self.cli.json && terminal::can_ask(),
            drafts: self.environment.drafts.clone(),
        };
        let open = move || {
            let started = Instant::now();
            let store = opener.open();
            log::line(&format!(
                "store opened in {:.1} ms",
                started.elapsed().as_secs_f64() * 1e3
            ));
            store
        };
        let flag = Arc::new(AtomicBool::new(false));
        let world = World::new(Arc::new(person), settings, flag, Box::new(open));
        Session::new(TREE, world, sink, self.look())
    }

    fn look(&self) -> Look {
        use std::io::IsTerminal;
        let colours = self.environment.colours && !self.cli.json;
        let paint = match colours && std::io::stdout().is_terminal() {
            true => Paint::Ansi,
            false => Paint::Plain,
        };
        let errors = errors::Style {
            colours: colours && std::io::stderr().is_terminal(),
            debug: self.cli.debug,
        };
        Look { paint, errors }
    }

    /// Plays the scripts of `examples/` on a store in memory and a devnet of its own.
    fn tutorial(&self, auto: bool) -> Result<u8> {
        let opener = {
            let mut opener = Opener::new(Environment::default(), Ask::Nobody);
            opener.ephemeral = true;
            opener
        };
        let store = opener.open()?;
        let folder = Scratch::new()?;
        let interactive = terminal::interactive() && !auto;
        // The devnet stays when the tutorial restarts its shell; it ends with this function.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let mut config = crate::devnet::Config::new(folder.0.join("devnet"));
        config.port = 0;
        config.block_time = Some(TUTORIAL_BLOCK_TIME);
        let program = std::env::current_exe().ok();
        config.program = program.clone();
        let devnet = runtime.block_on(crate::devnet::Devnet::start(config))?;
        let open = || {
            let settings = Settings {
                devnet_dir: folder.0.join("devnet"),
                devnet_port: 0,
                devnet_program: None,
                container_program: program.clone(),
                test_is_devnet: true,
                ephemeral: true,
            };
            let sink = Arc::new(Sink::default());
            let person = Person {
                sink: sink.clone(),
                yes: true,
                asks: false,
                drafts: folder.0.clone(),
            };
            let flag = Arc::new(AtomicBool::new(false));
            let store = store.clone();
            let open = Box::new(move || Ok(store.clone()));
            let world = World::new(Arc::new(person), settings, flag, open);
            Session::new(TREE, world, sink, self.look())
        };
        let colours = self.look().paint == Paint::Ansi;
        if interactive {
            output::line("The tutorial types, you read: Enter runs each line, Ctrl-C leaves.");
        }
        let stage = Stage {
            open: &open,
            missing: &|need| missing(need, &runtime, &folder.0, program.as_deref()),
            waits: interactive,
            colours,
        };
        let played = tutorial::SCRIPTS
            .iter()
            .try_for_each(|script| tutorial::play(script, &stage));
        runtime.block_on(devnet.stop());
        played.map(|()| 0)
    }
}

/// The file an argument names, if it is a script and not a statement.
fn script(argument: &str) -> Result<Option<&Path>> {
    let path = Path::new(argument);
    if !argument.contains('(') && path.is_file() {
        return Ok(Some(path));
    }
    if argument.ends_with(".rhai") && !argument.contains(['(', '\'', '"', '=']) {
        return Err(no_file(argument));
    }
    Ok(None)
}

fn no_file(name: &str) -> Error {
    Error::new(Kind::Usage, format!("there is no file {name}"))
}

/// Why this machine cannot give a script of the tutorial what it needs; None when it can.
fn missing(
    need: &Need,
    runtime: &Runtime,
    folder: &Path,
    program: Option<&Path>,
) -> Option<String> {
    match need {
        Need::Node if cfg!(target_os = "linux") => None,
        Need::Node => Some("a Zero-OS node needs Linux".to_string()),
        Need::Containers => no_containers(runtime, &folder.join("probe"), program),
    }
}

#[cfg(target_os = "linux")]
fn no_containers(runtime: &Runtime, folder: &Path, program: Option<&Path>) -> Option<String> {
    use crate::devnet::zos::container::{Config, Containers, Support};
    let Some(program) = program else {
        return Some("the kosmos program does not know where it is".to_string());
    };
    match runtime.block_on(Containers::open(Config::new(folder, program))) {
        Ok((containers, _)) => match containers.support() {
            Support::Yes(_) => None,
            no => Some(no.to_string()),
        },
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(not(target_os = "linux"))]
fn no_containers(_: &Runtime, _: &Path, _: Option<&Path>) -> Option<String> {
    Some("containers need Linux".to_string())
}

/// A folder of the devnet of the tutorial, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Scratch> {
        let path = std::env::temp_dir().join(format!("kosmos-tutorial-{}", std::process::id()));
        super::unlock::private_folder(&path)?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing of worth is in it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
