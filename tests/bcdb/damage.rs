//! Damaged files, wrong keys, what others can read.
use std::path::{Path, PathBuf};

use kosmos::schema::db::DbError;
use kosmos::store::StoreError;

use crate::folders::{copy, files};

use super::{PERSON, PLACE, create, database, found, good, open, person, try_database};

fn fill(folder: &Path, count: i64) {
    let store = create(folder);
    let model = database(&store, "hidden_name")
        .model_from_text(PERSON)
        .unwrap();
    let mut all: Vec<_> = (0..count)
        .map(|n| {
            person(
                &model,
                &format!("visible{}", n % 10),
                &format!("mail{n}@example.org"),
                n,
            )
        })
        .collect();
    model.save_all(&mut all).unwrap();
}

/// The folder of the only database.
fn folder_of(folder: &Path) -> PathBuf {
    let mut all = std::fs::read_dir(folder.join("store/databases")).unwrap();
    all.next().unwrap().unwrap().path()
}

#[test]
fn neither_values_nor_names_nor_indexes_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 200);
    for needle in [
        "hidden_name",
        "visible",
        "mail7@",
        "example.org",
        "my.person",
        "email",
        "10 USD",
    ] {
        for file in files(&folder.path().join("store")) {
            let bytes = std::fs::read(&file).unwrap();
            let seen = bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
            assert!(!seen, "{needle} in {}", file.display());
        }
    }
    for file in files(&folder.path().join("store")) {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

/// Cuts and flipped bits in every file: an object is right, or an error, or missing; and what is
/// missing or wrong is told.
#[test]
fn damage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 300);
    let store = open(folder.path());
    let (dir, good_copy) = (folder_of(folder.path()), folder.path().join("copy"));
    copy(&dir, &good_copy);
    let mut silent = Vec::new();
    for round in 0..30usize {
        std::fs::remove_dir_all(&dir).unwrap();
        copy(&good_copy, &dir);
        let path = dir.join("sled/db");
        let mut bytes = std::fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|b| *b != 0).unwrap();
        let at = used * round / 30;
        match round % 3 {
            0 => bytes.truncate(at),
            _ => bytes[at] ^= 1 << (round % 8),
        }
        std::fs::write(&path, bytes).unwrap();
        let told = match try_database(&store, "hidden_name") {
            Err(_) => true,
            Ok(db) => match db.model_from_url("my.person") {
                Err(_) => true,
                Ok(model) => {
                    let mut whole = 0;
                    let mut errors = 0;
                    for object in model.iterate() {
                        match object {
                            Err(_) => errors += 1,
                            Ok(object) => {
                                let n = object.id().unwrap() - 1;
                                let email = object.get("email").unwrap();
                                assert_eq!(email.text(), format!("mail{n}@example.org"));
                                whole += 1;
                            }
                        }
                    }
                    let problems = db.check().map_or(1, |checked| checked.problems.len());
                    whole == 300 || errors > 0 || problems > 0
                }
            },
        };
        if !told {
            silent.push(round);
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn another_store_cannot_open_the_files() {
    let (mine, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(mine.path(), 20);
    fill(theirs.path(), 20);
    // Their files in the place of mine.
    let (dir, other) = (folder_of(mine.path()), folder_of(theirs.path()));
    std::fs::remove_dir_all(&dir).unwrap();
    copy(&other, &dir);
    let store = open(mine.path());
    let Ok(db) = try_database(&store, "hidden_name") else {
        return;
    };
    assert!(db.model_from_url("my.person").is_err());
    assert!(!db.check().unwrap().problems.is_empty());
}

#[test]
fn a_damaged_object_can_be_deleted_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 20);
    let store = open(folder.path());
    // One entry is replaced by bytes that nobody sealed.
    let vault = store.vault(PLACE, "hidden_name").unwrap().unwrap();
    vault
        .write(|edit| edit.put("my.person", 5, b"\x01"))
        .unwrap();
    drop(vault);
    let db = database(&store, "hidden_name");
    let model = db.model_from_url("my.person").unwrap();
    assert!(matches!(model.get(5), Err(DbError::Damaged { id: 5, .. })));
    assert_eq!(model.iterate().filter(Result::is_err).count(), 1);
    let problems = db.check().unwrap().problems;
    assert!(
        problems.iter().any(|p| p.contains("object 5")),
        "{problems:?}"
    );
    model.delete(5).unwrap();
    good(&db);
    assert_eq!(
        found(&model, &[("email", "mail4@example.org".into())]),
        [0u64; 0]
    );
}

#[test]
fn a_lost_index_is_told_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 20);
    let store = open(folder.path());
    let vault = store.vault(PLACE, "hidden_name").unwrap().unwrap();
    let cleared = vault.write(|edit| {
        edit.mark("my.person", b"never", 99);
        edit.clear_marks("my.person", 10)
    });
    assert_eq!(cleared.unwrap(), 10);
    drop(vault);
    let db = database(&store, "hidden_name");
    let problems = db.check().unwrap().problems;
    assert!(problems.len() >= 9, "{problems:?}");
    db.index_rebuild().unwrap();
    good(&db);
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let databases = folder.path().join("store/databases");
    std::fs::write(&databases, b"a file in its place").unwrap();
    let Err(error) = store.vault_create(PLACE, "db") else {
        panic!("it was made");
    };
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert!(!store.exists(PLACE, None, "db").unwrap());
    std::fs::remove_file(&databases).unwrap();
    std::fs::create_dir(&databases).unwrap();
    let mode = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(&databases, mode).unwrap();
    // The administrator may write everywhere.
    let made = store.vault_create(PLACE, "db");
    let allowed = std::fs::write(databases.join("probe"), b"").is_ok();
    assert_eq!(made.is_ok(), allowed);
}
