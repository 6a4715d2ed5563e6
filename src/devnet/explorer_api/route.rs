//! Which paths exist and what they ask for.

use crate::devnet::query::percent_decode;

/// What a known path asks for; texts are path parameters, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/explorer`
    Explorer,
    /// `/explorer/blocks/:height`
    Block(String),
    /// `/explorer/hashes/:hash`
    Hash(String),
    /// `/explorer/constants`, `/daemon/constants`
    Constants,
    /// `/daemon/version`
    Version,
    /// `/consensus`, `/explorer/downloader/status`
    Consensus,
    /// `/explorer/stats/history`
    History,
    /// `/explorer/stats/range`
    Range,
    /// `…/mintcondition`, `…/mintcondition/:height`
    MintCondition(Option<String>),
    /// `…/3bot/:id`
    Bot(String),
    /// `…/3bot/:id/transactions`
    BotTransactions(String),
    /// `…/whois/3bot/:name`
    WhoIs(String),
    /// `…/erc20/addresses/:address`
    Erc20Address(String),
    /// `…/erc20/transactions/:txid`
    Erc20Transaction(String),
    /// `/erc20/downloader/status`
    Erc20Status,
    /// `/erc20/account/balance`
    Erc20Balance,
    /// `/consensus/transactions/:id`
    Transaction(String),
    /// `/consensus/unspent/coinoutputs/:id`
    UnspentCoin(String),
    /// `/consensus/unspent/blockstakeoutputs/:id`
    UnspentStake(String),
    /// `/transactionpool/transactions`
    Pool,
    /// `/gateway`
    Gateway,
}

/// Finds what a path (as it stands in the request, still encoded) asks for.
pub fn find(path: &str) -> Option<Route> {
    let segments: Vec<String> = path
        .strip_prefix('/')?
        .split('/')
        .map(percent_decode)
        .collect();
    if segments.iter().any(String::is_empty) {
        return None;
    }
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let text = |s: &str| s.to_owned();
    Some(match segments.as_slice() {
        ["explorer"] => Route::Explorer,
        ["explorer", "blocks", height] => Route::Block(text(height)),
        ["explorer", "hashes", hash] => Route::Hash(text(hash)),
        ["explorer" | "daemon", "constants"] => Route::Constants,
        ["daemon", "version"] => Route::Version,
        ["consensus"] | ["explorer", "downloader", "status"] => Route::Consensus,
        ["explorer", "stats", "history"] => Route::History,
        ["explorer", "stats", "range"] => Route::Range,
        ["explorer" | "consensus", rest @ ..] => match rest {
            ["mintcondition"] => Route::MintCondition(None),
            ["mintcondition", height] => Route::MintCondition(Some(text(height))),
            ["3bot", id] => Route::Bot(text(id)),
            ["3bot", id, "transactions"] => Route::BotTransactions(text(id)),
            ["whois", "3bot", name] => Route::WhoIs(text(name)),
            ["erc20", "addresses", address] => Route::Erc20Address(text(address)),
            ["erc20", "transactions", id] => Route::Erc20Transaction(text(id)),
            _ => match segments.as_slice() {
                ["consensus", "transactions", id] => Route::Transaction(text(id)),
                ["consensus", "unspent", "coinoutputs", id] => Route::UnspentCoin(text(id)),
                ["consensus", "unspent", "blockstakeoutputs", id] => Route::UnspentStake(text(id)),
                _ => return None,
            },
        },
        ["erc20", "downloader", "status"] => Route::Erc20Status,
        ["erc20", "account", "balance"] => Route::Erc20Balance,
        ["transactionpool", "transactions"] => Route::Pool,
        ["gateway"] => Route::Gateway,
        _ => return None,
    })
}
