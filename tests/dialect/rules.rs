//! The rules R1 to R14, one table each: typed, rewritten.
use kosmos::dialect::{StatementKind, rewrite};

use super::rhai_host::{compiles, engine, rewritten};

#[track_caller]
fn table(cases: &[(&str, &str)]) {
    let engine = engine();
    for (source, expected) in cases {
        assert_eq!(rewritten(source).text, *expected, "typed: {source}");
        if let Err(error) = compiles(&engine, source) {
            panic!("{source}: {error}");
        }
    }
}

#[test]
fn r1_keyword_arguments() {
    table(&[
        ("f(a=1)", "f(__kw(#{\"a\":1}))"),
        (
            "f(x, a = 1, b = 'yz')",
            "f(x, __kw(#{\"a\" : 1, \"b\" : \"yz\"}))",
        ),
        ("f(a=1,)", "f(__kw(#{\"a\":1,}))"),
        ("x.f(a=g(b=2))", "x.f(__kw(#{\"a\":g(__kw(#{\"b\":2}))}))"),
        ("f(private=True)", "f(__kw(#{\"private\":True}))"),
        ("f(a=not b)", "f(__kw(#{\"a\":!(b)}))"),
        ("f(a={})", "f(__kw(#{\"a\":#{}}))"),
        ("f(a=[{}])", "f(__kw(#{\"a\":[#{}]}))"),
        ("f(a=(1, 2))", "f(__kw(#{\"a\":[1, 2]}))"),
        ("f(a=|x| { x })", "f(__kw(#{\"a\":|x| { x }}))"),
        ("f(a=|x| {})", "f(__kw(#{\"a\":|x| {}}))"),
        (
            "f(\n a=1, # note\n b=2 # note\n)",
            "f(\n __kw(#{\"a\":1, // note\n \"b\":2 // note\n}))",
        ),
        ("f(a == 1)", "f(a == 1)"),
    ]);
}

#[test]
fn r2_tuples() {
    table(&[
        ("(1, 2)", "[1, 2]"),
        ("(1,)", "[1,]"),
        ("(1)", "(1)"),
        ("()", "()"),
        ("f((1, 2))", "f([1, 2])"),
        ("f(([a, b], 1), 2)", "f([[a, b], 1], 2)"),
        ("return (1, 2)", "return [1, 2]"),
        ("x = 1, 2", "let x = [1, 2]"),
        ("x = 1,", "let x = [1,]"),
        ("1, 2", "[1, 2]"),
        ("fn f(a, b) { return a, b }", "fn f(a, b) { return [a, b] }"),
        ("for (x, i) in y { }", "for (x, i) in y { }"),
        ("({}, 1)", "[#{}, 1]"),
    ]);
}

#[test]
fn r3_unpacking() {
    table(&[
        ("a, b = e", "__unpack a, b = e"),
        ("(a, b) = e", "__unpack a, b = e"),
        ("(a,) = e", "__unpack a = e"),
        ("[a, b] = e", "__unpack a, b = e"),
        ("a, b, c = f(x=1)", "__unpack a, b, c = f(__kw(#{\"x\":1}))"),
        ("a, b = b, a", "__unpack a, b = [b, a]"),
        ("a, b = 1, 2; c = a", "__unpack a, b = [1, 2]; let c = a"),
        ("x = 1\n(a, b) = e\na", "let x = 1;\n__unpack a, b = e;\na"),
        (
            "if c { a, b = e }",
            "let a; let b; if c { __unpack a, b = e }",
        ),
        (
            "fn f() { a, b = e; a = 1 }",
            "fn f() { __unpack a, b = e; a = 1 }",
        ),
        ("__unpack a, b = e", "__unpack a, b = e"),
    ]);
}

