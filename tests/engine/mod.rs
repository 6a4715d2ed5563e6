//! Tests of the room `engine`: what is typed, and what is answered.
use std::sync::{Arc, Mutex};

use kosmos::engine::Engine;
use kosmos::object::{Error, Paint, print};

use crate::object::probe;

struct Session {
    engine: Engine,
    printed: Arc<Mutex<String>>,
}

impl Session {
    fn new() -> Session {
        let printed = Arc::new(Mutex::new(String::new()));
        let sink = printed.clone();
        let print = Arc::new(move |text: &str| sink.lock().unwrap().push_str(text));
        Session {
            engine: Engine::new(probe::tree(), print),
            printed,
        }
    }

    /// Everything the prompt would show for an input.
    fn ask(&mut self, source: &str) -> Result<String, Error> {
        let mut shown = Vec::new();
        let outcome = self.engine.run(source, &mut |value| {
            shown.push(print::repr(value, Paint::Plain))
        });
        let printed = std::mem::take(&mut *self.printed.lock().unwrap());
        outcome.map(|_| format!("{printed}{}", shown.join("\n")))
    }

    fn says(&mut self, source: &str) -> String {
        self.ask(source)
            .unwrap_or_else(|error| panic!("{source}: {error}"))
    }

    fn fails(&mut self, source: &str) -> Error {
        self.ask(source)
            .map(|text| panic!("{source} answered {text}"))
            .unwrap_err()
    }
}

