//! `kosmos store check|backup|restore` and `kosmos --reset`.
use std::path::Path;

use super::environment::short;
use super::unlock::{Given, Opener, failed, private_folder};
use super::{output, terminal};
use crate::object::{Error, Kind, Result};
use crate::store::{Health, Options, SlotKind, Store, StoreError, Unlock};

/// `kosmos store check`: permissions, header, manifest, and that every record can be read.
///
/// # Errors
/// When something is wrong; what it is was printed.
pub fn check(opener: &Opener) -> Result<()> {
    let locked = opener.locked()?;
    let mut wrong = 0usize;
    for warning in locked.warnings() {
        output::line(&format!("corrected: {warning}"));
    }
    let store = opener.unlock(&locked)?;
    let slots: Vec<String> = store.slots().iter().map(SlotKind::to_string).collect();
    output::line(&format!(
        "store in {}, opened by {}",
        short(&opener.environment.store()),
        slots.join(", ")
    ));
    for warning in store.take_warnings() {
        output::line(&format!("corrected: {warning}"));
    }
    if let Health::ReadOnly(report) = store.health() {
        wrong += 1;
        output::line(&format!("damaged: {report}"));
    }
    for damage in store.damaged().map_err(failed)? {
        wrong += 1;
        output::line(&damage.to_string());
    }
    let records = store.count().map_err(failed)?;
    let backups = store.backups().len();
    output::line(&format!("{records} records, {backups} automatic backups"));
    if wrong > 0 {
        return Err(Error::new(Kind::Store, "the store is damaged").hint(
            "kosmos store restore FILE puts a backup in its place and keeps the old one aside",
        ));
    }
    output::line("everything is in order");
    Ok(())
}

/// `kosmos store backup FILE`.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn backup(opener: &Opener, file: &Path) -> Result<()> {
    let store = opener.unlock(&opener.locked()?)?;
    let info = store.backup(file).map_err(failed)?;
    let databases = match info.databases {
        0 => String::new(),
        1 => " and 1 database".to_owned(),
        n => format!(" and {n} databases"),
    };
    output::line(&format!(
        "{} records{databases} in {} ({} bytes)",
        info.records,
        file.display(),
        info.bytes
    ));
    Ok(())
}

/// `kosmos store restore FILE`: into an empty folder, or in place of the store, which is moved
/// aside.
///
/// # Errors
/// When the file is not a good backup, or the passphrase does not open it.
pub fn restore(opener: &Opener, file: &Path) -> Result<()> {
    let dir = opener.environment.store();
    let own = opener.environment.own_keyfile();
    let over = Store::is_at(&dir);
    private_folder(&opener.environment.home)?;
    let go = |how: Unlock<'_>| match over {
        true => Store::restore_over(file, how, &dir, Options::default())
            .map(|(store, aside)| (store, Some(aside))),
        false => Store::restore(file, how, &dir, Options::default()).map(|store| (store, None)),
    };
    let given = match opener.given()? {
        Some(given) => given,
        None if own.exists() => Given::KeyFile(own),
        None => Given::Passphrase(terminal::ask_hidden("passphrase of the backup: ")?),
    };
    let result = match given.with(go) {
        // The backup may be older than the key file.
        Err(StoreError::NoSlot(_) | StoreError::WrongKey(_))
            if matches!(given, Given::KeyFile(_)) && terminal::can_ask() =>
        {
            let typed = terminal::ask_hidden("passphrase of the backup: ")?;
            go(Unlock::Passphrase(&typed))
        }
        other => other,
    };
    let (store, aside) = result.map_err(failed)?;
    let records = store.count().map_err(failed)?;
    output::line(&format!("{records} records restored to {}", short(&dir)));
    if let Some(aside) = aside {
        output::line(&format!(
            "the store that was there is now {}",
            short(&aside)
        ));
    }
    Ok(())
}

/// `kosmos --reset`: destroys the store after a typed word.
///
/// # Errors
/// [`Kind::NotConfirmed`] when the word is not typed.
pub fn reset(opener: &Opener, yes: bool) -> Result<()> {
    let dir = opener.environment.store();
    if !Store::is_at(&dir) {
        output::line(&format!("There is no store in {}.", short(&dir)));
        return Ok(());
    }
    if !yes {
        output::err(&format!(
            "This destroys the store in {} and its automatic backups, with every wallet in it.",
            short(&dir)
        ));
        if !terminal::can_ask() {
            return Err(
                Error::new(Kind::NotConfirmed, "not confirmed: nothing was done")
                    .hint("without a terminal: kosmos --reset --yes"),
            );
        }
        if terminal::ask("type reset to go on: ")? != "reset" {
            return Err(Error::new(
                Kind::NotConfirmed,
                "not confirmed: nothing was done",
            ));
        }
    }
    Store::reset(&dir, false, &Options::default()).map_err(failed)?;
    let own = opener.environment.own_keyfile();
    if own.exists() {
        // It opens nothing any more.
        std::fs::remove_file(&own)?;
    }
    output::line("The store is gone.");
    Ok(())
}
