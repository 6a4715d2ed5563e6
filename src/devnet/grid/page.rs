//! Pages for a browser: nodes with sliders, farmers, and the mails of the broker.
use axum::http::StatusCode;
use axum::response::Response;

use super::directory::{Directory, filter};
use super::mail::Mail;
use crate::devnet::http;
use crate::devnet::pages::html::Html;
use crate::devnet::pages::layout::{self, STYLE};
use crate::devnet::query::Query;
use crate::grid::directory::{Filter, ListOrder, Units};

/// Nodes of a page unless the query says otherwise, and at most.
const PER_PAGE: usize = 20;
const MOST_PER_PAGE: usize = 200;
/// Name, label, highest value and step of the sliders.
const SLIDERS: [(&str, &str, u32, u32); 4] = [
    ("cru", "CPU cores", 32, 1),
    ("mru", "GiB of memory", 256, 2),
    ("sru", "GB of solid state disk", 4096, 32),
    ("hru", "GB of turning disk", 48000, 500),
];

fn document(title: &'static str, body: Html) -> Response {
    let mut page = Html::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
        .text(title)
        .raw(" · devnet</title>\n<style>")
        .raw(STYLE)
        .raw("table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem .35rem 0;")
        .raw("border-top:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:400}")
        .raw("input[type=range]{padding:0;margin:.2rem 0}label{display:block;margin:.4rem 0}")
        .raw("select{font:inherit;padding:.4rem}</style>\n</head>\n<body>\n<header><nav>")
        .raw("<a href=\"/\"><b>Capacity</b></a><a href=\"/farmers\">Farmers</a>")
        .raw("<a href=\"/mails\">Mails</a></nav></header>\n<main>\n<h1>")
        .text(title)
        .raw("</h1>\n")
        .append(body)
        .raw("</main>\n<footer>Capacity of a devnet is on this machine only.</footer>\n")
        .raw("</body>\n</html>\n");
    layout::answer(StatusCode::OK, page.finish())
}

/// The nodes that a form asks for; none before it was sent (spec: capacity §1.1).
pub(super) fn nodes(directory: &Directory, query: &Query) -> Response {
    let asked = !query.is_empty();
    let wanted = match filter(query) {
        Ok(filter) => filter,
        Err(text) => return http::answer(StatusCode::BAD_REQUEST, http::TEXT, text),
    };
    let mut body = form(directory, &wanted);
    if !asked {
        body.paragraph(|p| {
            p.raw("Choose what a node must have at least, and search.");
        });
        return document("Capacity", body);
    }
    let mut found = directory.nodes(&wanted);
    ListOrder::Node.sort(&mut found);
    let number = |name: &str| query.get(name).parse::<usize>().ok();
    let per_page = number("pre_page")
        .unwrap_or(PER_PAGE)
        .clamp(1, MOST_PER_PAGE);
    let pages = found.len().div_ceil(per_page).max(1);
    let page = number("page").unwrap_or(1).clamp(1, pages);
    body.paragraph(|p| {
        p.text(found.len()).raw(" nodes");
        if pages > 1 {
            p.raw(", page ").text(page).raw(" of ").text(pages);
        }
    });
    body.raw("<table><tr><th>node</th><th>farm</th><th>place</th><th>CPU</th><th>memory</th>")
        .raw("<th>SSD</th><th>HDD</th></tr>\n");
    let first = page.saturating_sub(1).saturating_mul(per_page);
    for node in found.iter().skip(first).take(per_page) {
        let (all, free) = (node.total_resources, node.free());
        let place = node.location.as_ref();
        let place = place.map(|place| format!("{}, {}", place.city, place.country));
        body.raw("<tr><td class=\"id\"><a href=\"/api/nodes/")
            .text(&node.node_id)
            .raw("\">")
            .text(&node.node_id)
            .raw("</a></td><td>")
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
            body.raw("<td>")
                .text(free)
                .raw(" of ")
                .text(all)
                .raw("</td>");
        }
        body.raw("</tr>\n");
    }
    body.raw("</table>\n");
    document("Capacity", body)
}

fn form(directory: &Directory, wanted: &Filter) -> Html {
    let mut html = Html::default();
    html.raw("<form action=\"/\" method=\"get\">\n");
    let values = [wanted.cru, wanted.mru, wanted.sru, wanted.hru];
    for ((name, label, most, step), value) in SLIDERS.into_iter().zip(values) {
        // Without scripts a slider shows no number: its ends are told, and the answer's page
        // shows what was asked for.
        let value = value.unwrap_or(0);
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
            .text(step)
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
        for one in all {
            let mark = if one == chosen { " selected" } else { "" };
            html.raw("<option")
                .text(mark)
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
    html.raw("<button type=\"submit\">Search</button>\n</form>\n");
    html
}

/// All farmers.
pub(super) fn farmers(directory: &Directory) -> Response {
    let mut body = Html::default();
    body.raw("<table><tr><th>farm</th><th>name</th><th>place</th><th>nodes</th></tr>\n");
    for farmer in directory.farmers() {
        let place = farmer.location.as_ref();
        let place = place.map(|place| format!("{}, {}", place.city, place.country));
        let own = Filter {
            farmer: Some(farmer.iyo_organization.clone()),
            ..Filter::default()
        };
        body.raw("<tr><td>")
            .text(&farmer.iyo_organization)
            .raw("</td><td>")
            .text(&farmer.name)
            .raw("</td><td>")
            .text(place.unwrap_or_default())
            .raw("</td><td>")
            .text(directory.nodes(&own).len())
            .raw("</td></tr>\n");
    }
    body.raw("</table>\n");
    document("Farmers", body)
}

/// The mails that the broker sent, newest first.
pub(super) fn mails(mails: &[Mail]) -> Response {
    let mut body = Html::default();
    if mails.is_empty() {
        body.paragraph(|p| {
            p.raw("No mail was sent yet.");
        });
    }
    for mail in mails {
        body.raw("<h2>")
            .text(&mail.subject)
            .raw("</h2>\n<p class=\"soft\">to ")
            .text(&mail.to)
            .raw("</p>\n<pre>")
            .text(&mail.text)
            .raw("</pre>\n");
    }
    document("Mails", body)
}
