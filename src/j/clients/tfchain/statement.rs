//! The bank statement of a wallet as a table on screen, as CSV and as JSON.
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::address_book::Labels;
use super::wallet::Wallet;
use crate::j::file;
use crate::object::columns::aligned;
use crate::object::{Args, Class, Default, Member, Paint, Param, Result, Ty, Value};
use crate::tfchain::wallet::{StatementRow, format_time, statement as rows_of};
use crate::tfchain::{Amount, UnlockHash};

/// Parameters of `w.statement()`.
pub const PARAMS: &[Param] = &[
    Param::optional(
        "format",
        Ty::Str,
        Default::None,
        "'csv' or 'json' for the text; a table without",
    ),
    Param::optional(
        "file",
        Ty::Str,
        Default::None,
        "write the text to this file instead (readable by you alone), replacing what it holds",
    ),
];

/// One line: a transaction with the balance after it.
struct Line {
    row: StatementRow,
    balance: String,
    addresses: Vec<UnlockHash>,
    with: Vec<String>,
}

/// A statement, oldest transaction first.
pub struct Statement {
    lines: Vec<Line>,
    labels: Labels,
    zone: TimeZone,
}

/// Makes the statement of a wallet, as the call `w.statement()` wants it.
///
/// # Errors
/// A format that is none, a node that does not answer, a file that cannot be written.
pub fn make(wallet: &Arc<Wallet>, args: &Args) -> Result<Value> {
    let file = args.opt_text("file").map(Path::new);
    let extension = file.and_then(|f| f.extension()).and_then(|e| e.to_str());
    let format = match (args.opt_text("format").or(extension), file) {
        (Some("csv"), _) => Some(Format::Csv),
        (Some("json"), _) => Some(Format::Json),
        (None, None) => None,
        _ => return Err(args.error("format", "must be 'csv' or 'json'")),
    };
    let core = wallet.client();
    let labels = Labels::of(core)?;
    let library = wallet.library()?;
    let host = &wallet.world().host;
    host.progress(Some("statement: reading the transactions of the wallet"));
    let found = core.ask(library.transactions());
    let noted = wallet.note_keys(&library);
    if let Ok(found) = &found {
        let count = found.len();
        host.progress(Some(&format!("statement: adding up {count} transactions")));
    }
    let rows = found.map(|found| {
        let own = library.known_addresses().into_iter().collect();
        rows_of(found.iter().map(AsRef::as_ref), &own)
    });
    host.progress(None);
    noted?;
    let statement = Statement::new(rows?, labels, core.clock().zone().clone());
    let Some(format) = format else {
        return Ok(Value::object(statement));
    };
    let text = match format {
        Format::Csv => statement.csv(),
        Format::Json => format!("{:#}\n", statement.json()),
    };
    match file {
        None => Ok(text.into()),
        Some(file) => {
            file::write(file, &text, "the statement")?;
            Ok(file.display().to_string().into())
        }
    }
}

enum Format {
    Csv,
    Json,
}

impl Statement {
    fn new(newest_first: Vec<StatementRow>, labels: Labels, zone: TimeZone) -> Self {
        let (mut came, mut went) = (Amount::ZERO, Amount::ZERO);
        let lines = newest_first.into_iter().rev().map(|row| {
            came += &row.incoming;
            went += &row.outgoing;
            // Less than nothing when coins came that no transaction brought (rewards of blocks).
            let balance = match came.checked_sub(&went) {
                Some(balance) => balance.to_string(),
                None => format!("-{}", went.saturating_sub(&came)),
            };
            let addresses = match row.outgoing.is_zero() {
                true => row.from.clone(),
                false => row.to.clone(),
            };
            let name = |a: &UnlockHash| labels.get(a).map_or_else(|| a.to_string(), String::from);
            let purpose = row.purpose.iter().map(ToString::to_string);
            let with = purpose.chain(addresses.iter().map(name)).collect();
            Line {
                row,
                balance,
                addresses,
                with,
            }
        });
        let lines = lines.collect();
        Statement {
            lines,
            labels,
            zone,
        }
    }

