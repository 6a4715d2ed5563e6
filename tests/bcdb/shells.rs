//! Several shells at once, as threads that share no memory but the files.
use std::sync::Arc;

use kosmos::schema::db::DbError;

use super::{PERSON, create, database, found, good, ids, map, op, open, person};

#[test]
fn two_shells_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    let path = folder.path().to_path_buf();
    drop(database(&open(&path), "db"));
    let shells: Vec<_> = (0..2i64)
        .map(|shell| {
            let path = path.clone();
            std::thread::spawn(move || {
                let model = database(&open(&path), "db")
                    .model_from_text(PERSON)
                    .unwrap();
                let mut mine = Vec::new();
                for n in 0..60 {
                    let email = format!("{shell}-{n}");
                    let mut object = person(&model, "x", &email, n);
                    mine.push(model.save(&mut object).unwrap());
                    // The other shell takes the same address now and then; one of them gets it.
                    let mut shared = person(&model, "x", &format!("shared{n}"), n);
                    match model.save(&mut shared) {
                        Ok(id) => mine.push(id),
                        Err(DbError::NotUnique { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                    if n % 7 == 0 {
                        assert!(!found(&model, &[("age", op(">=", n))]).is_empty());
                    }
                }
                mine
            })
        })
        .collect();
    let mut all: Vec<u64> = shells.into_iter().flat_map(|s| s.join().unwrap()).collect();
    all.sort_unstable();
    let db = database(&open(&path), "db");
    let model = db.model_from_url("my.person").unwrap();
    assert_eq!(all.len(), 180);
    assert_eq!(model.ids(0, usize::MAX).unwrap(), all);
    good(&db);
}

#[test]
fn one_shell_sees_what_the_other_did() {
    let folder = tempfile::tempdir().unwrap();
    let here = create(folder.path());
    let mine = database(&here, "db").model_from_text(PERSON).unwrap();
    let there = open(folder.path());
    let theirs = database(&there, "db").model_from_url("my.person").unwrap();
    mine.save(&mut person(&mine, "ann", "a", 5)).unwrap();
    assert_eq!(found(&theirs, &[("age", op(">", 4))]), [1]);
    theirs.save(&mut person(&theirs, "bob", "b", 6)).unwrap();
    assert_eq!(found(&mine, &[("age", op(">", 4))]), [1, 2]);

    // A conflict of two writers on one object.
    let (mut one, mut two) = (mine.get(1).unwrap(), theirs.get(1).unwrap());
    one.set("age", &50.into()).unwrap();
    mine.save(&mut one).unwrap();
    two.set("age", &60.into()).unwrap();
    assert!(matches!(
        theirs.save(&mut two),
        Err(DbError::Conflict { .. })
    ));

    // A schema that the other shell changed.
    let newer = PERSON.replace("note = ", "city* = \"Gent\"\nnote = ");
    let changed = database(&there, "db").model_from_text(&newer).unwrap();
    let found_here = mine.find(&map(&[("city", "Gent".into())])).unwrap();
    assert_eq!(ids(&found_here), [1, 2]);
    mine.save(&mut person(&mine, "eve", "e", 7)).unwrap();
    assert_eq!(found(&changed, &[("city", "Gent".into())]), [1, 2, 3]);
    let _keep: Arc<_> = changed;
}
