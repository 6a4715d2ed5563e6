//! `kosmos store check|backup|restore` and `kosmos --reset`.
use std::path::Path;

use super::environment::short;
use super::unlock::{Given, Opener, failed, private_folder};
use super::{output, terminal};
use crate::j::data::bcdb;
use crate::object::{Error, Kind, Result};
use crate::store::{Health, Options, SlotKind, Store, StoreError, Unlock};

/// `kosmos store check`: permissions, header, manifest, and that every record and every entry of a
/// database can be read.
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
    let (databases, damage) = databases(&store)?;
    wrong += damage.len();
    damage.iter().for_each(|text| output::line(text));
    let records = store.count().map_err(failed)?;
    let backups = store.backups().len();
    output::line(&format!(
        "{}, {}, {}",
        counted(records, "record"),
        counted(databases, "database"),
        counted(backups, "automatic backup")
    ));
    if wrong > 0 {
        return Err(Error::new(Kind::Store, "the store is damaged").hint(
            "kosmos store restore FILE puts a backup in its place and keeps the old one aside",
        ));
    }
    output::line("everything is in order");
    Ok(())
}

/// Reads the databases again; answers how many there are, and what is wrong with some.
fn databases(store: &Store) -> Result<(usize, Vec<String>)> {
    let names = store.vaults(bcdb::LOCATION).map_err(failed)?;
    let mut damage = Vec::new();
    for name in &names {
        let vault = store.vault(bcdb::LOCATION, name);
        let wrong = match vault.and_then(|vault| vault.map(|v| v.verify()).transpose()) {
            Ok(None) => continue,
            Ok(Some(report)) if report.is_good() => continue,
            Ok(Some(report)) => match report.health {
                Health::ReadOnly(report) => report.to_string(),
                Health::Good => format!(
                    "{} of {} entries are there, {} of them cannot be read",
                    report.found,
                    report.expected,
                    report.damaged.len()
                ),
            },
            Err(error @ StoreError::Locked { .. }) => return Err(failed(error)),
            Err(error) => error.to_string(),
        };
        damage.push(format!("damaged: database {name}: {wrong}"));
    }
    Ok((names.len(), damage))
}

/// `1 record`, `2 records`.
fn counted(number: impl std::fmt::Display, what: &str) -> String {
    let number = number.to_string();
    match number.as_str() {
        "1" => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// `kosmos store backup FILE`.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn backup(opener: &Opener, file: &Path) -> Result<()> {
    let store = opener.unlock(&opener.locked()?)?;
    let info = store.backup(file).map_err(failed)?;
    output::line(&format!(
        "{} and {} in {} ({} bytes)",
        counted(info.records, "record"),
        counted(info.databases, "database"),
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
    let names = store.vaults(bcdb::LOCATION).map_err(failed)?;
    let (there, missing): (Vec<_>, Vec<_>) = names
        .iter()
        .partition(|name| store.vault(bcdb::LOCATION, name).is_ok());
    output::line(&format!(
        "{} and {} restored to {}",
        counted(records, "record"),
        counted(there.len(), "database"),
        short(&dir)
    ));
    for name in missing {
        output::err(&format!(
            "the database {name} is not in this backup: those that are made by themselves hold none"
        ));
    }
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
