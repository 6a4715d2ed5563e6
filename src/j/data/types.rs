//! `j.data.types`: every type by name, with what it accepts and the forms it has.
use std::sync::Arc;

use super::value::{from_tree, to_tree};
use crate::j::world::World;
use crate::object::{
    Args, Class, Default, Kind, Member, Paint, Param, Result, Ty, Value, class_of, similar,
};
use crate::schema::{self, Context, Type};

/// `j.data.types`.
pub struct TypeFactory {
    context: Arc<Context>,
}

impl TypeFactory {
    /// The node of the tree.
    pub fn open(world: &Arc<World>) -> Arc<TypeFactory> {
        Arc::new(TypeFactory {
            context: world.schemas().clone(),
        })
    }

    fn named(&self, code: &str) -> Result<Value> {
        Ok(self.value(Type::from_code(code, None, None)?))
    }

    fn value(&self, kind: Type) -> Value {
        Value::object(TypeValue {
            kind,
            context: self.context.clone(),
        })
    }

    fn get(&self, args: &Args) -> Result<Value> {
        let code = args.text("code");
        let url = args.opt_text("url").map(String::from);
        let kind = Type::from_code(code, args.opt_text("default"), url).map_err(|error| {
            let known = Self::MEMBERS.iter().flat_map(|table| table.iter());
            similar::hinted(error.into(), code, known.map(|member| member.info.name))
        })?;
        Ok(self.value(kind))
    }
}

impl Class for TypeFactory {
    const NAME: &'static str = "types";
    const DOC: &'static str = "The types of properties: what they accept and how they are written.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        TYPES,
        &[Member::method(
            "get",
            &[
                Param::required(
                    "code",
                    Ty::Str,
                    "a code of schema texts: 's', 'numeric', 'li', …",
                ),
                Param::optional(
                    "default",
                    Ty::Str,
                    Default::None,
                    "the choices of an enum, with commas",
                ),
                Param::optional("url", Ty::Str, Default::None, "the schema of an object"),
            ],
            Ty::Object(class_of::<TypeValue>),
            "Answers the type of a code.",
            "j.data.types.get('e', 'red,green')",
            |this: &Arc<TypeFactory>, args| this.get(args),
        )],
    ];

    fn location(&self) -> String {
        "j.data.types".into()
    }
}

/// The types that need nothing but their name.
const TYPES: &[Member<TypeFactory>] = &[
    Member::child(
        "string",
        class_of::<TypeValue>,
        "Text.",
        "j.data.types.string",
        |this: &Arc<TypeFactory>, _| this.named("s"),
    ),
    Member::child(
        "multiline",
        class_of::<TypeValue>,
        "Text with line breaks.",
        "j.data.types.multiline",
        |this: &Arc<TypeFactory>, _| this.named("multiline"),
    ),
    Member::child(
        "int",
        class_of::<TypeValue>,
        "Whole number of 32 bits.",
        "j.data.types.int",
        |this: &Arc<TypeFactory>, _| this.named("i"),
    ),
    Member::child(
        "float",
        class_of::<TypeValue>,
        "Number with a point.",
        "j.data.types.float",
        |this: &Arc<TypeFactory>, _| this.named("f"),
    ),
    Member::child(
        "bool",
        class_of::<TypeValue>,
        "True or False.",
        "j.data.types.bool",
        |this: &Arc<TypeFactory>, _| this.named("b"),
    ),
    Member::child(
        "percent",
        class_of::<TypeValue>,
        "Part of one: 50% is 0.5.",
        "j.data.types.percent",
        |this: &Arc<TypeFactory>, _| this.named("p"),
    ),
    Member::child(
        "date",
        class_of::<TypeValue>,
        "Day; its value is seconds since 1970.",
        "j.data.types.date",
        |this: &Arc<TypeFactory>, _| this.named("d"),
    ),
    Member::child(
        "datetime",
        class_of::<TypeValue>,
        "Day and time; its value is seconds since 1970.",
        "j.data.types.datetime",
        |this: &Arc<TypeFactory>, _| this.named("t"),
    ),
    Member::child(
        "duration",
        class_of::<TypeValue>,
        "Time span; its value is seconds.",
        "j.data.types.duration",
        |this: &Arc<TypeFactory>, _| this.named("duration"),
    ),
    Member::child(
        "numeric",
        class_of::<TypeValue>,
        "Number with a currency.",
        "j.data.types.numeric",
        |this: &Arc<TypeFactory>, _| this.named("n"),
    ),
    Member::child(
        "email",
        class_of::<TypeValue>,
        "Email address.",
        "j.data.types.email",
        |this: &Arc<TypeFactory>, _| this.named("email"),
    ),
    Member::child(
        "tel",
        class_of::<TypeValue>,
        "Telephone number.",
        "j.data.types.tel",
        |this: &Arc<TypeFactory>, _| this.named("tel"),
    ),
    Member::child(
        "ipaddr",
        class_of::<TypeValue>,
        "IPv4 or IPv6 address.",
        "j.data.types.ipaddr",
        |this: &Arc<TypeFactory>, _| this.named("ipaddr"),
    ),
    Member::child(
        "iprange",
        class_of::<TypeValue>,
        "Address with the length of its prefix.",
        "j.data.types.iprange",
        |this: &Arc<TypeFactory>, _| this.named("iprange"),
    ),
    Member::child(
        "ipport",
        class_of::<TypeValue>,
        "Port, 1 to 65535.",
        "j.data.types.ipport",
        |this: &Arc<TypeFactory>, _| this.named("ipport"),
    ),
    Member::child(
        "guid",
        class_of::<TypeValue>,
        "Random id (uuid version 4).",
        "j.data.types.guid",
        |this: &Arc<TypeFactory>, _| this.named("guid"),
    ),
    Member::child(
        "url",
        class_of::<TypeValue>,
        "Url or host name.",
        "j.data.types.url",
        |this: &Arc<TypeFactory>, _| this.named("u"),
    ),
    Member::child(
        "path",
        class_of::<TypeValue>,
        "Path of a file.",
        "j.data.types.path",
        |this: &Arc<TypeFactory>, _| this.named("path"),
    ),
    Member::child(
        "bytes",
        class_of::<TypeValue>,
        "Bytes, written as base64.",
        "j.data.types.bytes",
        |this: &Arc<TypeFactory>, _| this.named("bytes"),
    ),
    Member::child(
        "hash",
        class_of::<TypeValue>,
        "Pair of whole numbers.",
        "j.data.types.hash",
        |this: &Arc<TypeFactory>, _| this.named("h"),
    ),
    Member::child(
        "dict",
        class_of::<TypeValue>,
        "Map with text keys.",
        "j.data.types.dict",
        |this: &Arc<TypeFactory>, _| this.named("dict"),
    ),
    Member::child(
        "yaml",
        class_of::<TypeValue>,
        "Text that is YAML.",
        "j.data.types.yaml",
        |this: &Arc<TypeFactory>, _| this.named("yaml"),
    ),
    Member::child(
        "json",
        class_of::<TypeValue>,
        "Text that is JSON.",
        "j.data.types.json",
        |this: &Arc<TypeFactory>, _| this.named("json"),
    ),
    Member::child(
        "list",
        class_of::<TypeValue>,
        "List of texts; lists of other types: j.data.types.get('li').",
        "j.data.types.list",
        |this: &Arc<TypeFactory>, _| this.named("l"),
    ),
];

