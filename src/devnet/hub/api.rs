//! The interface for programs, below `/api`.
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::form::{Form, KEEP_CMD};
use super::reply::{self, Refusal, json, success};
use super::shelf::{Item, ItemKind};
use super::work::Done;
use super::{Hub, names};
use crate::devnet::http;
use crate::flist::{Kind, Tree};

type Answered = Result<Response, Refusal>;

impl Hub {
    /// Answers a request below `/api`; `path` are the parts behind it.
    pub(super) async fn api(self: &Arc<Self>, path: &[&str], request: Request) -> Response {
        let method = request.method().clone();
        let read = method == Method::GET || method == Method::HEAD;
        let answered = match path {
            ["repositories"] if read => self.repositories(),
            ["fileslist"] if read => self.fileslist(),
            ["flist"] if read => self.flists(),
            ["flist", "me", rest @ ..] => return self.me(rest, request).await,
            ["flist", user] if read => match self.shelf.list(user) {
                Ok(Some(items)) => Ok(json(&rows(&items))),
                Ok(None) => return reply::bare(StatusCode::NOT_FOUND, "There is no such user."),
                Err(e) => Err(e.into()),
            },
            ["flist", user, flist, "light"] if read => return self.info(user, flist).await,
            ["flist", user, flist] if read => self.contents(user, flist).await,
            ["flist", user, flist] if method.as_str() == "INFO" => {
                return self.info(user, flist).await;
            }
            ["repositories" | "fileslist" | "flist", ..] => {
                return reply::bare(StatusCode::METHOD_NOT_ALLOWED, "This is not done here.");
            }
            _ => return reply::bare(StatusCode::NOT_FOUND, "There is nothing here."),
        };
        answered.unwrap_or_else(Refusal::into_response)
    }

    /// What an account does with its own flists.
    async fn me(self: &Arc<Self>, path: &[&str], request: Request) -> Response {
        let user = match self.access.who(request.headers()) {
            Ok(user) => user,
            Err(why) => return self.not_in(why),
        };
        let method = request.method().clone();
        let get = method == Method::GET;
        let answered = match path {
            [] if get => Ok(success(Some(json!({ "username": user })))),
            ["upload"] if method == Method::POST => self.upload(user, request, false).await,
            ["upload-flist"] if method == Method::POST => self.upload(user, request, true).await,
            ["docker"] if method == Method::POST => self.docker_call(user, request).await,
            ["merge"] if method == Method::POST => self.merge_call(user, "", request).await,
            ["merge", target] if method == Method::POST => {
                self.merge_call(user, target, request).await
            }
            ["promote", from, flist, name] if get => self.promote(&user, from, flist, name),
            [source, "link", name] if get => self.own(source, name, |hub, source, name| {
                hub.shelf.link(&user, source, name)
            }),
            [source, "rename", name] if get => self.own(source, name, |hub, source, name| {
                hub.shelf.rename(&user, source, name)
            }),
            [flist] if get => self.contents(&user, flist).await,
            [flist] if method.as_str() == "INFO" => return self.info(&user, flist).await,
            [flist] if method == Method::DELETE => self.delete(&user, flist),
            _ => return reply::bare(StatusCode::METHOD_NOT_ALLOWED, "This is not done here."),
        };
        answered.unwrap_or_else(Refusal::into_response)
    }

    fn repositories(&self) -> Answered {
        let users = self.shelf.users()?;
        let rows = users
            .iter()
            .map(|user| json!({ "name": user, "official": self.access.is_official(user) }));
        Ok(json(&Json::Array(rows.collect())))
    }

    fn flists(&self) -> Answered {
        let mut all = Vec::new();
        for user in self.shelf.users()? {
            let items = self.shelf.list(&user)?.unwrap_or_default();
            all.extend(items.iter().map(|item| format!("{user}/{}", item.name)));
        }
        Ok(json(&all))
    }

    fn fileslist(&self) -> Answered {
        let mut all = serde_json::Map::new();
        for user in self.shelf.users()? {
            let items = self.shelf.list(&user)?.unwrap_or_default();
            all.insert(user, rows(&items));
        }
        Ok(json(&all))
    }

    /// The file of an flist, or why there is none.
    fn source(&self, user: &str, flist: &str) -> Result<std::path::PathBuf, Refusal> {
        if !self.shelf.has_user(user) {
            return Err(Refusal::no_user());
        }
        let name = names::flist(flist).ok_or(Refusal::no_source())?;
        self.shelf.file(user, &name).ok_or(Refusal::no_source())
    }

