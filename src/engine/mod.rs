//! The only room that knows rhai: builds the engine, connects objects to it, maps errors back to
//! what was typed.
//!
//! * [`node`]: objects inside rhai, and the one use of its volatile interface.
//! * [`convert`]: values both ways.
//! * [`errors`]: rhai's errors in the user's words.
//! * [`natives`], [`builtin`], [`format`]: functions every input can call.
//! * [`place`]: what a dotted expression names, without evaluating it.
//! * [`scripts`]: functions of a script file, for the tree.
pub mod builtin;
pub mod convert;
pub mod errors;
pub mod format;
pub mod natives;
pub mod node;
pub mod place;
pub mod scripts;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rhai::{AST, Dynamic, EvalAltResult, OptimizationLevel, Position, Scope, Token};

use crate::dialect::{self, Rewritten, StatementKind};
use crate::object::complete::Place;
use crate::object::{Error, Kind, Obj, Result, Value};
use convert::Converter;

/// What a run ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Set when `exit()` or `quit()` was called: the exit code asked for.
    pub exit: Option<i32>,
}

/// Where the text of `print(…)` goes, line ends included.
pub type Print = Arc<dyn Fn(&str) + Send + Sync>;

/// The name by which rhai knows the last value; `_` itself is not an identifier there.
const LAST: &str = "__last";
/// How many earlier values `_1`, `_2`, … can reach.
const MOST_NUMBERED: usize = 10_000;

/// An engine with its variables and functions.
pub struct Engine {
    rhai: Arc<rhai::Engine>,
    converter: Arc<Converter>,
    scope: Scope<'static>,
    library: AST,
    interrupt: Arc<AtomicBool>,
    root: Obj,
    /// The values shown so far, for `_1`, `_2`, …; not in the scope, which rhai searches one by one.
    shown: Vec<Dynamic>,
}

impl Engine {
    /// An engine whose tree hangs at `j`.
    pub fn new(root: Obj, print: Print) -> Self {
        Engine::with_interrupt(root, print, Arc::new(AtomicBool::new(false)))
    }

    /// The same with a flag that the caller also sets for its own waiting.
    pub fn with_interrupt(root: Obj, print: Print, interrupt: Arc<AtomicBool>) -> Self {
        let converter = Arc::new(Converter::detached());
        let mut engine = rhai::Engine::new();
        configure(&mut engine, &interrupt);
        node::register(&mut engine, &converter);
        natives::register(&mut engine, &converter, &print);
        syntax(&mut engine, &converter);
        // Functions see a module alone, closures take only what is in the scope: so in both. Not
        // the tree: through a constant of the scope nothing below it could be changed.
        let mut module = rhai::Module::new();
        let mut scope = Scope::new();
        module.set_var("j", converter.to_dynamic(Value::Object(root.clone())));
        for (name, value) in [
            ("True", Dynamic::TRUE),
            ("False", Dynamic::FALSE),
            ("None", Dynamic::UNIT),
        ] {
            module.set_var(name, value.clone());
            scope.push_constant_dynamic(name, value);
        }
        engine.register_global_module(module.into());
        let rhai = Arc::new(engine);
        converter.connect(&rhai);
        root.connect(&scripts::reader(&rhai, &converter));
        Engine {
            rhai,
            converter,
            scope,
            library: AST::empty(),
            interrupt,
            root,
            shown: Vec::new(),
        }
    }

    /// Runs an input of the prompt: each top-level statement in order; `show` gets the value of
    /// each expression statement that is not `None`. Errors carry the span in `source`.
    ///
    /// # Errors
    /// The first error; what ran before it stays done.
    pub fn run(&mut self, source: &str, show: &mut dyn FnMut(&Value)) -> Result<Outcome> {
        let scope = &self.scope;
        let rewritten = dialect::rewrite(source, &|name| {
            scope.contains(name) || matches!(name, "j" | "True" | "False" | "None")
        })
        .map_err(syntax_error)?;
        // Functions first: a script may call one above its definition.
        for pass in [true, false] {
            for statement in &rewritten.statements {
                if (statement.kind == StatementKind::Function) != pass {
                    continue;
                }
                let value = match self.statement(source, &rewritten, &statement.range) {
                    Ok(value) => value,
                    Err(error) => match natives::exit_code(&error) {
                        Some(code) => return Ok(Outcome { exit: Some(code) }),
                        None => return Err(error),
                    },
                };
                if statement.kind == StatementKind::Expression && !value.is_none() {
                    show(&value);
                    self.keep(value);
                }
            }
        }
        Ok(Outcome::default())
    }

    /// Runs a whole script; `plain` switches the dialect off. Values are not shown. The script sees
    /// its arguments as the list `args`.
    ///
    /// # Errors
    /// The first error.
    pub fn run_script(&mut self, source: &str, args: &[String], plain: bool) -> Result<Outcome> {
        let list = args.iter().map(|arg| Dynamic::from(arg.clone())).collect();
        self.scope.set_or_push("args", Dynamic::from_array(list));
        if !plain {
            return self.run(source, &mut |_| {});
        }
        let answer = self.evaluate(source).map_err(|(error, position)| {
            let at = offset(source, position);
            error.at(word_at(source, at))
        });
        match answer {
            Ok(_) => Ok(Outcome::default()),
            Err(error) => match natives::exit_code(&error) {
                Some(code) => Ok(Outcome { exit: Some(code) }),
                None => Err(error),
            },
        }
    }

