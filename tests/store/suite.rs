//! One suite for both engines: what a store does, on disk and in memory.
use kosmos::store::{Expect, Health, RecordId, Store, StoreError};

use super::env::{CLIENTS, Env, SCHEMA, below, record};

/// Runs a test on a store on disk, on the same store opened anew for each step, and in memory.
fn on_each(test: impl Fn(&str, &dyn Fn() -> std::rc::Rc<Store>)) {
    let env = Env::new();
    let disk = std::rc::Rc::new(env.create());
    test("disk", &|| disk.clone());
    let env = Env::new();
    drop(env.create());
    test("disk, reopened", &|| std::rc::Rc::new(env.open()));
    let env = Env::new();
    let memory = std::rc::Rc::new(Store::ephemeral(env.options()).unwrap());
    test("memory", &|| memory.clone());
}

#[test]
fn records_are_stored_found_changed_and_deleted() {
    on_each(|engine, store| {
        assert!(
            store().get(CLIENTS, None, "one").unwrap().is_none(),
            "{engine}"
        );
        let saved = store().put(&record("one", b"first"), Expect::New).unwrap();
        let read = store().get(CLIENTS, None, "one").unwrap().unwrap();
        assert_eq!(
            (read.id, read.revision),
            (Some(saved.id), saved.revision),
            "{engine}"
        );
        assert_eq!(read.data.as_slice(), b"first");
        assert_eq!(read.schema_text, SCHEMA);
        assert_eq!(read.schema_url, "jumpscale.tfchain.wallet");
        assert_eq!(store().get_by_id(saved.id).unwrap(), read);

        let mut changed = read.clone();
        changed.data = b"second".to_vec().into();
        let again = store()
            .put(&changed, Expect::Revision(read.revision))
            .unwrap();
        assert_eq!(again.id, saved.id);
        assert!(again.revision > saved.revision);
        assert_eq!(
            store().get_by_id(saved.id).unwrap().data.as_slice(),
            b"second"
        );

        assert_eq!(store().delete(saved.id).unwrap(), 1);
        assert!(matches!(
            store().delete(saved.id),
            Err(StoreError::NotFound(_))
        ));
        assert!(matches!(
            store().get_by_id(saved.id),
            Err(StoreError::NotFound(_))
        ));
        assert!(store().get(CLIENTS, None, "one").unwrap().is_none());
        assert_eq!(store().count().unwrap(), 0);
        assert_eq!(store().health(), Health::Good, "{engine}");
    });
}

#[test]
fn listings_follow_location_and_parent() {
    on_each(|engine, store| {
        let a = store().put(&record("a", b""), Expect::New).unwrap().id;
        let b = store().put(&record("b", b""), Expect::New).unwrap().id;
        // The same name below two owners does not clash.
        for owner in [a, b] {
            for name in ["z", "y"] {
                store()
                    .put(&below(Some(owner), name, b"x"), Expect::New)
                    .unwrap();
            }
        }
        let names = |parent| -> Vec<String> {
            store()
                .list(CLIENTS, parent)
                .unwrap()
                .into_iter()
                .map(|s| s.name)
                .collect()
        };
        assert_eq!(names(None), ["a", "b"], "{engine}");
        assert_eq!(names(Some(a)), ["y", "z"]);
        assert_eq!(
            names(Some(RecordId::from_bytes([9; 16]))),
            Vec::<String>::new()
        );
        assert!(store().list("j.elsewhere", None).unwrap().is_empty());
        let scan = store().scan(CLIENTS, Some(b)).unwrap();
        assert_eq!(scan.records.len(), 2);
        assert!(scan.damaged.is_empty() && store().damaged().unwrap().is_empty());
        assert!(
            scan.records
                .iter()
                .all(|r| r.parent == Some(b) && r.data.as_slice() == b"x")
        );
        assert_eq!(store().scan_all().unwrap().records.len(), 6);
        assert!(store().exists(CLIENTS, Some(a), "y").unwrap());
        assert!(!store().exists(CLIENTS, None, "y").unwrap());

        // Deleting an owner deletes what is below it, whatever the depth.
        let y = store().get(CLIENTS, Some(a), "y").unwrap().unwrap().id;
        store().put(&below(y, "deep", b""), Expect::New).unwrap();
        assert_eq!(store().delete(a).unwrap(), 4, "{engine}");
        assert_eq!(store().count().unwrap(), 3);
        assert_eq!(store().delete_all(CLIENTS, None).unwrap(), 3);
        assert_eq!(store().count().unwrap(), 0);
        assert_eq!(store().health(), Health::Good);
    });
}

