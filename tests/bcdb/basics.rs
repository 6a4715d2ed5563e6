//! Numbers, uniqueness, queries, triggers, iteration, export.
use std::sync::Arc;

use kosmos::schema::db::{Action, DbError, Op};
use kosmos::schema::{Map, Value};

use super::{PERSON, create, database, found, good, ids, map, memory, op, open, person};

#[test]
fn objects_are_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let people = database(&store, "mine").model_from_text(PERSON).unwrap();
    let mut ann = person(&people, "ann", "ann@example.org", 5);
    assert!(ann.id().is_none());
    assert_eq!(people.save(&mut ann).unwrap(), 1);
    assert!(!ann.is_changed());
    drop((people, store));

    let again = open(folder.path());
    let database = database(&again, "mine");
    assert_eq!(database.urls().unwrap(), ["my.person"]);
    // The text is in the database, nobody has to give it again.
    let people = database.model_from_url("my.person").unwrap();
    assert_eq!(people.get(1).unwrap(), ann);
    assert_eq!(found(&people, &[("name", "ann".into())]), [1]);
    good(&database);
}

#[test]
fn numbers_are_never_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let db = database(&store, "mine");
    let people = db.model_from_text(PERSON).unwrap();
    for (n, expected) in [(1, 1), (2, 2)] {
        let mut object = person(&people, "x", "", n);
        assert_eq!(people.save(&mut object).unwrap(), expected);
    }
    people.delete(2).unwrap();
    let mut third = person(&people, "x", "", 3);
    assert_eq!(people.save(&mut third).unwrap(), 3);
    assert_eq!(people.delete_all().unwrap(), 2);
    db.reset().unwrap();
    let people = db.model_from_text(PERSON).unwrap();
    let mut fourth = person(&people, "x", "", 3);
    assert_eq!(people.save(&mut fourth).unwrap(), 4);
    good(&db);
}

