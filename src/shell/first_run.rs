//! The first run: a passphrase, the 24 words, and a check that they were written down.
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::environment::short;
use super::unlock::{Ask, Given, Opener, failed, no_way, private_folder};
use super::{output, terminal};
use crate::object::{Error, Kind, Result};
use crate::store::{Options, RecoveryWords, Store, Unlock};

/// The word that is asked for (counted from 1).
const CHECKED: usize = 3;

/// Makes a store: with what the environment names, else in a dialogue.
///
/// # Errors
/// [`Kind::Unlock`] when there is nobody to ask, [`Kind::Interrupted`] when the person stops it.
pub fn make(opener: &Opener) -> Result<Store> {
    let dir = opener.environment.store();
    if let Some(path) = &opener.words_file
        && path.exists()
    {
        return Err(exists(path));
    }
    let given = opener.given()?;
    let dialogue = given.is_none();
    if dialogue && opener.ask != Ask::Everything {
        return Err(no_way(&format!("there is no store in {} yet", short(&dir)))
            .hint("or make one: kosmos --init"));
    }
    if dialogue && !terminal::can_ask() {
        return Err(no_way(&format!(
            "there is no store in {} yet, and nobody to ask for a passphrase",
            short(&dir)
        )));
    }
    private_folder(&opener.environment.home)?;
    let given = match given {
        Some(given) => given,
        None => {
            output::err(&format!("Your store will be in {}", short(&dir)));
            new_lock(&opener.environment.own_keyfile())?
        }
    };
    let (store, words) = Store::create(&dir, given.lock(), Options::default()).map_err(failed)?;
    if let Some(path) = &opener.words_file {
        write_words(path, &words)?;
        store.confirm_words().map_err(failed)?;
    } else if dialogue {
        show_words(&store, &words)?;
        output::err("Store created.");
    }
    Ok(store)
}

/// Asks how a store shall be locked from now on.
///
/// # Errors
/// [`Kind::Interrupted`] when the person stops it.
pub fn new_lock(keyfile: &Path) -> Result<Given> {
    loop {
        let first =
            terminal::ask_hidden("choose a passphrase (empty: a key file only you can read): ")?;
        if first.is_empty() {
            return Ok(Given::KeyFile(keyfile.to_path_buf()));
        }
        if *terminal::ask_hidden("the same again: ")? == *first {
            return Ok(Given::Passphrase(first));
        }
        output::err("the two are not the same");
    }
}

/// Shows the words once and asks for the third. They stand on the terminal's second screen, so
/// that nothing of them stays when the dialogue is over.
///
/// # Errors
/// When the answer cannot be noted in the store.
pub fn show_words(store: &Store, words: &RecoveryWords) -> Result<()> {
    let screen = Screen::enter();
    output::out(&table(&words.phrase()));
    let confirmed = check(words);
    drop(screen);
    if confirmed {
        return store.confirm_words().map_err(failed);
    }
    output::err("The words are not confirmed yet: kosmos --init asks again.");
    Ok(())
}

/// Asks for the third word until it is right, or is put off.
fn check(words: &RecoveryWords) -> bool {
    let Ok(mut asker) = terminal::Asker::new() else {
        return false;
    };
    loop {
        match asker.ask("give the 3rd word (or: later): ") {
            Ok(word) if words.is_word(CHECKED, &word) => return true,
            Ok(word) if word.eq_ignore_ascii_case("later") => return false,
            Ok(_) => output::err("that is not the 3rd word, please try again"),
            Err(_) => return false,
        }
    }
}

/// The words in four columns, numbered down.
fn table(phrase: &str) -> Zeroizing<String> {
    let words: Vec<&str> = phrase.split(' ').collect();
    let mut text = Zeroizing::new(String::with_capacity(800));
    text.push_str("These 24 words open the store when the passphrase or key file is lost.\n");
    text.push_str("They are shown only now: write them down and keep them in a safe place.\n\n");
    let rows = words.len().div_ceil(4);
    for row in 0..rows {
        for (number, word) in (1..).zip(&words).skip(row).step_by(rows) {
            text.push_str(&format!("  {number:>2} {word:<10}"));
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Writes the words into a new file that only its owner can read.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn write_words(path: &Path, words: &RecoveryWords) -> Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(path),
            _ => Error::new(
                Kind::Io,
                format!("cannot write {}: {error}", path.display()),
            ),
        })?;
    let written = file
        .write_all(words.phrase().as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all());
    written.map_err(|error| {
        Error::new(
            Kind::Io,
            format!("cannot write {}: {error}", path.display()),
        )
    })
}

