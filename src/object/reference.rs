//! The printed reference: Markdown of every class that can be reached from a root.
use super::class::ClassInfo;
use super::help;
use super::member::{MemberKind, Ty};

/// Markdown of all classes reachable from `root`, whose path in the tree is `path`.
pub fn markdown(root: ClassInfo, path: &str) -> String {
    let mut seen: Vec<&'static str> = Vec::new();
    let mut queue = std::collections::VecDeque::from([(root, path.to_string())]);
    let mut out = String::from("# Reference\n");
    while let Some((class, path)) = queue.pop_front() {
        if seen.contains(&class.name) {
            continue;
        }
        seen.push(class.name);
        section(&mut out, &class, &path);
        if let Some(instances) = class.instances {
            queue.push_back((instances(), format!("{path}.<name>")));
        }
        let mut members = (class.members)();
        members.sort_by_key(|m| (m.kind, m.name));
        for member in members {
            if let Ty::Object(result) = member.result {
                let call = if member.kind == MemberKind::Method {
                    "(…)"
                } else {
                    ""
                };
                queue.push_back((result(), format!("{path}.{}{call}", member.name)));
            }
        }
    }
    out
}

fn section(out: &mut String, class: &ClassInfo, path: &str) {
    out.push_str(&format!("\n## `{path}`\n\n{}\n", class.doc.trim_end()));
    let model = (class.model)();
    if !model.is_empty() {
        out.push_str("\n| data | type | default | |\n|---|---|---|---|\n");
        for p in model {
            let secret = if p.secret { "secret. " } else { "" };
            out.push_str(&format!(
                "| `{}` | {} | {} | {secret}{} |\n",
                p.name, p.type_name, p.default, p.comment
            ));
        }
    }
    let mut members = (class.members)();
    members.sort_by_key(|m| (m.kind, m.name));
    for member in members {
        out.push_str(&format!(
            "\n### `{}`\n\n{}\n",
            help::signature(member),
            member.doc.trim_end()
        ));
        if !member.params.is_empty() {
            out.push('\n');
        }
        for param in member.params {
            let secret = if param.secret { " (secret)" } else { "" };
            out.push_str(&format!(
                "- `{}`: {}, {}{secret}\n",
                param.name,
                param.ty.name(),
                param.doc
            ));
        }
        if !matches!(member.result, Ty::Nothing) {
            out.push_str(&format!("\nAnswers: {}\n", member.result.name()));
        }
        let needs = help::needs(member);
        if !needs.is_empty() {
            out.push_str(&format!("\nThis {needs}.\n"));
        }
        if !member.example.is_empty() {
            out.push_str(&format!("\n```\n{}\n```\n", member.example.trim_end()));
        }
    }
}
