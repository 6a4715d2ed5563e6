//! Backup, restore, export, import, reset, check, and several shells at once.
use std::sync::atomic::Ordering;

use kosmos::store::{Expect, Health, Merge, NewLock, Store, StoreError, Unlock};

use super::env::{CLIENTS, Env, PASS, below, files, record};

#[test]
fn automatic_backups_come_at_most_hourly_and_five_stay() {
    let env = Env::new();
    let store = env.create();
    for n in 0..4 {
        store
            .put(&record(&format!("n{n}"), b"x"), Expect::New)
            .unwrap();
    }
    assert_eq!(
        store.backups().len(),
        1,
        "one for the first change, none within the hour"
    );
    for n in 10..20 {
        env.now.fetch_add(3600, Ordering::SeqCst);
        store
            .put(&record(&format!("n{n}"), b"x"), Expect::New)
            .unwrap();
    }
    assert_eq!(store.backups().len(), 5);
    // A clock that went backwards does not stop them.
    env.now.fetch_sub(500_000, Ordering::SeqCst);
    let newest = store.backups()[0].clone();
    store.put(&record("later", b"x"), Expect::New).unwrap();
    assert_ne!(store.backups()[0], newest);
    assert!(store.check().unwrap().is_good());
    assert!(store.take_warnings().is_empty());
    // Another shell knows of them too.
    let count = store.backups().len();
    env.open().put(&record("other", b"x"), Expect::New).unwrap();
    assert_eq!(store.backups().len(), count);
    assert_eq!(Store::ephemeral(env.options()).unwrap().backups().len(), 0);
}