    async fn contents(self: &Arc<Self>, user: &str, flist: &str) -> Answered {
        let path = self.source(user, flist)?;
        let hub = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || hub.read(&path).map(|tree| contents(&tree)));
        match read.await {
            Ok(contents) => Ok(json(&contents?)),
            Err(e) => Err(Refusal::new(e.to_string())),
        }
    }

    async fn info(self: &Arc<Self>, user: &str, flist: &str) -> Response {
        let path = match self.source(user, flist) {
            Ok(path) => path,
            Err(refusal) => return refusal.into_response(),
        };
        let name = names::flist(flist).unwrap_or_default();
        let Some(Item {
            updated,
            kind: ItemKind::File(size),
            ..
        }) = self.shelf.item(user, &name)
        else {
            // The original fails here.
            let why = "This is a link: ask for what it leads to.";
            return reply::bare(StatusCode::INTERNAL_SERVER_ERROR, why);
        };
        match self.md5(path).await {
            Ok(md5) => json(&json!({ "name": name, "size": size, "updated": updated,
                                     "type": "regular", "md5": md5 })),
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn upload(self: &Arc<Self>, user: String, request: Request, flist: bool) -> Answered {
        let form = Form::read(&self.shelf, request).await?;
        let done = match flist {
            true => self.take_flist(user, form.file).await?,
            false => self.take_archive(user, form.file).await?,
        };
        let Done { name, files } = done;
        Ok(success(Some(json!({ "name": name, "files": files }))))
    }

    async fn docker_call(self: &Arc<Self>, user: String, request: Request) -> Answered {
        let form = Form::read(&self.shelf, request).await?;
        let image = form.get("image").unwrap_or_default().to_owned();
        let keep_cmd = form.is_set(KEEP_CMD);
        let done = self.docker(user, image, keep_cmd, form.file).await?;
        Ok(success(Some(json!({ "name": done.name }))))
    }

    async fn merge_call(
        self: &Arc<Self>,
        user: String,
        target: &str,
        request: Request,
    ) -> Answered {
        let malformed = || Refusal::new("malformed json request");
        let body = http::read_body(request.into_body()).await;
        let body = body.map_err(|_| malformed())?;
        let sources: Vec<String> = serde_json::from_slice(&body).map_err(|_| malformed())?;
        self.merge(user, target.to_owned(), sources).await?;
        Ok(success(None))
    }

    fn promote(&self, user: &str, from: &str, flist: &str, name: &str) -> Answered {
        let path = self.source(from, flist)?;
        let source = names::flist(flist).ok_or(Refusal::no_source())?;
        let name = allowed(name)?;
        let copy = self.shelf.incoming();
        std::fs::copy(path, copy.path())?;
        self.shelf.publish(user, &name, copy)?;
        Ok(success(Some(json!({
            "source": { "username": from, "filename": source },
            "destination": { "username": user, "filename": name },
        }))))
    }

    fn own(
        &self,
        source: &str,
        name: &str,
        change: impl FnOnce(&Hub, &str, &str) -> Result<(), super::shelf::ShelfError>,
    ) -> Answered {
        let source = names::flist(source).ok_or(Refusal::no_source())?;
        let name = allowed(name)?;
        change(self, &source, &name)?;
        Ok(success(None))
    }

    fn delete(&self, user: &str, flist: &str) -> Answered {
        let name = names::flist(flist).ok_or(Refusal::no_source())?;
        self.shelf.delete(user, &name)?;
        Ok(success(None))
    }
}

fn allowed(name: &str) -> Result<String, Refusal> {
    names::flist(name).ok_or(Refusal::new("build name not allowed"))
}

/// Kilobytes with two decimals, whatever the size.
fn kilobytes(size: u64) -> String {
    let hundredths = (u128::from(size) * 100 + 512) / 1024;
    format!("{}.{:02} KB", hundredths / 100, hundredths % 100)
}

fn rows(items: &[Item]) -> Json {
    let row = |item: &Item| match &item.kind {
        ItemKind::File(size) => json!({ "name": item.name, "size": kilobytes(*size),
                                        "updated": item.updated, "type": "regular" }),
        ItemKind::Link(target) => json!({ "name": item.name, "size": "--",
                                          "updated": item.updated, "type": "symlink",
                                          "target": target }),
    };
    items.iter().map(row).collect()
}

/// What is in a tree; a directory comes behind what is in it, as in the original's lists. The order
/// has no meaning.
pub(super) fn contents(tree: &Tree) -> Json {
    let (mut counts, mut content) = ([0_u64; 4], Vec::new());
    let mut open: Vec<&[u8]> = Vec::new();
    let shown = |location: &[u8]| format!("/{}", String::from_utf8_lossy(location));
    let close = |location: &[u8]| json!({ "path": shown(location), "size": 0 });
    for (location, node) in tree.iter().filter(|(location, _)| !location.is_empty()) {
        while let Some(directory) = open.last() {
            let below = location.strip_prefix(*directory);
            if below.is_some_and(|rest| rest.first() == Some(&b'/')) {
                break;
            }
            content.push(close(directory));
            open.pop();
        }
        let path = shown(location);
        match &node.kind {
            Kind::File { size, .. } => {
                counts[0] += 1;
                content.push(json!({ "path": path, "size": size }));
            }
            Kind::Link { target } => {
                counts[1] += 1;
                let target = String::from_utf8_lossy(target);
                content.push(json!({ "path": path, "size": 0, "target": target }));
            }
            Kind::Dir => {
                counts[2] += 1;
                open.push(location);
            }
            Kind::Special { .. } => {
                counts[3] += 1;
                content.push(json!({ "path": path, "size": 0 }));
            }
        }
    }
    content.extend(open.iter().rev().map(|directory| close(directory)));
    let [regular, symlink, directory, special] = counts;
    json!({ "regular": regular, "symlink": symlink, "directory": directory,
            "special": special, "content": content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_texts_in_kilobytes() {
        for (size, text) in [(0, "0.00 KB"), (1330, "1.30 KB"), (1_048_576, "1024.00 KB")] {
            assert_eq!(kilobytes(size), text);
        }
        assert!(kilobytes(u64::MAX).ends_with(" KB"));
    }
}
