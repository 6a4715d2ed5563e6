//! Damaged files: always noticed, never a wrong value, never a panic; the rest stays usable.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kosmos::store::{Expect, Health, NewLock, Store, StoreError, Unlock, Warning};

use super::env::{CLIENTS, Env, files, record};

/// Number of records of the damaged stores.
const RECORDS: usize = 12;

/// A store with a key file (no Argon2id, so that many cases run), and its files' content.
struct Sample {
    env: Env,
    key: PathBuf,
    content: BTreeMap<PathBuf, Vec<u8>>,
}

fn data(n: usize) -> Vec<u8> {
    vec![n as u8; 200 + n]
}

impl Sample {
    fn new() -> Self {
        let env = Env::new();
        let key = env.path("key");
        let mut options = env.options();
        options.backups_kept = 0;
        let (store, _) = Store::create(&env.dir(), NewLock::NewKeyFile(&key), options).unwrap();
        for n in 0..RECORDS {
            store
                .put(&record(&format!("n{n}"), &data(n)), Expect::New)
                .unwrap();
        }
        drop(store);
        let content = files(&env.dir())
            .into_iter()
            .map(|f| (f.clone(), std::fs::read(f).unwrap()))
            .collect();
        Self { env, key, content }
    }

    /// Puts every file back as it was.
    fn heal(&self) {
        let _ = std::fs::remove_dir_all(self.env.dir());
        for (path, bytes) in &self.content {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    fn open(&self) -> Result<Store, StoreError> {
        let mut options = self.env.options();
        options.backups_kept = 0;
        Store::open(&self.env.dir(), options)?.unlock(Unlock::KeyFile(&self.key))
    }

    /// Opens a damaged store: it must be refused, or report the damage, or be whole.
    fn judge(&self, case: &str) -> &'static str {
        let store = match self.open() {
            Ok(store) => store,
            Err(_) => return "refused",
        };
        let mut whole = true;
        for n in 0..RECORDS {
            match store.get(CLIENTS, None, &format!("n{n}")) {
                Ok(Some(record)) => assert_eq!(record.data.as_slice(), data(n), "{case}: n{n}"),
                Ok(None) | Err(_) => whole = false,
            }
        }
        match store.health() {
            Health::ReadOnly(report) => {
                assert!(!report.reason.is_empty());
                let refused = store.put(&record("more", b""), Expect::New);
                assert!(refused.is_err(), "{case}: a damaged store was written");
                "read-only"
            }
            Health::Good => {
                let known = !store.damaged().unwrap().is_empty();
                assert!(whole || known, "{case}: records were lost silently");
                if known { "record reported" } else { "whole" }
            }
        }
    }
}

/// Spreads `count` positions over `length`.
fn positions(length: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count)
        .map(move |n| n * length / count)
        .filter(move |at| *at < length)
}

#[test]
fn flipped_bits_in_any_file_are_noticed() {
    let sample = Sample::new();
    let mut outcomes: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (path, bytes) in &sample.content {
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for at in positions(used.len(), 90) {
            sample.heal();
            let mut bad = bytes.clone();
            bad[used[at]] ^= 1 << (at % 8);
            std::fs::write(path, &bad).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let outcome = sample.judge(&format!("{name} byte {}", used[at]));
            *outcomes.entry((name, outcome)).or_default() += 1;
        }
    }
    sample.heal();
    assert_eq!(sample.judge("healed"), "whole");
    assert!(
        outcomes
            .keys()
            .any(|(file, outcome)| file == "db" && *outcome != "whole")
    );
}

#[test]
fn a_store_that_cannot_be_opened_is_salvaged() {
    let sample = Sample::new();
    let options = sample.env.options();
    let salvage = || {
        let (locked, copy) = Store::salvage(&sample.env.dir(), options.clone())?;
        assert!(Store::is_at(&copy));
        let store = locked.unlock(Unlock::KeyFile(&sample.key))?;
        std::fs::remove_dir_all(copy).unwrap();
        Ok::<_, StoreError>(store)
    };
    // A damaged snapshot or configuration loses nothing.
    for (path, bytes) in &sample.content {
        let name = path.file_name().unwrap().to_string_lossy();
        if !(name == "conf" || name.starts_with("snap.")) {
            continue;
        }
        sample.heal();
        let mut bad = bytes.clone();
        bad[bytes.len() / 2] ^= 4;
        std::fs::write(path, &bad).unwrap();
        assert!(
            matches!(sample.open(), Err(StoreError::Unreadable { .. })),
            "{name}"
        );
        let store = salvage().unwrap();
        assert_eq!(store.health(), Health::Good, "{name}");
        assert_eq!(
            store.scan(CLIENTS, None).unwrap().records.len(),
            RECORDS,
            "{name}"
        );
        store.put(&record("more", b""), Expect::New).unwrap();
    }
    // A damaged log loses what comes after the damage, and says so.
    let log = sample.env.dir().join("sled/db");
    let bytes = &sample.content[&log];
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let mut rescued = 0;
    for at in positions(used.len(), 30) {
        sample.heal();
        let mut bad = bytes.clone();
        bad[used[at]] ^= 4;
        std::fs::write(&log, &bad).unwrap();
        let Ok(store) = salvage() else { continue };
        let Health::ReadOnly(report) = store.health() else {
            panic!("byte {at}: not noticed")
        };
        let found = store.scan(CLIENTS, None).unwrap().records;
        for record in &found {
            let n: usize = record.name[1..].parse().unwrap();
            assert_eq!(record.data.as_slice(), data(n));
        }
        assert_eq!(report.missing(), Some((RECORDS - found.len()) as u64));
        rescued += usize::from(!found.is_empty());
    }
    assert!(rescued > 5, "{rescued} of 30");
}

