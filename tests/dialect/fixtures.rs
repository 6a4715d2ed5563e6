//! Plain Rhai comes out as it went in.
use kosmos::dialect::rewrite;

/// One program for each corner of Rhai's grammar.
const PROGRAMS: &[&str] = &[
    "let x = 42; let y = x + 1; y",
    "let x;\nx = 3;\nx += 4;\nx",
    "const A = 1; A * 2",
    "let a = [1, 2, 3]; a[0] = 5; a[-1]; a[0..2]; a[0..=1]",
    "let m = #{a: 1, \"b c\": 2, d: #{e: [1, 2]}}; m.a += 1; m[\"b c\"]; m.d.e[1]",
    "let empty = #{}; let unit = (); let list = [];",
    "if x > 3 { 1 } else if x == 2 { 2 } else { 3 }",
    "let v = if c { 1 } else { 2 };",
    "while x > 0 { x -= 1; if x == 5 { continue; } if x == 3 { break; } }",
    "loop { x += 1; if x > 9 { break x; } }",
    "do { x += 1; } while x < 10;",
    "do { x += 1; } until x > 10;",
    "for i in 0..10 { print(i); }",
    "for (item, index) in list { print(item); print(index); }",
    "for c in \"hello\" { print(c); }",
    "fn add(a, b) { a + b }\nadd(1, 2)",
    "fn nothing() {}\nprivate fn secret(x) { return x; }",
    "let f = |x, y| x + y; f.call(1, 2)",
    "let f = || 42; let g = |x| { let y = x; y * 2 };",
    "[1, 2, 3].filter(|x| x > 1).map(|x| x * 2).reduce(|s, x| s + x, 0)",
    "switch x { 1 => \"one\", 2 | 3 => { \"some\" } 4..9 => `range`, 'c' => 0, _ if x > 5 => 1, _ => () }",
    "try { throw 42; } catch (err) { print(err); }",
    "try { risky() } catch { 0 }",
    "let s = \"a \\\"quoted\\\" text\\n\"; let t = `interpolated ${x + 1} and ${`nested ${y}`}`;",
    "let r = #\"raw \"text\" here\"#; let r2 = ##\"with \"# inside\"##;",
    "let c = 'x'; let d = '\\n'; let e = '\\u0041'; let q = '\\'';",
    "// a comment\n/* block /* nested */ still */ let x = 1; // end",
    "/// doc\nfn documented() { 1 }",
    "let n = 1_000 + 0xff + 0b1010 + 0o17 + 1.5 + 1e3 + 1.5e-3 + 123.456e+2;",
    "let x = 1 + 2 * 3 - 4 / 2 % 3 ** 2; let y = !a && b || c ^ d & e | f << 2 >> 1;",
    "x == y; x != y; x <= y; x >= y; x < y; x > y; x ?? y; x in y; x !in y",
    "let x = a?.b?.c; let y = a?[0]; x.len(); x.y.z(1).w",
    "import \"module\" as m; m::f(1); m::sub::CONST; export x as y;",
    "let f = Fn(\"add\"); f.call(1, 2); let g = f.curry(1);",
    "this.x = 1; eval(\"1 + 1\"); type_of(x); is_def_var(\"x\");",
    "let x = { let y = 1; y + 2 };",
    "{ let scoped = 1; }",
    "let long = a\n    + b\n    + c;\nlet chained = list\n    .filter(|x| x)\n    .len();",
    "if a {\n  b();\n} else {\n  c();\n}\nd();",
    "fn with_this() { this += 1; }\nlet x = 1;\nx.with_this();",
    "let a = 1; let b = a; a = b; b = a;",
    "return 5;",
    "let x = (1 + 2) * 3; f((1)); (x)",
    "let blob = blob(10); blob[0] = 0xff;",
    "let r = 1..5; let s = 1..=5;",
    "let _unused = 1; let x_1 = 2; let X9 = 3;",
    "let not = 1; let is_x = 2; let and_y = 3;",
    "switch (a) { \"x\" => 1, _ => 2 }",
    "let x = switch y { 1 => { if z { 2 } else { 3 } } _ => 4 };",
    "f!(x); ",
    "let a = -1; let b = +2; let c = !true; let d = -(-x);",
    "let m = #{\"a\": || 1, b: |x| x}; m.a.call();",
    "while true { break }\nloop { break; }",
    "let s = \"\";",
];

#[test]
fn plain_rhai_passes_unchanged() {
    for program in PROGRAMS {
        // Names that a program reads without declaring them are in scope; so are assigned ones.
        match rewrite(program, &|_| true) {
            Ok(rewritten) => {
                assert_eq!(&rewritten.text, program);
                assert!(rewritten.map.is_identity(), "{program}");
            }
            Err(error) => panic!("{program}: {error}"),
        }
    }
}
