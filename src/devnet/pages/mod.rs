//! The pages of the devnet: an explorer for a browser, on the faucet's port, because the node's
//! own port answers official clients only.
//!
//! Rendered here, without scripts. `/` stays the faucet's page as the real one has it; the
//! explorer begins at `/explorer`.

mod address;
mod block;
pub(super) mod html;
pub(super) mod layout;
mod moment;
mod output;
mod overview;
mod search;
mod threebot;
mod transaction;
mod words;

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;

use self::html::Html;
use self::moment::Moment;
use super::http::{self, TEXT};
use super::node::Node;
use super::query::{Query, percent_decode};

/// Longest part of a searched text that is shown again, in characters.
const SHOWN: usize = 200;

/// What a page answers.
enum Answer {
    /// A page with its title.
    Page(String, Html),
    /// 303 to one of our own paths.
    Redirect(String),
    /// 404: what was looked for, and why it was not found.
    Nothing(String, String),
}

impl Answer {
    fn page(title: impl Into<String>, body: Html) -> Self {
        Self::Page(title.into(), body)
    }
}

fn nothing(text: &str, why: impl Into<String>) -> Answer {
    Answer::Nothing(text.chars().take(SHOWN).collect(), why.into())
}

/// Answers a request for a page; None when the path is none of ours.
pub(super) fn answer(node: &Node, method: &Method, uri: &Uri) -> Option<Response> {
    let query = Query::parse(uri.query().unwrap_or_default());
    let path = uri.path().strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let (room, id) = path.split_once('/').unwrap_or((path, ""));
    let id = percent_decode(id);
    let number = |name: &str| query.get(name).parse::<u64>().ok();
    let render: &dyn Fn(&Moment<'_>) -> Answer = match (room, id.as_str()) {
        ("explorer", "") => &|moment| overview::page(moment),
        ("blocks", "") => &|moment| block::list(moment, number("from")),
        ("search", "") => &|moment| search::search(moment, query.get("q")),
        ("block", id) if !id.is_empty() => &|moment| block::page(moment, id),
        ("transaction", id) if !id.is_empty() => &|moment| transaction::page(moment, id),
        ("output", id) if !id.is_empty() => &|moment| output::page(moment, id),
        ("address", id) if !id.is_empty() => &|moment| address::page(moment, id, number("page")),
        ("3bot", id) if !id.is_empty() => &|moment| threebot::page(moment, id),
        _ => return None,
    };
    if method != Method::GET && method != Method::HEAD {
        let mut response = http::answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET here\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allow);
        return Some(response);
    }
    let state = node.read();
    let moment = Moment::new(&state, node.clock().now());
    Some(match render(&moment) {
        Answer::Page(title, body) => {
            let page = layout::document(&moment, &title, "", body);
            layout::answer(StatusCode::OK, page)
        }
        Answer::Redirect(to) => redirect(&to),
        Answer::Nothing(text, why) => {
            let mut html = Html::default();
            html.raw("<h1>Nothing found for “")
                .text(&text)
                .raw("”</h1>\n");
            html.paragraph(|h| _ = h.text(why));
            html.paragraph(|h| {
                h.raw("You can search for ")
                    .text(layout::SEARCHABLE)
                    .raw(".");
            });
            html.raw("<p><a href=\"/explorer\">Newest blocks</a></p>\n");
            let page = layout::document(&moment, "Nothing found", &text, html);
            layout::answer(StatusCode::NOT_FOUND, page)
        }
    })
}

fn redirect(to: &str) -> Response {
    let mut response = layout::answer(StatusCode::SEE_OTHER, String::new());
    *response.body_mut() = Body::empty();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}