/// A type: what it accepts, and the forms of a value.
pub struct TypeValue {
    kind: Type,
    context: Arc<Context>,
}

const INPUT: &[Param] = &[Param::required(
    "value",
    Ty::Any("any"),
    "a value in any form",
)];

impl TypeValue {
    fn convert(&self, args: &Args) -> Result<schema::Value> {
        Ok(self
            .kind
            .clean(&from_tree(args.get("value"))?, &self.context)?)
    }
}

impl Class for TypeValue {
    const NAME: &'static str = "type";
    const DOC: &'static str = "A type of properties.\n\
        A value has four forms: clean (as it is kept), hr (in printed objects), string (short text)\n\
        and repl (as the prompt prints it).";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "j.data.types.int.name",
            |this, _| Ok(this.kind.describe().into_owned().into()),
        ),
        Member::property(
            "accepts",
            Ty::Str,
            "The forms it accepts.",
            "j.data.types.date.accepts",
            |this, _| Ok(this.kind.accepts().into_owned().into()),
        ),
        Member::method(
            "default",
            &[],
            Ty::Any("any"),
            "Answers the value of a property without default.",
            "j.data.types.int.default()",
            |this, _| {
                let empty = this.kind.clean(&schema::Value::Null, &this.context)?;
                Ok(to_tree(&empty, &this.context))
            },
        ),
        Member::method(
            "check",
            INPUT,
            Ty::Bool,
            "True when it accepts a value.",
            "j.data.types.email.check('ada@example.com')",
            |this, args| match this.convert(args) {
                Ok(_) => Ok(true.into()),
                Err(error) if error.kind == Kind::Value => Ok(false.into()),
                Err(error) => Err(error),
            },
        ),
        Member::method(
            "clean",
            INPUT,
            Ty::Any("any"),
            "Accepts a value and answers it as it is kept.",
            "j.data.types.date.clean('18/04/1980')",
            |this, args| Ok(to_tree(&this.convert(args)?, &this.context)),
        ),
        Member::method(
            "hr",
            INPUT,
            Ty::Any("any"),
            "Answers the form in printed objects.",
            "j.data.types.date.hr('18/04/1980')",
            |this, args| {
                let human = this.kind.human(&this.convert(args)?, &this.context);
                Ok(to_tree(&human, &this.context))
            },
        ),
        Member::method(
            "string",
            INPUT,
            Ty::Str,
            "Answers the short text.",
            "j.data.types.list.string('a,b')",
            |this, args| {
                Ok(this
                    .kind
                    .compact(&this.convert(args)?, &this.context)
                    .into())
            },
        ),
        Member::method(
            "repl",
            INPUT,
            Ty::Str,
            "Answers what the prompt prints for the bare value.",
            "j.data.types.numeric.repl('10k GBP')",
            |this, args| Ok(this.kind.prompt(&this.convert(args)?, &this.context).into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("{}: {}", self.kind.describe(), self.kind.accepts())
    }
    fn inline(&self) -> String {
        format!("<type {}>", self.kind.describe())
    }
    fn to_json(&self) -> serde_json::Value {
        self.kind.describe().into()
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast::<TypeValue>()
            .is_some_and(|other| other.kind == self.kind)
    }
}
