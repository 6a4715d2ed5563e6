//! schemas.json: parsed properties, identity, printed schema, fresh object and its printed form.
use kosmos::schema::{Object, Schema, Type, Value};
use serde_json::Value as Json;

use super::vectors::{NOW, Report, cases, context, matches};

fn list_of(kind: &Type) -> Option<&'static str> {
    match kind {
        Type::List(element) => Some(element.name()),
        _ => None,
    }
}

fn check_property(name: &str, expected: &Json, schema: &Schema, nr: usize, report: &mut Report) {
    let property = &schema.properties[nr];
    let name = format!("{name} {}", property.name);
    let recommended = &expected["recommended"];
    let field = |field: &str| recommended.get(field).unwrap_or(&expected[field]).clone();
    report.check(&name, expected["name"] == property.name, || {
        format!("{}", expected["name"])
    });
    let kind = property.kind.name();
    report.check(&name, field("type") == kind, || kind.into());
    if let Some(element) = expected.get("list_of") {
        report.check(&name, element.as_str() == list_of(&property.kind), || {
            kind.into()
        });
    }
    let element = match &property.kind {
        Type::List(element) => element,
        other => other,
    };
    if let (Some(choices), Type::Enum(ours)) = (expected.get("enum_values"), element) {
        report.check(&name, *choices == Json::from(ours.names()), || {
            format!("{ours:?}")
        });
    }
    if let (Some(url), Type::Object(ours)) = (expected.get("object_url"), element) {
        report.check(&name, *url == **ours, || ours.to_string());
    }
    report.check(&name, field("comment") == property.comment, || {
        property.comment.clone()
    });
    let flags = [
        ("index", property.index),
        ("index_key", property.index_key),
        ("unique", property.unique),
    ];
    for (flag, ours) in flags {
        report.check(&name, expected[flag] == ours, || {
            format!("{flag} is {ours}")
        });
    }
    report.check(&name, expected["nr"] == nr, || "nr".into());
}

#[test]
fn every_text() {
    let mut report = Report::default();
    for case in cases("schemas") {
        let text = case["text"].as_str().unwrap();
        let context = context(NOW);
        let result = context.registry().add_from_text(text, None);
        let ok = case["recommended"].get("ok").unwrap_or(&case["ok"]) == true;
        let expected = case["schemas"].as_array().cloned().unwrap_or_default();
        let refused = expected
            .iter()
            .any(|schema| schema["recommended"]["error"] == true);
        if !ok || refused {
            report.check(text, result.is_err(), || "accepted".into());
            continue;
        }
        let schemas = result.unwrap_or_else(|e| panic!("{text}: {e}"));
        if expected.is_empty() {
            continue;
        }
        report.check(text, schemas.len() == expected.len(), || {
            schemas.len().to_string()
        });
        for (schema, expected) in schemas.iter().zip(&expected) {
            check_schema(schema, expected, &context, &mut report);
        }
    }
    report.finish(1500);
}

fn check_schema(
    schema: &std::sync::Arc<Schema>,
    expected: &Json,
    context: &std::sync::Arc<kosmos::schema::Context>,
    report: &mut Report,
) {
    let name = schema.url.as_str();
    report.check(name, expected["url"] == name, || "url".into());
    report.check(name, expected["key"] == schema.key, || schema.key.clone());
    report.check(name, expected["md5"] == schema.md5.to_string(), || {
        schema.md5.to_string()
    });
    let recommended = &expected["recommended"];
    report.check(
        name,
        recommended["version"] == Json::from(schema.version),
        || "version".into(),
    );
    let without = &schema.url_noversion;
    report.check(name, recommended["url_noversion"] == **without, || {
        without.clone()
    });
    let system = serde_json::to_value(&schema.system_properties).unwrap();
    report.check(name, expected["systemprops"] == system, || {
        system.to_string()
    });
    let properties = expected["properties"].as_array().unwrap();
    report.check(name, properties.len() == schema.properties.len(), || {
        "count".into()
    });
    for (nr, property) in properties.iter().enumerate() {
        check_property(name, property, schema, nr, report);
    }
    let printed = schema.to_string();
    // comments.test is printed with the type that rule S6 replaces.
    if !properties
        .iter()
        .any(|p| p["recommended"].get("type").is_some())
    {
        report.check(name, expected["printed"] == printed, || printed.clone());
    }
    let object = Object::new(context, schema).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut recommended_values = false;
    for property in properties {
        let value = object.get(property["name"].as_str().unwrap()).unwrap();
        let other = property["recommended"].get("initial");
        recommended_values |= other.is_some();
        let initial = other.unwrap_or(&property["initial"]);
        report.check(name, matches(initial, value), || {
            format!("{value:?}, not {initial}")
        });
    }
    let affected = expected["new_printed_affected_by"].is_array() || recommended_values;
    if let (Some(expected), false) = (expected["new_printed"].as_str(), affected) {
        let printed = object.print();
        report.check(name, expected.trim_end() == printed.trim_end(), || {
            printed.clone()
        });
    }
    let again = Schema::parse(&schema.text).unwrap();
    assert_eq!(
        (again.md5, &again.properties),
        (schema.md5, &schema.properties),
        "{name}"
    );
}

