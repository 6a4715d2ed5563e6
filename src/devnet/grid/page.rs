//! Pages for a browser: nodes with sliders, farmers, and the mails of the broker. They need no
//! scripts and have none.
use axum::http::StatusCode;
use axum::response::Response;

use super::directory::{Directory, filter};
use super::mail::{Delivery, Letter};
use crate::devnet::pages::html::Html;
use crate::devnet::pages::layout::{self, STYLE};
use crate::devnet::query::Query;
use crate::grid::directory::{Filter, ListOrder, Node, Units};

/// Nodes of a page unless the query says otherwise, and at most.
const PER_PAGE: usize = 20;
const MOST_PER_PAGE: usize = 200;
/// Name, label, highest value and step of the sliders.
const SLIDERS: [(&str, &str, u64, u32); 4] = [
    ("cru", "CPU cores", 32, 1),
    ("mru", "GiB of memory", 256, 2),
    ("sru", "GB of solid state disk", 4096, 32),
    ("hru", "GB of turning disk", 48000, 500),
];
/// Title of a column, and what it is sorted by.
const COLUMNS: [(&str, &str); 8] = [
    ("node", "node"),
    ("farm", "farmer"),
    ("place", "country"),
    ("CPU", "cru"),
    ("memory", "mru"),
    ("SSD", "sru"),
    ("HDD", "hru"),
    ("heard of", "updated"),
];

fn document(status: StatusCode, title: &'static str, body: Html) -> Response {
    let mut page = Html::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
        .text(title)
        .raw(" · devnet</title>\n<style>")
        .raw(STYLE)
        .raw("table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem .35rem 0;")
        .raw("border-top:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:400}")
        .raw("td.n{white-space:nowrap}.wide{overflow-x:auto}")
        .raw("form.filter{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.2rem 1.2rem}")
        .raw("form.filter button{justify-self:start;align-self:end}")
        .raw("input[type=range]{padding:0;margin:.2rem 0}label{display:block;margin:.4rem 0}")
        .raw("summary{margin:0}details p{margin:.2rem 0}")
        .raw("select{font:inherit;padding:.4rem;width:100%}</style>\n</head>\n<body>\n<header><nav>")
        .raw("<a href=\"/\"><b>Capacity</b></a><a href=\"/farmers\">Farmers</a>")
        .raw("<a href=\"/mails\">Mails</a></nav></header>\n<main>\n<h1>")
        .text(title)
        .raw("</h1>\n")
        .append(body)
        .raw("</main>\n<footer>Capacity of a devnet is on this machine only.</footer>\n")
        .raw("</body>\n</html>\n");
    layout::answer(status, page.finish())
}

/// A page that says one thing.
pub(super) fn said(title: &'static str, text: &'static str) -> Response {
    let mut body = Html::default();
    body.paragraph(|p| {
        p.raw(text).raw(" <a href=\"/farmers\">All farmers</a>");
    });
    document(StatusCode::OK, title, body)
}

/// What a page of nodes shows.
struct View {
    wanted: Filter,
    /// The word of the order; empty for the usual one.
    sort: String,
    page: usize,
    per_page: usize,
}

impl View {
    fn read(query: &Query, wanted: Filter) -> Self {
        let number = |name: &str| query.get(name).parse::<usize>().ok();
        let sort = Some(query.get("sort")).filter(|word| ListOrder::parse(word).is_some());
        Self {
            wanted,
            sort: sort.unwrap_or_default().to_owned(),
            page: number("page").unwrap_or(1).max(1),
            per_page: number("pre_page")
                .unwrap_or(PER_PAGE)
                .clamp(1, MOST_PER_PAGE),
        }
    }

    /// The address of the same view with another order or page.
    fn link(&self, sort: &str, page: usize) -> String {
        // Only its query is of interest.
        let Ok(mut url) = reqwest::Url::parse("http://devnet") else {
            return "/".to_owned();
        };
        let mut pairs = url.query_pairs_mut();
        pairs.extend_pairs(self.wanted.query());
        // An empty filter is a search, too.
        pairs.append_pair("page", &page.to_string());
        if !sort.is_empty() {
            pairs.append_pair("sort", sort);
        }
        if self.per_page != PER_PAGE {
            pairs.append_pair("pre_page", &self.per_page.to_string());
        }
        drop(pairs);
        format!("/?{}", url.query().unwrap_or_default())
    }
}

