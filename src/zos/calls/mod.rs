//! The table of built-in commands with their arguments, checked before they are sent.
//!
//! About 140 commands are called in the same way: named arguments become a JSON object, the answer
//! is a JSON value. A manager (`info`, `filesystem`, …) is a table of them.
//!
//! * [`system`]: what is seen and run on the node and in containers: info, jobs, processes, files,
//!   addresses.
//! * [`node`]: what only a node has: bridges, ports, disks, machines, logs and so on.
//! * [`containers`]: making and changing containers.
pub mod containers;
pub mod node;
pub mod system;

use serde_json::{Map, Value as Json};

use super::error::{Error, Result};

/// Named arguments, or the JSON object they become.
pub type Arguments = Map<String, Json>;

/// Where a command is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On nodes and in containers.
    Everywhere,
    /// On nodes.
    Node,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text that is not empty.
    Filled,
    /// A whole number.
    Int,
    /// A whole number from here to there.
    Within(i64, i64),
    /// True or false.
    Bool,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of whole numbers.
    Ints,
    /// A list of objects.
    Objects,
    /// An object.
    Object,
    /// An object with texts as values.
    TextMap,
    /// An object with whole numbers as values.
    IntMap,
    /// A list of pairs of texts.
    Pairs,
    /// A port, or the source of one (`eth0:8080|tcp`), sent as text.
    Source,
    /// A text or a whole number.
    Query,
    /// A list of texts or whole numbers.
    Mixed,
    /// A network card.
    Nic,
    /// A list of network cards.
    Nics,
}

impl Kind {
    /// What it takes, in words.
    pub fn words(self) -> String {
        match self {
            Kind::Text => "a text".into(),
            Kind::Filled => "a text that is not empty".into(),
            Kind::Int => "a whole number".into(),
            Kind::Within(from, to) => format!("a whole number from {from} to {to}"),
            Kind::Bool => "True or False".into(),
            Kind::Word(words) => format!("one of {}", words.join(", ")),
            Kind::Texts => "a list of texts".into(),
            Kind::Ints => "a list of whole numbers".into(),
            Kind::Objects => "a list of dicts".into(),
            Kind::Object => "a dict".into(),
            Kind::TextMap => "a dict of texts".into(),
            Kind::IntMap => "a dict of whole numbers".into(),
            Kind::Pairs => "a list of pairs of texts".into(),
            Kind::Source => "a port, or a text like 'eth0:8080|tcp'".into(),
            Kind::Query => "a text or a whole number".into(),
            Kind::Mixed => "a list of texts or whole numbers".into(),
            Kind::Nic => "a network card: a dict with type, id, name, hwaddr, config".into(),
            Kind::Nics => "a list of network cards".into(),
        }
    }

