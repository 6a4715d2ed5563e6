//! `j.data.bcdb` as a person types it.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kosmos::j::world::Settings;
use kosmos::object::Kind;
use kosmos::store::{KdfCost, NewLock, Options, Store, Unlock};

use crate::j::Session;

const MODEL: &str = "m = j.data.bcdb.new('mine').model_get('@url = my.person\\nname* = \"\"\\n\
                     &email = \"\"\\nage** = (I)\\nkids = (LO) !my.kid\\n\\n@url = my.kid\\nname = \"\"')";

fn session() -> Session {
    let mut s = Session::new(Settings::default());
    s.says(MODEL);
    s
}

#[test]
fn what_was_saved_is_there_in_the_next_session() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, key) = (folder.path().join("store"), folder.path().join("key"));
    let options = || Options {
        kdf: KdfCost::LOWEST,
        ..Options::default()
    };
    let (store, _) = Store::create(&dir, NewLock::NewKeyFile(&key), options()).unwrap();
    let mut s = Session::with_store(Settings::default(), Arc::new(store));
    s.says(MODEL);
    s.says("ada = m.new(name='Ada', age=36)");
    s.says("ada.kids.new(name='Byron')");
    assert_eq!(s.says("ada.id"), "");
    s.says("ada.save()");
    assert_eq!(s.says("ada.id"), "1");
    assert_eq!(s.says("ada._changed"), "False");
    s.says("m.new(name='Bob', age=7).save()");
    drop(s);

    let open = || {
        Store::open(&dir, options())
            .unwrap()
            .unlock(Unlock::KeyFile(&key))
            .unwrap()
    };
    let mut s = Session::with_store(Settings::default(), Arc::new(open()));
    assert_eq!(s.says("j.data.bcdb.list()"), "['mine']");
    s.says("m = j.data.bcdb.get('mine').model_get('my.person')");
    s.says("ada = m.find(name='Ada')[0]");
    assert_eq!(s.says("ada.kids[0].name"), "'Byron'");
    assert_eq!(s.says("m.find(age=['<', 10])[0].name"), "'Bob'");
    assert_eq!(s.says("m.get_by_name('Bob')[0].id"), "2");
    assert_eq!(s.says("m.count()"), "2");
    assert_eq!(s.says("j.data.bcdb.mine.models"), "['my.person']");

    // Another shell changes the same object.
    let mut other = Session::with_store(Settings::default(), Arc::new(open()));
    other.says("ada = j.data.bcdb.get('mine').model_get('my.person').get(1)");
    other.says("ada.age = 37");
    other.says("ada.save()");
    s.says("ada.name = 'Ada L'");
    let error = s.fails("ada.save()");
    assert_eq!(error.kind, Kind::Conflict, "{error}");
    s.says("ada.load()");
    assert_eq!(s.says("ada.age"), "37");
    s.says("ada.name = 'Ada L'");
    s.says("ada.save()");
    other.says("ada.load()");
    assert_eq!(other.says("ada.name"), "'Ada L'");
    s.says("ada.delete()");
    assert_eq!(s.fails("ada.save()").kind, Kind::Conflict);
    assert_eq!(other.fails("ada.load()").kind, Kind::NotFound);
}

#[test]
fn loops_read_few_at_a_time_and_can_be_left() {
    let mut s = session();
    s.says("all = []\nfor n in 0..700 { all.push(m.new(name=`n${n % 2}`, age=n)) }");
    assert_eq!(s.says("m.save_all(all)"), "700");
    assert_eq!(s.says("all[699].id"), "700");
    s.says("sum = 0\nfor o in m.iterate(name='n1') { sum += o.id }");
    assert_eq!(
        s.says("sum"),
        (1..=700).filter(|n| n % 2 == 0).sum::<i64>().to_string()
    );
    s.says("for o in m.iterate() { last = o.id; if o.id == 300 { break; } }");
    assert_eq!(s.says("len(m.iterate(age=['>', 689]).list())"), "10");
    assert_eq!(s.says("len(j.data.bcdb.mine.get_all())"), "700");
}

#[test]
fn triggers_are_functions_of_a_script() {
    let mut s = session();
    s.says("seen = []");
    s.says("t = m.trigger_add(|model, obj, action, property| { if action == 'set_pre' { obj.name = 'Mr ' + obj.name } if action == 'change' && property == 'age' && obj.age < 0 { throw 'too young' } })");
    s.says("bob = m.new(name='Bob', age=5)");
    s.says("bob.save()");
    assert_eq!(s.says("bob.name"), "'Mr Bob'");
    assert_eq!(s.says("m.get(1).name"), "'Mr Bob'");
    assert!(s.fails("bob.age = -1").message.contains("too young"));
    assert_eq!(s.says("bob.age"), "5");
    s.says("m.trigger_remove(t)");
    s.says("bob.age = -1");
    assert_eq!(s.fails("m.trigger_remove(t)").kind, Kind::NotFound);
}

