//! A bare Rhai engine that can compile what the dialect writes.
use rhai::{Dynamic, Engine, Position, Token};

/// An engine whose reserved words are names and that knows `__unpack`.
pub fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(512, 256);
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    #[allow(deprecated, reason = "marked volatile; the version is pinned")]
    engine.on_parse_token(|token: Token, _: Position, _| match token {
        Token::Reserved(word) if is_plain_name(&word) => Token::Identifier(word),
        token => token,
    });
    engine.register_custom_syntax_with_state_raw(
        "__unpack",
        |symbols, look_ahead, _| {
            let marker = match (symbols.last().map(|symbol| symbol.as_str()), look_ahead) {
                (Some("__unpack" | ","), _) => "$ident$",
                (Some("="), _) => "$expr$",
                (Some("$expr$"), _) => return Ok(None),
                (_, ",") => ",",
                _ => "=",
            };
            Ok(Some(marker.into()))
        },
        true,
        |context, inputs, _| {
            let (value, names) = inputs.split_last().expect("a value");
            let value = context.eval_expression_tree(value)?;
            let items = value.into_array().unwrap_or_default();
            for (name, item) in names.iter().zip(items) {
                let name = name.get_string_value().unwrap_or_default().to_owned();
                context.scope_mut().set_or_push(name, item);
            }
            Ok(Dynamic::UNIT)
        },
    );
    engine
}

fn is_plain_name(word: &str) -> bool {
    const NOT_NAMES: &[&str] = &[
        "call",
        "curry",
        "type_of",
        "is_shared",
        "print",
        "debug",
        "eval",
        "Fn",
        "is_def_var",
        "is_def_fn",
        "this",
    ];
    !NOT_NAMES.contains(&word) && word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Rewrites with no name known; panics with the input when it is refused.
pub fn rewritten(source: &str) -> kosmos::dialect::Rewritten {
    match kosmos::dialect::rewrite(source, &|_| false) {
        Ok(rewritten) => rewritten,
        Err(error) => panic!("refused {source:?}: {error:?}"),
    }
}

/// Checks that the whole text and every single statement compile.
pub fn compiles(engine: &Engine, source: &str) -> Result<(), String> {
    let rewritten = kosmos::dialect::rewrite(source, &|_| false).map_err(|e| format!("{e:?}"))?;
    let check = |text: &str| {
        engine
            .compile(text)
            .map(|_| ())
            .map_err(|error| format!("{error}\nin {text}"))
    };
    check(&rewritten.text)?;
    let mut joined = String::new();
    for statement in &rewritten.statements {
        check(rewritten.statement_text(statement))?;
        joined.push_str(rewritten.statement_text(statement));
        joined.push('\n');
    }
    check(&joined)
}