#[test]
fn fresh_objects_whose_print_follows_our_rules() {
    let context = context(NOW);
    let text = "@url = p.1\nname = \"\"\nchild = (O) !c.1\nkids = (LO) !c.1\nf = 1.5\nl = [1, 2] (LF)\n\
                @url = c.1\nkey = \"\" (S)\nval = 7\n";
    let schema = context.registry().get_from_text(text, None).unwrap();
    let mut object = Object::new(&context, &schema).unwrap();
    assert_eq!(
        object.print(),
        "f = \"1.5\"\nkids = []\nl = [\"1.0\", \"2.0\"]\nname = \"\"\n\n[child]\nkey = \"\"\nval = \"7\"\n"
    );
    object.list_mut("kids").unwrap().new_object(None).unwrap();
    assert_eq!(
        object.print(),
        "f = \"1.5\"\nl = [\"1.0\", \"2.0\"]\nname = \"\"\n\n[child]\nkey = \"\"\nval = \"7\"\n\n\
         [[kids]]\nkey = \"\"\nval = \"7\"\n"
    );
    assert_eq!(
        object.to_toml(),
        "f = 1.5\nl = [1.0, 2.0]\nname = \"\"\n\n[child]\nkey = \"\"\nval = 7\n\n[[kids]]\nkey = \"\"\nval = 7\n"
    );
    assert_eq!(
        object.print_lines(),
        "\n- child                         : \n    - key                           : \n    - val                           : 7\n\
         - f                             : 1.5\n\
         - kids                          : [{'key': '', 'val': '7'}]\n\
         - l                             : ['1.0', '2.0']\n- name                          : \n"
    );
    assert!(matches!(object.get("child"), Ok(Value::Object(_))));
}

/// The schemas of the config instances (spec/shell.md 2.1).
#[test]
fn config_schemas_of_the_tree() {
    let context = context(NOW);
    let text = "@url = jumpscale.tfchain.client\nname* = \"\" (S)\n\
                network_type = \"STD,TEST,DEV\" (E)\nexplorer_nodes = (LS)\n\
                @url = jumpscale.tfchain.wallet\n@secret = seed\nname* = \"\" (S)\nseed = \"\" (S)\n\
                key_count = 1 (I)\nkey_scan_count = -1 (I)\n\
                @url = jumpscale.zos.client.1\nname* = \"\" (S)\nhost = \"127.0.0.1\" (S)\n\
                port = 6379 (ipport)\nunixsocket = \"\" (S)\npassword = \"\" (S)\ndb = 0 (I)\n\
                ssl = true (B)\ntimeout = 120 (I)\n";
    let schemas = context.registry().add_from_text(text, None).unwrap();
    let client = Object::new(&context, &schemas[0]).unwrap();
    assert_eq!(
        client.print(),
        "explorer_nodes = []\nname = \"\"\nnetwork_type = \"STD\"\n"
    );
    let wallet = Object::new(&context, &schemas[1]).unwrap();
    assert_eq!(wallet.get("key_scan_count").unwrap(), &Value::Int(-1));
    let zos = Object::new(&context, &schemas[2]).unwrap();
    assert_eq!(zos.get("port").unwrap(), &Value::Int(6379));
    assert_eq!(zos.get("ssl").unwrap(), &Value::Bool(true));
    assert_eq!(schemas[2].version, Some(1));
}
