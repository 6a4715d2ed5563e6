//! Vaults: entries, marks, notes; what survives damage, a lost tail and a second process.
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;

use kosmos::store::{
    Expect, Health, NewLock, Store, StoreError, Unlock, Vault, VaultEdit, VaultView,
};

use crate::folders::copy;

use super::env::{Env, PASS, files, record};

const PLACE: &str = "j.data.bcdb";

fn read<T>(vault: &Vault, work: impl FnOnce(&VaultView<'_>) -> Result<T, StoreError>) -> T {
    vault.read(work).unwrap()
}

fn write<T>(vault: &Vault, work: impl FnOnce(&mut VaultEdit<'_>) -> Result<T, StoreError>) -> T {
    vault.write(work).unwrap()
}

fn fill(vault: &Vault, from: u64, count: u64) {
    write(vault, |edit| {
        for n in from..from + count {
            let id = edit.put_new("people", format!("content of number {n}").as_bytes())?;
            edit.mark("people", format!("name {}", n % 3).as_bytes(), id);
        }
        Ok(())
    });
}

fn exercise(store: &Store) {
    assert!(store.vault(PLACE, "one").unwrap().is_none());
    let vault = store.vault_create(PLACE, "one").unwrap();
    assert!(matches!(
        store.vault_create(PLACE, "one"),
        Err(StoreError::NotUnique { .. })
    ));
    fill(&vault, 1, 10);
    write(&vault, |edit| {
        assert!(edit.remove("people", 10)?);
        assert!(!edit.remove("people", 10)?);
        assert!(!edit.remove("others", 1)?);
        edit.unmark("people", b"name 1", 10);
        edit.put("others", 4, b"of another shelf")?;
        edit.set_note("about", Some(b"a note"))
    });
    let refused = vault.write(|edit| {
        edit.put_new("people", b"never there")?;
        Err::<(), _>(StoreError::Ephemeral("x"))
    });
    assert!(matches!(refused, Err(StoreError::Ephemeral("x"))));

    let again = store.vault(PLACE, "one").unwrap().unwrap();
    drop(vault);
    read(&again, |view| {
        assert_eq!((view.count("people"), view.count("others")), (9, 1));
        assert_eq!(view.next_id(), 11);
        let entry = view.entry("people", 3)?.unwrap();
        assert_eq!(entry.content.unwrap().as_slice(), b"content of number 3");
        assert!(view.entry("people", 10)?.is_none());
        assert!(view.entry("nobody", 3)?.is_none());
        assert_eq!(view.marked("people", b"name 1", 9)?, [1, 4, 7]);
        assert_eq!(view.marked("people", b"name 1", 2)?, [1, 4]);
        assert_eq!(view.ids("people", 3, 3)?, [4, 5, 6]);
        assert_eq!(view.entries("people", 7, 9)?.len(), 2);
        assert_eq!(view.count_marks("people")?, 9);
        assert_eq!(view.note("about")?.unwrap().as_slice(), b"a note");
        assert!(view.note("other")?.is_none());
        Ok(())
    });
    assert!(again.verify().unwrap().is_good());
    assert_eq!(write(&again, |edit| edit.clear_marks("people", 4)), 4);
    assert_eq!(read(&again, |view| view.count_marks("people")), 5);
    assert_eq!(store.vaults(PLACE).unwrap(), ["one"]);
    assert!(store.vault_delete(PLACE, "one").unwrap());
    assert!(!store.vault_delete(PLACE, "one").unwrap());
    assert!(store.vault(PLACE, "one").unwrap().is_none());
}

#[test]
fn a_vault_keeps_entries_marks_and_notes() {
    exercise(&Env::new().create());
    exercise(&Store::ephemeral(Default::default()).unwrap());
}

#[test]
fn a_vault_outlives_a_new_master_key_and_a_restored_backup() {
    let env = Env::new();
    let store = env.create();
    fill(&store.vault_create(PLACE, "kept").unwrap(), 1, 5);
    store.backup(&env.path("all.backup")).unwrap();
    store.rekey(NewLock::Passphrase("another one")).unwrap();
    drop(store);
    let store = env
        .locked()
        .unwrap()
        .unlock(Unlock::Passphrase("another one"))
        .unwrap();
    let vault = store.vault(PLACE, "kept").unwrap().unwrap();
    assert_eq!(read(&vault, |view| Ok(view.count("people"))), 5);
    drop((vault, store));

    let backup = env.path("all.backup");
    let how = Unlock::Passphrase(PASS);
    let (store, _) = Store::restore_over(&backup, how, &env.dir(), env.options()).unwrap();
    let vault = store.vault(PLACE, "kept").unwrap().unwrap();
    assert_eq!(read(&vault, |view| Ok(view.count("people"))), 5);
    drop((vault, store));
    Store::reset(&env.dir(), false, &env.options()).unwrap();
    assert!(!env.dir().join("databases").exists());
}

/// A backup made at will holds the databases as they were; what was there is moved aside.
#[test]
fn a_backup_holds_databases_with_all_their_entries() {
    let env = Env::new();
    let store = env.create();
    let kept = store.vault_create(PLACE, "kept").unwrap();
    fill(&kept, 1, 2000);
    let big = vec![7; 3 << 20];
    write(&kept, |edit| edit.put("people", 5000, &big));
    store.vault_create(PLACE, "empty").unwrap();
    // The engine of `kept` is still open: the backup asks for it and gets it.
    let file = env.path("all.backup");
    let info = store.backup(&file).unwrap();
    assert_eq!((info.records, info.databases), (2, 2));
    write(&kept, |edit| edit.remove("people", 1));
    let later = store.vault_create(PLACE, "later").unwrap();
    fill(&later, 1, 3);
    drop((kept, later));

    // Elsewhere: everything is there.
    let how = Unlock::Passphrase(PASS);
    let fresh = env.path("fresh");
    let restored = Store::restore(&file, how, &fresh, env.options()).unwrap();
    assert_eq!(restored.vaults(PLACE).unwrap(), ["empty", "kept"]);
    let vault = restored.vault(PLACE, "kept").unwrap().unwrap();
    assert!(vault.verify().unwrap().is_good());
    read(&vault, |view| {
        assert_eq!(view.count("people"), 2001);
        let entry = view.entry("people", 5000)?.unwrap();
        assert_eq!(entry.content.unwrap().as_slice(), big);
        assert_eq!(view.marked("people", b"name 1", 2)?, [1, 4]);
        Ok(())
    });
    fill(&vault, 6000, 1);
    assert!(vault.verify().unwrap().is_good());
    for path in files(&fresh) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    drop((vault, restored));

    // In place: as at the time of the backup, and what came later stays in its folder.
    drop(store);
    let (store, aside) = Store::restore_over(&file, how, &env.dir(), env.options()).unwrap();
    let vault = store.vault(PLACE, "kept").unwrap().unwrap();
    assert_eq!(read(&vault, |view| Ok(view.count("people"))), 2001);
    assert!(vault.verify().unwrap().is_good());
    assert!(store.vault(PLACE, "later").unwrap().is_none());
    drop((vault, store));
    let old = Store::open(&aside, env.options()).unwrap();
    let old = old.unlock(how).unwrap();
    for (name, count) in [("later", 3), ("kept", 2000)] {
        let vault = old.vault(PLACE, name).unwrap().unwrap();
        assert!(vault.verify().unwrap().is_good());
        assert_eq!(read(&vault, |view| Ok(view.count("people"))), count);
    }
    drop(old);

    // A cut anywhere is noticed before anything is made.
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 40]).unwrap();
    let outcome = Store::restore(&file, how, &env.path("cut"), env.options());
    assert!(matches!(outcome, Err(StoreError::File { .. })));
    assert!(!env.path("cut").exists());
}

