//! A schema that changes: old objects are read, indexes follow.
use kosmos::schema::Value;
use kosmos::schema::db::DbError;

use super::{create, database, found, good, map, memory, op, open};

const OLD: &str = "@url = p\nname* = \"\"\nage = 0 (I)\nborn = 0 (D)\ncolor = \"red,green\" (E)\n\
                   price = \"10 EUR\" (N)\nport = (ipport)\ngone = \"old\"\ntags = (LS)\n";
const NEW: &str = "@url = p\nname* = \"\"\nage** = \"\" (S)\nborn = \"\" (S)\n\
                   color = \"blue,green,red\" (E)\nprice = 0.5 (F)\nport = 80 (I)\nfresh* = \"new\"\n\
                   tags = (LI)\n";

#[test]
fn old_objects_are_read_with_the_new_schema() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let db = database(&store, "db");
    let model = db.model_from_text(OLD).unwrap();
    let data = map(&[
        ("name", "ann".into()),
        ("age", 1234.into()),
        ("born", "2001/02/03".into()),
        ("color", "green".into()),
        ("gone", "kept".into()),
        ("tags", "1,x".into()),
    ]);
    model.save(&mut model.new_object(&data).unwrap()).unwrap();
    drop((model, db));
    drop(store);

    let store = open(folder.path());
    let db = database(&store, "db");
    let model = db.model_from_text(NEW).unwrap();
    let mut ann = model.get(1).unwrap();
    let text = |name: &str| ann.get(name).unwrap().text();
    assert_eq!(text("name"), "ann");
    assert_eq!(text("age"), "1234");
    assert_eq!(text("born"), "2001/02/03");
    assert_eq!(text("color"), "GREEN");
    assert_eq!(text("fresh"), "new");
    // Money is no fraction, and 'x' is no whole number: the defaults, but nothing is lost.
    assert_eq!(ann.get("port").unwrap(), &Value::Int(80));
    assert_eq!(ann.get("tags").unwrap(), &Value::List(Vec::new()));
    // The new index knows the old object.
    assert_eq!(found(&model, &[("fresh", "new".into())]), [1]);
    assert_eq!(found(&model, &[("age", op(">=", "1234"))]), [1]);
    ann.set("name", &"Ann".into()).unwrap();
    model.save(&mut ann).unwrap();
    assert_eq!(db.sids().unwrap().len(), 2);
    good(&db);

    // Back to the old text: what was not in between is there again.
    let model = db.model_from_text(OLD).unwrap();
    let ann = model.get(1).unwrap();
    assert_eq!(ann.get("gone").unwrap().as_str(), Some("kept"));
    assert_eq!(ann.get("name").unwrap().as_str(), Some("Ann"));
    assert_eq!(ann.get("age").unwrap(), &Value::Int(1234));
    good(&db);
}

#[test]
fn an_object_of_the_old_text_is_saved_in_the_new_one() {
    let (_store, db) = memory();
    let model = db
        .model_from_text("@url = p\nname* = \"\"\nage = 1 (I)\n")
        .unwrap();
    let mut object = model.new_object(&map(&[("name", "x".into())])).unwrap();
    let again = db
        .model_from_text("@url = p\nname* = \"\"\nage* = \"\" (S)\n")
        .unwrap();
    model.save(&mut object).unwrap();
    assert_eq!(object.get("age").unwrap().as_str(), Some("1"));
    assert_eq!(found(&again, &[("age", "1".into())]), [1]);
    good(&db);
}

#[test]
fn a_property_becomes_unique_only_when_it_is() {
    let (_store, db) = memory();
    let old = "@url = p\nname = \"\"\n";
    let model = db.model_from_text(old).unwrap();
    for name in ["a", "b", "", "", "a"] {
        let mut object = model.new_object(&map(&[("name", name.into())])).unwrap();
        model.save(&mut object).unwrap();
    }
    let new = "@url = p\n&name = \"\"\n";
    let error = db.model_from_text(new).err().unwrap();
    let DbError::CannotBeUnique { first, second, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((first, second), (1, 5));
    // Nothing was changed by the refusal.
    assert!(!model.schema().unwrap().property("name").unwrap().unique);
    model.delete(5).unwrap();
    let model = db.model_from_text(new).unwrap();
    let mut clash = model.new_object(&map(&[("name", "b".into())])).unwrap();
    assert!(model.save(&mut clash).is_err());
    good(&db);
}

#[test]
fn sub_objects_are_read_in_another_session_and_with_another_schema() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let child = "@url = child\nsize = 1 (I)\nname = \"\"\n";
    let text = format!("@url = parent\nkid = (O) !child\nkids = (LO) !child\n\n{child}");
    let model = database(&store, "db").model_from_text(&text).unwrap();
    let mut object = model.new_object(&map(&[])).unwrap();
    object
        .object_mut("kid")
        .unwrap()
        .set("size", &7.into())
        .unwrap();
    let data = map(&[("name", "leg".into())]);
    object
        .list_mut("kids")
        .unwrap()
        .new_object(Some(&data))
        .unwrap();
    model.save(&mut object).unwrap();
    drop(model);

    let db = database(&store, "db");
    assert_eq!(db.model_from_url("parent").unwrap().get(1).unwrap(), object);
    let newer = "@url = parent\nkid = (O) !child\nkids = (LO) !child\n\n\
                 @url = child\nname = \"\"\nsize = \"\" (S)\nextra = 5\n";
    let db = database(&store, "db");
    let model = db.model_from_text(newer).unwrap();
    let read = model.get(1).unwrap();
    assert_eq!(
        read.object("kid").unwrap().get("size").unwrap().as_str(),
        Some("7")
    );
    assert_eq!(
        read.object("kid").unwrap().get("extra").unwrap(),
        &Value::Int(5)
    );
    good(&db);
}