    fn statement(
        &mut self,
        source: &str,
        rewritten: &Rewritten,
        range: &Range<usize>,
    ) -> Result<Value> {
        let text = rewritten.text.get(range.clone()).unwrap_or_default();
        self.evaluate(text).map_err(|(error, position)| {
            if position.is_none() {
                let start = rewritten.map.to_source(range.start);
                let end = rewritten.map.to_source(range.end).max(start);
                return error.at(start..end);
            }
            let at = rewritten
                .map
                .to_source(range.start + offset(text, position));
            error.at(word_at(source, at))
        })
    }

    /// Compiles and evaluates a text of rhai; functions it defines stay.
    fn evaluate(&mut self, text: &str) -> std::result::Result<Value, (Error, Position)> {
        let ast = self
            .rhai
            .compile(text)
            .map_err(|error| (errors::syntax(&error.0), error.1))?;
        let has_functions = ast.iter_functions().next().is_some();
        let ast = if has_functions || self.library.iter_functions().next().is_some() {
            self.library.merge(&ast)
        } else {
            ast
        };
        if has_functions {
            let mut library = ast.clone();
            library.clear_statements();
            self.converter.set_library(Arc::new(library.clone()));
            self.library = library;
        }
        self.bind_shown(text);
        let (rhai, scope) = (&self.rhai, &mut self.scope);
        let depth = scope.len();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            rhai.eval_ast_with_scope::<Dynamic>(scope, &ast)
        }));
        node::forget_reads();
        match outcome {
            Ok(Ok(value)) => Ok(self.converter.to_value(value)),
            Ok(Err(error)) => Err(self.explain(*error, text)),
            Err(_) => {
                self.scope.rewind(depth.min(self.scope.len()));
                Err((
                    Error::new(Kind::Internal, "an internal error stopped this statement")
                        .hint("this is a mistake of kosmos, not yours; the shell goes on"),
                    Position::NONE,
                ))
            }
        }
    }

    fn explain(&self, error: EvalAltResult, text: &str) -> (Error, Position) {
        // A method that a plain value does not have looks like an unknown function to rhai.
        if let EvalAltResult::ErrorRuntime(value, position) = innermost(&error)
            && position.is_none()
            && let Some(raised) = value.read_lock::<convert::Raised>()
            && let Some(member) = &raised.member
            && let Some(at) = call_of(text, member)
        {
            return (raised.error.clone(), position_at(text, at));
        }
        let method = match innermost(&error) {
            EvalAltResult::ErrorFunctionNotFound(signature, position) => {
                let before = text.get(..offset(text, *position)).unwrap_or_default();
                if before.trim_end().ends_with('.') {
                    errors::no_method(signature).map(|error| (error, *position))
                } else {
                    None
                }
            }
            _ => None,
        };
        method.unwrap_or_else(|| errors::translate(error, &self.names()))
    }

    /// Binds those of `_1`, `_2`, … that a text mentions.
    fn bind_shown(&mut self, text: &str) {
        for number in numbered(text) {
            let name = format!("{LAST}_{number}");
            if let Some(value) = number.checked_sub(1).and_then(|n| self.shown.get(n))
                && !self.scope.contains(&name)
            {
                self.scope.push_dynamic(name, value.clone());
            }
        }
    }

    /// Binds a value to `_` and to the next of `_1`, `_2`, ….
    fn keep(&mut self, value: Value) {
        let value = self.converter.to_dynamic(value);
        if self.shown.len() < MOST_NUMBERED {
            self.shown.push(value.clone());
        }
        self.scope.set_or_push(LAST, value);
    }

    /// Set from a signal handler to stop what runs.
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        self.interrupt.clone()
    }

    /// Names of the variables, and of the functions a user can call.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .scope
            .iter()
            .map(|(name, ..)| name.to_string())
            .chain(self.library.iter_functions().map(|f| f.name.to_string()))
            .chain(builtin::functions().into_iter().map(|f| f.name.to_string()))
            .chain(["j", "True", "False", "None"].map(String::from))
            .filter(|name| !name.starts_with("__") && !name.starts_with("anon$"))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// True when the name is a variable in scope (or `j`).
    pub fn is_defined(&self, name: &str) -> bool {
        name == "j" || self.scope.contains(name)
    }

    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "j" => Some(Value::Object(self.root.clone())),
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "_" => self.variable(LAST),
            _ => self
                .scope
                .get(name)
                .map(|value| self.converter.to_value(value.clone())),
        }
    }

    /// The place a dotted expression names, without evaluating, creating or loading anything.
    pub fn place(&self, expression: &str) -> Option<Place> {
        place::find(self, expression)
    }

    /// Help text of a dotted expression (`?`), without evaluating anything.
    pub fn help(&self, expression: &str) -> Option<String> {
        place::help(self, expression)
    }
}