/// Rhai itself needs a large stack for deep expressions; the shell gives it one.
fn deep(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(test)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn members_are_read_called_and_assigned() {
    let mut s = Session::new();
    assert_eq!(s.says("j.add(1, b=2)"), "3");
    assert_eq!(
        s.says("j.shelf.new('a', size=3)").lines().next(),
        Some("## crate Instance: 'a' ")
    );
    assert_eq!(s.says("j.shelf.a.size"), "3");
    assert_eq!(s.says("j.shelf.a.volume"), "27");
    assert_eq!(s.says("j.shelf.a.size = 4"), "");
    assert_eq!(s.says("j.shelf.a.size += 1"), "");
    assert_eq!(s.says("j.shelf.a.size"), "5");
    assert_eq!(s.says("b = j.shelf.b\nb.size"), "7");
    assert_eq!(
        s.says("b.tags = ['x', 1]\nb.tags.push(2)\nb.tags[0] = 'y'\nb.tags"),
        "['y', 1, 2]"
    );
    assert_eq!(s.says("j.shelf.new"), "<method new(name, **data)>");
}

#[test]
fn operators_of_objects_work_on_both_sides() {
    let mut s = Session::new();
    for (source, text) in [
        ("j.money(3) + j.money(4)", "7 TFT"),
        ("j.money(3) + 4", "7 TFT"),
        ("4 + j.money(3)", "7 TFT"),
        ("10 - j.money(3)", "7 TFT"),
        ("j.money(3) < 4", "True"),
        ("4 > j.money(3)", "True"),
        ("j.money(3) == j.money(3)", "True"),
        ("j.money(3) != 3", "False"),
        ("3 == j.money(3)", "True"),
        ("j.money(3)[0]", "3"),
        ("a, b = j.money(3)\nb", "'TFT'"),
        ("len(j.money(3))", "2"),
        ("'TFT' in j.money(3)", "True"),
        ("sum([j.money(1), j.money(2)])", "3 TFT"),
        ("x = []\nfor i in j.money(3) { x.push(i) }\nx", "[3, 'TFT']"),
        ("[j.money(1)]", "[1 TFT]"),
        ("str(j.money(1)) + '!'", "'1 TFT!'"),
        ("f'{j.money(1)}'", "'1 TFT'"),
    ] {
        assert_eq!(s.says(source), text, "{source}");
    }
    assert_eq!(s.fails("j.money(3) - 4").message, "negative value");
    assert_eq!(
        s.fails("j.money(3) * 'x'").message,
        "unsupported operand type(s) for *: 'money' and 'str'"
    );
    assert_eq!(
        s.fails("j.money(3) < 'x'").message,
        "'<' not supported between instances of 'money' and 'str'"
    );
}

#[test]
fn errors_speak_the_users_language() {
    let mut s = Session::new();
    for (source, message, caret) in [
        ("c", "name 'c' is not defined", "c"),
        ("x = c + 1", "name 'c' is not defined", "c"),
        (
            "j.shelf.a.siz",
            "'crate' object has no attribute 'siz'",
            "siz",
        ),
        (
            "j.shelf.a.foo = 1",
            "'crate' object has no attribute 'foo'",
            "foo",
        ),
        ("j.shelf.a.volume = 1", "can't set attribute", "volume"),
        (
            "j.shelf.a.volume()",
            "'int' object is not callable",
            "volume",
        ),
        (
            "j.shelf.new()",
            "new() missing 1 required positional argument: 'name'",
            "new",
        ),
        (
            "j.add(1, x=2)",
            "add() got an unexpected keyword argument 'x'",
            "add",
        ),
        (
            "j.add(a=1, 2)",
            "positional argument follows keyword argument",
            "2",
        ),
        (
            "a, b, d = [1, 2]",
            "not enough values to unpack (expected 3, got 2)",
            "",
        ),
        (
            "a, b = [1, 2, 3]",
            "too many values to unpack (expected 2)",
            "",
        ),
        ("a, b = 5", "cannot unpack non-iterable int object", ""),
        ("'abc'.foo()", "'str' object has no attribute 'foo'", "foo"),
        ("x = 5\nx.foo", "'int' object has no attribute 'foo'", "foo"),
        ("j.shelf.a.size = 'x'", "size must be int, not str", "size"),
        (
            "1 + ()",
            "unsupported operand type(s) for +: 'int' and 'None'",
            "",
        ),
        ("len(5)", "object of type 'int' has no len()", ""),
        ("int('x')", "invalid literal for int(): 'x'", ""),
        ("foo(1)", "name 'foo' is not defined", "foo"),
        ("throw 'stop'", "stop", ""),
        ("assert 1 == 2, 'no'", "assertion failed: no", ""),
        ("j = 5", "cannot assign to 'j': it is a constant", "j"),
        ("j.fail()", "it failed", "fail"),
    ] {
        let error = s.fails(source);
        assert_eq!(error.message, message, "{source}");
        if !caret.is_empty() {
            let span = error
                .span
                .clone()
                .unwrap_or_else(|| panic!("{source}: no span"));
            assert_eq!(source.get(span), Some(caret), "{source}");
        }
    }
    assert_eq!(s.fails("j.shelf.a.siz").hints, ["did you mean 'size'?"]);
    assert!(
        s.fails("j.ad(1)")
            .hints
            .contains(&"did you mean 'add'?".to_string())
    );
}

#[test]
fn reading_never_creates_by_completion_or_help() {
    let mut s = Session::new();
    assert!(s.engine.place("j.shelf.zzz").is_some());
    assert!(s.engine.help("j.shelf.zzz").is_none());
    assert!(s.engine.place("j.shelf.get('x').").is_none());
    assert!(s.engine.help("j.add(").unwrap().starts_with("add(a, b=1)"));
    assert!(
        s.engine
            .help("j.shelf")
            .unwrap()
            .starts_with("Named boxes.")
    );
    assert!(
        s.engine
            .help("")
            .unwrap()
            .starts_with("Everything hangs on one tree")
    );
    assert!(s.engine.help("nope").is_none());
    assert_eq!(s.says("j.shelf").lines().next(), Some("## j.shelf"));
    assert!(!s.says("j.shelf").contains("zzz"));
}

#[test]
fn the_last_value_is_kept() {
    let mut s = Session::new();
    s.says("j.add(20, 1)");
    assert_eq!(s.says("_ * 2"), "42");
    assert_eq!(s.says("_1"), "21");
    assert_eq!(s.says("[_, _2]"), "[21, 42]");
    assert_eq!(s.says("switch 3 { 1 => 'a', _ => 'b' }"), "'b'");
}

#[test]
fn functions_closures_and_del_work_across_inputs() {
    let mut s = Session::new();
    s.says("fn twice(x) { x * 2 }");
    assert_eq!(s.says("twice(4)"), "8");
    s.says("f = |x| x + 1");
    assert_eq!(s.says("f.call(1)"), "2");
    assert_eq!(s.says("[1, 2].map(|x| twice(x))"), "[2, 4]");
    assert_eq!(s.says("j.apply(|a, b| a + b)"), "42");
    // What is always there is there in a closure too.
    assert_eq!(s.says("[1, ()].filter(|x| x != None)"), "[1]");
    assert_eq!(s.says("[1].map(|x| True)"), "[True]");
    assert_eq!(
        s.fails("j = 5").message,
        "cannot assign to 'j': it is a constant"
    );
    assert_eq!(s.says("j.apply(|a, b| a + b)"), "42");
    s.says("fn none() { None == () }");
    assert_eq!(s.says("none()"), "True");
    s.says("y = 3\ndel y");
    assert_eq!(s.fails("y").message, "name 'y' is not defined");
    assert_eq!(s.fails("del y").message, "name 'y' is not defined");
    assert_eq!(s.says("later(2)\nfn later(x) { x + 5 }"), "7");
}

#[test]
fn scripts_catch_errors_and_leave() {
    let mut s = Session::new();
    assert_eq!(
        s.says("try { j.fail() } catch (e) { print(e.message, e.kind) }"),
        "it failed value\n"
    );
    assert_eq!(s.says("try { throw 'x' } catch (e) { print(e) }"), "x\n");
    assert_eq!(s.engine.run("exit(3)", &mut |_| {}).unwrap().exit, Some(3));
    assert_eq!(s.engine.run("quit()", &mut |_| {}).unwrap().exit, Some(0));
    assert_eq!(
        s.engine
            .run_script(
                "if len(args) > 1 { exit(len(args)) }",
                &["a".into(), "b".into()],
                false
            )
            .unwrap()
            .exit,
        Some(2)
    );
    // Plain Rhai: no dialect.
    assert!(s.engine.run_script("x = 5", &[], true).is_err());
    assert!(s.engine.run_script("let x = 5; x + 1", &[], true).is_ok());
    assert_eq!(s.says("print(1, 'a', [1], sep='-')"), "1-a-[1]\n");
    assert_eq!(s.says("print()"), "\n");
    assert_eq!(s.says("print('x', end='')"), "x");
}

#[test]
fn a_panic_and_an_endless_loop_leave_the_shell_alive() {
    let mut s = Session::new();
    s.says("keep = 1");
    assert!(
        s.fails("j.panics()")
            .message
            .starts_with("an internal error")
    );
    assert_eq!(s.says("keep"), "1");
    let flag = s.engine.interrupt();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(30));
        flag.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(s.fails("loop { }").message, "KeyboardInterrupt");
    stopper.join().unwrap();
    s.engine
        .interrupt()
        .store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(s.says("keep"), "1");
}

