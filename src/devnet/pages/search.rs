//! The search: leads straight to what was meant.

use super::html::Html;
use super::moment::Moment;
use super::{Answer, nothing, threebot};
use crate::tfchain::hash::Hash;
use crate::tfchain::unlockhash::ADDRESS_LENGTH;
use crate::tfchain::{Erc20Address, Erc20Hash, PublicKey, UnlockHash};

/// Answers `/search?q=…`.
pub fn search(moment: &Moment<'_>, text: &str) -> Answer {
    let text = text.trim();
    if text.is_empty() {
        return Answer::Redirect("/explorer".into());
    }
    let to = |path: &str| Some(Answer::Redirect(path.to_owned()));
    let found = match text.len() {
        ADDRESS_LENGTH => match text.parse::<UnlockHash>() {
            Ok(address) => to(&format!("/address/{address}")),
            Err(e) => return nothing(text, format!("It has the length of an address, but {e}.")),
        },
        64 => text.parse::<Hash>().ok().and_then(|id| by_id(moment, &id)),
        _ if text.bytes().all(|b| b.is_ascii_digit()) => return by_number(moment, text),
        _ => None,
    };
    let found = found.or_else(|| {
        let erc20 = &moment.chain().ledger().extensions().erc20;
        if let Ok(address) = text.parse::<Erc20Address>() {
            return to(&format!("/address/{}", erc20.tft_address(&address)?));
        }
        if let Ok(hash) = text.parse::<Erc20Hash>() {
            return to(&format!("/transaction/{}", erc20.tft_transaction(&hash)?));
        }
        None
    });
    let found = found.or_else(|| to(&format!("/3bot/{}", threebot::find(moment, text)?.id)));
    let found = found.or_else(|| {
        let key = text.parse::<PublicKey>().ok()?;
        to(&format!("/address/{}", key.unlock_hash()))
    });
    found.unwrap_or_else(|| nothing(text, "The chain knows nothing by that name or id."))
}

fn by_id(moment: &Moment<'_>, id: &Hash) -> Option<Answer> {
    let (index, pool) = (moment.chain().index(), &moment.state().pool);
    let path = if let Some(height) = index.block(id) {
        format!("/block/{height}")
    } else if index.transaction(id).is_some() || pool.get(id).is_some() {
        format!("/transaction/{id}")
    } else if index.output(id).is_some() || pool.output(id).is_some() {
        format!("/output/{id}")
    } else {
        return None;
    };
    Some(Answer::Redirect(path))
}

/// A number can mean a block or a 3bot; when it is both, the reader chooses.
fn by_number(moment: &Moment<'_>, text: &str) -> Answer {
    let block = text
        .parse::<u64>()
        .ok()
        .and_then(|height| moment.chain().block(height));
    let height = block.map(|block| block.facts.height);
    match (height, threebot::find(moment, text)) {
        (Some(height), None) => Answer::Redirect(format!("/block/{height}")),
        (None, Some(bot)) => Answer::Redirect(format!("/3bot/{}", bot.id)),
        (None, None) => {
            let newest = moment.height();
            nothing(
                text,
                format!("The newest block is {newest}, and no 3bot has that number."),
            )
        }
        (Some(height), Some(bot)) => {
            let mut html = Html::default();
            html.raw("<h1>Which ")
                .text(height)
                .raw("?</h1>\n<ul>\n<li>");
            html.link("/block/", height, format_args!("block {height}"));
            html.raw("</li>\n<li>");
            html.link("/3bot/", bot.id, format_args!("3bot {}", bot.id));
            if let Some(name) = bot.names.first() {
                html.raw(" (").text(name).raw(")");
            }
            html.raw("</li>\n</ul>\n");
            Answer::page(format!("Which {height}?"), html)
        }
    }
}