/// The numbers of `_1`, `_2`, … in a text of rhai.
fn numbered(text: &str) -> impl Iterator<Item = usize> {
    text.split("__last_").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
    })
}

fn syntax_error(error: dialect::DialectError) -> Error {
    let mut out = Error::new(Kind::Syntax, error.message).at(error.span);
    out.hints = error.hints;
    out
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
        | EvalAltResult::ErrorInModule(_, inner, _) => innermost(inner),
        other => other,
    }
}

fn configure(engine: &mut rhai::Engine, interrupt: &Arc<AtomicBool>) {
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_expr_depths(512, 256);
    engine.set_max_call_levels(128);
    // Reserved words are names of members (`new`, `default`); `_` is the last value.
    #[allow(deprecated)] // marked volatile, not deprecated; the version is pinned
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if word.starts_with(|c: char| c.is_alphabetic()) => {
            Token::Identifier(word)
        }
        other => other,
    });
    let interrupt = interrupt.clone();
    engine.on_progress(move |_| interrupt.load(Ordering::Relaxed).then_some(Dynamic::UNIT));
}

/// `__unpack a, b = e` and `__del("name")`: the two rewritings that change the scope.
fn syntax(engine: &mut rhai::Engine, converter: &Arc<Converter>) {
    let c = converter.clone();
    engine.register_custom_syntax_with_state_raw(
        "__unpack",
        |symbols, look_ahead, _state| match symbols.last().map(|s| s.as_str()) {
            Some("__unpack" | ",") => Ok(Some("$ident$".into())),
            Some("=") => Ok(Some("$expr$".into())),
            Some("$expr$") => Ok(None),
            _ if look_ahead == "=" => Ok(Some("=".into())),
            _ if look_ahead == "," => Ok(Some(",".into())),
            // After the expression there is nothing more to read.
            _ if symbols.iter().any(|s| s == "=") => Ok(None),
            _ => Ok(Some("=".into())),
        },
        true,
        move |context, inputs, _state| {
            let Some((expression, names)) = inputs.split_last() else {
                return Ok(Dynamic::UNIT);
            };
            let value = c.to_value(context.eval_expression_tree(expression)?);
            let items = value.unpack().map_err(convert::raise)?;
            if items.len() < names.len() {
                return Err(convert::raise(Error::value(format!(
                    "not enough values to unpack (expected {}, got {})",
                    names.len(),
                    items.len()
                ))));
            }
            if items.len() > names.len() {
                return Err(convert::raise(Error::value(format!(
                    "too many values to unpack (expected {})",
                    names.len()
                ))));
            }
            for (name, item) in names.iter().zip(items) {
                if let Some(name) = name.get_string_value() {
                    let value = c.to_dynamic(item);
                    context.scope_mut().set_or_push(name.to_string(), value);
                }
            }
            Ok(Dynamic::UNIT)
        },
    );
    let registered =
        engine.register_custom_syntax(["__del", "(", "$string$", ")"], true, |context, inputs| {
            let name = inputs
                .first()
                .and_then(|input| input.get_literal_value::<rhai::ImmutableString>())
                .unwrap_or_default();
            match context.scope_mut().remove::<Dynamic>(&name) {
                Some(_) => Ok(Dynamic::UNIT),
                None => Err(convert::raise(Error::new(
                    Kind::Name,
                    format!("name '{name}' is not defined"),
                ))),
            }
        });
    debug_assert!(registered.is_ok());
}

/// Byte offset of a position of rhai (line and character column, both from 1) in its text.
fn offset(text: &str, position: Position) -> usize {
    match (position.line(), position.position()) {
        (Some(line), column) => dialect::offset_at(text, line, column.unwrap_or(1)),
        (None, _) => 0,
    }
}

/// Where a member of this name is called in a text: the first `.name(`.
fn call_of(text: &str, member: &str) -> Option<usize> {
    text.match_indices(&format!(".{member}"))
        .map(|(at, found)| (at + 1, at + found.len()))
        .find(|(_, end)| {
            text.get(*end..)
                .is_some_and(|rest| rest.trim_start().starts_with('('))
        })
        .map(|(at, _)| at)
}

fn position_at(text: &str, at: usize) -> Position {
    let (line, column) = dialect::line_column(text, at);
    match (u16::try_from(line), u16::try_from(column)) {
        (Ok(line), Ok(column)) => Position::new(line, column),
        _ => Position::NONE,
    }
}

/// The word (or single character) at an offset, for the caret.
fn word_at(source: &str, at: usize) -> Range<usize> {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    // rhai points at the dot of a property; the name behind it is what is meant.
    if source.get(at..).is_some_and(|rest| rest.starts_with('.')) {
        at += 1;
    }
    let rest = source.get(at..).unwrap_or_default();
    let length = rest
        .char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || *c == '_'))
        .map_or(rest.len(), |(i, _)| i);
    at..at + length.max(rest.chars().next().map_or(0, char::len_utf8))
}