#[test]
fn saves_never_overwrite_silently() {
    on_each(|engine, store| {
        let first = store()
            .put(&record("my_wallet", b"1"), Expect::New)
            .unwrap();
        let unique = store()
            .put(&record("my_wallet", b"2"), Expect::New)
            .unwrap_err();
        assert!(
            matches!(&unique, StoreError::NotUnique { id, .. } if *id == first.id),
            "{engine}"
        );
        assert!(
            unique
                .to_string()
                .starts_with("could not save, was not unique")
        );

        let mut mine = store().get_by_id(first.id).unwrap();
        let theirs = mine.clone();
        store()
            .put(&theirs, Expect::Revision(theirs.revision))
            .unwrap();
        let conflict = store()
            .put(&mine, Expect::Revision(mine.revision))
            .unwrap_err();
        assert_eq!(
            conflict.to_string(),
            "my_wallet was changed by another kosmos since it was read: \
             use .load() to take its version or .save(force=True)"
        );
        mine.data = b"forced".to_vec().into();
        let forced = store().put(&mine, Expect::Force).unwrap();
        assert_eq!(forced.id, first.id);

        store().delete(first.id).unwrap();
        let gone = store()
            .put(&mine, Expect::Revision(forced.revision))
            .unwrap_err();
        assert!(matches!(gone, StoreError::Conflict { found: None, .. }));
        let back = store().put(&mine, Expect::Force).unwrap();
        assert_eq!(back.id, first.id);
        assert!(
            back.revision > forced.revision,
            "revisions are never reused"
        );

        // Force without an id takes over the stored record of that name.
        let over = store()
            .put(&record("my_wallet", b"over"), Expect::Force)
            .unwrap();
        assert_eq!(over.id, first.id);
        assert_eq!(store().count().unwrap(), 1);
    });
}

#[test]
fn renaming_moves_the_name() {
    on_each(|engine, store| {
        let a = store().put(&record("a", b"1"), Expect::New).unwrap();
        store().put(&record("b", b"2"), Expect::New).unwrap();
        let mut record = store().get_by_id(a.id).unwrap();
        record.name = "b".to_owned();
        assert!(matches!(
            store().put(&record, Expect::Revision(record.revision)),
            Err(StoreError::NotUnique { .. })
        ));
        record.name = "c".to_owned();
        store()
            .put(&record, Expect::Revision(record.revision))
            .unwrap();
        assert!(
            store().get(CLIENTS, None, "a").unwrap().is_none(),
            "{engine}"
        );
        assert_eq!(
            store().get(CLIENTS, None, "c").unwrap().unwrap().id,
            Some(a.id)
        );
        let names: Vec<_> = store()
            .list(CLIENTS, None)
            .unwrap()
            .into_iter()
            .map(|s| s.name)
            .collect();
        assert_eq!(names, ["b", "c"]);
        // The old name is free.
        store()
            .put(&super::env::record("a", b"3"), Expect::New)
            .unwrap();
        assert_eq!(store().health(), Health::Good);
    });
}

#[test]
fn what_cannot_be_stored_is_refused() {
    on_each(|engine, store| {
        let long = "x".repeat(2000);
        for name in ["", "a\0b", long.as_str()] {
            let error = store().put(&record(name, b""), Expect::New).unwrap_err();
            assert!(
                matches!(error, StoreError::Invalid { .. }),
                "{engine} {name:?}"
            );
        }
        let huge = record("huge", &vec![0; kosmos::store::MAX_RECORD + 1]);
        assert!(matches!(
            store().put(&huge, Expect::New),
            Err(StoreError::TooLarge { .. })
        ));
        assert_eq!(store().count().unwrap(), 0);
        // Large, empty and binary data, odd names.
        for (name, data) in [
            ("big", vec![0xff; 1_000_000]),
            ("none", vec![]),
            ("ünï cödé\n", vec![0, 1, 255]),
        ] {
            store().put(&record(name, &data), Expect::New).unwrap();
            let read = store().get(CLIENTS, None, name).unwrap().unwrap();
            assert_eq!(read.data.as_slice(), data, "{engine} {name}");
        }
    });
}

#[test]
fn the_reminder_stays_until_the_words_are_confirmed() {
    on_each(|engine, store| {
        assert!(!store().words_confirmed().unwrap(), "{engine}");
        store().confirm_words().unwrap();
        store().put(&record("a", b""), Expect::New).unwrap();
        assert!(store().words_confirmed().unwrap());
    });
}

#[test]
fn a_burst_keeps_the_engine_open() {
    on_each(|engine, store| {
        let store = store();
        let hold = store.hold();
        for n in 0..20 {
            store
                .put(&record(&format!("n{n}"), b""), Expect::New)
                .unwrap();
        }
        drop(hold);
        assert_eq!(store.list(CLIENTS, None).unwrap().len(), 20, "{engine}");
    });
}