/// The nodes that a form asks for; none before it was sent (spec: capacity §1.1).
pub(super) fn nodes(directory: &Directory, query: &Query) -> Response {
    let wanted = match filter(query) {
        Ok(wanted) => wanted,
        Err(text) => {
            let mut body = Html::default();
            body.raw("<div class=\"error\">").text(text).raw("</div>\n");
            body.append(form(directory, &View::read(query, Filter::default())));
            return document(StatusCode::BAD_REQUEST, "Capacity", body);
        }
    };
    let mut view = View::read(query, wanted);
    let mut body = form(directory, &view);
    if query.is_empty() {
        body.paragraph(|p| {
            p.raw("Choose what a node must have at least, and search.");
        });
        return document(StatusCode::OK, "Capacity", body);
    }
    let mut found = directory.nodes(&view.wanted);
    let order = ListOrder::parse(&view.sort).unwrap_or(ListOrder::Updated);
    order.sort(&mut found);
    let pages = found.len().div_ceil(view.per_page).max(1);
    view.page = view.page.min(pages);
    body.paragraph(|p| {
        let nodes = if found.len() == 1 { " node" } else { " nodes" };
        p.text(found.len()).raw(nodes);
        if pages > 1 {
            p.raw(", page ").text(view.page).raw(" of ").text(pages);
        }
    });
    body.raw("<div class=\"wide\"><table><tr>");
    for (title, word) in COLUMNS {
        let link = view.link(word, 1);
        body.raw("<th><a href=\"").text(link).raw("\">").text(title);
        body.raw("</a></th>");
    }
    body.raw("</tr>\n");
    let first = view.page.saturating_sub(1).saturating_mul(view.per_page);
    for node in found.iter().skip(first).take(view.per_page) {
        row(&mut body, node);
    }
    body.raw("</table></div>\n<p class=\"soft\">Of each unit, what is free and what there is; memory in GiB, disks in GB.</p>\n");
    if pages > 1 {
        let turn = |html: &mut Html, page: usize, text: &'static str| {
            let shown = (1..=pages).contains(&page);
            html.raw("<span>");
            if shown {
                let link = view.link(&view.sort, page);
                html.raw("<a href=\"")
                    .text(link)
                    .raw("\">")
                    .raw(text)
                    .raw("</a>");
            }
            html.raw("</span>");
        };
        body.raw("<div class=\"pager\">");
        turn(&mut body, view.page.saturating_sub(1), "earlier");
        turn(&mut body, view.page.saturating_add(1), "more");
        body.raw("</div>\n");
    }
    document(StatusCode::OK, "Capacity", body)
}

fn row(body: &mut Html, node: &Node) {
    let (free, all) = (node.free(), node.total_resources);
    let place = node.location.as_ref();
    let place = place.map(|place| format!("{}, {}", place.city, place.country));
    body.raw("<tr><td><details><summary class=\"id\">")
        .text(&node.node_id)
        .raw("</summary><p>system: ")
        .text(&node.os_version)
        .raw("</p><p>robot: ")
        .text(&node.robot_address)
        .raw("</p>");
    if let Some(seconds) = node.uptime {
        body.raw("<p>up for ").text(uptime(seconds)).raw("</p>");
    }
    if !node.parameters.is_empty() {
        let flags = node.parameters.join(", ");
        body.raw("<p>flags: ").text(flags).raw("</p>");
    }
    body.raw("<p><a href=\"/api/nodes/")
        .text(&node.node_id)
        .raw("\">as data</a></p></details></td><td>")
        .text(&node.farmer_id)
        .raw("</td><td>")
        .text(place.unwrap_or_default())
        .raw("</td>");
    let unit = |of: fn(&Units) -> f64| (of(&free), of(&all));
    for (free, all) in [
        unit(|units| units.cru),
        unit(|units| units.mru),
        unit(|units| units.sru),
        unit(|units| units.hru),
    ] {
        body.raw("<td class=\"n\">")
            .text(free)
            .raw(" of ")
            .text(all)
            .raw("</td>");
    }
    body.raw("<td>").text(&node.updated).raw("</td></tr>\n");
}

/// `3 d 4 h`, or `12 min` for less than an hour.
fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