#[test]
fn cut_files_are_noticed() {
    let sample = Sample::new();
    for (path, bytes) in &sample.content {
        for at in positions(bytes.len(), 40) {
            sample.heal();
            std::fs::write(path, &bytes[..at]).unwrap();
            sample.judge(&format!("{} cut at {at}", path.display()));
        }
        sample.heal();
        std::fs::remove_file(path).unwrap();
        sample.judge(&format!("{} removed", path.display()));
    }
}

/// The engine of a store, to change it behind the store's back.
fn engine(dir: &Path) -> sled::Db {
    sled::Config::new()
        .path(dir.join("sled"))
        .segment_size(64 * 1024)
        .flush_every_ms(None)
        .open()
        .unwrap()
}

fn all(db: &sled::Db, tree: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let tree = db.open_tree(tree).unwrap();
    tree.iter()
        .map(|item| item.unwrap())
        .map(|(k, v)| (k.to_vec(), v.to_vec()))
        .collect()
}

#[test]
fn a_blob_moved_to_another_record_is_refused() {
    let sample = Sample::new();
    let db = engine(&sample.env.dir());
    let objects = all(&db, "objects");
    let tree = db.open_tree("objects").unwrap();
    tree.insert(&objects[0].0, objects[1].1.as_slice()).unwrap();
    tree.insert(&objects[1].0, objects[0].1.as_slice()).unwrap();
    db.flush().unwrap();
    drop((tree, db));
    let store = sample.open().unwrap();
    assert!(matches!(store.health(), Health::ReadOnly(_)));
    let damaged = store.damaged().unwrap();
    assert_eq!(damaged.len(), 2);
    let readable = store.scan(CLIENTS, None).unwrap().records.len();
    assert_eq!(readable, RECORDS - 2);
}

#[test]
fn an_index_that_leads_elsewhere_is_refused() {
    let sample = Sample::new();
    let db = engine(&sample.env.dir());
    let index = all(&db, "index");
    let tree = db.open_tree("index").unwrap();
    tree.insert(&index[0].0, index[1].1.as_slice()).unwrap();
    tree.insert(&index[1].0, index[0].1.as_slice()).unwrap();
    db.flush().unwrap();
    drop((tree, db));
    let store = sample.open().unwrap();
    assert!(matches!(store.health(), Health::ReadOnly(_)));
    let refused = (0..RECORDS)
        .filter(|n| {
            let outcome = store.get(CLIENTS, None, &format!("n{n}"));
            matches!(outcome, Err(StoreError::Damaged { name: Some(_), .. }))
        })
        .count();
    assert_eq!(refused, 2);
}

#[test]
fn a_missing_record_makes_the_store_read_only_until_accepted() {
    let sample = Sample::new();
    let db = engine(&sample.env.dir());
    let (id, _) = all(&db, "objects").remove(3);
    let entry = all(&db, "index")
        .into_iter()
        .find(|(_, of)| *of == id)
        .unwrap()
        .0;
    db.open_tree("objects").unwrap().remove(&id).unwrap();
    db.open_tree("index").unwrap().remove(&entry).unwrap();
    db.flush().unwrap();
    drop(db);
    let store = sample.open().unwrap();
    let Health::ReadOnly(report) = store.health() else {
        panic!("not noticed")
    };
    assert_eq!(report.missing(), Some(1));
    assert_eq!(
        report.to_string(),
        "its records are not those of its manifest; 1 of 12 records are missing; \
         there is no automatic backup"
    );
    let refused = store
        .put(&record("x", b""), Expect::New)
        .unwrap_err()
        .to_string();
    assert!(refused.starts_with("the store is read-only: "), "{refused}");
    assert_eq!(
        store.scan(CLIENTS, None).unwrap().records.len(),
        RECORDS - 1
    );

    assert_eq!(store.accept_damage().unwrap(), 11);
    assert_eq!(store.health(), Health::Good);
    store.put(&record("x", b""), Expect::New).unwrap();
    drop(store);
    let store = sample.open().unwrap();
    assert_eq!(store.health(), Health::Good);
    assert_eq!(store.count().unwrap(), 12);
}

