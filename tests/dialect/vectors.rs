//! Every input of the tutorial and of the original docs becomes Rhai that compiles.
use kosmos::dialect::{Completeness, completeness, rewrite};

/// An engine that parses what the dialect makes.
fn rhai() -> rhai::Engine {
    let mut engine = rhai::Engine::new();
    engine.set_max_expr_depths(256, 128);
    #[allow(deprecated)]
    engine.on_parse_token(|token, _, _| match token {
        rhai::Token::Reserved(word) if word.starts_with(|c: char| c.is_alphabetic()) => {
            rhai::Token::Identifier(word)
        }
        other => other,
    });
    engine.register_custom_syntax_with_state_raw(
        "__unpack",
        |symbols, look_ahead, _| {
            Ok(match symbols.last().map(|s| s.as_str()) {
                Some("__unpack" | ",") => Some("$ident$".into()),
                Some("=") => Some("$expr$".into()),
                _ if symbols.iter().any(|s| s == "=") => None,
                _ => Some(look_ahead.into()),
            })
        },
        true,
        |_, _, _| Ok(rhai::Dynamic::UNIT),
    );
    engine
        .register_custom_syntax(["__del", "(", "$string$", ")"], true, |_, _| {
            Ok(rhai::Dynamic::UNIT)
        })
        .unwrap();
    engine
}

#[test]
fn inputs_of_the_transcript_compile() {
    let text = include_str!("../vectors/shell/transcript.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let records = vectors["records"].as_array().unwrap();
    assert!(records.len() > 140);
    let engine = rhai();
    let mut wrong = Vec::new();
    for record in records {
        let input = record["input"].as_str().unwrap();
        let kind = record["expects"]["kind"].as_str().unwrap_or_default();
        let error_text = record["expects"]["text"].as_str().unwrap_or_default();
        if kind == "incomplete" {
            if completeness(input) != Completeness::Incomplete {
                wrong.push(format!("{input}: should ask for more"));
            }
            continue;
        }
        if input.contains(":\n") && kind == "error" && !error_text.contains("not defined") {
            // Blocks by indentation are refused with a hint.
            if rewrite(input, &|_| true).is_ok() {
                wrong.push(format!("{input}: should be refused"));
            }
            continue;
        }
        if completeness(input) != Completeness::Complete {
            wrong.push(format!("{input}: should be complete"));
            continue;
        }
        match rewrite(input, &|_| false) {
            Err(error) => wrong.push(format!("{kind} {input}: {error} {:?}", error.hints)),
            Ok(rewritten) => {
                if let Err(error) = engine.compile(&rewritten.text) {
                    wrong.push(format!(
                        "{kind} {input}\n  became {}\n  {error}",
                        rewritten.text
                    ));
                }
                for statement in &rewritten.statements {
                    let part = &rewritten.text[statement.range.clone()];
                    if let Err(error) = engine.compile(part) {
                        wrong.push(format!("{kind} {input}\n  part {part}\n  {error}"));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{} wrong",
        wrong.join("\n"),
        wrong.len()
    );
}
