//! Tests of the room `object`.
pub mod probe;

use kosmos::object::complete::{Group, Place};
use kosmos::object::{Kind, Value, dispatch, help, print::Paint};

fn call(
    name: &str,
    positional: Vec<Value>,
    keywords: &[(&str, Value)],
) -> Result<Value, kosmos::object::Error> {
    let keywords = keywords
        .iter()
        .map(|(k, v)| (k.to_string(), v.clone()))
        .collect();
    dispatch::call(&probe::tree(), name, positional, keywords)
}

#[test]
fn arguments_are_bound_by_place_and_by_name() {
    let ok = |positional, keywords: &[(&str, Value)]| match call("add", positional, keywords) {
        Ok(Value::Int(sum)) => sum,
        Ok(_) => panic!("not a number"),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(ok(vec![Value::Int(1)], &[]), 2);
    assert_eq!(ok(vec![Value::Int(1), Value::Int(5)], &[]), 6);
    assert_eq!(ok(vec![Value::Int(1)], &[("b", Value::Int(9))]), 10);
    assert_eq!(
        ok(vec![], &[("b", Value::Int(9)), ("a", Value::Int(2))]),
        11
    );
}

#[test]
fn errors_name_the_parameter() {
    let text = |positional, keywords: &[(&str, Value)]| {
        call("add", positional, keywords).unwrap_err().message
    };
    assert_eq!(
        text(vec![], &[]),
        "add() missing 1 required positional argument: 'a'"
    );
    assert_eq!(
        text(vec![Value::Int(1)], &[("x", Value::Int(1))]),
        "add() got an unexpected keyword argument 'x'"
    );
    assert_eq!(
        text(vec![Value::Int(1)], &[("a", Value::Int(1))]),
        "add() got multiple values for argument 'a'"
    );
    assert_eq!(
        text(vec![Value::Int(1); 3], &[]),
        "add() takes from 1 to 2 positional arguments but 3 were given"
    );
    assert_eq!(
        text(vec!["one".into()], &[]),
        "add() argument 'a' must be int, not str"
    );
}

#[test]
fn unknown_names_are_told_with_near_ones() {
    let error = call("ad", vec![], &[]).unwrap_err();
    assert_eq!(error.message, "'root' object has no attribute 'ad'");
    assert_eq!(error.kind, Kind::Attribute);
    assert_eq!(error.hints, ["did you mean 'add'?"]);
    let error = call("shelf", vec![], &[]).unwrap_err();
    assert_eq!(error.message, "'shelf' object is not callable");
}

#[test]
fn completion_has_four_groups_in_order_and_creates_nothing() {
    let tree = probe::tree();
    let shelf = Place::Object(tree.clone()).step("shelf").unwrap();
    let names = |place: &Place, prefix: &str| -> Vec<(Group, String)> {
        place
            .candidates(prefix)
            .into_iter()
            .map(|c| (c.group, c.insert))
            .collect()
    };
    assert_eq!(names(&shelf, ""), [(Group::Method, "new(".into())]);
    // A box that is not there yet is completed by what it would be, and not made.
    let there = shelf.step("not_there").unwrap();
    assert_eq!(
        names(&there, ""),
        [
            (Group::Model, "size".into()),
            (Group::Model, "tags".into()),
            (Group::Method, "unlock(".into()),
            (Group::Property, "price".into()),
            (Group::Property, "volume".into()),
        ]
    );
    assert_eq!(names(&shelf, "").len(), 1, "completion made an instance");
    // The result of a property is completed by its class, without reading it.
    assert_eq!(
        names(&there.step("price").unwrap(), "c"),
        [(Group::Property, "cents".into())]
    );
    // Keywords of a call, those of the instance's data included.
    let keywords: Vec<String> = shelf
        .keywords("new", 0, &["size"])
        .into_iter()
        .map(|c| c.insert)
        .collect();
    assert_eq!(keywords, ["name=", "tags="]);
}

#[test]
fn help_shows_signature_parameters_and_example() {
    let tree = probe::tree();
    let text = help::member(tree.member("add").unwrap());
    assert_eq!(
        text,
        "add(a, b=1)\n\nAdds two numbers.\n\n  a  int: one number\n  b  int: another\n\n\
         answers: int\n\nexample:\n  j.add(1, b=2)\n"
    );
    assert_eq!(
        help::remaining(tree.member("add").unwrap(), 1, &[]),
        "b=1",
        "one argument is given"
    );
}

#[test]
fn instances_print_as_blocks() {
    let tree = probe::tree();
    let shelf = dispatch::read(&tree, "shelf").unwrap();
    let Value::Object(shelf) = shelf else {
        panic!("not an object")
    };
    let made = dispatch::call(&shelf, "new", vec!["a".into()], Vec::new()).unwrap();
    let text = kosmos::object::print::repr(&made, Paint::Plain);
    assert_eq!(
        text,
        "## crate Instance: 'a' \n\n- name                          : a\n\
         - size                          : 7\n\n"
    );
}
