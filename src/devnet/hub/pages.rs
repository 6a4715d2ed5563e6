//! Pages of a hub for a browser: plain forms and lists, without scripts.
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::form::Form;
use super::reply::{self, Refusal};
use super::shelf::{Item, ItemKind};
use super::work::Done;
use super::{Hub, LOGIN, api, is_read};
use crate::devnet::pages::html::Html;
use crate::devnet::pages::layout::{self, STYLE};
use crate::devnet::query::Query;

/// Paths of an flist that a preview shows.
const SHOWN: usize = 2_000;
/// Longest part of a searched text that is shown again, in characters.
const SHOWN_TEXT: usize = 200;

/// A form, and what happens with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Upload,
    UploadFlist,
    Merge,
    Docker,
}

impl Work {
    const ALL: [Work; 4] = [Work::Upload, Work::UploadFlist, Work::Merge, Work::Docker];

    fn path(self) -> &'static str {
        match self {
            Work::Upload => "upload",
            Work::UploadFlist => "upload-flist",
            Work::Merge => "merge",
            Work::Docker => "docker-convert",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Work::Upload => "Upload an archive",
            Work::UploadFlist => "Upload an flist",
            Work::Merge => "Merge flists",
            Work::Docker => "Convert a docker image",
        }
    }
}

impl Hub {
    /// Answers a request for a page.
    pub(super) async fn page(self: &Arc<Self>, path: &[&str], request: Request) -> Response {
        let method = request.method().clone();
        if let [path] = path
            && let Some(work) = Work::ALL.into_iter().find(|work| work.path() == *path)
        {
            return self.form(work, request).await;
        }
        if !is_read(&method) {
            return reply::bare(
                StatusCode::METHOD_NOT_ALLOWED,
                "This page can only be read.",
            );
        }
        let page = match path {
            [] => self.users(),
            ["search"] => {
                let query = Query::parse(request.uri().query().unwrap_or_default());
                self.search(query.get("q"))
            }
            ["login"] => Ok(login()),
            [user] => match self.shelf.list(user) {
                Ok(Some(items)) => Ok(self.repository(user, &items)),
                Ok(None) => return reply::bare(StatusCode::NOT_FOUND, "There is no such user."),
                Err(e) => Err(e.into()),
            },
            _ => return reply::bare(StatusCode::NOT_FOUND, "There is nothing here."),
        };
        match page {
            Ok(page) => page,
            Err(refusal) => document(refusal.status, "Error", error(&refusal)),
        }
    }

    fn users(&self) -> Result<Response, Refusal> {
        let users = self.shelf.users()?;
        let mut html = Html::default();
        html.raw("<h1>Flists of this devnet</h1>\n");
        html.paragraph(|h| {
            _ = h
                .raw("An flist is the file tree of a container; its contents are fetched when ")
                .raw("they are read.");
        });
        if users.is_empty() {
            html.raw("<p>There are none yet.</p>\n");
        }
        html.raw("<ul>\n");
        for user in &users {
            let count = self.shelf.list(user)?.unwrap_or_default().len();
            html.raw("<li>").link("/", user, user);
            html.raw(" <span class=\"soft\">")
                .text(count)
                .raw("</span></li>\n");
        }
        html.raw("</ul>\n");
        Ok(document(StatusCode::OK, "Flists", html))
    }

    fn search(&self, text: &str) -> Result<Response, Refusal> {
        let mut html = Html::default();
        let shown: String = text.chars().take(SHOWN_TEXT).collect();
        html.raw("<h1>Flists with “")
            .text(&shown)
            .raw("”</h1>\n<ul>\n");
        let wanted = text.to_lowercase();
        for user in self.shelf.users()? {
            for item in self.shelf.list(&user)?.unwrap_or_default() {
                let whole = format!("{user}/{}", item.name);
                if whole.to_lowercase().contains(&wanted) {
                    let page = format!("{whole}.md");
                    html.raw("<li>").link("/", page, whole).raw("</li>\n");
                }
            }
        }
        html.raw("</ul>\n");
        Ok(document(StatusCode::OK, "Search", html))
    }

