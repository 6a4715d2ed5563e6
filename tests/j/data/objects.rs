//! Objects: reading, setting, what goes wrong, what a person is told.
use kosmos::object::Kind;

use super::super::Session;

/// A schema with the usual types, and an object `o` of it.
pub fn item() -> Session {
    let mut s = Session::frozen();
    s.says(
        "text = \"\"\"\n@url = shop.item.1\n&name = \"lamp\" # what it is called\n\
         price = \"10 USD\" (N)\ncolour = \"red,green,blue\" (E)\nsizes = \"1,2,3\" (LI)\n\
         info = {\"number\": 468} (dict)\nbought = 0 (D)\nseen = 0 (T)\ncount = 5 (I)\n\
         share = \"10%\" (P)\nmail = (email)\nid_of = (guid)\npin = \"\" (S)\n@secret = pin\n\
         pair = \"46:682\" (H)\ntall = true (B)\nmatrix = (LLI)\n\"\"\"",
    );
    s.says("s = j.data.schema.get_from_text(text)");
    s.says("o = s.new()");
    s
}

/// A schema with sub-objects, and an object `p` of it.
fn parent() -> Session {
    let mut s = Session::frozen();
    s.says("j.data.schema.get_from_text('name = \"\"\\nage = 0 (I)', 'shop.child')");
    s.says(
        "p = j.data.schema.get_from_text('one = (O) !shop.child\\nkids = (LO) !shop.child', \
         'shop.parent').new()",
    );
    s
}

#[test]
fn properties_are_read_and_set_by_name() {
    let mut s = item();
    s.says("o.name = 'chair'\no.price = '5 EUR'\no.colour = 'blue'\no.count = '1,000'");
    assert_eq!(s.says("o.name"), "'chair'");
    assert_eq!(s.says("o.price"), "numeric: 5 EUR");
    assert_eq!(s.says("o.colour"), "BLUE");
    assert_eq!(s.says("o.count"), "1000");
    s.says("o['name'] = 'table'");
    assert_eq!(s.says("o['name']"), "'table'");
    s.says("o.name = None");
    assert_eq!(s.says("o.name"), "'lamp'");
    s.says("o.count += 2");
    assert_eq!(s.says("o.count"), "1002");
    assert_eq!(s.says("o.share"), "0.1");
    assert_eq!(s.says("o.pair"), "(46, 682)");
    assert_eq!(s.says("o.pair[1]"), "682");
    s.says("o.pair = [1, 2]");
    assert_eq!(s.says("o.pair == '1:2'"), "True");
    assert_eq!(s.says("o.id"), "");
}

#[test]
fn a_wrong_value_is_refused_and_the_old_one_stays() {
    let mut s = item();
    for (name, value, old) in [
        ("count", "'many'", "5"),
        ("count", "3000000000", "5"),
        ("count", "99999999999999999999", "5"),
        ("colour", "'mauve'", "RED"),
        ("colour", "4", "RED"),
        ("colour", "-1", "RED"),
        ("price", "'10 EUX'", "numeric: 10"),
        ("price", "True", "numeric: 10"),
        ("price", "'10 TFT'", "numeric: 10"),
        ("bought", "'30/02/2019'", "0"),
        ("bought", "'01/13/2019/4'", "0"),
        ("bought", "True", "0"),
        ("seen", "'2019/01/01 25:00'", "0"),
        ("share", "1.5", "0.1"),
        ("mail", "'nobody'", "''"),
        ("sizes", "[1, 'x']", "- 1\n- 2\n- 3"),
        ("sizes", "5", "- 1\n- 2\n- 3"),
        ("info", "[1]", "{'number': 468}"),
        ("name", "j", "'lamp'"),
        ("name", "|x| x", "'lamp'"),
    ] {
        let error = s.fails(&format!("o.{name} = {value}"));
        assert!(!error.message.is_empty());
        assert_eq!(s.says(&format!("o.{name}")), old, "o.{name} = {value}");
    }
    assert_eq!(
        s.fails("o.count = 'many'").message,
        "count: 'many' is not a valid int: expected a whole number from -2147483648 to 2147483647, also as text like \"1,234\""
    );
    assert!(s.fails("o.price = '10 EUX'").message.contains("EUR"));
    assert!(s.fails("o.colour = 'gren'").message.contains("GREEN"));
    assert!(
        s.fails("o.price = '10 TFT'")
            .message
            .contains("no rate for TFT")
    );
    assert!(!s.fails("o.pin = j").message.contains("1234"));
}