#[test]
fn autosave_stores_every_change() {
    let mut s = session();
    s.says("ada = m.new(name='Ada')");
    s.says("ada._autosave = True");
    s.says("ada.age = 36");
    assert_eq!(s.says("m.get(1).age"), "36");
    s.says("ada.kids.new(name='Byron')");
    assert_eq!(s.says("len(m.get(1).kids)"), "1");
}

#[test]
fn wrong_use_is_told() {
    let mut s = session();
    s.says("m.new(name='Ada', email='a').save()");
    let told = |s: &mut Session, source: &str, kind: Kind, text: &str| {
        let error = s.fails(source);
        assert_eq!(error.kind, kind, "{source}: {error}");
        assert!(error.message.contains(text), "{source}: {error}");
    };
    for (source, kind, text) in [
        (
            "j.data.bcdb.get('none')",
            Kind::NotFound,
            "there is no database 'none'",
        ),
        (
            "j.data.bcdb.new('')",
            Kind::Value,
            "is no name of a database",
        ),
        (
            "j.data.bcdb.new('a/b')",
            Kind::Value,
            "is no name of a database",
        ),
        (
            "j.data.bcdb.mine.model_get('no.such')",
            Kind::NotFound,
            "no.such",
        ),
        (
            "j.data.bcdb.mine.model_get(1.5)",
            Kind::Value,
            "must be a schema",
        ),
        ("m.get(0)", Kind::Value, "must be the number of an object"),
        ("m.get(99)", Kind::NotFound, "'my.person' has no object 99"),
        ("m.delete(99)", Kind::NotFound, "has no object 99"),
        ("m.new(nam='x')", Kind::Attribute, "has no property 'nam'"),
        (
            "m.new(email='a').save()",
            Kind::Value,
            "email must be unique: object 1",
        ),
        ("m.find(nam='x')", Kind::Attribute, "has no property 'nam'"),
        ("m.find(age='old')", Kind::Value, "'old' is not a valid int"),
        (
            "m.iterate(age='old')",
            Kind::Value,
            "'old' is not a valid int",
        ),
        ("m.get_from_keys()", Kind::Type, "needs a property"),
        ("m.save_all([1])", Kind::Value, "must hold objects"),
        ("m.trigger_add(5)", Kind::Type, "must be function"),
        ("m.set_dynamic([1])", Kind::Value, "expected a map"),
        (
            "j.data.bcdb.delete('mine')",
            Kind::NotConfirmed,
            "no terminal",
        ),
        (
            "j.data.bcdb.mine.reset()",
            Kind::NotConfirmed,
            "no terminal",
        ),
    ] {
        told(&mut s, source, kind, text);
    }
    s.says("m.readonly = True");
    told(&mut s, "m.delete(1)", Kind::Attribute, "read-only");
    s.says("m.readonly = False");
    assert_eq!(s.says("m.get(99, die=False)"), "");
    assert_eq!(s.says("j.data.bcdb.get('none', die=False)"), "");
    s.person.yes.store(true, Ordering::SeqCst);
    s.says("j.data.bcdb.delete('mine')");
    assert_eq!(s.says("j.data.bcdb.list()"), "[]");
}

#[test]
fn an_export_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").display().to_string();
    let mut s = session();
    s.person.yes.store(true, Ordering::SeqCst);
    s.says("m.new(name='Ada', email='a').save()");
    s.says(&format!("j.data.bcdb.mine.export_('{path}')"));
    s.says("m.delete_all()");
    s.says(&format!("j.data.bcdb.mine.import_('{path}')"));
    s.says("m = j.data.bcdb.mine.model_get('my.person')");
    assert_eq!(s.says("m.find(email='a')[0].name"), "'Ada'");
    assert_eq!(s.says("j.data.bcdb.mine.check()['good']"), "True");
    // Files of another store cannot be read.
    let mut other = session();
    let error = other.fails(&format!("j.data.bcdb.mine.import_('{path}')"));
    assert_eq!(error.kind, Kind::Io, "{error}");
    assert!(error.message.contains("another store"), "{error}");
}