    fn json(&self) -> serde_json::Value {
        let lines = self.lines.iter().map(|line| {
            let addresses = line.addresses.iter().map(ToString::to_string);
            json!({
                "date": line.date().map(|at| at.to_string()),
                "height": line.row.height,
                "id": line.row.id.to_string(),
                "in": line.row.incoming.to_string(),
                "out": line.row.outgoing.to_string(),
                "balance": line.balance,
                "with": line.with,
                "addresses": addresses.collect::<Vec<_>>(),
            })
        });
        lines.collect()
    }

    fn csv(&self) -> String {
        let mut text = String::from("date,height,id,in,out,balance,with,addresses\n");
        for line in &self.lines {
            let addresses: Vec<String> = line.addresses.iter().map(ToString::to_string).collect();
            let cells = [
                line.date().map(|at| at.to_string()).unwrap_or_default(),
                line.row.height.map(|h| h.to_string()).unwrap_or_default(),
                line.row.id.to_string(),
                line.row.incoming.to_string(),
                line.row.outgoing.to_string(),
                line.balance.clone(),
                line.with.join("; "),
                addresses.join("; "),
            ];
            text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
            text.push('\n');
        }
        text
    }

    fn table(&self) -> String {
        const TITLES: [&str; 7] = ["date", "height", "id", "in", "out", "balance", "with whom"];
        let amount = |amount: &Amount| match amount.is_zero() {
            true => String::new(),
            false => amount.to_string(),
        };
        let mut rows = vec![TITLES.map(String::from)];
        rows.extend(self.lines.iter().map(|line| {
            [
                line.date()
                    .map_or_else(String::new, |at| format_time(at, &self.zone)),
                line.row
                    .height
                    .map_or_else(|| "unconfirmed".into(), |height| height.to_string()),
                shortened(&line.row.id.to_string()),
                amount(&line.row.incoming),
                amount(&line.row.outgoing),
                line.balance.clone(),
                self.whom(line),
            ]
        }));
        aligned(&rows, &[3, 4, 5])
    }

    fn whom(&self, line: &Line) -> String {
        let addresses = line.addresses.iter().map(|a| match self.labels.get(a) {
            Some(label) => label.to_owned(),
            None => shortened(&a.to_string()),
        });
        let purpose = line.row.purpose.iter().map(ToString::to_string);
        let names: Vec<String> = purpose.chain(addresses).collect();
        match (names.is_empty(), line.row.incoming.is_zero()) {
            (false, _) => names.join(", "),
            (true, true) => "this wallet".into(),
            (true, false) => "newly made coins".into(),
        }
    }
}

impl Line {
    fn date(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.row.time?).ok()?;
        Timestamp::from_second(seconds).ok()
    }
}

/// The two ends of an id or address.
fn shortened(hex: &str) -> String {
    match (
        hex.get(..8),
        hex.len().checked_sub(6).and_then(|at| hex.get(at..)),
    ) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => hex.to_owned(),
    }
}

/// A cell of CSV, in quotes when it must be.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

impl Class for Statement {
    const NAME: &'static str = "WalletStatement";
    const DOC: &'static str = "What each transaction brought in or took out, oldest first.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::property(
        "rows",
        Ty::List,
        "The lines as dicts: `date` (UTC), `height`, `id`, `in`, `out`, `balance`, `with` (what it is\n\
         for, when that is no address: a 3bot, an ERC20 address; labels, else addresses) and\n\
         `addresses`; amounts are exact texts of TFT.",
        "w.statement().rows",
        |this, _| Ok(Value::from_json(&this.json())),
    )]];

    fn repr(&self, _paint: Paint) -> String {
        match self.lines.is_empty() {
            true => "no transactions yet".into(),
            false => self.table(),
        }
    }
    fn inline(&self) -> String {
        format!("WalletStatement({} transactions)", self.lines.len())
    }
    fn to_json(&self) -> serde_json::Value {
        self.json()
    }
}