fn exists(path: &Path) -> Error {
    let text = format!(
        "{} exists already: the words are never written over a file",
        path.display()
    );
    Error::new(Kind::Usage, text)
}

/// Asks for the 24 words until they can be right.
///
/// # Errors
/// [`Kind::Interrupted`] when the person stops it.
pub fn ask_words() -> Result<RecoveryWords> {
    loop {
        let typed = terminal::ask_hidden("the 24 words (not shown while typed): ")?;
        match RecoveryWords::parse(&typed) {
            Ok(words) => return Ok(words),
            Err(error) => output::err(&error.to_string()),
        }
    }
}

/// `kosmos --init`: makes a store, or confirms the words of the one there is.
///
/// # Errors
/// As [`Opener::open`].
pub fn init(opener: &Opener) -> Result<()> {
    if !opener.exists() {
        return make(opener).map(drop);
    }
    let store = opener.open()?;
    let dir = opener.environment.store();
    if store.words_confirmed().map_err(failed)? {
        output::line(&format!("The store in {} is ready.", short(&dir)));
        return Ok(());
    }
    if !terminal::can_ask() {
        output::err("The recovery words are not confirmed yet: run kosmos --init on a terminal.");
        return Ok(());
    }
    if terminal::ask_yes("Did you write the 24 words down?")? {
        let words = ask_words()?;
        opener
            .locked()?
            .unlock(Unlock::Words(&words))
            .map_err(failed)?;
        store.confirm_words().map_err(failed)?;
        output::line("The words are right.");
        return Ok(());
    }
    output::err("Then the old words become worthless, and you get new ones.");
    let words = store.words_new().map_err(failed)?;
    show_words(&store, &words)
}

/// `kosmos --init --words`: unlocks with the 24 words and sets a new passphrase.
///
/// # Errors
/// [`Kind::Unlock`] when the words do not open the store.
pub fn recover(opener: &Opener) -> Result<()> {
    let locked = opener.locked()?;
    if !terminal::can_ask() {
        return Err(Error::new(Kind::Usage, "--init --words needs a terminal"));
    }
    let words = ask_words()?;
    let store = locked.unlock(Unlock::Words(&words)).map_err(failed)?;
    let lock = new_lock(&opener.environment.own_keyfile())?;
    store.passphrase_change(lock.lock()).map_err(failed)?;
    store.confirm_words().map_err(failed)?;
    output::line("Recovered. The words stay valid.");
    Ok(())
}

/// `kosmos --passphrase`: another passphrase or key file; nothing else changes.
///
/// # Errors
/// As [`Opener::open`].
pub fn passphrase(opener: &Opener) -> Result<()> {
    if !terminal::can_ask() {
        return Err(Error::new(Kind::Usage, "--passphrase needs a terminal"));
    }
    let store = opener.unlock(&opener.locked()?)?;
    let lock = new_lock(&opener.environment.own_keyfile())?;
    store.passphrase_change(lock.lock()).map_err(failed)?;
    output::line("Changed. The 24 words stay valid.");
    Ok(())
}

/// `kosmos --rekey`: a new master key, new words, every record encrypted anew.
///
/// # Errors
/// As [`Opener::open`].
pub fn rekey(opener: &Opener) -> Result<()> {
    if !terminal::can_ask() {
        return Err(Error::new(Kind::Usage, "--rekey needs a terminal"));
    }
    let store = opener.unlock(&opener.locked()?)?;
    let lock = new_lock(&opener.environment.own_keyfile())?;
    let words = store.rekey(lock.lock()).map_err(failed)?;
    show_words(&store, &words)?;
    output::line(
        "Every record was encrypted with a new key; older backups still open with the old.",
    );
    Ok(())
}

/// The terminal's second screen, left when this is dropped.
struct Screen(bool);

impl Screen {
    fn enter() -> Screen {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let used = terminal::interactive() && !dumb;
        if used {
            output::out("\x1b[?1049h\x1b[H");
        }
        Screen(used)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.0 {
            output::out("\x1b[2J\x1b[?1049l");
        }
    }
}
