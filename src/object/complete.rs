//! What Tab offers for an object or a class, in the four groups of the shell.
//!
//! Nothing here creates or loads an instance, reads a computed property, or does I/O.
use super::class::{ClassInfo, Obj, Peek};
use super::help;
use super::member::{Default, MemberInfo, MemberKind, ModelProperty, Ty};

/// The group of a candidate; the order is the order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Names of instances and child factories (green).
    Child,
    /// Stored properties (yellow).
    Model,
    /// Methods (blue).
    Method,
    /// Computed properties (grey).
    Property,
}

/// One thing that can stand after the dot.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its group.
    pub group: Group,
    /// Its name.
    pub name: String,
    /// What is inserted: the name, for methods with `(`.
    pub insert: String,
    /// Signature or type, for the list.
    pub detail: String,
    /// First line of its doc.
    pub doc: String,
}

/// A place in the tree, without evaluating anything: an object, or only its class.
#[derive(Clone)]
pub enum Place {
    /// An object in memory.
    Object(Obj),
    /// A class whose object is not there (stored, or the result of a call).
    Class(ClassInfo),
}

impl Place {
    /// The class of what is here.
    pub fn class(&self) -> ClassInfo {
        match self {
            Place::Object(object) => object.class(),
            Place::Class(class) => *class,
        }
    }

    /// The stored properties of what is here.
    pub fn properties(&self) -> Vec<ModelProperty> {
        match self {
            Place::Object(object) => object.properties(),
            Place::Class(class) => (class.model)(),
        }
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&'static MemberInfo> {
        match self {
            Place::Object(object) => object.member(name),
            Place::Class(class) => (class.members)().into_iter().find(|m| m.name == name),
        }
    }

    /// The place one name further, if it can be told without evaluating, creating or loading.
    pub fn step(&self, name: &str) -> Option<Place> {
        let class = match self.member(name) {
            Some(member) if member.kind == MemberKind::Child => {
                if let Place::Object(object) = self
                    && let Some(Ok(super::Value::Object(child))) =
                        object.clone().invoke(name, Vec::new(), Vec::new())
                {
                    return Some(Place::Object(child));
                }
                member.result
            }
            Some(member) => member.result,
            None => {
                if let Place::Object(object) = self {
                    match object.peek_child(name) {
                        Some(Peek::Object(child)) => return Some(Place::Object(child)),
                        Some(Peek::Class(class)) => return Some(Place::Class(class)),
                        None => {}
                    }
                }
                // A name that is not there yet would be created: show what it would be.
                return self.class().instances.map(|class| Place::Class(class()));
            }
        };
        match class {
            Ty::Object(class) => Some(Place::Class(class())),
            _ => None,
        }
    }

    /// Everything that can stand after the dot and starts with `prefix`, in order.
    ///
    /// Names with a leading underscore are left out unless the prefix has one.
    pub fn candidates(&self, prefix: &str) -> Vec<Candidate> {
        let wanted = |name: &str| {
            name.starts_with(prefix)
                && if prefix.starts_with("__") {
                    true
                } else if prefix.starts_with('_') {
                    !name.starts_with("__")
                } else {
                    !name.starts_with('_')
                }
        };
        let class = self.class();
        let mut out = Vec::new();
        if let Place::Object(object) = self {
            let doc = class
                .instances
                .map(|class| first_line(class().doc))
                .unwrap_or_default();
            for name in object.child_names().into_iter().filter(|name| wanted(name)) {
                out.push(Candidate {
                    group: Group::Child,
                    insert: name.clone(),
                    detail: String::new(),
                    doc: doc.clone(),
                    name,
                });
            }
        }
        let members = (class.members)();
        let of = |kind: MemberKind, group: Group| {
            let mut found: Vec<Candidate> = members
                .iter()
                .filter(|m| m.kind == kind && wanted(m.name))
                .map(|m| Candidate {
                    group,
                    name: m.name.into(),
                    insert: match kind {
                        MemberKind::Method => format!("{}(", m.name),
                        _ => m.name.into(),
                    },
                    detail: help::signature(m),
                    doc: first_line(m.doc),
                })
                .collect();
            found.sort_by(|a, b| a.name.cmp(&b.name));
            found
        };
        out.extend(of(MemberKind::Child, Group::Child));
        for property in self.properties().into_iter().filter(|p| wanted(&p.name)) {
            out.push(Candidate {
                group: Group::Model,
                insert: property.name.clone(),
                detail: property.type_name,
                doc: property.comment,
                name: property.name,
            });
        }
        out.extend(of(MemberKind::Method, Group::Method));
        out.extend(of(MemberKind::Property, Group::Property));
        out
    }

    /// Keyword names a call of `method` still takes, with what each is.
    pub fn keywords(&self, method: &str, given: usize, named: &[&str]) -> Vec<Candidate> {
        let Some(member) = self.member(method) else {
            return Vec::new();
        };
        let mut out: Vec<Candidate> = member
            .params
            .iter()
            .enumerate()
            .filter(|(i, p)| p.default != Default::Rest && *i >= given && !named.contains(&p.name))
            .map(|(_, p)| Candidate {
                group: Group::Property,
                name: p.name.into(),
                insert: format!("{}=", p.name),
                detail: p.ty.name(),
                doc: first_line(p.doc),
            })
            .collect();
        let takes_data = member.params.iter().any(|p| p.default == Default::Rest);
        if let (true, Some(class)) = (takes_data, self.class().instances) {
            for property in (class().model)() {
                let taken = member.params.iter().any(|p| p.name == property.name);
                if !taken && !named.contains(&property.name.as_str()) {
                    out.push(Candidate {
                        group: Group::Model,
                        insert: format!("{}=", property.name),
                        detail: property.type_name,
                        doc: property.comment,
                        name: property.name,
                    });
                }
            }
        }
        out
    }
}

fn first_line(doc: &str) -> String {
    doc.lines().next().unwrap_or_default().to_string()
}