/// Automatic backups hold no databases: restoring one leaves them as they are.
#[test]
fn an_automatic_backup_leaves_databases_alone() {
    let env = Env::new();
    let store = env.create();
    let vault = store.vault_create(PLACE, "kept").unwrap();
    fill(&vault, 1, 5);
    env.now.fetch_add(7200, Ordering::SeqCst);
    store.put(&record("one", b"x"), Expect::New).unwrap();
    let newest = store.backups()[0].clone();
    fill(&vault, 6, 5);
    drop((vault, store));
    let how = Unlock::Passphrase(PASS);
    let copy = env.path("automatic.backup");
    std::fs::copy(newest, &copy).unwrap();
    let (store, _) = Store::restore_over(&copy, how, &env.dir(), env.options()).unwrap();
    let vault = store.vault(PLACE, "kept").unwrap().unwrap();
    assert_eq!(read(&vault, |view| Ok(view.count("people"))), 10);
    assert!(vault.verify().unwrap().is_good());
}

#[test]
fn nothing_readable_is_on_disk() {
    let env = Env::new();
    let store = env.create();
    let vault = store.vault_create(PLACE, "secret_database").unwrap();
    fill(&vault, 1, 100);
    write(&vault, |edit| {
        edit.set_note("about", Some(b"a readable note"))
    });
    vault.release();
    for needle in [
        b"secret_database".as_slice(),
        b"content of",
        b"number 7",
        b"name 1",
        b"people",
        b"about",
        b"readable",
    ] {
        for file in files(&env.path("")) {
            let found = std::fs::read(&file).unwrap();
            assert!(
                !found.windows(needle.len()).any(|w| w == needle),
                "{} in {}",
                String::from_utf8_lossy(needle),
                file.display()
            );
        }
    }
}

