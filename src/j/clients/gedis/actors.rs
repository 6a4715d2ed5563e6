//! Actors of a gedis server. Methods whose schemas are known here go in Cap'n Proto, all others in
//! JSON.
use std::sync::Arc;

use indexmap::IndexMap;

use super::GedisServer;
use crate::grid::gedis::{Answer, Api, FieldKind, GedisError, Schema, Value as Field};
use crate::grid::notary::{GET, HASH, REGISTER, STORED, register_schema};
use crate::object::{Class, Error, Member, Needs, Paint, Param, Peek, Result, Ty, Value, class_of};
use crate::tfchain::explorer::ServerText;

/// The actors of a server.
pub struct Actors {
    server: Arc<GedisServer>,
}

impl Actors {
    /// Those of a server.
    pub fn of(server: &Arc<GedisServer>) -> Self {
        Actors {
            server: server.clone(),
        }
    }
}

impl Class for Actors {
    const NAME: &'static str = "gedis_actors";
    const DOC: &'static str = "The actors of a gedis server, by name.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "list",
            &[],
            Ty::List,
            "Asks the server for the names of its actors.",
            "j.clients.gedis.tfnotary.actors.list()",
            |this: &Arc<Actors>, _| {
                let server = &this.server;
                let client = server.client();
                let namespace = server.namespace();
                let asked = client.actors(&namespace);
                let names = server.world().block_on(asked)??;
                Ok(names.into_iter().map(Value::Str).collect())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "methods",
            &[],
            Ty::Dict,
            "Asks the server what its actors can do: by actor and method, the arguments, and the\n\
         schemas of what it takes and answers.",
            "j.clients.gedis.tfnotary.actors.methods()",
            |this: &Arc<Actors>, _| {
                let server = &this.server;
                let (client, namespace) = (server.client(), server.namespace());
                let actors = server.world().block_on(client.meta(&namespace))??;
                let all = actors
                    .iter()
                    .map(|api| (shown_text(&api.name), methods(api)));
                Ok(Value::Map(all.collect()))
            },
        )
        .needs(Needs::NETWORK),
    ]];
    const INSTANCES: Option<fn() -> crate::object::ClassInfo> = Some(class_of::<Actor>);

    fn location(&self) -> String {
        format!("{}.actors", Class::location(&*self.server))
    }
    fn peek_child(&self, _name: &str) -> Option<Peek> {
        Some(Peek::Class(class_of::<Actor>()))
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        Ok(Some(Value::object(Actor {
            server: self.server.clone(),
            name: name.to_owned(),
        })))
    }
}

fn shown_text(text: &str) -> String {
    ServerText::new(text).to_string()
}

/// The methods of an actor, with the texts of their schemas.
fn methods(api: &Api) -> Value {
    let schema = |url: &str| {
        let lines = api.schema(url).map_or("", |schema| schema.content.trim());
        let lines: Vec<String> = lines.lines().map(shown_text).collect();
        Value::Str(lines.join("\n"))
    };
    let all = api.methods.iter().map(|method| {
        let args = method.args.iter().map(|name| Value::Str(shown_text(name)));
        let facts = [
            ("comment", Value::Str(shown_text(&method.comment))),
            ("args", args.collect()),
            ("takes", schema(&method.takes)),
            ("answers", schema(&method.answers)),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), value));
        (
            shown_text(&method.name),
            Value::Map(facts.into_iter().collect()),
        )
    });
    Value::Map(all.collect())
}

/// An actor.
pub struct Actor {
    server: Arc<GedisServer>,
    name: String,
}

impl Class for Actor {
    const NAME: &'static str = "gedis_actor";
    const DOC: &'static str = "An actor of a gedis server; its methods are called by name.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "run",
        &[
            Param::required("method", Ty::Str, "name of the method"),
            Param::rest("data", "its fields"),
        ],
        Ty::Any("any"),
        "Calls a method with its fields as keywords. `actor.method(…)` does the same with the\n\
         fields in their order, or with one dict.",
        "r = w.capacity.reserve_reverse_proxy('user@mail.com', 'your3bot.fancyname', 'my.example.org', 'http://10.244.1.2:8080')\n\
             j.clients.gedis.tfnotary.actors.notary_actor.run('get', hash=w.capacity.list()[0].hash)",
        |this: &Arc<Actor>, args| {
            let fields = args.rest().iter().cloned().collect();
            this.call(args.text("method"), Some(fields))
        },
    )
    .needs(Needs::NETWORK)]];

    fn location(&self) -> String {
        format!("{}.actors.{}", Class::location(&*self.server), self.name)
    }
    fn model_get(&self, name: &str) -> Option<Value> {
        let (actor, method) = (self.twin(), name.to_owned());
        Some(Value::Function(Arc::new(move |values| {
            actor.call_positional(&method, values)
        })))
    }
    fn repr(&self, _paint: Paint) -> String {
        format!("{} on {}", self.name, self.server.client().address())
    }
}

impl Actor {
    fn twin(&self) -> Actor {
        Actor {
            server: self.server.clone(),
            name: self.name.clone(),
        }
    }

    fn command(&self, method: &str) -> Result<String> {
        let namespace = self.server.namespace();
        let sound = |part: &str| !part.is_empty() && !part.contains(['.', ' ', '\r', '\n']);
        if ![&namespace, &self.name, method]
            .iter()
            .all(|part| sound(part))
        {
            let name = format!("{}.{method}", self.name);
            return Err(GedisError::Name(name).into());
        }
        Ok(format!("{namespace}.{}.{method}", self.name))
    }

