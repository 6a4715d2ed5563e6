//! Signatures and help texts, made of the declarations.
use super::class::{ClassInfo, Obj};
use super::member::{Default, MemberInfo, MemberKind, ModelProperty, Needs, Param};
use super::print;

/// One parameter as in a signature: `name`, `seed=None`, `**data`.
pub fn parameter(param: &Param) -> String {
    match param.default {
        Default::Required => param.name.to_string(),
        Default::Rest => format!("**{}", param.name),
        Default::None => format!("{}=None", param.name),
        Default::Bool(b) => format!("{}={}", param.name, print::truth(b)),
        Default::Int(i) => format!("{}={i}", param.name),
        Default::Float(f) => format!("{}={}", param.name, print::float(f)),
        Default::Str(s) => format!("{}={}", param.name, print::quote(s)),
    }
}

/// `name(a, b=1, **data)`, or the bare name of a property or child.
pub fn signature(member: &MemberInfo) -> String {
    if member.kind != MemberKind::Method {
        return member.name.to_string();
    }
    let params: Vec<String> = member.params.iter().map(parameter).collect();
    format!("{}({})", member.name, params.join(", "))
}

/// The words for what a member needs, empty when nothing.
pub fn needs(member: &MemberInfo) -> String {
    let mut words = Vec::new();
    for (need, word) in [
        (Needs::NETWORK, "asks the network"),
        (Needs::UNLOCKED, "needs the store unlocked"),
        (Needs::MONEY, "signs or moves money"),
        (Needs::SAVES, "writes to the store"),
    ] {
        if member.needs.has(need) {
            words.push(word);
        }
    }
    words.join(", ")
}

/// Help of a member: signature, doc, parameters, result, what it needs, an example.
pub fn member(member: &MemberInfo) -> String {
    let mut out = format!("{}\n\n{}\n", signature(member), member.doc.trim_end());
    let width = member
        .params
        .iter()
        .map(|p| p.name.len())
        .max()
        .unwrap_or(0);
    if !member.params.is_empty() {
        out.push('\n');
    }
    for param in member.params {
        let secret = if param.secret { " (secret)" } else { "" };
        out.push_str(&format!(
            "  {:<width$}  {}: {}{secret}\n",
            param.name,
            param.ty.name(),
            param.doc
        ));
    }
    if !matches!(member.result, super::member::Ty::Nothing) {
        out.push_str(&format!("\nanswers: {}\n", member.result.name()));
    }
    let needs = needs(member);
    if !needs.is_empty() {
        out.push_str(&format!("\n{needs}\n"));
    }
    if !member.example.is_empty() {
        out.push_str("\nexample:\n");
        for line in member.example.lines() {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

/// Help of a class: its doc and one line per member.
pub fn class(class: &ClassInfo) -> String {
    class_with(class, &(class.model)())
}

/// Help of an object: that of its class, with the stored properties the object has.
pub fn object(object: &Obj) -> String {
    class_with(&object.class(), &object.properties())
}

fn class_with(class: &ClassInfo, model: &[ModelProperty]) -> String {
    let mut out = format!("{}\n", class.doc.trim_end());
    if !model.is_empty() {
        out.push_str("\ndata:\n");
        let width = model.iter().map(|p| p.name.len()).max().unwrap_or(0);
        for property in model {
            let mut line = format!("  {:<width$}  {}", property.name, property.type_name);
            if !property.default.is_empty() {
                line.push_str(&format!(", default {}", property.default));
            }
            if property.secret {
                line.push_str(" (secret)");
            }
            if !property.comment.is_empty() {
                line.push_str(&format!(": {}", property.comment));
            }
            out.push_str(&line);
            out.push('\n');
        }
    }
    let mut members = (class.members)();
    members.sort_by_key(|m| (m.kind, m.name));
    for (kind, title) in [
        (MemberKind::Child, "children"),
        (MemberKind::Method, "methods"),
        (MemberKind::Property, "properties"),
    ] {
        let of: Vec<_> = members.iter().filter(|m| m.kind == kind).collect();
        if of.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{title}:\n"));
        for member in of {
            let first = member.doc.lines().next().unwrap_or_default();
            out.push_str(&format!("  {}\n      {first}\n", signature(member)));
        }
    }
    out
}

/// Help of a stored property: type, default, comment.
pub fn model(property: &super::member::ModelProperty) -> String {
    let mut out = format!("{}\n\n{}", property.name, property.type_name);
    if !property.default.is_empty() {
        out.push_str(&format!(", default {}", property.default));
    }
    if property.secret {
        out.push_str(" (secret)");
    }
    out.push('\n');
    if !property.comment.is_empty() {
        out.push_str(&format!("{}\n", property.comment));
    }
    if !property.accepts.is_empty() {
        out.push_str(&format!("\naccepts: {}\n", property.accepts));
    }
    out
}

/// The parameters still to give, for the grey hint inside a call: after `given` positional
/// arguments and without the keywords in `named`.
pub fn remaining(member: &MemberInfo, given: usize, named: &[&str]) -> String {
    member
        .params
        .iter()
        .enumerate()
        .filter(|(i, p)| p.default == Default::Rest || (*i >= given && !named.contains(&p.name)))
        .map(|(_, p)| parameter(p))
        .collect::<Vec<_>>()
        .join(", ")
}