#[test]
fn queries_find_by_index_and_without() {
    let (_store, db) = memory();
    let text = "@url = q\nname* = \"\"\nage** = (I)\nmoney** = \"1 USD\" (N)\nborn** = 0 (D)\n\
                color = \"red,green,blue\" (E)\ntags = (LS)\nnote = \"\"\nip** = (ipaddr)\n";
    let model = db.model_from_text(text).unwrap();
    let mut all = Vec::new();
    for n in 0..50i64 {
        let mut data = map(&[
            ("name", format!("n{}", n % 5).into()),
            (
                "money",
                format!("{n} {}", if n % 2 == 0 { "EUR" } else { "USD" }).into(),
            ),
            ("color", Value::Int(n % 3 + 1)),
            ("tags", format!("t{},even{}", n % 7, n % 2).into()),
            ("note", format!("note number {n}").into()),
            ("ip", format!("10.0.{}.{n}", n % 2).into()),
        ]);
        // Some have neither age nor birthday.
        if n % 10 != 0 {
            data.insert("age".into(), (n - 20).into());
            data.insert("born".into(), format!("{}/01/01", 1950 + n).into());
        }
        all.push(model.new_object(&data).unwrap());
    }
    model.save_all(&mut all).unwrap();
    assert_eq!(all[49].id(), Some(50));
    let by = |f: &dyn Fn(i64) -> bool| -> Vec<u64> {
        (0..50i64)
            .filter(|n| f(*n))
            .map(|n| n.cast_unsigned() + 1)
            .collect()
    };
    let find = |name: &str, value: Value| found(&model, &[(name, value)]);
    assert_eq!(find("name", "n3".into()), by(&|n| n % 5 == 3));
    assert_eq!(find("name", op("in", vec!["n3", "n4"])), by(&|n| n % 5 > 2));
    assert_eq!(find("name", op("!=", "n3")), by(&|n| n % 5 != 3));
    assert_eq!(find("age", op(">", 20)), by(&|n| n > 40 && n % 10 != 0));
    assert_eq!(find("age", op(">=", "21")), by(&|n| n > 40 && n % 10 != 0));
    assert_eq!(find("age", op("<", -15)), by(&|n| n < 5 && n % 10 != 0));
    assert_eq!(find("age", op("<=", -15)), by(&|n| n < 6 && n % 10 != 0));
    assert_eq!(find("age", 7.into()), [28]);
    assert_eq!(find("age", Value::Null), by(&|n| n % 10 == 0));
    assert_eq!(
        find("born", op("<", "1960/01/01")),
        by(&|n| n < 10 && n % 10 != 0)
    );
    assert_eq!(find("money", op(">", "48 USD")).len(), 5);
    assert_eq!(find("money", "4 EUR".into()), [5]);
    assert_eq!(find("color", "green".into()), by(&|n| n % 3 == 1));
    assert_eq!(find("color", op(">", "red")), by(&|n| n % 3 > 0));
    assert_eq!(find("tags", op("contains", "t6")), by(&|n| n % 7 == 6));
    assert_eq!(find("note", op("contains", "number 4")).len(), 11);
    assert_eq!(find("note", op("startswith", "note number 4")).len(), 11);
    assert_eq!(
        find("ip", op(">", "10.0.1.9")),
        by(&|n| n % 2 == 1 && n > 9)
    );
    let both = [("name", "n3".into()), ("age", op(">", 0))];
    assert_eq!(found(&model, &both), by(&|n| n % 5 == 3 && n > 20));
    assert_eq!(model.count(&map(&both)).unwrap(), 6);
    assert!(model.exists(&map(&both)).unwrap());
    assert!(!model.exists(&map(&[("name", "nobody".into())])).unwrap());
    assert_eq!(model.count(&Map::new()).unwrap(), 50);

    // The ordered index follows changes, also those of another model of the same database.
    let mut changed = model.get(28).unwrap();
    changed.set("age", &1000.into()).unwrap();
    model.save(&mut changed).unwrap();
    model.delete(50).unwrap();
    let other = db.model_from_text("@url = other\nx = 1\n").unwrap();
    other
        .save(&mut other.new_object(&Map::new()).unwrap())
        .unwrap();
    assert_eq!(find("age", op(">", 27)), [28, 49]);
    assert_eq!(find("age", 7.into()), [0u64; 0]);
    good(&db);
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    let (_store, db) = memory();
    let model = db.model_from_text(PERSON).unwrap();
    let fails =
        |name: &str, value: Value| model.find(&map(&[(name, value)])).unwrap_err().to_string();
    assert!(fails("nmae", "x".into()).contains("did you mean 'name'"));
    assert!(fails("age", "old".into()).contains("'old' is not a valid int"));
    assert!(fails("age", op(">", i64::from(i32::MAX))).contains("nothing is larger"));
    assert!(fails("name", Value::from(vec!["a", "b"])).contains("[operator, value]"));
    assert!(fails("name", op("in", "a")).contains("needs a list"));
    assert!(fails("name", op("contains", 5)).contains("needs a text"));
    assert_eq!(Op::WORDS.len(), 10);

    let unordered = "@url = u\nlist** = (LS)\n";
    let error = db.model_from_text(unordered).err().unwrap().to_string();
    assert!(
        error.contains("list of string, which has no order"),
        "{error}"
    );
    assert!(matches!(model.get(0), Err(DbError::NotFound { id: 0, .. })));
    assert!(matches!(
        model.delete(9),
        Err(DbError::NotFound { id: 9, .. })
    ));
    assert!(matches!(
        db.model_from_sid(9),
        Err(DbError::NoSid { sid: 9 })
    ));
    assert!(db.model_from_url("no.such").is_err());
    let mut foreign = db
        .model_from_text("@url = other\nx = 1\n")
        .unwrap()
        .new_object(&Map::new())
        .unwrap();
    assert!(matches!(
        model.save(&mut foreign),
        Err(DbError::OtherModel { .. })
    ));
    model.set_readonly(true);
    let mut ann = person(&model, "ann", "a", 1);
    assert!(matches!(
        model.save(&mut ann),
        Err(DbError::ReadOnly { .. })
    ));
}

#[test]
fn unique_values_clash_in_a_batch_too_and_nothing_of_it_is_stored() {
    let (_store, db) = memory();
    let model = db.model_from_text(PERSON).unwrap();
    let mut batch = vec![
        person(&model, "a", "same", 1),
        person(&model, "b", "", 2),
        person(&model, "c", "", 3),
        person(&model, "d", "same", 4),
    ];
    let error = model.save_all(&mut batch).unwrap_err();
    assert!(
        matches!(error, DbError::NotUnique { other: 1, .. }),
        "{error}"
    );
    assert_eq!(model.count_all().unwrap(), 0);
    assert!(batch.iter().all(|object| object.id().is_none()));
    batch.pop();
    model.save_all(&mut batch).unwrap();
    // Values can be swapped once the first one let go.
    let mut first = model.get(1).unwrap();
    first.set("email", &"moved".into()).unwrap();
    model.save(&mut first).unwrap();
    let mut second = model.get(2).unwrap();
    second.set("email", &"same".into()).unwrap();
    model.save(&mut second).unwrap();
    assert_eq!(found(&model, &[("email", "same".into())]), [2]);
    good(&db);
}

#[test]
fn the_second_writer_of_an_object_is_told() {
    let (_store, db) = memory();
    let model = db.model_from_text(PERSON).unwrap();
    model.save(&mut person(&model, "ann", "a", 1)).unwrap();
    let (mut one, mut two) = (model.get(1).unwrap(), model.get(1).unwrap());
    one.set("age", &2.into()).unwrap();
    model.save(&mut one).unwrap();
    two.set("name", &"bob".into()).unwrap();
    let error = model.save(&mut two).unwrap_err();
    assert!(
        matches!(error, DbError::Conflict { deleted: false, .. }),
        "{error}"
    );
    one.set("age", &3.into()).unwrap();
    model.save(&mut one).unwrap();
    model.delete(1).unwrap();
    let error = model.save(&mut one).unwrap_err();
    assert!(
        matches!(error, DbError::Conflict { deleted: true, .. }),
        "{error}"
    );
    assert_eq!(model.count_all().unwrap(), 0);
    good(&db);
}