#[test]
fn an_engine_put_back_to_an_old_state_is_noticed() {
    let sample = Sample::new();
    let store = sample.open().unwrap();
    for n in 0..3 {
        store
            .put(&record(&format!("later{n}"), b"x"), Expect::New)
            .unwrap();
    }
    drop(store);
    let generation = sample.env.dir().join("generation");
    let newest = std::fs::read(&generation).unwrap();
    sample.heal();
    std::fs::write(&generation, newest).unwrap();
    let store = sample.open().unwrap();
    let Health::ReadOnly(report) = store.health() else {
        panic!("not noticed")
    };
    assert_eq!((report.missing(), report.lost_changes()), (Some(3), 3));
    assert!(
        report.to_string().contains("the last 3 changes are lost"),
        "{report}"
    );
    store.accept_damage().unwrap();
    assert_eq!(store.health(), Health::Good);
    store.put(&record("x", b""), Expect::New).unwrap();
    drop(store);
    assert_eq!(sample.open().unwrap().health(), Health::Good);
}

#[test]
fn a_lost_generation_file_is_a_warning_and_comes_back() {
    let sample = Sample::new();
    let path = sample.env.dir().join("generation");
    for content in [None, Some(b"nonsense".as_slice())] {
        match content {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let store = sample.open().unwrap();
        assert!(matches!(
            store.take_warnings()[..],
            [Warning::GenerationFile { .. }]
        ));
        assert_eq!(store.health(), Health::Good);
        assert_eq!(store.count().unwrap(), 12);
        drop(store);
        let store = sample.open().unwrap();
        assert!(store.take_warnings().is_empty(), "it was written again");
    }
}

#[test]
fn one_damaged_record_leaves_the_rest_usable() {
    let sample = Sample::new();
    let store = sample.open().unwrap();
    let id = store.get(CLIENTS, None, "n5").unwrap().unwrap().id.unwrap();
    drop(store);
    let db = engine(&sample.env.dir());
    let tree = db.open_tree("objects").unwrap();
    let mut value = tree.get(id.as_bytes()).unwrap().unwrap().to_vec();
    *value.last_mut().unwrap() ^= 1;
    tree.insert(id.as_bytes(), value).unwrap();
    db.flush().unwrap();
    drop((tree, db));

    let store = sample.open().unwrap();
    assert_eq!(store.health(), Health::Good);
    let error = store.get(CLIENTS, None, "n5").unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "the stored record {id} (j.clients.tfchain n5) is damaged (its seal is broken): \
             restore it from a backup"
        )
    );
    let report = store.check().unwrap();
    assert!(!report.is_good());
    assert!(matches!(&report.damaged[..], [StoreError::Damaged { id: found, .. }] if *found == id));
    assert_eq!(
        store.scan(CLIENTS, None).unwrap().records.len(),
        RECORDS - 1
    );
    store.put(&record("more", b"1"), Expect::New).unwrap();
    // It is never deleted by itself, but can be overwritten or deleted on request.
    let mut again = record("n5", b"again");
    again.id = Some(id);
    store.put(&again, Expect::Force).unwrap();
    assert!(store.check().unwrap().is_good());
    // An export of a store with a damaged record holds the rest.
    assert_eq!(
        store.export(&sample.env.path("x"), "pass").unwrap().records,
        13
    );
}

#[test]
fn a_folder_without_a_store_is_said_so() {
    let env = Env::new();
    assert!(matches!(env.locked(), Err(StoreError::NotAStore(_))));
    std::fs::create_dir(env.dir()).unwrap();
    assert!(matches!(env.locked(), Err(StoreError::NotAStore(_))));
    // An empty folder is fine for a new store, one with anything in it is not.
    drop(env.create());
    let again = Store::create(&env.dir(), NewLock::Passphrase("x"), env.options());
    assert!(matches!(again, Err(StoreError::NotEmpty(_))));
    // An engine without our header is not taken for an empty store.
    let env = Env::new();
    std::fs::create_dir(env.dir()).unwrap();
    drop(engine(&env.dir()));
    assert!(matches!(env.locked(), Err(StoreError::Unreadable { .. })));
}