#[test]
fn an_unknown_property_is_named() {
    let mut s = item();
    for input in ["o.colou", "o.colou = 1"] {
        let error = s.fails(input);
        assert_eq!(error.kind, Kind::Attribute);
        assert_eq!(error.message, "'shop.item.1' has no property 'colou'");
        assert_eq!(error.hints, ["did you mean 'colour'?"]);
    }
    assert!(s.fails("s.new({'colou': 1})").message.contains("colour"));
    assert!(s.fails("s.new(colou=1)").message.contains("colour"));
    assert_eq!(s.fails("o.id = 5").message, "can't set attribute");
    assert_eq!(s.fails("o.save()").kind, Kind::Value);
    assert_eq!(s.fails("o.name()").kind, Kind::Type);
    assert_eq!(s.fails("o.nothing()").kind, Kind::Attribute);
}

#[test]
fn money_is_computed() {
    let mut s = item();
    for (input, answer) in [
        ("o.price.value_currency('eur')", "8.45101"),
        ("o.price.value_currency('EUR')", "8.45101"),
        ("o.price.value_currency()", "10"),
        ("o.price_eur", "8.45101"),
        ("o.price_usd", "10"),
        ("o.price_cur('gbp')", "7.4283"),
        ("o.price.usd", "10"),
        ("o.price.eur", "8.45101"),
        ("o.price * '10%'", "numeric: 1"),
        ("o.price * 2", "numeric: 20"),
        ("2 * o.price", "numeric: 20"),
        ("o.price + '10 USD'", "numeric: 20"),
        ("o.price - 1.5", "numeric: 8.5"),
        ("100 - o.price", "numeric: 90"),
        ("o.price / 4", "numeric: 2.5"),
        ("o.price.floordiv(3)", "numeric: 3"),
        ("-o.price", "numeric: -10"),
        ("(-o.price).abs()", "numeric: 10"),
        ("o.price > '9 USD'", "True"),
        ("o.price <= 10", "True"),
        ("11 > o.price", "True"),
        ("o.price == 10", "True"),
        ("o.price == '10 USD'", "True"),
        ("o.price != '10 EUR'", "True"),
        ("float(o.price)", "10.0"),
        ("int(o.price * '55%')", "5"),
        ("bool(o.price - 10)", "False"),
        ("str(o.price)", "'10'"),
        ("f'{o.price}!'", "'10!'"),
        ("[o.price]", "[numeric: 10]"),
        ("sum([o.price, o.price])", "numeric: 20"),
        ("o.price.currency_code", "'usd'"),
    ] {
        assert_eq!(s.says(input), answer, "{input}");
    }
    s.says("o.price *= '10%'");
    assert_eq!(s.says("o.price"), "numeric: 1");
    for input in [
        "o.price / 0",
        "o.price * 'x'",
        "o.price.value_currency('eux')",
        "o.price ** 2",
        "o.price % 3",
        "-o",
        "o.price_cur('zzz')",
        "o.price_cur()",
        "o.price_cur(code='eur')",
    ] {
        s.fails(input);
    }
    assert_eq!(
        s.fails("-o").message,
        "bad operand type for unary -: 'object'"
    );
}

#[test]
fn lists_write_through() {
    let mut s = item();
    s.says("o.sizes[0] = '7'\no.sizes.append(4)\no.sizes.insert(1, 9)\no.sizes[-1] = 40");
    assert_eq!(s.says("o.sizes.pylist()"), "[7, 9, 2, 3, 40]");
    assert_eq!(s.says("o.sizes.pop()"), "40");
    assert_eq!(s.says("o.sizes.pop(0)"), "7");
    s.says("o.sizes.remove(2)\no.sizes.extend('5,6')\no.sizes.reverse()");
    assert_eq!(s.says("o.sizes"), "- 6\n- 5\n- 3\n- 9");
    for (input, answer) in [
        ("len(o.sizes)", "4"),
        ("o.sizes.len()", "4"),
        ("o.sizes.index(9)", "3"),
        ("5 in o.sizes", "True"),
        ("'5' in o.sizes", "False"),
        ("o.sizes == '6,5,3,9'", "True"),
        ("o.sizes == [6, 5, 3, 9]", "True"),
        ("o.sizes == [6]", "False"),
        ("o.sizes[-1]", "9"),
        ("sum(o.sizes)", "23"),
        ("total = 0\nfor n in o.sizes { total += n }\ntotal", "23"),
        ("[o.sizes]", "[[6, 5, 3, 9]]"),
    ] {
        assert_eq!(s.says(input), answer, "{input}");
    }
    let before = s.says("o.sizes");
    assert_eq!(s.fails("o.sizes[9]").kind, Kind::NotFound);
    assert_eq!(s.fails("o.sizes[9] = 1").kind, Kind::NotFound);
    assert_eq!(s.fails("o.sizes.remove(77)").kind, Kind::NotFound);
    s.fails("o.sizes.append('x')");
    s.fails("o.sizes.extend([1, 'x'])");
    s.fails("o.sizes[0] = 'x'");
    s.fails("o.sizes.new()");
    assert_eq!(s.says("o.sizes"), before);
    // A list in a variable is the list of the object.
    s.says("l = o.sizes\nl.append(1)\nl[0] = 8");
    assert_eq!(s.says("o.sizes.pylist()"), "[8, 5, 3, 9, 1]");
    s.says("o.sizes[1] += 10");
    assert_eq!(s.says("o.sizes[1]"), "15");
    s.says("o.matrix = [[1, 2], [3, 4]]\no.matrix[0][1] = 5");
    assert_eq!(s.says("o.matrix.pylist()"), "[[1, 5], [3, 4]]");
    s.says("o.sizes.clear()");
    assert_eq!(s.says("o.sizes"), "[]");
}