/// The folder of the only vault.
fn folder(env: &Env) -> std::path::PathBuf {
    let mut all = std::fs::read_dir(env.dir().join("databases")).unwrap();
    all.next().unwrap().unwrap().path()
}

#[test]
fn a_lost_tail_is_noticed_and_can_be_accepted() {
    let env = Env::new();
    let store = env.create();
    let vault = store.vault_create(PLACE, "v").unwrap();
    fill(&vault, 1, 5);
    vault.release();
    let (dir, old) = (folder(&env), env.path("old"));
    copy(&dir.join("sled"), &old);
    fill(&vault, 6, 5);
    drop(vault);
    std::fs::remove_dir_all(dir.join("sled")).unwrap();
    copy(&old, &dir.join("sled"));

    let vault = store.vault(PLACE, "v").unwrap().unwrap();
    assert_eq!(read(&vault, |view| Ok(view.count("people"))), 5);
    let Health::ReadOnly(report) = vault.health() else {
        panic!("it was not noticed");
    };
    assert_eq!((report.lost_changes(), report.missing()), (1, Some(5)));
    let refused = vault.write(|edit| edit.put_new("people", b"x"));
    let Err(StoreError::DatabaseReadOnly(_)) = refused else {
        panic!("it was written to");
    };
    assert!(!vault.verify().unwrap().is_good());
    assert_eq!(vault.accept_damage().unwrap(), 5);
    // Numbers of the lost entries are not given again.
    let id = write(&vault, |edit| edit.put_new("people", b"x"));
    assert_eq!(id, 11);
    assert!(vault.verify().unwrap().is_good());
}

/// Cuts and flipped bits: never a wrong entry, never a panic, and what is lost is noticed.
#[test]
fn damage_is_noticed() {
    let env = Env::new();
    let store = env.create();
    let vault = store.vault_create(PLACE, "v").unwrap();
    for n in 0..20 {
        fill(&vault, n * 10 + 1, 10);
    }
    drop(vault);
    let (dir, good) = (folder(&env), env.path("good"));
    copy(&dir, &good);
    let length = std::fs::metadata(good.join("sled/db")).unwrap().len();
    let mut silent = Vec::new();
    for round in 0..40u64 {
        std::fs::remove_dir_all(&dir).unwrap();
        copy(&good, &dir);
        let path = dir.join("sled/db");
        let mut bytes = std::fs::read(&path).unwrap();
        // Spread over the part that is in use.
        let used = bytes.iter().rposition(|b| *b != 0).unwrap();
        let at = used * usize::try_from(round).unwrap() / 40;
        if round % 4 == 0 {
            bytes.truncate(at);
            bytes.resize(usize::try_from(length).unwrap(), 0);
        } else {
            bytes[at] ^= 1 << (round % 8);
        }
        std::fs::write(&path, bytes).unwrap();
        let vault = store.vault(PLACE, "v").unwrap().unwrap();
        let outcome = vault.read(|view| {
            let mut whole = 0;
            for entry in view.entries("people", 0, 1000)? {
                if let Ok(content) = entry.content {
                    let text = format!("content of number {}", entry.id);
                    assert_eq!(content.as_slice(), text.as_bytes());
                    whole += 1;
                }
            }
            Ok::<_, StoreError>(whole)
        });
        if outcome.is_ok_and(|whole| whole < 200) && vault.verify().is_ok_and(|r| r.is_good()) {
            silent.push(round);
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_store_goes_on_without_the_files_of_a_vault() {
    let env = Env::new();
    let store = env.create();
    fill(&store.vault_create(PLACE, "v").unwrap(), 1, 5);
    std::fs::remove_dir_all(folder(&env)).unwrap();
    assert!(matches!(
        store.vault(PLACE, "v"),
        Err(StoreError::DatabaseLost { .. })
    ));
    store.put(&record("fine", b"1"), Expect::New).unwrap();
    assert!(store.vault_delete(PLACE, "v").unwrap());
}

#[test]
fn two_holders_take_turns() {
    let env = Env::new();
    let store = env.create();
    let mine = store.vault_create(PLACE, "v").unwrap();
    // A second vault of the same files locks like another process.
    let theirs = store.vault(PLACE, "v").unwrap().unwrap();
    let other = std::thread::spawn(move || {
        for n in 0..50 {
            fill(&theirs, 1000 + n, 1);
        }
    });
    for n in 0..50 {
        fill(&mine, n, 1);
    }
    other.join().unwrap();
    assert_eq!(read(&mine, |view| Ok(view.count("people"))), 100);
    assert!(mine.verify().unwrap().is_good());
}
