//! Packages on a hub. The client is asked by the names of its members, so that whatever has these
//! members can be one.
use std::path::Path;

use crate::flist::Tree;
use crate::object::{Error, Kind, Obj, Result, Value};

/// The stored client that is meant where none is named.
const MAIN: &str = "main";

fn call(object: &Obj, member: &str, args: Vec<Value>) -> Result<Value> {
    object
        .clone()
        .invoke(member, args, Vec::new())
        .unwrap_or_else(|| {
            let name = object.class().name;
            Err(Error::type_error(format!(
                "'{name}' is no client of a hub: it has no {member}()"
            )))
        })
}

/// The client `main` of the hub.
///
/// # Errors
/// When there is none.
pub fn main(clients: &Obj) -> Result<Obj> {
    let missing = || {
        Error::new(Kind::NotFound, "cannot find main zhub client")
            .hint("make it: j.clients.zhub.new('main'), or name one: zhub_client=…")
    };
    let Ok(Value::Object(hubs)) = call(clients, "zhub", Vec::new()) else {
        return Err(missing());
    };
    match hubs.child_names().iter().any(|name| name == MAIN) {
        true => match hubs.child(MAIN)? {
            Some(Value::Object(client)) => Ok(client),
            _ => Err(missing()),
        },
        false => Err(missing()),
    }
}

/// Uploads a package, and merges it over another flist if one is named. Answers what the hub does.
///
/// # Errors
/// When the hub cannot be reached or refuses.
pub fn publish(client: &Obj, name: &str, package: &Path, base: &str) -> Result<Value> {
    let folder = Value::Str(package.display().to_string());
    let uploaded = call(
        client,
        "sandbox_upload",
        vec![Value::Str(name.into()), folder],
    )?;
    if base.is_empty() {
        return Ok(uploaded);
    }
    let unknown = || Error::new(Kind::Network, "the hub does not say where the flist is");
    let Value::Object(published) = &uploaded else {
        return Err(unknown());
    };
    let Value::Str(url) = call(published, "url", Vec::new())? else {
        return Err(unknown());
    };
    // The last two parts of the address are the account and the name.
    let mut parts = url.rsplit('/');
    let (Some(file), Some(user)) = (parts.next(), parts.next()) else {
        return Err(unknown());
    };
    let short = base
        .strip_suffix(".flist")
        .unwrap_or(base)
        .replace('/', "_");
    let target = Value::Str(format!("{name}_merged_{short}"));
    let sources = [format!("{user}/{file}"), base.to_owned()].map(Value::Str);
    call(client, "merge", vec![target, Value::List(sources.into())])
}

/// Files of a package belong to root, whoever made it.
pub fn give_to_root(tree: &mut Tree) {
    let all: Vec<Vec<u8>> = tree.iter().map(|(at, _)| at.to_vec()).collect();
    for location in all {
        if let Some(node) = tree.get_mut(&location) {
            node.meta.user = "root".into();
            node.meta.group = "root".into();
            node.meta.uid = Some(0);
            node.meta.gid = Some(0);
        }
    }
}