fn form(directory: &Directory, view: &View) -> Html {
    let wanted = &view.wanted;
    let mut html = Html::default();
    html.raw("<form class=\"filter\" action=\"/\" method=\"get\">\n");
    let values = [wanted.cru, wanted.mru, wanted.sru, wanted.hru];
    for ((name, label, most, step), value) in SLIDERS.into_iter().zip(values) {
        // Without scripts a slider shows no number: its ends are told, and the answer's page
        // shows what was asked for. What was asked for is never cut by the end of the slider.
        let value = value.unwrap_or(0);
        let most = most.max(value);
        html.raw("<label>at least ")
            .text(value)
            .raw(" ")
            .text(label)
            .raw(" <span class=\"soft\">(0 to ")
            .text(most)
            .raw(")</span><input type=\"range\" name=\"")
            .text(name)
            .raw("\" min=\"0\" max=\"")
            .text(most)
            .raw("\" step=\"")
            .text(if value % u64::from(step) == 0 {
                step
            } else {
                1
            })
            .raw("\" value=\"")
            .text(value)
            .raw("\"></label>\n");
    }
    let mut choice = |name: &'static str, label: &'static str, all: Vec<String>, chosen: &str| {
        html.raw("<label>")
            .text(label)
            .raw(" <select name=\"")
            .text(name)
            .raw("\"><option value=\"\">any</option>");
        // What was asked for stays, even when there is none of it.
        let unknown = Some(chosen.to_owned()).filter(|one| !one.is_empty() && !all.contains(one));
        for one in all.into_iter().chain(unknown) {
            let mark = if one == chosen { " selected" } else { "" };
            html.raw("<option")
                .raw(mark)
                .raw(">")
                .text(&one)
                .raw("</option>");
        }
        html.raw("</select></label>\n");
    };
    let chosen = |text: &Option<String>| text.clone().unwrap_or_default();
    choice(
        "country",
        "country",
        directory.countries(),
        &chosen(&wanted.country),
    );
    let farmers = directory.farmers().into_iter();
    let farmers = farmers.map(|farmer| farmer.iyo_organization).collect();
    choice("farmer", "farm", farmers, &chosen(&wanted.farmer));
    if !view.sort.is_empty() {
        html.raw("<input type=\"hidden\" name=\"sort\" value=\"")
            .text(&view.sort)
            .raw("\">");
    }
    html.raw("<button type=\"submit\">Search</button>\n</form>\n");
    html
}

/// All farmers.
pub(super) fn farmers(directory: &Directory) -> Response {
    let counts = directory.node_counts();
    let mut body = Html::default();
    body.raw("<table><tr><th>farm</th><th>name</th><th>place</th><th>nodes</th></tr>\n");
    for farmer in directory.farmers() {
        let place = farmer.location.as_ref();
        let place = place.map(|place| format!("{}, {}", place.city, place.country));
        body.raw("<tr><td>")
            .text(&farmer.iyo_organization)
            .raw("</td><td>")
            .text(&farmer.name)
            .raw("</td><td>")
            .text(place.unwrap_or_default())
            .raw("</td><td>")
            .text(counts.get(&farmer.iyo_organization).unwrap_or(&0))
            .raw("</td></tr>\n");
    }
    body.raw("</table>\n");
    document(StatusCode::OK, "Farmers", body)
}

/// The mails that the broker wrote, newest first; `opened` when their secrets are shown.
pub(super) fn mails(letters: &[Letter], opened: bool) -> Response {
    let mut body = Html::default();
    if letters.is_empty() {
        body.paragraph(|p| {
            p.raw("No mail was written yet.");
        });
    } else if !opened {
        body.paragraph(|p| {
            p.raw("Logins and passwords are not shown to everybody on this machine. The owner of ")
                .raw("the devnet sees them: <code>j.devnet.mails()</code>, or this page as ")
                .raw("<code>j.devnet.mails_page()</code> gives its address.");
        });
    }
    for Letter { mail, delivery } in letters {
        let class = match delivery {
            Delivery::Failed { .. } => "bad",
            Delivery::Sent { .. } => "good",
            _ => "soft",
        };
        body.raw("<h2>")
            .text(&mail.subject)
            .raw("</h2>\n<p class=\"soft\">to ")
            .text(&mail.to)
            .raw("</p>\n<p class=\"")
            .raw(class)
            .raw("\">")
            .text(delivery)
            .raw("</p>\n<pre>")
            .text(&mail.text)
            .raw("</pre>\n");
    }
    document(StatusCode::OK, "Mails", body)
}