    fn call_positional(&self, method: &str, values: Vec<Value>) -> Result<Value> {
        let command = self.command(method)?;
        if let [Value::Map(fields)] = values.as_slice() {
            return self.call(method, Some(fields.clone()));
        }
        let Some((input, _)) = known(&command) else {
            if values.is_empty() {
                return self.call(method, None);
            }
            return Err(Error::type_error(format!(
                "the fields of {command} are not known here: give them as one dict, or as \
                 keywords of run('{method}', …)"
            )));
        };
        if values.len() > input.fields.len() {
            return Err(Error::type_error(format!(
                "{method}() takes {} positional arguments but {} were given",
                input.fields.len(),
                values.len()
            )));
        }
        let names = input.fields.iter().map(|field| field.name.to_owned());
        self.call(method, Some(names.zip(values).collect()))
    }

    fn call(&self, method: &str, fields: Option<IndexMap<String, Value>>) -> Result<Value> {
        let command = self.command(method)?;
        let (world, client) = (self.server.world(), self.server.client());
        if let Some((input, output)) = known(&command) {
            let values = values(input, fields.unwrap_or_default())?;
            let answer = world.block_on(client.call(&command, input, &values, output))??;
            return Ok(shown_fields(output, answer));
        }
        let json = fields.map(|fields| Value::Map(fields).to_json().to_string());
        let asked = client.call_json(&command, json.as_deref());
        Ok(shown(world.block_on(asked)??))
    }
}

/// What the methods take and answer whose schemas are known here.
fn known(command: &str) -> Option<(&'static Schema, &'static Schema)> {
    match command {
        REGISTER => Some((register_schema(), &HASH)),
        GET => Some((&HASH, &STORED)),
        _ => None,
    }
}

/// The schemas that are known here.
pub fn schemas() -> Value {
    let words = |schema: &Schema| -> Value {
        let mut fields: IndexMap<String, Value> = IndexMap::new();
        for field in schema.fields {
            let kind = match field.kind {
                FieldKind::Text => "str",
                FieldKind::Data => "bytes",
            };
            fields.insert(field.name.to_owned(), kind.into());
        }
        let mut both: IndexMap<String, Value> = IndexMap::new();
        both.insert("md5".into(), hex::encode(schema.md5).into());
        both.insert("fields".into(), fields.into());
        both.into()
    };
    let mut all: IndexMap<String, Value> = IndexMap::new();
    for command in [REGISTER, GET] {
        if let Some((input, output)) = known(command) {
            let mut sides: IndexMap<String, Value> = IndexMap::new();
            sides.insert("in".into(), words(input));
            sides.insert("out".into(), words(output));
            all.insert(command.to_owned(), sides.into());
        }
    }
    all.into()
}

fn values(schema: &Schema, mut given: IndexMap<String, Value>) -> Result<Vec<Field>> {
    let mut values = Vec::new();
    for field in schema.fields {
        let value = given.swap_remove(field.name).unwrap_or_default();
        values.push(match (field.kind, value) {
            (FieldKind::Text, Value::None) => Field::Text(String::new()),
            (FieldKind::Data, Value::None) => Field::Data(Vec::new()),
            (FieldKind::Text, Value::Str(text)) => Field::Text(text),
            (FieldKind::Text, Value::Int(number)) => Field::Text(number.to_string()),
            (FieldKind::Data, Value::Bytes(bytes)) => Field::Data(bytes),
            (FieldKind::Data, Value::Str(text)) => Field::Data(text.into_bytes()),
            (kind, other) => {
                let wanted = match kind {
                    FieldKind::Text => "a text",
                    FieldKind::Data => "bytes",
                };
                return Err(Error::type_error(format!(
                    "'{}' is {wanted}, not {}",
                    field.name,
                    other.type_name()
                )));
            }
        });
    }
    if let Some((name, _)) = given.first() {
        let known = schema.fields.iter().map(|field| field.name);
        let error = Error::type_error(format!("there is no field '{name}'"));
        return Err(crate::object::similar::hinted(error, name, known));
    }
    Ok(values)
}

fn shown_fields(schema: &Schema, values: Vec<Field>) -> Value {
    let fields = schema.fields.iter().zip(values).map(|(field, value)| {
        let value = match value {
            Field::Text(text) => Value::Str(ServerText::new(&text).to_string()),
            Field::Data(bytes) => Value::Bytes(bytes),
        };
        (field.name.to_owned(), value)
    });
    Value::Map(fields.collect())
}

/// JSON becomes what it says; other texts are cleaned, what is no text stays bytes.
fn shown(answer: Answer) -> Value {
    match answer {
        Answer::Nil => Value::None,
        Answer::Integer(number) => Value::Int(number),
        Answer::List(list) => list.into_iter().map(shown).collect(),
        Answer::Bytes(bytes) => match serde_json::from_slice(&bytes) {
            Ok(json) => Value::from_json(&json),
            Err(_) => match String::from_utf8(bytes) {
                Ok(text) => Value::Str(ServerText::new(&text).to_string()),
                Err(error) => Value::Bytes(error.into_bytes()),
            },
        },
    }
}