#[test]
fn dicts_write_through() {
    let mut s = item();
    s.says("o.info['string'] = 'iolo'\no.info.deep = {'a': [1, 2]}\no.info['deep']['a'] = 3");
    assert_eq!(
        s.says("o.info"),
        "{'number': 468, 'string': 'iolo', 'deep': {'a': 3}}"
    );
    s.says("d = o.info\nd['more'] = 1\nd.remove('deep')");
    assert_eq!(s.says("o.info.keys()"), "['number', 'string', 'more']");
    assert_eq!(s.says("o.info.values()"), "[468, 'iolo', 1]");
    assert_eq!(s.says("'string' in o.info"), "True");
    assert_eq!(s.says("o.info.get('x', 5)"), "5");
    assert_eq!(s.says("o.info.pop('more')"), "1");
    assert_eq!(
        s.says("o.info == {'string': 'iolo', 'number': 468}"),
        "True"
    );
    let error = s.fails("o.info['numbr']");
    assert_eq!(error.message, "key not found: 'numbr'");
    assert_eq!(error.hints, ["did you mean 'number'?"]);
    s.fails("o.info['x'] = j");
    s.says("o.info.update({'a': 1})");
    s.says("o.info.number += 1");
    assert_eq!(s.says("o.info.number"), "469");
    s.says("o.info.clear()");
    assert_eq!(s.says("o.info"), "{}");
    s.says("o.info['now'] = 1");
    assert_eq!(s.says("o.info"), "{'now': 1}");
}

#[test]
fn sub_objects_are_part_of_the_object() {
    let mut s = parent();
    s.says("p.one.name = 'Ada'\np.one.age += 3\nk = p.kids.new(name='Bo')\nk.age = 7");
    assert_eq!(s.says("p.one.age"), "3");
    assert_eq!(s.says("p.kids[0].age"), "7");
    s.says("p.kids.append({'name': 'Cy'})\np.kids[1].age = 9");
    assert_eq!(
        s.says("p"),
        "[[kids]]\nage = \"7\"\nname = \"Bo\"\n\n[[kids]]\nage = \"9\"\nname = \"Cy\"\n\n\
         [one]\nage = \"3\"\nname = \"Ada\""
    );
    s.says("for kid in p.kids { kid.age += 1 }");
    assert_eq!(s.says("k.age"), "8");
    // An element that may have moved is not silently another one.
    s.says("gone = p.kids.pop(0)");
    assert_eq!(s.says("gone.name"), "'Bo'");
    assert_eq!(s.fails("k.name").kind, Kind::NotFound);
    assert_eq!(s.fails("k.name = 'x'").kind, Kind::NotFound);
    assert_eq!(s.says("p.kids[0].name"), "'Cy'");
    s.says("p.one = {'name': 'Di'}");
    assert_eq!(s.says("p.one"), "age = \"0\"\nname = \"Di\"");
    s.says("p.one = p.kids[0]\np.kids[0].name = 'Ed'");
    assert_eq!(s.says("p.one.name"), "'Cy'");
    s.fails("p.one = 5");
    s.fails("p.kids.append({'nme': 'x'})");
    assert!(s.fails("p.kids[0].nme").hints[0].contains("name"));
    assert_eq!(s.says("p.one == p.one"), "True");
    assert_eq!(s.says("len(p.kids)"), "1");
}

#[test]
fn read_only_objects_cannot_be_changed() {
    let mut s = item();
    s.says("o._readonly = True");
    for input in [
        "o.name = 'x'",
        "o.sizes.append(1)",
        "o.sizes[0] = 1",
        "o.info['x'] = 1",
    ] {
        let error = s.fails(input);
        assert_eq!(error.kind, Kind::Attribute, "{input}: {error}");
    }
    assert_eq!(s.says("2 in o.sizes"), "True");
    assert_eq!(s.says("o.sizes.index(2)"), "1");
    s.says("o._readonly = False\no.name = 'x'");
    s.fails("o._readonly = 5");
    s.fails("o._autosave = True");
}