    /// The value as it is sent; the place and the expectation when it does not fit.
    fn fit(self, value: &Json) -> std::result::Result<Json, Misfit> {
        let fits = match self {
            Kind::Text => value.is_string(),
            Kind::Filled => value.as_str().is_some_and(|text| !text.is_empty()),
            Kind::Int => value.is_i64(),
            Kind::Within(from, to) => value.as_i64().is_some_and(|i| (from..=to).contains(&i)),
            Kind::Bool => value.is_boolean(),
            Kind::Word(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Kind::Object => value.is_object(),
            Kind::Query => value.is_string() || value.is_i64(),
            Kind::Texts => return self.each(value, Kind::Text),
            Kind::Ints => return self.each(value, Kind::Int),
            Kind::Objects => return self.each(value, Kind::Object),
            Kind::Mixed => return self.each(value, Kind::Query),
            Kind::Nics => return self.each(value, Kind::Nic),
            Kind::TextMap => return self.values(value, Kind::Text),
            Kind::IntMap => return self.values(value, Kind::Int),
            Kind::Pairs => {
                let pair = |item: &Json| {
                    let item = item.as_array();
                    item.is_some_and(|pair| pair.len() == 2 && pair.iter().all(Json::is_string))
                };
                value.as_array().is_some_and(|list| list.iter().all(pair))
            }
            Kind::Source => match value {
                Json::Number(port) if value.is_i64() => return Ok(port.to_string().into()),
                value => value.is_string(),
            },
            Kind::Nic => return super::container::check_nic(value),
        };
        if fits {
            Ok(value.clone())
        } else {
            Err(Misfit::new(value, self.words()))
        }
    }

    fn each(self, value: &Json, item: Kind) -> std::result::Result<Json, Misfit> {
        let Some(list) = value.as_array() else {
            return Err(Misfit::new(value, self.words()));
        };
        let fitted = list.iter().enumerate().map(|(at, value)| {
            item.fit(value)
                .map_err(|misfit| misfit.below(&at.to_string()))
        });
        Ok(Json::Array(fitted.collect::<std::result::Result<_, _>>()?))
    }

    fn values(self, value: &Json, item: Kind) -> std::result::Result<Json, Misfit> {
        let Some(map) = value.as_object() else {
            return Err(Misfit::new(value, self.words()));
        };
        let fitted = map.iter().map(|(key, value)| {
            let value = item.fit(value).map_err(|misfit| misfit.below(key))?;
            Ok((key.clone(), value))
        });
        Ok(Json::Object(fitted.collect::<std::result::Result<_, _>>()?))
    }
}

/// A value that does not fit, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    place: String,
    value: Json,
    expected: String,
}

impl Misfit {
    /// A value, and what was expected instead.
    pub fn new(value: &Json, expected: impl Into<String>) -> Self {
        Misfit {
            place: String::new(),
            value: value.clone(),
            expected: expected.into(),
        }
    }

    /// The same inside an item or a key.
    pub fn below(mut self, key: &str) -> Self {
        self.place = format!("/{key}{}", self.place);
        self
    }

    fn error(self, call: &Call, argument: &str) -> Error {
        let place = format!("{argument}{}", self.place);
        Error::argument(call.method, place, &self.value, self.expected)
    }
}

/// What an argument is when it is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// It must be given.
    Required,
    /// `null`.
    Null,
    /// A text.
    Text(&'static str),
    /// A number.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// `{}`.
    EmptyObject,
    /// `[]`.
    EmptyList,
}

/// An argument of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Argument {
    /// Its name for a caller.
    pub name: &'static str,
    /// Its name on the wire.
    pub wire: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is when it is not given.
    pub default: Default,
    /// What it is for.
    pub doc: &'static str,
}

impl Argument {
    /// The same with another name on the wire.
    pub const fn sent_as(mut self, wire: &'static str) -> Self {
        self.wire = wire;
        self
    }
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Argument {
    optional(name, kind, Default::Required, doc)
}

const fn optional(name: &'static str, kind: Kind, default: Default, doc: &'static str) -> Argument {
    Argument {
        name,
        wire: name,
        kind,
        default,
        doc,
    }
}

/// What a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Nothing,
    /// A text.
    Text,
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// A list.
    List,
    /// An object.
    Object,
    /// An unfinished job, whose value is JSON.
    Job,
    /// An unfinished job, whose result is taken as it is.
    Result,
}

/// A command.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its name for a caller.
    pub method: &'static str,
    /// Its name on the wire.
    pub command: &'static str,
    /// Its arguments, in the order they are sent.
    pub arguments: &'static [Argument],
    /// Where it is known.
    pub scope: Scope,
    /// What it answers.
    pub answer: Answer,
    /// What it does: one sentence.
    pub doc: &'static str,
    /// Changes the object of arguments before it is sent.
    shape: Option<fn(Arguments) -> Json>,
    /// A command that is asked first with the same arguments, and the answer on which to go on.
    pub guard: Option<(&'static str, bool)>,
    /// One of these arguments must be given.
    one_of: &'static [&'static str],
}

impl Call {
    const fn new(
        scope: Scope,
        method: &'static str,
        command: &'static str,
        arguments: &'static [Argument],
        answer: Answer,
        doc: &'static str,
    ) -> Call {
        Call {
            method,
            command,
            arguments,
            scope,
            answer,
            doc,
            shape: None,
            guard: None,
            one_of: &[],
        }
    }