#[test]
fn r4_r5_maps() {
    table(&[
        ("{'a': 1}", "#{\"a\": 1}"),
        ("{a: 1}", "#{a: 1}"),
        ("x = {8081: 80}", "let x = #{\"8081\": 80}"),
        ("f({'a': {'b': {}}})", "f(#{\"a\": #{\"b\": #{}}})"),
        ("[{'a': 1}, {}]", "[#{\"a\": 1}, {}]"),
        ("return {'a': 1}", "return #{\"a\": 1}"),
        ("1 + {'a': 1}", "1 + #{\"a\": 1}"),
        ("x = {}", "let x = #{}"),
        ("let x = {}", "let x = {}"),
        ("x.p = {}", "x.p = {}"),
        ("f({})", "f({})"),
        ("[{}]", "[{}]"),
        ("{}", "{}"),
        ("#{a: {}}", "#{a: {}}"),
        ("x = {}; x = {}", "let x = #{}; x = {}"),
        ("f(|x| {'a': x})", "f(|x| #{\"a\": x})"),
        ("{ a::b() }", "{ a::b() }"),
        ("{ x; }", "{ x; }"),
        ("a = 1\n{'b': a}", "let a = 1;\n#{\"b\": a}"),
    ]);
}

#[test]
fn r6_r7_r8_operators() {
    table(&[
        ("a and b or c", "a &&  b || c"),
        ("not a", "!(a)"),
        ("not 1 == 2", "!(1 == 2)"),
        ("not (1 == 2) and True", "!((1 == 2)) &&  True"),
        ("True and not False", "True &&  !(False)"),
        ("not not a", "!(!(a))"),
        ("f(not a, not b)", "f(!(a), !(b))"),
        ("x = not a in b", "let x = !(a in b)"),
        ("[not a]", "[!(a)]"),
        ("{'a': not b}", "#{\"a\": !(b)}"),
        ("if not a { 1 }", "if !(a) { 1 }"),
        ("while not a.b() { }", "while !(a.b()) { }"),
        ("not a\nb", "!(a);\nb"),
        ("not f(x=1)", "!(f(__kw(#{\"x\":1})))"),
        ("3 not in [1]", "3 !in    [1]"),
        ("a is b", "a == b"),
        ("a is not b", "a !=     b"),
    ]);
    assert_eq!(rewritten("x.not(1).and.or").text, "x.not(1).and.or");
    assert_eq!(
        rewritten("fn not(x) { x }\nnot(1)").text,
        "fn not(x) { x }\nnot(1)"
    );
    assert_eq!(
        rewritten("let not = 1; not + 1").text,
        "let not = 1; not + 1"
    );
    assert_eq!(
        rewritten("let and = 1; and + 1").text,
        "let and = 1; and + 1"
    );
}