#[test]
fn triggers_can_change_and_refuse() {
    let (_store, db) = memory();
    let model = db.model_from_text(PERSON).unwrap();
    let id = model.trigger_add(Arc::new(|_, object, action, _| {
        match action {
            Action::SetPre if object.get("name")?.as_str() == Some("bad") => {
                return Err("bad names are refused".into());
            }
            Action::SetPre => object.set("note", &"seen".into())?,
            Action::Delete => return Err("never".into()),
            _ => {}
        }
        Ok(())
    }));
    let mut object = person(&model, "ann", "", 1);
    model.save(&mut object).unwrap();
    assert_eq!(
        model.get(1).unwrap().get("note").unwrap().as_str(),
        Some("seen")
    );
    let error = model.save(&mut person(&model, "bad", "", 1)).unwrap_err();
    assert_eq!(error.to_string(), "bad names are refused");
    assert!(model.delete(1).is_err());
    assert!(model.trigger_remove(id));
    assert!(!model.trigger_remove(id));
    model.delete(1).unwrap();
}

#[test]
fn iterating_sees_what_lies_ahead() {
    let (_store, db) = memory();
    let model = db.model_from_text(PERSON).unwrap();
    let mut all: Vec<_> = (0..600).map(|n| person(&model, "x", "", n)).collect();
    model.save_all(&mut all).unwrap();
    let mut seen = Vec::new();
    for (nr, object) in model.iterate().enumerate() {
        seen.push(object.unwrap().id().unwrap());
        if nr == 0 {
            model.delete(600).unwrap();
            model.save(&mut person(&model, "late", "", 1)).unwrap();
        }
    }
    assert_eq!(seen, (1..=599).chain([601]).collect::<Vec<_>>());
}

#[test]
fn an_export_can_be_read_back_with_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, db) = memory();
    let text = "@url = shop.item\n&name = \"\"\nprice** = \"10 USD\" (N)\nparts = (LO) !shop.part\n\n\
                @url = shop.part\nlabel = \"\"\n";
    let model = db.model_from_text(text).unwrap();
    for name in ["lamp", "a / strange \"name\"", "", "table"] {
        let mut object = model.new_object(&map(&[("name", name.into())])).unwrap();
        let part = map(&[("label", "leg".into())]);
        object
            .list_mut("parts")
            .unwrap()
            .new_object(Some(&part))
            .unwrap();
        model.save(&mut object).unwrap();
    }
    model.delete(4).unwrap();
    let before: Vec<_> = model.iterate().map(Result::unwrap).collect();
    let plain = folder.path().join("plain");
    let done = db.export(&plain, None).unwrap();
    assert_eq!((done.schemas, done.objects), (2, 3));
    assert!(db.export(&plain, None).is_err(), "the folder is not empty");
    let mut names: Vec<String> = std::fs::read_dir(&plain)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3);
    assert!(names[1].starts_with("shop.item__") && names[2].starts_with("shop.part__"));
    assert!(plain.join(&names[1]).join("lamp__1.json").is_file());

    let turn = |bytes: &[u8]| Ok(bytes.iter().map(|b| b ^ 0x55).collect::<Vec<u8>>());
    let sealed = folder.path().join("sealed");
    db.export(&sealed, Some(&turn)).unwrap();
    for from in [&plain, &sealed] {
        let (_store, other) = memory();
        if from == &sealed {
            assert!(other.import(from, None, true).is_err());
        }
        let done = other.import(from, Some(&turn), true).unwrap();
        assert_eq!((done.schemas, done.objects), (2, 3));
        let model = other.model_from_url("shop.item").unwrap();
        let after: Vec<_> = model.iterate().map(Result::unwrap).collect();
        assert_eq!(after, before);
        assert_eq!(ids(&after), [1, 2, 3]);
        assert_eq!(other.urls().unwrap(), ["shop.item"]);
        // The number of the deleted object is not given again.
        let mut next = model.new_object(&Map::new()).unwrap();
        assert_eq!(model.save(&mut next).unwrap(), 5);
        assert!(
            other.import(from, Some(&turn), false).is_err(),
            "numbers are taken"
        );
        good(&other);
    }

    // What does not fit is named, and nothing is lost.
    let item = plain.join(&names[1]).join("lamp__1.json");
    std::fs::write(&item, "{\"name\": 1, \"colour\": 2}").unwrap();
    let error = db.import(&plain, None, true).unwrap_err().to_string();
    assert!(
        error.contains("lamp__1.json") && error.contains("colour"),
        "{error}"
    );
    assert_eq!(db.count().unwrap(), 3);
}