#[test]
fn a_backup_restores_into_an_empty_folder_only() {
    let env = Env::new();
    let store = env.create();
    let owner = store.put(&record("client", b"c"), Expect::New).unwrap().id;
    for n in 0..300 {
        let data = vec![n as u8; 700];
        store
            .put(&below(Some(owner), &format!("w{n}"), &data), Expect::New)
            .unwrap();
    }
    let file = env.path("a.backup");
    let info = store.backup(&file).unwrap();
    assert_eq!((info.records, info.generation), (301, 301));
    assert!(matches!(store.backup(&file), Err(StoreError::Exists(_))));
    let before = store.scan_all().unwrap().records;

    let pass = Unlock::Passphrase(PASS);
    let outcome = Store::restore(&file, pass, &env.dir(), env.options());
    assert!(matches!(outcome, Err(StoreError::NotEmpty(_))));
    let outcome = Store::restore(
        &file,
        Unlock::Passphrase("no"),
        &env.path("r"),
        env.options(),
    );
    assert!(matches!(outcome, Err(StoreError::WrongKey(_))));
    assert!(!env.path("r").exists());
    let restored = Store::restore(&file, pass, &env.path("r"), env.options()).unwrap();
    assert_eq!(restored.scan_all().unwrap().records, before);
    assert!(restored.check().unwrap().is_good());

    // In place: the old store is moved aside, not deleted.
    store.put(&record("after", b"x"), Expect::New).unwrap();
    let (over, aside) = Store::restore_over(&file, pass, &env.dir(), env.options()).unwrap();
    assert!(over.get(CLIENTS, None, "after").unwrap().is_none());
    over.put(&record("new", b"x"), Expect::New).unwrap();
    let old = Store::open(&aside, env.options())
        .unwrap()
        .unlock(pass)
        .unwrap();
    assert!(old.get(CLIENTS, None, "after").unwrap().is_some());
    // The shell that still held the old one notices, and does not write the new one blindly.
    match store.get(CLIENTS, None, "new").map(|r| r.is_some()) {
        Ok(true) | Err(StoreError::Replaced) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_cut_and_change_of_a_backup_is_noticed() {
    let env = Env::new();
    let store = env.create();
    for n in 0..5 {
        store
            .put(&record(&format!("n{n}"), b"x"), Expect::New)
            .unwrap();
    }
    let file = env.path("a.backup");
    store.backup(&file).unwrap();
    let good = std::fs::read(&file).unwrap();
    let bad_file = env.path("bad.backup");
    // A key file unlocks without Argon2id, so that many positions can be tried.
    let key = env.path("key");
    store.passphrase_change(NewLock::NewKeyFile(&key)).unwrap();
    let renewed = env.path("b.backup");
    store.backup(&renewed).unwrap();
    let good_key = std::fs::read(&renewed).unwrap();
    assert_ne!(good.len(), good_key.len());
    let mut tried = 0;
    for at in (0..good_key.len()).step_by(7) {
        for cut in [true, false] {
            let mut bytes = good_key.clone();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 1;
            }
            std::fs::write(&bad_file, &bytes).unwrap();
            match Store::restore(
                &bad_file,
                Unlock::KeyFile(&key),
                &env.path("r"),
                env.options(),
            ) {
                Err(_) => tried += 1,
                Ok(restored) => {
                    // Only what the header says for information, or about other slots, is free.
                    assert!(!cut, "cut at {at}");
                    assert_eq!(restored.scan_all().unwrap().records.len(), 5, "byte {at}");
                    drop(restored);
                    std::fs::remove_dir_all(env.path("r")).unwrap();
                }
            }
        }
    }
    assert!(tried > 100);
    let left: Vec<_> = std::fs::read_dir(env.path("")).unwrap().collect();
    assert_eq!(left.len(), 5, "no half-made folder stays: {left:?}");
}

#[test]
fn a_changed_passphrase_opens_the_automatic_backups() {
    let env = Env::new();
    let store = env.create();
    store.put(&record("a", b"1"), Expect::New).unwrap();
    store.passphrase_change(NewLock::Passphrase("new")).unwrap();
    let file = store.backups()[0].clone();
    let restore = |pass| {
        Store::restore(
            &file,
            Unlock::Passphrase(pass),
            &env.path("r"),
            env.options(),
        )
    };
    assert!(matches!(restore(PASS), Err(StoreError::WrongKey(_))));
    assert_eq!(restore("new").unwrap().count().unwrap(), 1);
}

#[test]
fn exports_move_records_between_stores() {
    let env = Env::new();
    let store = env.create();
    let owner = store.put(&record("client", b"c"), Expect::New).unwrap().id;
    store
        .put(&below(Some(owner), "wallet", b"seed"), Expect::New)
        .unwrap();
    let file = env.path("x.export");
    assert_eq!(store.export(&file, "travel").unwrap().records, 2);
    assert!(matches!(
        store.export(&file, "travel"),
        Err(StoreError::Exists(_))
    ));
    assert!(
        std::fs::read(&file)
            .unwrap()
            .starts_with(b"jsx-export-v1\n")
    );

    let other = Store::ephemeral(env.options()).unwrap();
    let wrong = other.import(&file, "wrong", Merge::Skip);
    assert!(matches!(wrong, Err(StoreError::File { .. })));
    assert_eq!(other.import(&file, "travel", Merge::Skip).unwrap().added, 2);
    let client = other.get(CLIENTS, None, "client").unwrap().unwrap();
    assert_ne!(client.id, Some(owner), "ids are new");
    let wallet = other.get(CLIENTS, client.id, "wallet").unwrap().unwrap();
    assert_eq!(wallet.data.as_slice(), b"seed");

    assert_eq!(
        other.import(&file, "travel", Merge::Skip).unwrap().skipped,
        2
    );
    assert_eq!(other.count().unwrap(), 2);
    let mut changed = wallet.clone();
    changed.data = b"other".to_vec().into();
    other.put(&changed, Expect::Force).unwrap();
    assert_eq!(
        other
            .import(&file, "travel", Merge::Overwrite)
            .unwrap()
            .overwritten,
        2
    );
    let again = other.get(CLIENTS, client.id, "wallet").unwrap().unwrap();
    assert_eq!(
        (again.id, again.data.as_slice()),
        (wallet.id, b"seed".as_slice())
    );
    let report = other.import(&file, "travel", Merge::Rename).unwrap();
    assert_eq!(
        report.renamed,
        [("client".to_owned(), "client_2".to_owned())]
    );
    assert_eq!(
        report.added, 1,
        "the wallet has a new owner, its name is free"
    );
    assert_eq!(other.count().unwrap(), 4);
    assert_eq!(other.check().unwrap().damaged.len(), 0);

    // Nothing is written when the file was cut or changed anywhere.
    let good = std::fs::read(&file).unwrap();
    let target = Store::ephemeral(env.options()).unwrap();
    for at in [good.len() - 1, good.len() - 30, good.len() / 2, 200, 20] {
        let bad = env.path("bad.export");
        std::fs::write(&bad, &good[..at]).unwrap();
        assert!(
            target.import(&bad, "travel", Merge::Skip).is_err(),
            "cut at {at}"
        );
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        std::fs::write(&bad, &bytes).unwrap();
        assert!(
            target.import(&bad, "travel", Merge::Skip).is_err(),
            "byte {at}"
        );
    }
    assert_eq!(target.count().unwrap(), 0);
}

#[test]
fn reset_leaves_nothing_to_unlock() {
    let env = Env::new();
    let store = env.create();
    store.put(&record("a", b"1"), Expect::New).unwrap();
    Store::reset(&env.dir(), false, &env.options()).unwrap();
    assert!(files(&env.dir()).is_empty(), "{:?}", files(&env.dir()));
    assert!(!Store::is_at(&env.dir()));
    assert!(matches!(env.locked(), Err(StoreError::NotAStore(_))));
    // A shell that still has it open cannot bring it back.
    assert!(store.put(&record("b", b"1"), Expect::New).is_err());
    assert!(!Store::is_at(&env.dir()));
    drop(store);
    // A new store can be made in its place; the shell of the old one notices.
    let new = env.create();
    new.put(&record("a", b"2"), Expect::New).unwrap();

    let env = Env::new();
    env.create().put(&record("a", b"1"), Expect::New).unwrap();
    Store::reset(&env.dir(), true, &env.options()).unwrap();
    assert_eq!(files(&env.dir()).len(), 1, "the backup was kept");
}

#[test]
fn a_store_that_was_replaced_is_not_written_with_old_keys() {
    let env = Env::new();
    let old = env.create();
    old.put(&record("a", b"1"), Expect::New).unwrap();
    Store::reset(&env.dir(), false, &env.options()).unwrap();
    let new = env.create();
    new.put(&record("b", b"1"), Expect::New).unwrap();
    assert!(matches!(
        old.put(&record("c", b"1"), Expect::New),
        Err(StoreError::Replaced)
    ));
    assert!(matches!(
        old.get(CLIENTS, None, "a"),
        Err(StoreError::Replaced)
    ));
    assert_eq!(new.count().unwrap(), 1);
}

#[test]
fn two_shells_work_at_the_same_time() {
    let env = Env::new();
    drop(env.create());
    let shells: Vec<Store> = (0..3).map(|_| env.open()).collect();
    std::thread::scope(|scope| {
        for (number, shell) in shells.iter().enumerate() {
            scope.spawn(move || {
                for n in 0..15 {
                    let name = format!("s{number}n{n}");
                    shell
                        .put(&record(&name, name.as_bytes()), Expect::New)
                        .unwrap();
                    shell.list(CLIENTS, None).unwrap();
                }
            });
        }
    });
    for shell in &shells {
        assert_eq!(shell.list(CLIENTS, None).unwrap().len(), 45);
        assert_eq!(shell.health(), Health::Good);
        assert!(shell.take_warnings().is_empty());
    }
    // A change made by one is seen by the other, and a stale save is a conflict.
    let [one, two, _] = &shells[..] else {
        unreachable!()
    };
    let mut mine = one.get(CLIENTS, None, "s0n0").unwrap().unwrap();
    let theirs = two.get(CLIENTS, None, "s0n0").unwrap().unwrap();
    mine.data = b"changed".to_vec().into();
    one.put(&mine, Expect::Revision(mine.revision)).unwrap();
    assert_eq!(
        two.get(CLIENTS, None, "s0n0")
            .unwrap()
            .unwrap()
            .data
            .as_slice(),
        b"changed"
    );
    let stale = two.put(&theirs, Expect::Revision(theirs.revision));
    assert!(matches!(
        stale,
        Err(StoreError::Conflict { found: Some(_), .. })
    ));
}

#[test]
fn unlocking_late_is_no_false_alarm() {
    let env = Env::new();
    let store = env.create();
    let locked = env.locked().unwrap();
    store.put(&record("a", b"1"), Expect::New).unwrap();
    let late = locked.unlock(Unlock::Passphrase(PASS)).unwrap();
    assert_eq!(late.health(), Health::Good);
    assert!(late.get(CLIENTS, None, "a").unwrap().is_some());
    assert!(late.take_warnings().is_empty());
}

#[test]
fn waiting_ends_with_the_other_process_named() {
    let env = Env::new();
    let store = env.create();
    let mut options = env.options();
    options.lock_wait = std::time::Duration::from_millis(30);
    let _hold = store.hold();
    store.put(&record("a", b"1"), Expect::New).unwrap();
    let error = Store::open(&env.dir(), options).err().unwrap();
    let expected = format!(
        "the store {} is in use by another kosmos (pid {})",
        env.dir().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
}