    fn repository(&self, user: &str, items: &[Item]) -> Response {
        let mut html = Html::default();
        html.raw("<h1>")
            .text(user)
            .raw("</h1>\n<ol class=\"rows\">\n");
        for item in items {
            let at = format!("{user}/{}", item.name);
            html.raw("<li><span>")
                .link("/", format!("{at}.md"), &item.name);
            html.raw("</span><span class=\"soft\">");
            match &item.kind {
                ItemKind::File(size) => {
                    html.text(size).raw(" bytes");
                }
                ItemKind::Link(target) => {
                    html.raw("link to ").text(target);
                }
            }
            html.raw("</span><span>").link("/", &at, "download");
            html.raw("</span></li>\n");
        }
        html.raw("</ol>\n");
        document(StatusCode::OK, user, html)
    }

    /// What is in an flist, as a page.
    pub(super) async fn preview(
        self: &Arc<Self>,
        user: &str,
        name: &str,
        path: PathBuf,
    ) -> Response {
        let hub = Arc::clone(self);
        let read =
            tokio::task::spawn_blocking(move || hub.read(&path).map(|tree| api::contents(&tree)));
        let contents = match read.await {
            Ok(Ok(contents)) => contents,
            Ok(Err(refusal)) => return document(refusal.status, "Error", error(&refusal)),
            Err(e) => {
                let refusal = Refusal::new(e.to_string());
                return document(refusal.status, "Error", error(&refusal));
            }
        };
        let mut html = Html::default();
        html.raw("<h1>").text(name).raw("</h1>\n<dl>\n");
        html.fact("Uploader", |h| _ = h.link("/", user, user));
        html.fact("Source", |h| _ = h.id(self.source_url(user, name)));
        html.fact("Storage", |h| _ = h.id(&self.storage));
        for (title, count) in [
            ("Files", "regular"),
            ("Directories", "directory"),
            ("Links", "symlink"),
            ("Special", "special"),
        ] {
            html.fact(title, |h| _ = h.text(&contents[count]));
        }
        html.raw("</dl>\n<p>")
            .link("/", format!("{user}/{name}"), "Download");
        html.raw("</p>\n");
        let entries = contents["content"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        html.raw("<pre>");
        for entry in entries.iter().take(SHOWN) {
            // A line for each, whatever a name holds.
            let text = |name: &str| {
                let text = entry[name].as_str().unwrap_or_default();
                text.replace('\n', "\u{fffd}")
            };
            html.text(format!(
                "{:>10}  {}",
                entry["size"].to_string(),
                text("path")
            ));
            if entry.get("target").is_some() {
                html.raw(" → ").text(text("target"));
            }
            html.raw("\n");
        }
        html.raw("</pre>\n");
        if entries.len() > SHOWN {
            html.paragraph(|h| _ = h.text(entries.len() - SHOWN).raw(" more are not shown."));
        }
        document(StatusCode::OK, name, html)
    }

    /// A form, or what became of it.
    async fn form(self: &Arc<Self>, work: Work, request: Request) -> Response {
        let user = match self.access.who(request.headers()) {
            Ok(user) => user,
            Err(why) => return self.not_in(why),
        };
        if is_read(request.method()) {
            return match self.empty_form(work) {
                Ok(html) => document(StatusCode::OK, work.title(), html),
                Err(refusal) => document(refusal.status, "Error", error(&refusal)),
            };
        }
        if request.method() != Method::POST {
            return reply::bare(StatusCode::METHOD_NOT_ALLOWED, "This is not done here.");
        }
        match self.submit(work, user.clone(), request).await {
            Ok(done) => {
                let mut html = Html::default();
                html.raw("<h1>Well done</h1>\n");
                html.paragraph(|h| {
                    _ = h.raw("Your flist ").id(&done.name).raw(" is available.");
                });
                let source = self.source_url(&user, &done.name);
                html.paragraph(|h| _ = h.raw("Source: ").id(source));
                html.paragraph(|h| _ = h.raw("Storage: ").id(&self.storage));
                let page = format!("{user}/{}.md", done.name);
                html.paragraph(|h| _ = h.link("/", page, "What is in it"));
                document(StatusCode::OK, "Well done", html)
            }
            Err(refusal) => {
                let status = refusal.status;
                let mut html = error(&refusal);
                if let Ok(form) = self.empty_form(work) {
                    html.with(|h| _ = h.append(form));
                }
                document(status, work.title(), html)
            }
        }
    }

    async fn submit(
        self: &Arc<Self>,
        work: Work,
        user: String,
        request: Request,
    ) -> Result<Done, Refusal> {
        let form = Form::read(&self.shelf, request).await?;
        match work {
            Work::Upload => self.take_archive(user, form.file).await,
            Work::UploadFlist => self.take_flist(user, form.file).await,
            Work::Merge => {
                let sources = form.all("flists[]").map(str::to_owned).collect();
                let target = form.get("name").unwrap_or_default().to_owned();
                self.merge(user, target, sources).await
            }
            Work::Docker => {
                let image = form.get("docker-input").unwrap_or_default().to_owned();
                self.docker(user, image, form.file).await
            }
        }
    }

    fn empty_form(&self, work: Work) -> Result<Html, Refusal> {
        let mut html = Html::default();
        html.raw("<h1>")
            .raw(work.title())
            .raw("</h1>\n<form action=\"/")
            .raw(work.path());
        html.raw("\" method=\"POST\" enctype=\"multipart/form-data\">\n");
        let (label, accepts) = match work {
            Work::Upload => ("Archive of a root file system (.tar.gz)", ".gz"),
            Work::UploadFlist => ("Flist whose chunks this hub has (.flist)", ".flist"),
            Work::Docker => (
                "Or an archive of the image, as `docker save` writes it",
                ".tar,.gz",
            ),
            Work::Merge => ("", ""),
        };
        if work == Work::Docker {
            html.raw("<label for=\"image\">Image</label>\n<input id=\"image\" type=\"text\" ")
                .raw("name=\"docker-input\" placeholder=\"name, name:tag\">\n");
        }
        if work == Work::Merge {
            html.raw("<p>Where a path is in several, the first one wins.</p>\n<ul>\n");
            for user in self.shelf.users()? {
                for item in self.shelf.list(&user)?.unwrap_or_default() {
                    let whole = format!("{user}/{}", item.name);
                    html.raw("<li><label><input style=\"width:auto\" type=\"checkbox\" ")
                        .raw("name=\"flists[]\" value=\"")
                        .text(&whole)
                        .raw("\"> ")
                        .text(&whole)
                        .raw("</label></li>\n");
                }
            }
            html.raw("</ul>\n<label for=\"name\">Name of the new flist</label>\n")
                .raw("<input id=\"name\" type=\"text\" name=\"name\" required>\n");
        } else {
            html.raw("<label for=\"file\">").text(label);
            html.raw("</label>\n<input id=\"file\" type=\"file\" name=\"file\" accept=\"");
            html.raw(accepts).raw("\">\n");
        }
        html.raw("<button type=\"submit\">Go</button>\n</form>\n");
        Ok(html)
    }
}

fn error(refusal: &Refusal) -> Html {
    let mut html = Html::default();
    html.raw("<div class=\"error\">").text(&refusal.message);
    if let Some(reason) = &refusal.reason {
        html.raw(": ").text(reason);
    }
    html.raw("</div>\n");
    html
}

fn login() -> Response {
    let mut html = Html::default();
    html.raw("<h1>Who are you?</h1>\n");
    html.paragraph(|h| {
        _ = h
            .raw("This hub wants a token of its identity service with what changes something: ")
            .raw("<code>Authorization: bearer …</code>. In the shell: ")
            .raw("<code>j.clients.zhub.main.token_ = '…'</code>.");
    });
    document(StatusCode::OK, LOGIN, html)
}

fn document(status: StatusCode, title: &str, body: Html) -> Response {
    let title = crate::devnet::pages::html::escape(title);
    let body = body.finish();
    let mut links = String::new();
    for work in Work::ALL {
        links += &format!("<a href=\"/{}\">{}</a>", work.path(), work.title());
    }
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · devnet hub</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><nav><a href=\"/\"><b>Devnet hub</b></a>{links}</nav>\n\
         <form class=\"search\" action=\"/search\" method=\"get\" role=\"search\">\
         <input type=\"search\" name=\"q\" aria-label=\"Search\" placeholder=\"Flist …\" required>\
         <button type=\"submit\">Search</button></form></header>\n\
         <main>\n{body}</main>\n</body>\n</html>\n"
    );
    layout::answer(status, page)
}
