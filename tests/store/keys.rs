//! Unlocking: passphrases, words, key files, and headers somebody changed.
use std::os::unix::fs::PermissionsExt;

use kosmos::store::{Expect, KdfCost, NewLock, RecoveryWords, SlotKind, Store, StoreError, Unlock};

use super::env::{CLIENTS, Env, PASS, record};

fn wrong(store: Result<Store, StoreError>) -> String {
    match store {
        Err(error @ StoreError::WrongKey(_)) => error.to_string(),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it opened"),
    }
}

#[test]
fn wrong_secrets_are_one_error_and_can_be_tried_again() {
    let env = Env::new();
    let store = env.create();
    store.put(&record("a", b"secret"), Expect::New).unwrap();
    drop(store);
    let locked = env.locked().unwrap();
    assert_eq!(locked.slots(), [SlotKind::Passphrase, SlotKind::Words]);
    for bad in [
        "wrong",
        "correct horse battery staple ",
        " ",
        "Correct horse battery staple",
    ] {
        assert_eq!(
            wrong(locked.unlock(Unlock::Passphrase(bad))),
            "wrong passphrase"
        );
    }
    let other = RecoveryWords::parse(&format!("{}art", "abandon ".repeat(23))).unwrap();
    assert_eq!(
        wrong(locked.unlock(Unlock::Words(&other))),
        "wrong recovery words"
    );
    assert!(matches!(
        locked.unlock(Unlock::Passphrase("")),
        Err(StoreError::EmptyPassphrase)
    ));
    assert!(matches!(
        locked.unlock(Unlock::KeyFile(&env.path("none"))),
        Err(StoreError::NoSlot(SlotKind::KeyFile))
    ));
    for _ in 0..2 {
        let store = locked.unlock(Unlock::Passphrase(PASS)).unwrap();
        assert_eq!(
            store
                .get(CLIENTS, None, "a")
                .unwrap()
                .unwrap()
                .data
                .as_slice(),
            b"secret"
        );
    }
}

#[test]
fn words_recover_the_data_also_after_a_passphrase_change() {
    let env = Env::new();
    let (store, words) =
        Store::create(&env.dir(), NewLock::Passphrase(PASS), env.options()).unwrap();
    store.put(&record("a", b"secret"), Expect::New).unwrap();
    let id = store.identity_seed();
    store
        .passphrase_change(NewLock::Passphrase("new one"))
        .unwrap();
    drop(store);
    let locked = env.locked().unwrap();
    wrong(locked.unlock(Unlock::Passphrase(PASS)));
    locked.unlock(Unlock::Passphrase("new one")).unwrap();
    let typed = RecoveryWords::parse(&words.phrase()).unwrap();
    let store = locked.unlock(Unlock::Words(&typed)).unwrap();
    assert_eq!(
        store
            .get(CLIENTS, None, "a")
            .unwrap()
            .unwrap()
            .data
            .as_slice(),
        b"secret"
    );
    assert_eq!(store.identity_seed(), id);

    store.confirm_words().unwrap();
    let newer = store.words_new().unwrap();
    assert!(!store.words_confirmed().unwrap());
    let locked = env.locked().unwrap();
    wrong(locked.unlock(Unlock::Words(&typed)));
    locked.unlock(Unlock::Words(&newer)).unwrap();
}

#[test]
fn key_files_unlock_and_must_be_private() {
    let env = Env::new();
    let file = env.path("key");
    let (store, _) = Store::create(&env.dir(), NewLock::NewKeyFile(&file), env.options()).unwrap();
    assert_eq!(store.slots(), [SlotKind::KeyFile, SlotKind::Words]);
    drop(store);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let locked = env.locked().unwrap();
    locked.unlock(Unlock::KeyFile(&file)).unwrap();

    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.len(), 65);
    let private = |name: &str, content: &str| {
        let path = env.path(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    // The same key without line end, with another one, in capitals.
    for same in [
        text.trim().to_owned(),
        text.replace('\n', "\r\n"),
        text.to_uppercase(),
    ] {
        locked
            .unlock(Unlock::KeyFile(&private("same", &same)))
            .unwrap();
    }
    wrong(locked.unlock(Unlock::KeyFile(&private("other", &"ab".repeat(32)))));
    wrong(locked.unlock(Unlock::KeyFile(&private("raw", &"x".repeat(64)))));
    for bad in [
        "",
        "abc",
        &"a".repeat(63),
        &"a".repeat(66),
        &"a".repeat(5000),
    ] {
        let error = locked
            .unlock(Unlock::KeyFile(&private("bad", bad)))
            .err()
            .unwrap();
        assert!(matches!(error, StoreError::KeyFileForm { .. }), "{error}");
    }
    for mode in [0o640, 0o604, 0o660, 0o601] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = locked.unlock(Unlock::KeyFile(&file)).err().unwrap();
        assert!(
            matches!(error, StoreError::KeyFileOpen { .. }),
            "{mode:o}: {error}"
        );
    }
    // 64 characters that are not hex are a key too.
    let raw = private("raw", &"x".repeat(64));
    let env = Env::new();
    let (store, _) = Store::create(&env.dir(), NewLock::KeyFile(&raw), env.options()).unwrap();
    drop(store);
    env.locked().unwrap().unlock(Unlock::KeyFile(&raw)).unwrap();
    // A key file is never overwritten, and a failed creation leaves nothing behind.
    let error = Store::create(&env.path("two"), NewLock::NewKeyFile(&raw), env.options());
    assert!(matches!(error, Err(StoreError::Exists(_))));
    assert!(!env.path("two").exists());
}