#[test]
fn data_go_out_and_come_back() {
    let mut s = item();
    s.says("o.name = 'it\\'s'\no.price = '-0.1 EUR'\no.bought = '18/04/1980'\no.share = 0.12345");
    for form in ["_json", "_data", "_ddict"] {
        assert_eq!(s.says(&format!("s.get(o.{form}) == o")), "True", "{form}");
    }
    assert_eq!(s.says("s.new(o) == o"), "True");
    assert_eq!(s.says("s.new(o, name='other').name"), "'other'");
    assert_eq!(s.says("'name' in o._changed_items"), "True");
    assert_eq!(s.says("o._ddict['bought']"), "324864000");
    assert_eq!(s.says("o._ddict_hr['bought']"), "'1980/04/18'");
    assert_eq!(s.says("o._schema == s"), "True");
    for bad in [
        "s.get('[1]')",
        "s.get('{')",
        "s.get(b'\\x01')",
        "s.get('{\"nme\": 1}')",
        "s.get(5)",
        "s.new([1])",
        "s.new(j)",
    ] {
        s.fails(bad);
    }
}

#[test]
fn secrets_are_not_shown() {
    let mut s = item();
    s.says("o.pin = '1234'");
    assert_eq!(s.says("o.pin"), "'1234'");
    assert!(s.says("o").contains("pin = \"***\""));
    assert!(!s.says("print(o._hr_get())").contains("1234"));
    let json = {
        let kosmos::object::Value::Object(object) = s.engine().variable("o").unwrap() else {
            panic!("an object");
        };
        object.to_json().to_string()
    };
    assert!(json.contains("\"pin\":\"***\""), "{json}");
    assert!(!json.contains("1234"), "{json}");
}

#[test]
fn completion_and_help_know_the_properties() {
    let s = item();
    let names = |expression: &str, prefix: &str| -> Vec<String> {
        let place = s.engine().place(expression).unwrap();
        let found = place.candidates(prefix);
        found.into_iter().map(|c| c.name).collect()
    };
    assert_eq!(names("o", "co"), ["colour", "count"]);
    assert!(names("o", "").contains(&"save".to_string()));
    assert!(names("o", "_").contains(&"_json".to_string()));
    assert!(names("o.price", "").contains(&"value_currency".to_string()));
    assert!(names("o.colour", "").contains(&"GREEN".to_string()));
    assert!(names("o.sizes", "").contains(&"append".to_string()));
    assert!(names("o.info", "").contains(&"keys".to_string()));
    assert!(names("s.property_price", "").contains(&"comment".to_string()));
    let help = s.engine().help("o.name").unwrap();
    assert_eq!(
        help,
        "name\n\nstring, default lamp\nwhat it is called\n\naccepts: any value, as text\n"
    );
    assert!(
        s.engine()
            .help("o.colour")
            .unwrap()
            .contains("RED, GREEN, BLUE")
    );
    assert!(s.engine().help("o").unwrap().contains("price"));
    assert!(s.engine().help("o.pin").unwrap().contains("(secret)"));
}

#[test]
fn enums_read_other_choices_without_changing() {
    let mut s = item();
    assert_eq!(s.says("o.colour.GREEN"), "GREEN");
    assert_eq!(s.says("o.colour"), "RED");
    s.says("o.colour = o.colour.blue");
    for (input, answer) in [
        ("o.colour.value", "3"),
        ("o.colour == 'blue'", "True"),
        ("o.colour == ' Blue'", "True"),
        ("o.colour == 3", "True"),
        ("o.colour == 'mauve'", "False"),
        ("o.colour != 'red'", "True"),
        ("int(o.colour)", "3"),
        ("str(o.colour)", "'BLUE'"),
        ("o.colour.choices", "['RED', 'GREEN', 'BLUE']"),
        ("[o.colour]", "[BLUE]"),
    ] {
        assert_eq!(s.says(input), answer, "{input}");
    }
    assert_eq!(s.fails("o.colour.MAUVE").kind, Kind::Attribute);
    s.fails("o.colour.RED = 1");
}

#[test]
fn rhai_programs_go_on_working() {
    let mut s = item();
    for (input, answer) in [
        ("let a = [1, 2]; a[0] = 5; a.push(3); a", "[5, 2, 3]"),
        (
            "let m = #{x: 1}; m.y = [1]; m.y.push(2); m",
            "{'x': 1, 'y': [1, 2]}",
        ),
        ("let m = #{o: o}; m.o.name = 'deep'; o.name", "'deep'"),
        ("let l = [o]; l[0].sizes[0] = 11; o.sizes[0]", "11"),
        ("fn set(x) { x.name = 'fn'; x } set(o).name", "'fn'"),
        ("-5", "-5"),
        ("let x = 3; -x", "-3"),
        ("-1.5", "-1.5"),
    ] {
        let answered = s.ask(input);
        match answered {
            Ok(text) => assert_eq!(text, answer, "{input}"),
            Err(error) => panic!("{input}: {error}"),
        }
    }
}