#[test]
fn r9_line_ends() {
    table(&[
        ("a\nb", "a;\nb"),
        ("a # note\nb", "a; // note\nb"),
        ("x = 1\ny = 2\n", "let x = 1;\nlet y = 2\n"),
        ("f(\na\n,b)\nc", "f(\na\n,b);\nc"),
        ("a\n.b\n.c()", "a\n.b\n.c()"),
        ("a\n+ b", "a\n+ b"),
        ("a\n[0]", "a\n[0]"),
        ("a\n[0, 1]", "a;\n[0, 1]"),
        ("a\n[]", "a;\n[]"),
        ("a\n(b)", "a\n(b)"),
        ("(a)\n(b)", "(a)\n(b)"),
        ("f(a)\n(b)", "f(a);\n(b)"),
        ("1.5\n(b, c)", "1.5;\n[b, c]"),
        ("'ab'\n(b)", "\"ab\";\n(b)"),
        ("a\nand b", "a\n&&  b"),
        ("a\nnot in b", "a\n!in    b"),
        ("a\nnot b", "a;\n!(b)"),
        ("a \\\n + b", "a  \n + b"),
        ("1\n2\n'ab'\nf'x'", "1;\n2;\n\"ab\";\n\"x\""),
        // One letter is a char in Rhai, but nothing is indexed by one.
        ("d['k']['l'] = 'm'", "d[\"k\"][\"l\"] = 'm'"),
        ("['k']\nf(['k'], 'k')", "['k'];\nf(['k'], 'k')"),
        ("if a { 1 } else { 2 }\nb", "if a { 1 } else { 2 }\nb"),
        (
            "x = if a { 1 } else { 2 }\nb",
            "let x = if a { 1 } else { 2 };\nb",
        ),
        ("if a { 1 }\nelse { 2 }\nb", "if a { 1 }\nelse { 2 }\nb"),
        ("f = |x| { x }\nb", "let f = |x| { x };\nb"),
        ("do { a }\nwhile b\nc", "do { a }\nwhile b;\nc"),
        ("fn f() {\n a\n b\n}\nf()", "fn f() {\n a;\n b\n}\nf()"),
        (
            "switch a {\n 1 => 2,\n _ => 3\n}\nb",
            "switch a {\n 1 => 2,\n _ => 3\n}\nb",
        ),
        (
            "try { a } catch (e) { b }\nc",
            "try { a } catch (e) { b }\nc",
        ),
        ("loop {\n continue\n}\nb", "loop {\n continue\n}\nb"),
        ("let x\nlet y\nx", "let x;\nlet y;\nx"),
        ("a /* x\n y */ b", "a; /* x\n y */ b"),
        ("import \"a\"\nas b", "import \"a\"\nas b"),
    ]);
}

#[test]
fn r10_new_names() {
    table(&[
        ("x = 1", "let x = 1"),
        ("x = 1; x = 2", "let x = 1; x = 2"),
        ("x = 1\nx += 1", "let x = 1;\nx += 1"),
        ("x += 1", "x += 1"),
        (
            "if a { x = 1; y = 2 }",
            "let x; let y; if a { x = 1; y = 2 }",
        ),
        (
            "b; for i in a { x = i }\nx",
            "b; let x; for i in a { x = i }\nx",
        ),
        ("for i in a { i = 1 }", "for i in a { i = 1 }"),
        (
            "{ let x = 1; x = 2; }\nx = 3",
            "{ let x = 1; x = 2; }\nlet x = 3",
        ),
        (
            "fn f(a) { a = 1; b = a; b = 2; b }",
            "fn f(a) { a = 1; let b = a; b = 2; b }",
        ),
        (
            "fn f(a) { if a { b = 1 } b }",
            "fn f(a) { let b; if a { b = 1 } b }",
        ),
        (
            "x = 1\nfn f() { x = 2 }",
            "let x = 1;\nfn f() { let x = 2 }",
        ),
        (
            "x = 1; f(|a| { x = a; y = a })",
            "let x = 1; f(|a| { x = a; let y = a })",
        ),
        (
            "try { x = 1 } catch (e) { e = 2 }",
            "let x; try { x = 1 } catch (e) { e = 2 }",
        ),
        (
            "switch a { 1 => x = 1, _ => x = 2 }",
            "let x; switch a { 1 => x = 1, _ => x = 2 }",
        ),
        (
            "let y = if a { x = 1; x } else { 2 };",
            "let x; let y = if a { x = 1; x } else { 2 };",
        ),
        (
            "y = if a { x = 1; x } else { 2 }",
            "let x; let y = if a { x = 1; x } else { 2 }",
        ),
        ("x = 1; del x\nx = 2", "let x = 1; __del(\"x\");\nlet x = 2"),
    ]);
    let known = rewrite("x = 1; y = 2", &|name| name == "x").expect("rewritten");
    assert_eq!(known.text, "x = 1; let y = 2");
}