#[test]
fn slots_come_and_go_but_one_stays() {
    let env = Env::new();
    let store = env.create();
    let file = env.path("key");
    store.passphrase_change(NewLock::NewKeyFile(&file)).unwrap();
    store.slot_remove(SlotKind::Passphrase).unwrap();
    store.slot_remove(SlotKind::Words).unwrap();
    assert_eq!(store.slots(), [SlotKind::KeyFile]);
    assert!(matches!(
        store.slot_remove(SlotKind::KeyFile),
        Err(StoreError::LastSlot(_))
    ));
    assert!(matches!(
        store.slot_remove(SlotKind::Words),
        Err(StoreError::NoSlot(_))
    ));
    drop(store);
    env.locked()
        .unwrap()
        .unlock(Unlock::KeyFile(&file))
        .unwrap();
}

#[test]
fn rekey_replaces_every_way_in_and_keeps_the_data() {
    let env = Env::new();
    let (store, words) =
        Store::create(&env.dir(), NewLock::Passphrase(PASS), env.options()).unwrap();
    for n in 0..30 {
        store
            .put(
                &record(&format!("n{n}"), format!("data {n}").as_bytes()),
                Expect::New,
            )
            .unwrap();
    }
    let other = env.open();
    let before = store.get(CLIENTS, None, "n7").unwrap().unwrap();
    let new_words = store.rekey(NewLock::Passphrase("renewed")).unwrap();
    // What was read before can still be saved.
    store
        .put(&before, Expect::Revision(before.revision))
        .unwrap();
    assert_eq!(store.list(CLIENTS, None).unwrap().len(), 30);
    assert!(store.check().unwrap().is_good() || store.backups().len() > 1);
    // The other shell holds the old key.
    assert!(matches!(
        other.get(CLIENTS, None, "n1"),
        Err(StoreError::Replaced)
    ));
    drop(store);
    let locked = env.locked().unwrap();
    wrong(locked.unlock(Unlock::Passphrase(PASS)));
    wrong(locked.unlock(Unlock::Words(&words)));
    locked.unlock(Unlock::Words(&new_words)).unwrap();
    let store = locked.unlock(Unlock::Passphrase("renewed")).unwrap();
    for n in 0..30 {
        let read = store.get(CLIENTS, None, &format!("n{n}")).unwrap().unwrap();
        assert_eq!(read.data.as_slice(), format!("data {n}").as_bytes());
    }
}

/// Replaces the header of a store on disk, as somebody with write access could.
fn tamper(env: &Env, change: impl Fn(&mut serde_json::Value)) {
    let db = sled::Config::new()
        .path(env.dir().join("sled"))
        .segment_size(64 * 1024)
        .flush_every_ms(None)
        .open()
        .unwrap();
    let meta = db.open_tree("meta").unwrap();
    let mut header = serde_json::from_slice(&meta.get("header").unwrap().unwrap()).unwrap();
    change(&mut header);
    meta.insert("header", serde_json::to_vec(&header).unwrap())
        .unwrap();
    db.flush().unwrap();
}

#[test]
fn a_tampered_header_neither_weakens_nor_exhausts() {
    type Change = fn(&mut serde_json::Value);
    let refused: [(&str, Change); 6] = [
        ("memory far too high", |h| {
            h["slots"][0]["m_kib"] = 4_000_000_000u64.into()
        }),
        ("memory too low", |h| h["slots"][0]["m_kib"] = 8.into()),
        ("passes far too many", |h| {
            h["slots"][0]["t"] = 4_000_000_000u64.into()
        }),
        ("no lanes", |h| h["slots"][0]["p"] = 0.into()),
        ("another version", |h| h["v"] = 2.into()),
        ("no salt", |h| h["slots"][0]["salt"] = "00".into()),
    ];
    for (what, change) in refused {
        let env = Env::new();
        drop(env.create());
        tamper(&env, change);
        match env.locked() {
            Err(StoreError::KdfBounds { .. } | StoreError::Header(_)) => {}
            Err(other) => panic!("{what}: {other}"),
            Ok(_) => panic!("{what}: accepted"),
        }
    }
    let unopened: [(&str, Change); 4] = [
        ("one more pass", |h| h["slots"][0]["t"] = 3.into()),
        ("another salt", |h| {
            h["slots"][0]["salt"] = "00".repeat(16).into()
        }),
        ("another store", |h| h["store_id"] = "00".repeat(16).into()),
        ("words slot as passphrase slot", |h| {
            let mut slot = h["slots"][1].clone();
            slot["kind"] = "pass".into();
            slot["m_kib"] = KdfCost::LOWEST.memory_kib.into();
            slot["t"] = 2.into();
            slot["p"] = 1.into();
            h["slots"][0] = slot;
        }),
    ];
    for (what, change) in unopened {
        let env = Env::new();
        drop(env.create());
        tamper(&env, change);
        let outcome = env.locked().unwrap().unlock(Unlock::Passphrase(PASS));
        assert!(matches!(outcome, Err(StoreError::WrongKey(_))), "{what}");
    }
}

#[test]
fn weak_parameters_are_refused_when_making_too() {
    let env = Env::new();
    let mut options = env.options();
    options.kdf.passes = 1;
    let outcome = Store::create(&env.dir(), NewLock::Passphrase(PASS), options);
    assert!(matches!(outcome, Err(StoreError::KdfBounds { .. })));
    let outcome = Store::create(&env.dir(), NewLock::Passphrase(""), env.options());
    assert!(matches!(outcome, Err(StoreError::EmptyPassphrase)));
    assert!(!env.dir().exists());
}
