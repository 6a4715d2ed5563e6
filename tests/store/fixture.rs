//! Tiny stores made by released versions: today's code must open all of them.
use std::path::{Path, PathBuf};

use kosmos::store::{Expect, NewLock, Store, Unlock};

use crate::folders::copy;

use super::env::{CLIENTS, Env, PASS, below, record};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/store")
}

#[test]
fn stores_of_every_version_open() {
    let mut seen = 0;
    for entry in std::fs::read_dir(vectors()).unwrap() {
        let made = entry.unwrap().path();
        if !made.join("sled").is_dir() {
            continue;
        }
        seen += 1;
        let version = made.display();
        let env = Env::new();
        copy(&made, &env.dir());
        // Version control keeps no empty folders and no strict permissions.
        let locked = env.locked().unwrap_or_else(|e| panic!("{version}: {e}"));
        let words = std::fs::read_to_string(made.join("words.txt")).unwrap();
        let words = kosmos::store::RecoveryWords::parse(&words).unwrap();
        for how in [Unlock::Passphrase(PASS), Unlock::Words(&words)] {
            let store = locked
                .unlock(how)
                .unwrap_or_else(|e| panic!("{version}: {e}"));
            let client = store.get(CLIENTS, None, "my_client").unwrap().unwrap();
            let wallet = store.get(CLIENTS, client.id, "my_wallet").unwrap().unwrap();
            assert_eq!(wallet.data.as_slice(), b"wallet data", "{version}");
            let report = store.check().unwrap();
            assert!(report.damaged.is_empty(), "{version}: {report:?}");
            assert!(
                report.backups.iter().all(|(_, b)| b.is_ok()),
                "{version}: {report:?}"
            );
        }
        let store = env.open();
        store.put(&record("today", b"1"), Expect::New).unwrap();
        store
            .import(&made.join("all.export"), PASS, kosmos::store::Merge::Skip)
            .unwrap();
        let restored = Store::restore(
            &made.join("all.backup"),
            Unlock::Passphrase(PASS),
            &env.path("restored"),
            env.options(),
        );
        assert_eq!(restored.unwrap().count().unwrap(), 2, "{version}");
    }
    assert!(seen >= 1, "no fixture was found");
}

/// Makes the fixture of this version: `cargo test --test all -- --ignored make_the_fixture`.
#[test]
#[ignore = "writes into the source tree, once per format version"]
fn make_the_fixture() {
    let made = vectors().join("v1");
    let env = Env::new();
    let lock = NewLock::Passphrase(PASS);
    let (store, words) = Store::create(&env.dir(), lock, env.options()).unwrap();
    let client = store
        .put(&record("my_client", b"client data"), Expect::New)
        .unwrap()
        .id;
    store
        .put(
            &below(Some(client), "my_wallet", b"wallet data"),
            Expect::New,
        )
        .unwrap();
    store.backup(&env.dir().join("all.backup")).unwrap();
    store.export(&env.dir().join("all.export"), PASS).unwrap();
    drop(store);
    std::fs::write(env.dir().join("words.txt"), words.phrase().as_bytes()).unwrap();
    copy(&env.dir(), &made);
    std::fs::remove_file(made.join("lock.pid")).unwrap();
}