#[test]
fn r13_assert_and_del() {
    table(&[
        ("assert a", "assert(a)"),
        ("assert a == 'RED'", "assert(a == \"RED\")"),
        ("assert a, 'text'\nb", "assert(a, \"text\");\nb"),
        ("assert not a", "assert(!(a))"),
        ("assert(a)", "assert(a)"),
        ("assert (a)", "assert (a)"),
        ("assert (a, 'mm')", "assert (a, \"mm\")"),
        ("assert (a) == b", "assert((a) == b)"),
        ("assert (a == b), 'mm'", "assert((a == b), \"mm\")"),
        ("assert  a", "assert(  a)"),
        ("del a", "__del(\"a\")"),
        ("del a, b\nc", "__del(\"a\"); __del(\"b\");\nc"),
        ("let del = 1; del + 1", "let del = 1; del + 1"),
    ]);
}

#[test]
fn r15_last_values() {
    table(&[
        ("_", "__last"),
        ("_.a + _1", "__last.a + __last_1"),
        ("f(_, k=_2)", "f(__last, __kw(#{\"k\":__last_2}))"),
        ("for _ in 0..3 { }", "for __last in 0..3 { }"),
        ("a, _ = e", "__unpack a, __last = e"),
        ("_ = 1; _ = 2", "let __last = 1; __last = 2"),
        ("if a { _ = 1 }", "let __last; if a { __last = 1 }"),
        ("|_| 1", "|__last| 1"),
        ("try { } catch (_) { }", "try { } catch (__last) { }"),
        ("fn f(_) { _ }", "fn f(__last) { __last }"),
        (
            "switch a { 1 => _, _ => 2 }",
            "switch a { 1 => __last, _ => 2 }",
        ),
        ("f'{_}'", "(__fmt(__last, \"\"))"),
        ("_a + __b + a_1", "_a + __b + a_1"),
    ]);
    let known = rewrite("_ = 1", &|name| name == "__last").expect("rewritten");
    assert_eq!(known.text, "__last = 1");
}

#[test]
fn comments_and_blanks() {
    table(&[
        ("# note", "// note"),
        ("## note", "//# note"),
        ("#! note", "// ! note"),
        ("#/ note", "// / note"),
        ("#", "//"),
        ("a # it's \"x\" `y` (", "a // it's \"x\" `y` ("),
        ("a\u{a0}+ b", "a + b"),
        ("\u{feff}a", " a"),
        ("", ""),
        ("  \n", "  \n"),
        (";;", ";;"),
    ]);
}

#[test]
fn statements_have_their_kind() {
    use StatementKind::{Assignment, Expression, Function, Other};
    let cases: &[(&str, &[StatementKind])] = &[
        (
            "a; b = 1; c.d = 2; e += 1; f[0] = 1",
            &[Expression, Assignment, Assignment, Assignment, Assignment],
        ),
        (
            "let a = 1; const B = 2; a, c = e",
            &[Assignment, Assignment, Assignment],
        ),
        (
            "fn f() { 1 } f(); private fn g() { }",
            &[Function, Expression, Function],
        ),
        (
            "import \"a\" as b; assert a; del a; return 5",
            &[Other, Other, Other, Other],
        ),
        (
            "if a { b = 1 } else { c }; {'a': 1}",
            &[Expression, Expression],
        ),
        ("f(a=1)\n[1]", &[Expression]),
        ("# only a note", &[]),
    ];
    for (source, expected) in cases {
        let kinds: Vec<_> = rewritten(source)
            .statements
            .iter()
            .map(|s| s.kind)
            .collect();
        assert_eq!(kinds, *expected, "{source}");
    }
}

#[test]
fn statement_ranges_hold_their_prefixes() {
    let source = "a = 1 # one\nif a { b = 2 } # two\nb";
    let rewritten = rewritten(source);
    let texts: Vec<_> = rewritten
        .statements
        .iter()
        .map(|s| rewritten.statement_text(s))
        .collect();
    assert_eq!(texts, ["let a = 1;", "let b; if a { b = 2 }", "b"]);
    let sources: Vec<_> = rewritten
        .statements
        .iter()
        .map(|s| &source[s.source.clone()])
        .collect();
    assert_eq!(sources, ["a = 1", "if a { b = 2 }", "b"]);
}
