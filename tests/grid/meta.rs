//! What a gedis server tells of itself.
use kosmos::grid::gedis::meta::{api_meta, core_schemas, sum};
use kosmos::grid::gedis::{Api, Method, SchemaText, WireError};
use kosmos::grid::notary::{HASH, STORED, description, register_schema};
use proptest::prelude::*;

use super::{text, whole};

#[test]
fn the_notary_describes_itself_with_the_recorded_schemas() {
    let api = description();
    let recorded = whole("gedis_notary.json");
    let role = |name: &str| {
        let mut all = recorded["schemas"].as_array().unwrap().iter();
        all.find(|one| one["role"] == name).unwrap()
    };
    let method = |name: &str| api.methods.iter().find(|one| one.name == name).unwrap();
    let (get, register) = (method("get"), method("register"));
    for (url, recorded, schema) in [
        (&register.takes, role("register.in"), register_schema()),
        (&register.answers, role("register.out"), &HASH),
        (&get.takes, role("get.in"), &HASH),
        (&get.answers, role("get.out / stored model"), &STORED),
    ] {
        assert_eq!(url, text(recorded, "url"));
        let known = api.schema(url).unwrap();
        assert_eq!(
            hex::encode(sum(&known.content)),
            text(recorded, "md5"),
            "{url}"
        );
        assert_eq!(sum(&known.content), schema.md5, "{url}");
        let names: Vec<&str> = schema.fields.iter().map(|field| field.name).collect();
        for name in names {
            assert!(known.content.contains(name), "{url}");
        }
    }
    assert_eq!(
        register.args,
        ["threebot_id", "content", "content_signature"]
    );
    assert_eq!(Api::read(&api.object()), Ok(api));
}

fn arb() -> impl Strategy<Value = Api> {
    let word = "[a-z_.]{0,12}";
    let method = (
        word,
        "\\PC{0,40}",
        word,
        word,
        prop::collection::vec(word, 0..4),
    );
    let method = method.prop_map(|(name, comment, takes, answers, args)| Method {
        name,
        comment,
        takes,
        answers,
        args,
    });
    let schema = (word, "\\PC{0,60}").prop_map(|(url, content)| SchemaText { url, content });
    let lists = (
        prop::collection::vec(method, 0..5),
        prop::collection::vec(schema, 0..5),
    );
    (word, word, lists).prop_map(|(namespace, name, (methods, schemas))| Api {
        namespace,
        name,
        methods,
        schemas,
    })
}

proptest! {
    #[test]
    fn descriptions_are_read_back(api in arb()) {
        prop_assert_eq!(Api::read(&api.object()), Ok(api));
    }

    #[test]
    fn no_bytes_break_the_reader(api in arb(), at in 0usize..400, byte: u8, cut in 0usize..400) {
        let mut object = api.object();
        if let Some(place) = object.get_mut(at) {
            *place = byte;
        }
        object.truncate(cut.max(1));
        let _ = Api::read(&object);
    }
}

#[test]
fn other_objects_are_no_descriptions() {
    assert_eq!(Api::read(&[]), Err(WireError::Short(0)));
    let object = HASH.object(&[kosmos::grid::gedis::Value::Text("x".into())]);
    assert!(matches!(Api::read(&object), Err(WireError::Schema { .. })));
    let mut object = description().object();
    object[0] = 2;
    assert_eq!(Api::read(&object), Err(WireError::Version(2)));
    // The form of both answers: a map with one entry, and one with three.
    assert_eq!(api_meta(&[])[..6], *b"\x81\xa4cmds");
    let core = core_schemas();
    assert_eq!(core[0], 0x83);
    let text = String::from_utf8_lossy(&core).into_owned();
    assert!(text.contains("@url = jumpscale.gedis.cmd"), "{text}");
}
