//! Functions of a script file, to be called by the tree.
use std::sync::{Arc, Weak};

use indexmap::IndexMap;
use rhai::{AST, CallFnOptions, Dynamic, Position, Scope};

use super::convert::Converter;
use super::errors;
use crate::dialect::{self, StatementKind};
use crate::object::{Callable, Error, Kind, Result, Scripts, Value};

/// What reads the functions of scripts, for the tree.
pub fn reader(engine: &Arc<rhai::Engine>, converter: &Arc<Converter>) -> Scripts {
    let (engine, converter) = (Arc::downgrade(engine), converter.clone());
    Arc::new(move |source, name| functions(&engine, &converter, source, name))
}

/// The functions of a script by their names. Nothing of it is run.
fn functions(
    engine: &Weak<rhai::Engine>,
    converter: &Arc<Converter>,
    source: &str,
    name: &str,
) -> Result<IndexMap<String, Callable>> {
    let known = |name: &str| matches!(name, "j" | "True" | "False" | "None");
    let line_of = |at: usize| source.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let rewritten = dialect::rewrite(source, &known).map_err(|error| {
        let line = line_of(error.span.start);
        let mut out = Error::new(
            Kind::Syntax,
            format!("{name}, line {line}: {}", error.message),
        );
        out.hints = error.hints;
        out
    })?;
    let strong = upgrade(engine)?;
    let mut library = AST::empty();
    for statement in &rewritten.statements {
        let line = line_of(statement.source.start);
        if statement.kind != StatementKind::Function {
            return Err(Error::new(
                Kind::Syntax,
                format!("{name}, line {line}: only functions stand in such a file"),
            )
            .hint("put it into one of the functions: fn build(ctx) { … }"));
        }
        let compiled = strong.compile(rewritten.statement_text(statement));
        let compiled = compiled.map_err(|error| {
            let within = error.1.line().unwrap_or(1).saturating_sub(1);
            let mut out = errors::syntax(&error.0);
            out.message = format!("{name}, line {}: {}", line + within, out.message);
            out
        })?;
        library = library.merge(&compiled);
    }
    library.clear_statements();
    let library = Arc::new(library);
    let names = library
        .iter_functions()
        .map(|function| function.name.to_owned());
    let names: Vec<String> = names.collect();
    let callables = names.into_iter().map(|function| {
        let callable = callable(
            engine.clone(),
            converter.clone(),
            library.clone(),
            &function,
        );
        (function, callable)
    });
    Ok(callables.collect())
}

fn upgrade(engine: &Weak<rhai::Engine>) -> Result<Arc<rhai::Engine>> {
    engine
        .upgrade()
        .ok_or_else(|| Error::new(Kind::Internal, "the engine of this function is gone"))
}

fn callable(
    engine: Weak<rhai::Engine>,
    converter: Arc<Converter>,
    library: Arc<AST>,
    name: &str,
) -> Callable {
    let name = name.to_owned();
    Arc::new(move |args: Vec<Value>| {
        let engine = upgrade(&engine)?;
        let args: Vec<Dynamic> = args
            .into_iter()
            .map(|value| converter.to_dynamic(value))
            .collect();
        let options = CallFnOptions::new().eval_ast(false);
        let answer = engine.call_fn_with_options::<Dynamic>(
            options,
            &mut Scope::new(),
            &library,
            &name,
            args,
        );
        let answer = answer.map_err(|error| {
            let (mut error, position): (Error, Position) = errors::translate(*error, &[]);
            // The place is one of the file, not of what was typed.
            error.span = None;
            match position.line() {
                Some(line) => error.hint(format!("in {name}(), line {line} of it")),
                None => error.hint(format!("in {name}()")),
            }
        })?;
        Ok(converter.to_value(answer))
    })
}
