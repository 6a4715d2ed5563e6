//! Built-in commands, made into members from the library's table.
//!
//! A manager (`client.info`, `client.filesystem`, …) is a table of commands of the library plus
//! one example for each; parameters, defaults, docs and the call itself come from that table.
use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value as Json;

use super::job_result::ResultValue;
use super::response::ResponseValue;
use super::rows::shown;
use super::targets::Targets;
use crate::object::{Args, Class, Default, Error, Kind, Member, Needs, Param, Result, Ty, Value};
use crate::zos::calls::{self, Answer, Arguments, Call};
use crate::zos::{Client, Request};

/// Most parameters of a command, and most commands of a manager. Tables are made when the program
/// is compiled, so they are of one size.
const MOST_PARAMS: usize = 14;
const MOST_CALLS: usize = 24;

/// A manager of the tree.
pub trait Table: Sized + Send + Sync + 'static {
    /// Name of the class.
    const NAME: &'static str;
    /// Its commands.
    const MANAGER: calls::Manager;
    /// An example for each command, in the same order.
    const EXAMPLES: &'static [&'static str];
    /// Members that are no single command.
    const OWN: &'static [Member<Manager<Self>>] = &[];
    /// Parameters of each command.
    const PARAMS: &'static [[Param; MOST_PARAMS]; MOST_CALLS] = &all_params(Self::MANAGER.calls);
    /// A member for each command.
    const CALLS: &'static [Member<Manager<Self>>; MOST_CALLS] = &members::<Self>();
}

/// A manager of one node or container, or of a group.
pub struct Manager<M: Table> {
    targets: Targets,
    table: PhantomData<fn() -> M>,
}

impl<M: Table> Manager<M> {
    /// The manager of these.
    pub fn value(targets: &Targets) -> Value {
        Value::object(Manager::<M> {
            targets: targets.clone(),
            table: PhantomData,
        })
    }

    /// Whom it asks.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }
}

const fn param(argument: &calls::Argument) -> Param {
    let ty = match argument.kind {
        calls::Kind::Text | calls::Kind::Filled => Ty::Str,
        calls::Kind::Int | calls::Kind::Within(..) => Ty::Int,
        calls::Kind::Bool => Ty::Bool,
        calls::Kind::Word(words) => Ty::Choice(words),
        calls::Kind::Texts | calls::Kind::Ints | calls::Kind::Mixed | calls::Kind::Pairs => {
            Ty::Any("list")
        }
        calls::Kind::Objects | calls::Kind::Nics => Ty::Any("list of dicts"),
        calls::Kind::Object | calls::Kind::TextMap | calls::Kind::IntMap | calls::Kind::Nic => {
            Ty::Any("dict")
        }
        calls::Kind::Source => Ty::Any("port"),
        calls::Kind::Query => Ty::Any("str or int"),
    };
    let default = match argument.default {
        calls::Default::Required => Default::Required,
        calls::Default::Null | calls::Default::EmptyObject | calls::Default::EmptyList => {
            Default::None
        }
        calls::Default::Text(text) => Default::Str(text),
        calls::Default::Int(number) => Default::Int(number),
        calls::Default::Bool(flag) => Default::Bool(flag),
    };
    Param::optional(argument.name, ty, default, argument.doc)
}

const NO_PARAM: Param = Param::optional("", Ty::Nothing, Default::None, "");

const fn all_params(calls: &[Call]) -> [[Param; MOST_PARAMS]; MOST_CALLS] {
    let mut all = [[NO_PARAM; MOST_PARAMS]; MOST_CALLS];
    let mut at = 0;
    while at < calls.len() {
        let arguments = calls[at].arguments;
        let mut place = 0;
        while place < arguments.len() {
            all[at][place] = param(&arguments[place]);
            place += 1;
        }
        at += 1;
    }
    all
}

const fn members<M: Table>() -> [Member<Manager<M>>; MOST_CALLS] {
    let calls = M::MANAGER.calls;
    // A missing example is seen when the program is compiled.
    assert!(calls.len() == M::EXAMPLES.len());
    let mut all = [const { Member::method("", &[], Ty::Nothing, "", "", run::<M>) }; MOST_CALLS];
    let mut at = 0;
    while at < calls.len() {
        let call = &calls[at];
        let result = match call.answer {
            Answer::Nothing => Ty::Nothing,
            Answer::Text => Ty::Str,
            Answer::Int => Ty::Int,
            Answer::Bool => Ty::Bool,
            Answer::List => Ty::List,
            Answer::Object => Ty::Dict,
            Answer::Job | Answer::Result => Ty::Object(crate::object::class_of::<ResponseValue>),
        };
        let (params, _) = M::PARAMS[at].split_at(call.arguments.len());
        all[at] = Member::method(
            call.method,
            params,
            result,
            call.doc,
            M::EXAMPLES[at],
            run::<M>,
        )
        .needs(Needs::NETWORK);
        at += 1;
    }
    all
}

/// The arguments that were given, for the library to check.
pub fn arguments(args: &Args, call: &Call) -> Arguments {
    let mut given = Arguments::new();
    for argument in call.arguments {
        let value = args.get(argument.name);
        if args.given(argument.name) && !value.is_none() {
            given.insert(argument.name.into(), value.to_json());
        }
    }
    given
}

/// Runs a command on one, or on all.
///
/// # Errors
/// As [`Client::call`].
pub fn run_call(targets: &Targets, call: &'static Call, given: Arguments) -> Result<Value> {
    match call.answer {
        Answer::Job | Answer::Result => {
            let request = |client: &Client| {
                let mut request = client.request(call, &given)?;
                request.stream = call.command.starts_with("core.");
                Ok(request)
            };
            push(targets, call.command, request, call.answer == Answer::Job)
        }
        _ => {
            let given = Arc::new(given);
            targets.ask(
                call.command,
                |client| {
                    let given = given.clone();
                    async move { client.call(call, &given).await }
                },
                |json: Json| shown(&json),
            )
        }
    }
}

/// Pushes a job on one node and answers it unfinished; on a group, waits for all results.
///
/// # Errors
/// As [`Client::raw`].
pub fn push(
    targets: &Targets,
    what: &str,
    request: impl Fn(&Client) -> crate::zos::Result<Request>,
    json: bool,
) -> Result<Value> {
    if let Targets::Many(_) = targets {
        return targets.ask(
            what,
            |client| {
                let request = request(&client);
                async move { client.raw(request?).await?.get(None).await }
            },
            ResultValue::value,
        );
    }
    let (core, client) = targets.one(what)?;
    let request = request(&client).map_err(|error| core.explain(error))?;
    let response = core.ask(client.raw(request))?;
    Ok(match json {
        true => ResponseValue::json(core, response),
        false => ResponseValue::plain(core, response),
    })
}

fn run<M: Table>(manager: &Arc<Manager<M>>, args: &Args) -> Result<Value> {
    let call = M::MANAGER
        .calls
        .iter()
        .find(|call| call.method == args.method())
        .ok_or_else(|| Error::new(Kind::Internal, "a member without a command"))?;
    run_call(&manager.targets, call, arguments(args, call))
}

impl<M: Table> Class for Manager<M> {
    const NAME: &'static str = M::NAME;
    const DOC: &'static str = M::MANAGER.doc;
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[M::OWN, M::CALLS.split_at(M::MANAGER.calls.len()).0];
}
