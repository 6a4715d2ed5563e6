//! Literals: they compile, and strings have the content that Python gives them.
use rhai::{Dynamic, ImmutableString, Map};
use serde_json::Value;

use super::rhai_host::{compiles, engine, rewritten};

#[test]
fn every_literal_compiles() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/shell/literals.json"
    );
    let text = std::fs::read_to_string(path).expect("vectors");
    let file: Value = serde_json::from_str(&text).expect("json");
    let engine = engine();
    for record in file["records"].as_array().expect("records") {
        let input = record["input"].as_str().expect("input");
        if let Err(error) = compiles(&engine, input) {
            panic!("{input}: {error}");
        }
    }
}

/// Evaluates the rewritten text to a string.
fn content(source: &str) -> String {
    let mut engine = engine();
    engine.register_fn("__fmt", |value: Dynamic, spec: ImmutableString| {
        format!("<{value}|{spec}>")
    });
    engine.register_fn("__bytes", |text: ImmutableString| text);
    engine.register_fn("__kw", |map: Map| map);
    let text = rewritten(source).text;
    match engine.eval::<Dynamic>(&text) {
        Ok(value) => value.to_string(),
        Err(error) => panic!("{source} became {text}: {error}"),
    }
}

#[test]
fn strings_have_their_content() {
    let cases = [
        ("''", ""),
        ("\"\"", ""),
        ("'abc'", "abc"),
        ("'x'", "x"),
        ("'it\\'s'", "it's"),
        ("'say \"hi\"'", "say \"hi\""),
        ("'a\\nb\\tc\\\\d'", "a\nb\tc\\d"),
        ("'\\x41\\u00e9\\U0001F600'", "Aé😀"),
        ("'\\101'", "A"),
        ("'\\0'", "\0"),
        ("'\\a\\b\\f\\v'", "\u{7}\u{8}\u{c}\u{b}"),
        ("\"\\a\\d\\101\\0\"", "\u{7}\\dA\0"),
        ("\"it\\'s\"", "it's"),
        ("\"a\"\"b\"", "a\"b"),
        ("'\\d+'", "\\d+"),
        ("\"\\d+\"", "\\d+"),
        ("'\\é'", "\\é"),
        ("r'\\d+\\n'", "\\d+\\n"),
        ("r'a\\'b'", "a\\'b"),
        ("R\"C:\\dir\"", "C:\\dir"),
        ("u'x'", "x"),
        ("'''abc'''", "abc"),
        ("\"\"\"a \"q\" b\"\"\"", "a \"q\" b"),
        ("\"\"\"\nx = 1 # c\n\"\"\"", "\nx = 1 # c\n"),
        ("\"\"\"a\r\nb\"\"\"", "a\nb"),
        ("'''a\\\nb'''", "ab"),
        ("'''ends with \\''''", "ends with '"),
        ("\"${not} {here}\"", "${not} {here}"),
        ("b'\\x00A\\xff'", "\0A\u{ff}"),
        ("f''", ""),
        ("f'abc'", "abc"),
        ("f'{{}}'", "{}"),
        ("f'a {1+1} b'", "a <2|> b"),
        ("f'{1+1} and {\"q\"}'", "<2|> and <q|>"),
        ("f'{3.5:.2f}|{255:#x}'", "<3.5|.2f>|<255|#x>"),
        ("f'{ 5 !r}'", "<5|!r>"),
        ("f'{5!s:>4}'", "<5|!s:>4>"),
        ("f'{5:>{2+2}}'", "<5|><4|>>"),
        ("f'{1+1=}'", "1+1=<2|!r>"),
        ("f'{ 1 == 1 }'", "<true|>"),
        ("f'{not true}'", "<false|>"),
        ("f'{1 != 2}'", "<true|>"),
        ("f'{[1, 2][0]}{{x}}'", "<1|>{x}"),
        ("f'{{\"a\": 1}}'", "{\"a\": 1}"),
        ("f'{ {\"a\": 1}[\"a\"] }'", "<1|>"),
        ("rf'\\d{1}'", "\\d<1|>"),
        ("f'''a\n{1}\n'''", "a\n<1|>\n"),
        ("f'{f\"{1}\"}'", "<<1|>|>"),
    ];
    for (source, expected) in cases {
        assert_eq!(content(source), expected, "{source}");
    }
}

#[test]
fn a_char_stays_a_char_and_a_key_becomes_a_string() {
    assert_eq!(rewritten("'x'").text, "'x'");
    assert_eq!(rewritten("'\\n'").text, "'\\n'");
    assert_eq!(rewritten("'\\''").text, "'\\''");
    assert_eq!(rewritten("'\\\"'").text, "\"\\\"\"");
    assert_eq!(rewritten("{'x': 'y'}").text, "#{\"x\": 'y'}");
    assert_eq!(rewritten("#{'x': 1}").text, "#{\"x\": 1}");
}

#[test]
fn keys_of_every_form() {
    let text = "{1: 1, 8_081: 2, 0xff: 3, 1.5: 4, name: 5, 'a b': 6, \"c\": 7, r'\\d': 8, if: 9}";
    assert_eq!(
        rewritten(text).text,
        "#{\"1\": 1, \"8081\": 2, \"255\": 3, \"1.5\": 4, name: 5, \"a b\": 6, \"c\": 7, \
         \"\\\\d\": 8, \"if\": 9}"
    );
}