    const fn any(
        method: &'static str,
        command: &'static str,
        arguments: &'static [Argument],
        answer: Answer,
        doc: &'static str,
    ) -> Call {
        Call::new(Scope::Everywhere, method, command, arguments, answer, doc)
    }

    const fn node(
        method: &'static str,
        command: &'static str,
        arguments: &'static [Argument],
        answer: Answer,
        doc: &'static str,
    ) -> Call {
        Call::new(Scope::Node, method, command, arguments, answer, doc)
    }

    const fn shaped(mut self, shape: fn(Arguments) -> Json) -> Call {
        self.shape = Some(shape);
        self
    }

    const fn one_of(mut self, names: &'static [&'static str]) -> Call {
        self.one_of = names;
        self
    }

    const fn guarded(mut self, command: &'static str, go_on: bool) -> Call {
        self.guard = Some((command, go_on));
        self
    }

    /// The object that is sent, with all arguments in their order.
    ///
    /// # Errors
    /// An argument that is missing, not known, or does not fit.
    pub fn check(&self, given: &Arguments) -> Result<Json> {
        for (name, value) in given {
            if !self.arguments.iter().any(|argument| argument.name == name) {
                let known: Vec<&str> = self.arguments.iter().map(|a| a.name).collect();
                let expected = match known.is_empty() {
                    true => "no arguments".to_string(),
                    false => format!("only {}", known.join(", ")),
                };
                return Err(Error::argument(self.method, name, value, expected));
            }
        }
        let is_given = |name: &&str| given.get(*name).is_some_and(|value| !value.is_null());
        if let Some(first) = self.one_of.first()
            && !self.one_of.iter().any(is_given)
        {
            let expected = format!("at least one of {}", self.one_of.join(" and "));
            return Err(Error::argument(self.method, *first, &Json::Null, expected));
        }
        let mut object = Arguments::new();
        for argument in self.arguments {
            let value = match given.get(argument.name) {
                None | Some(Json::Null) => match argument.default {
                    Default::Required => {
                        let expected = argument.kind.words();
                        return Err(Error::argument(
                            self.method,
                            argument.name,
                            &Json::Null,
                            expected,
                        ));
                    }
                    Default::Null => Json::Null,
                    Default::Text(text) => text.into(),
                    Default::Int(number) => number.into(),
                    Default::Bool(flag) => flag.into(),
                    Default::EmptyObject => Json::Object(Arguments::new()),
                    Default::EmptyList => Json::Array(Vec::new()),
                },
                Some(value) => argument
                    .kind
                    .fit(value)
                    .map_err(|misfit| misfit.error(self, argument.name))?,
            };
            object.insert(argument.wire.into(), value);
        }
        Ok(match self.shape {
            Some(shape) => shape(object),
            None => Json::Object(object),
        })
    }
}

/// A manager: its name below a client, and its commands.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    /// Path below a client (`ip.link`).
    pub path: &'static str,
    /// What it is for: one sentence.
    pub doc: &'static str,
    /// Its commands.
    pub calls: &'static [Call],
}

/// All managers.
pub const MANAGERS: &[Manager] = &[
    system::INFO,
    system::JOB,
    system::PROCESS,
    system::FILESYSTEM,
    system::IP_LINK,
    system::IP_ADDR,
    system::IP_ROUTE,
    system::IP_BRIDGE,
    system::IP_BOND,
    containers::CONTAINER,
    node::BRIDGE,
    node::NFT,
    node::SOCAT,
    node::CGROUP,
    node::DISK,
    node::BTRFS,
    node::ZEROTIER,
    node::KVM,
    node::LOG_MANAGER,
    node::AGGREGATOR,
    node::RTINFO,
    node::WEB,
    node::CONFIG,
    node::POWER,
];

/// A command by the path of its manager and its method.
pub fn find(path: &str, method: &str) -> Option<&'static Call> {
    let manager = MANAGERS.iter().find(|manager| manager.path == path)?;
    manager.calls.iter().find(|call| call.method == method)
}
