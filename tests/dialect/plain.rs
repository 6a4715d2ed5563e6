//! Plain Rhai passes unchanged, whatever it uses.
use kosmos::dialect::{Completeness, completeness, rewrite};
use rhai::Engine;

/// Programs that together use the whole grammar. Every one compiles in an unchanged engine and
/// declares what it assigns.
const PROGRAMS: &[&str] = &[
    // Declarations, assignments, blocks as values.
    "let x; let y = 5; const Z = 42; y = 6; y += 1; y -= 1; y *= 2; y /= 2; y %= 3; y **= 2; \
     y <<= 1; y >>= 1; y &= 1; y |= 2; y ^= 3; x = { let a = 1; a + Z };",
    "let x = 1; { let x = 2; x = 3; { x = 4; } } x = 5;",
    "let a = [1, [2, 3], ]; a[0] = 9; a[1][0] += 1; a[-1] = []; a?[5]; let r = a[1..3]; a[0..=1]",
    "let m = #{ a: 1, \"b c\": #{ d: [1, #{}] }, e: {}, f: || 1, }; m.a = 2; m[\"b c\"].d[0] = 3; m?.x?.y; m.e",
    "let t = (1 + 2) * (3 - -4) ** 2 % 5 / +6; let u = !(t > 1) && t != 3 || t <= 2; t ?? 5; ()",
    // Numbers and ranges.
    "let a = 1_000 + 0xff + 0o17 + 0b1010 + 1. + 1.5e-3 + 2e10 + 5.0_0; for i in 1..10 {} for i in 0..=5 {} 1.abs(); 2.5.floor(); -5.abs()",
    "let r = ..5; let s = 1..; let x = 5; switch x { 0..10 => 1, 10..=20 => 2, _ => 3 }",
    // Strings and chars.
    "let a = \"it's \\\"x\\\" \\t \\x41 \\u0041 \\U00000041 \\\\ ${no}\"; let b = 'x'; let c = '\\''; let d = '\"'; let e = '\\n'; let f = '\\u2764'; let g = \"two \"\"quotes\"\"\";",
    "let a = \"joined \\\n    lines\"; a",
    "let a = #\"raw \"quoted\" \\n\"#; let b = ##\"with \"# inside\nand a line\"##; a + b",
    "let x = 1; let a = `line\n${x} and ${ `inner ${ x + 1 } \"}\"` } \\${x} \\`; let b = ``; let c = `it``s`;",
    "let a = `${ #{a: '}', b: \"}\"}.a /* } */ }`; let b = `${ if true { \"{\" } else { \"}\" } }`; a",
    "let s = \"# not a comment // either /* nor this */\"; s",
    "let s = \"\"; let t = \"\" + \"\"; s + t",
    // Comments.
    "// a line\n/* a block /* nested */ still */ let x = 1; // \"quote ' ` { ( [\n/// doc\nfn f() { /* x */ 1 }\n/** doc */ fn g() {}\nx",
    // Control flow.
    "let x = 5; if x > 3 { 1 } else if x == 2 { 2 } else { 3 }\nlet y = if x > 1 { 2 } else { 3 }; y",
    "let x = 0; while x < 10 { x += 1; if x == 5 { continue; } if x == 8 { break; } } loop { break; } do { x -= 1; } while x > 0; do { x += 1 } until x > 3;",
    "let x = loop { break 42; }; let y = while true { break 1; }; for (item, count) in [1, 2] { print(item + count); } for c in \"abc\" { } for x in (0..5) { x; }",
    "let x = 3; let r = switch x { 1 | 2 => \"a\", 3 if x > 2 => { \"b\" } 4 => return 5, 'c' => { let z = 1; z }, \"s\" => throw \"no\", #{a: 1} => 2, [1, 2] => 3, true => 4, () => 5, -1 => 6, _ => (), }; r",
    "let x = 1; switch x { 1 => x = 2, 2 => if x > 1 { 3 } else { 4 } 3 => { }, _ => x += 1 } x",
    "try { throw #{ code: 1 } } catch (err) { print(err.code); } try { 1 } catch { 2 } try { } catch (e) { throw; }",
    "let x = { 1 } + { 2 }; let y = { if x > 1 { x } else { 2 } }; {} {}; ;; x",
    "if true {} if false {} else {} while false {} x();\nfn x() { return; }",
    // Functions and closures.
    "fn add(a, b,) { a + b } private fn sub(a, b) { return a - b; } fn int.double() { this * 2 } fn \"My-Type\".name() { this.x = 1; this } add(1, sub(2, 3,),); 5.double()",
    "fn f() { let x = 1; x = 2; if x > 1 { x = 3; } x } fn g(x) { x = 1; for y in 0..3 { y = 2; } this = x; x }",
    "let f = |x, y| x + y; let g = || 42; let h = |x| { let z = x; z = 2; z }; f.call(1, 2); g.call(); let k = |x| if x { 1 } else { 2 }; let c = |x| x = 5; let d = || {}; f(|a| |b| a + b, || ())",
    "let x = 1; let inc = || x += 1; inc.call(); [1, 2].map(|v| v * 2).filter(|v| v > 2).reduce(|a, b| a + b, 0);",
    "fn foo() { hello = 0; hello + bar }\nlet hello = 42;\nlet bar = 123;\nfoo!()",
    "let f = Fn(\"add\"); f.curry(1); call(f, 2); type_of(f); print(`x`); debug(1); is_def_var(\"f\"); is_def_fn(\"add\", 2); eval(\"1\"); f.is_shared()",
    // Modules.
    "import \"a/b\" as m; import \"c\"; m::f(1); m::sub::g(m::X); let y = m::Y; export y; export let z = 1; export const W = 2; global::W",
    // Words of the dialect as ordinary names.
    "let and = 1; let or = 2; let not = 3; let del = 4; let assert = 5; let lambda = 6; let pass = 7; and + or * not - del / assert; not - 1; lambda[0]; not.x; assert - 1",
    "fn not(x) { x } fn assert(x) { x } fn del(x) { x } not(true); assert(1 == 1); del(5); assert(1) == 2;",
    "let x = #{ and: 1, or: 2, not: 3, del: 4 }; x.and + x.or - x.not; x.del = 5; x.not(1)",
    "let True = 7; let None = 8; True + None",
    // Line ends where Rhai needs no semicolon.
    "let a = [1,\n 2,\n 3\n]\n;\nlet b = a\n  .map(|x| x)\n  .len()\n  + 1\n  ;\nif b > 1\n{\n  b = 2\n}\nelse\n{\n  b = 3\n}\nb",
    "let x = 1\n;\nlet y =\n 2;\nlet z = x\n+ y\n* 2\n- (\n 3\n);\nz\n[0]\n;\nlet f = print\n(z);",
    "fn f()\n{\n  return\n}\nswitch 1\n{\n  1 => 2,\n  _ => 3\n}\nfor x in 0..1\n{\n}\ntry\n{\n}\ncatch (e)\n{\n}\nloop\n{\n break\n}",
    "let x = 5;\n\n\n\t// tail\n\n/* and more */\n",
    "let x = 1; x in [1]; x !in [2]; !true; !x.y; ! ( 1 == 1 ); x ?? 1; x?.y?[0]; x & 1 | 2 ^ 3; x << 1 >> 2",
    "let x = (((1))); let y = ((x)); (y); (1)",
    "",
    "\n\n",
    ";",
];

#[test]
fn every_program_is_unchanged() {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(512, 256);
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    for program in PROGRAMS {
        if let Err(error) = engine.compile(program) {
            panic!("no Rhai: {program}: {error}");
        }
        let rewritten = match rewrite(program, &|_| false) {
            Ok(rewritten) => rewritten,
            Err(error) => panic!("refused {program}: {error:?}"),
        };
        assert_eq!(rewritten.text, *program);
        assert!(rewritten.map.is_identity(), "{program}");
        assert_eq!(completeness(program), Completeness::Complete, "{program}");
    }
}

#[test]
fn every_statement_of_a_program_compiles_alone() {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(512, 256);
    for program in PROGRAMS {
        let rewritten = rewrite(program, &|_| false).expect("plain");
        for statement in &rewritten.statements {
            let text = rewritten.statement_text(statement);
            assert!(engine.compile(text).is_ok(), "{text:?} of {program}");
        }
    }
}

#[test]
fn programs_pass_also_when_all_names_are_known() {
    for program in PROGRAMS {
        // A known `not`, `assert` or any other name changes nothing.
        let rewritten = rewrite(program, &|_| true).expect("plain");
        assert_eq!(rewritten.text, *program);
    }
}