#[test]
fn deep_and_long_expressions_are_answered() {
    deep(|| {
        let mut s = Session::new();
        let nested = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(s.says(&nested), nested);
        let long = vec!["1"; 120].join(" + ");
        assert_eq!(s.says(&long), "120");
        let endless = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(s.ask(&endless).is_err());
    });
}

/// Every expression of `literals.json` prints what Python prints.
#[test]
fn literals_print_as_in_python() {
    let text = include_str!("../vectors/shell/literals.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let records = vectors["records"].as_array().unwrap();
    assert!(records.len() > 40);
    let mut wrong = Vec::new();
    for record in records {
        let input = record["input"].as_str().unwrap();
        let wanted = record["prints"].as_str().unwrap_or_default();
        let mut s = Session::new();
        match s.ask(input) {
            Ok(text) if text == wanted => {}
            Ok(text) => wrong.push(format!("{input:?} printed {text}, not {wanted}")),
            Err(error) => wrong.push(format!("{input:?} failed: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `'a'` is a char in Rhai; whoever typed it means text.
#[test]
fn one_letter_in_single_quotes_is_as_good_as_text() {
    let mut s = Session::new();
    for (source, answer) in [
        ("'a'.upper()", "'A'"),
        ("' '.strip()", "''"),
        ("'a'.split('a')", "['', '']"),
        ("'a'.startswith('a'), 'a'.endswith('b')", "[True, False]"),
        ("'a'.replace('a', 'b')", "'b'"),
        ("'-'.join([1, 2])", "'1-2'"),
        ("'a.b.c'.replace('.', ',')", "'a,b,c'"),
        ("'a.b.c'.replace('.', '--')", "'a--b--c'"),
        ("'a--b'.replace('--', '.')", "'a.b'"),
        ("let x = \"abc\"; x.replace('b', 'x'); x", "'axc'\n'axc'"),
        ("'a' in {'a': 1}", "True"),
        ("'a' in {'b': 1}", "False"),
        ("'a' not in {'b': 1}", "True"),
        ("'a' in 'abc'", "True"),
        ("m = {'a': 1}; m.get('a')", "1"),
        ("[m.get('a', 5), m.get('bb', 5)]", "[1, 5]"),
        ("l = [1]; l.extend([2, 3]); l", "[1, 2, 3]"),
        ("m.remove('a')", "1"),
        ("fn f(x) { x.upper() } f('q')", "'Q'"),
    ] {
        assert_eq!(s.says(source), answer, "{source}");
    }
    let error = s.fails("k = 'a'; {'a': 1}[k]");
    assert_eq!(error.message, "a key is a text, this is a single character");
    assert!(error.hints[0].contains("str(key)"), "{error:?}");
    assert_eq!(
        s.fails("'a'.nope()").message,
        "'str' object has no attribute 'nope'"
    );
}

#[test]
fn what_cannot_be_is_told_in_the_users_words() {
    let mut s = Session::new();
    for (source, message) in [
        ("1 in 5", "argument of type 'int' is not iterable"),
        ("1 in None", "argument of type 'None' is not iterable"),
        ("if j { 1 }", "expected bool, not object"),
        ("[1, 2, 3][1..]", "a list is not cut with a range"),
        ("[1, 2, 3][1..3]", "a list is not cut with a range"),
        ("bool(int)", "int is a function, not a value"),
        ("y = 5; for x in y { }", "this value is not iterable"),
    ] {
        let error = s.fails(source);
        assert_eq!(error.message, message, "{source}");
        assert!(!error.message.contains("::"), "{error:?}");
    }
}

#[test]
fn maps_and_ranges_with_steps_are_walked_as_in_python() {
    let mut s = Session::new();
    assert_eq!(
        s.says("m = {'b': 1, 'a': 2}; for k in m { print(k) }"),
        "a\nb\n"
    );
    assert_eq!(s.says("list(range(1, 10, 3))"), "[1, 4, 7]");
    assert_eq!(s.says("list(range(3, 0, -1))"), "[3, 2, 1]");
    assert_eq!(s.says("list({'b': 1, 'a': 2})"), "['a', 'b']");
    assert_eq!(s.says("range(1, 10, 3)"), "<range>");
    assert_eq!(
        s.fails("list(range(0, 9000000000000, 1))").message,
        "this range is too long for a list"
    );
}
