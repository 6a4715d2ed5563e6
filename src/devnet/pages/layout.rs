//! What all pages share: frame, style and headers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::html::{Html, escape};
use super::moment::Moment;
use crate::devnet::http::{self, HTML};

/// What can be searched for, beside the search field and where nothing was found.
pub const SEARCHABLE: &str = "an address, the height or id of a block, the id of a transaction or \
                              of an output, the name or number of a 3bot";

/// The style of all pages, those of the faucet included: one column, light or dark as the reader
/// has it, lists whose rows fold on a narrow screen.
pub const STYLE: &str = "\
:root{color-scheme:light dark;--back:#f4f6f8;--card:#fff;--text:#1c2733;--soft:#5b6b7b;--line:#dde3e9;\
--link:#0b5fa5;--good:#1a7f4b;--bad:#a3261b;--badback:#fdecea}\
@media(prefers-color-scheme:dark){:root{--back:#11171d;--card:#1a222b;--text:#e4eaf0;--soft:#9aa9b8;\
--line:#2c3742;--link:#7db9f0;--good:#63cf98;--bad:#ff9d92;--badback:#3a1f1d}}\
*{box-sizing:border-box}\
body{font:1rem/1.5 system-ui,sans-serif;background:var(--back);color:var(--text);margin:0}\
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\
header,main,footer{max-width:60rem;margin:0 auto;padding:.8rem 1rem}\
header{display:flex;flex-wrap:wrap;gap:.5rem 1.2rem;align-items:center}\
header nav{display:flex;gap:1.2rem;flex:1 0 auto}header nav b{font-weight:600}\
header form{flex:1 1 22rem}\
form.search{display:flex;gap:.4rem;margin:0}form.search input{margin:0;flex:1 1 auto;min-width:0}\
main{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1.2rem 1.4rem}\
footer{color:var(--soft);font-size:.85rem}\
h1{font-size:1.35rem;margin:0 0 .8rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}\
p{margin:.5rem 0}ul{margin:.4rem 0;padding-left:1.2rem}\
code,.id,pre{font-family:ui-monospace,monospace;font-size:.9em}code{overflow-wrap:anywhere}\
.id{white-space:nowrap}.amount{white-space:nowrap;font-weight:600}\
.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}\
.words{font-size:1.08rem}\
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.15rem 1.2rem;margin:.6rem 0}\
dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}\
ol.rows{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:auto 1fr auto;column-gap:1.2rem}\
ol.rows li{display:grid;grid-template-columns:subgrid;grid-column:1/-1;border-top:1px solid var(--line);\
padding:.45rem 0}ol.rows li>:last-child{text-align:right}ol.rows li>*{min-width:0}\
pre{background:var(--back);border-radius:4px;padding:.8rem;overflow:auto;max-height:32rem;white-space:pre-wrap;\
overflow-wrap:anywhere}summary{cursor:pointer;color:var(--link);margin-top:1.4rem}\
input{width:100%;font:1rem ui-monospace,monospace;padding:.55rem .7rem;margin:.4rem 0 1rem;\
border:1px solid var(--line);border-radius:4px;background:var(--card);color:var(--text)}\
button{font:inherit;padding:.5rem 1.1rem;border:0;border-radius:4px;background:#1664a8;color:#fff;\
cursor:pointer}:focus-visible{outline:2px solid var(--link);outline-offset:1px}\
.error{background:var(--badback);color:var(--bad);border-radius:4px;padding:.8rem;margin-bottom:1rem;\
overflow-wrap:anywhere}\
.pager{display:flex;justify-content:space-between;gap:1rem;margin-top:.8rem}\
@media(max-width:40rem){header{padding:.6rem .8rem}main{border-radius:0;border-width:1px 0;padding:1rem .8rem}\
footer{padding:.6rem .8rem}\
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}ol.rows,ol.rows li{display:block}\
ol.rows li>*{display:block}ol.rows li>:last-child{text-align:left}}";

/// Returns a whole page.
pub fn document(moment: &Moment<'_>, title: &str, searched: &str, body: Html) -> String {
    let (height, time) = (moment.height(), moment.time_text(moment.now_seconds()));
    let (title, searched) = (escape(title), escape(searched));
    let (body, searchable) = (body.finish(), escape(SEARCHABLE));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · devnet</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><nav><a href=\"/explorer\"><b>Devnet explorer</b></a><a href=\"/\">Faucet</a></nav>\n\
         <form class=\"search\" action=\"/search\" method=\"get\" role=\"search\">\
         <input type=\"search\" name=\"q\" value=\"{searched}\" aria-label=\"Search\" \
         placeholder=\"Address, block, transaction, 3bot …\" title=\"{searchable}\" required \
         autocapitalize=\"off\" autocomplete=\"off\" spellcheck=\"false\">\
         <button type=\"submit\">Search</button></form></header>\n\
         <main>\n{body}</main>\n\
         <footer>Height {height} at {time}. All times are UTC. Coins of a devnet are worth nothing \
         elsewhere.</footer>\n</body>\n</html>\n"
    )
}

/// Builds the answer with a page: no scripts, nothing from elsewhere, in nobody's frame, never
/// cached, because the next block changes it.
pub fn answer(status: StatusCode, page: String) -> Response {
    let mut response = http::answer(status, HTML, page);
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
