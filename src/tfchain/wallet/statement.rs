//! The bank statement of a wallet: what each transaction brought in or took out
//! (spec: tfchain client §11).
use std::collections::HashSet;
use std::fmt;

use indexmap::IndexSet;

use crate::tfchain::botname::BotName;
use crate::tfchain::botrecord::BotId;
use crate::tfchain::erc20::Erc20Address;
use crate::tfchain::explorer::ExplorerTransaction;
use crate::tfchain::{Amount, Hash, Transaction, UnlockHash};

/// What the coins of a transaction are for, when they go to or come from no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A new 3bot with these names.
    BotRegistration(Vec<BotName>),
    /// More months, names or addresses of a 3bot.
    BotUpdate(BotId),
    /// Names of a 3bot for this other one.
    NameTransfer(Vec<BotName>, BotId),
    /// Coins that leave for an address on Ethereum.
    ToErc20(Erc20Address),
    /// Coins that came back from Ethereum.
    FromErc20,
    /// An address of the wallet that receives from Ethereum from now on.
    Erc20Registration(Erc20Address),
}

impl Purpose {
    /// The purpose of a transaction; None when its coins only change hands.
    pub fn of(transaction: &Transaction) -> Option<Self> {
        match transaction {
            Transaction::BotRegistration(bot) => Some(Self::BotRegistration(bot.names.clone())),
            Transaction::BotRecordUpdate(bot) => Some(Self::BotUpdate(bot.id)),
            Transaction::BotNameTransfer(bots) => {
                Some(Self::NameTransfer(bots.names.clone(), bots.receiver.id))
            }
            Transaction::Erc20Convert(coins) => Some(Self::ToErc20(coins.address)),
            Transaction::Erc20CoinCreation(_) => Some(Self::FromErc20),
            Transaction::Erc20AddressRegistration(registration) => {
                Some(Self::Erc20Registration(registration.erc20_address()))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[BotName]| {
            let names: Vec<&str> = names.iter().map(BotName::as_str).collect();
            names.join(", ")
        };
        match self {
            Self::BotRegistration(names) if names.is_empty() => f.write_str("new 3bot"),
            Self::BotRegistration(names) => write!(f, "new 3bot {}", list(names)),
            Self::BotUpdate(id) => write!(f, "record of 3bot {id}"),
            Self::NameTransfer(names, to) => write!(f, "{} to 3bot {to}", list(names)),
            Self::ToErc20(address) => write!(f, "ERC20 address {address}"),
            Self::FromErc20 => f.write_str("from ERC20"),
            Self::Erc20Registration(address) => {
                write!(f, "registration of ERC20 address {address}")
            }
        }
    }
}

/// One transaction of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// Id of the transaction.
    pub id: Hash,
    /// Height of its block; None while it waits in the pool.
    pub height: Option<u64>,
    /// Time of its block in Unix seconds; None while unconfirmed or when the node does not say.
    pub time: Option<u64>,
    /// What came in; nothing when more went out.
    pub incoming: Amount,
    /// What went out, fees included; nothing when more came in.
    pub outgoing: Amount,
    /// Who received; empty when it was this wallet.
    pub to: Vec<UnlockHash>,
    /// Who paid; empty when it was this wallet.
    pub from: Vec<UnlockHash>,
    /// What it is for, when that is no address.
    pub purpose: Option<Purpose>,
}

/// Returns the statement of `transactions` for a wallet of the addresses `own`, in the order of
/// the transactions; those that neither brought in nor took out anything are left out.
pub fn statement<'a>(
    transactions: impl IntoIterator<Item = &'a ExplorerTransaction>,
    own: &HashSet<UnlockHash>,
) -> Vec<StatementRow> {
    transactions
        .into_iter()
        .filter_map(|transaction| row(transaction, own))
        .collect()
}

fn row(transaction: &ExplorerTransaction, own: &HashSet<UnlockHash>) -> Option<StatementRow> {
    let mut incoming = Amount::ZERO;
    let mut outgoing = Amount::ZERO;
    let (mut to, mut from) = (IndexSet::new(), IndexSet::new());
    for (_, output) in transaction.created_outputs() {
        let address = output.condition.unlock_hash();
        if own.contains(&address) {
            incoming += &output.value;
        }
        to.insert(address);
    }
    for (_, spent) in transaction.spent_outputs() {
        let address = spent.condition.unlock_hash();
        if own.contains(&address) {
            outgoing += &spent.value.saturating_sub(&incoming);
            incoming = incoming.saturating_sub(&spent.value);
        }
        from.insert(address);
    }
    if incoming.is_zero() && outgoing.is_zero() {
        return None;
    }
    if outgoing.is_zero() {
        to.retain(|address| own.contains(address));
    } else {
        to.retain(|address| !own.contains(address));
        from.retain(|address| !own.contains(address));
    }
    let (net_in, net_out) = (
        incoming.saturating_sub(&outgoing),
        outgoing.saturating_sub(&incoming),
    );
    Some(StatementRow {
        id: transaction.id,
        height: transaction.height,
        time: transaction.time,
        incoming: net_in,
        outgoing: net_out,
        to: to.into_iter().collect(),
        from: from.into_iter().collect(),
        purpose: Purpose::of(&transaction.transaction),
    })
}

impl fmt::Display for StatementRow {
    /// Prints the three lines of a transaction, without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let height = self
            .height
            .map_or_else(|| "unconfirmed".to_owned(), |h| h.to_string());
        let amount = |sign: char, amount: &Amount| match amount.is_zero() {
            true => String::new(),
            false => format!("{sign} {}", amount.with_unit()),
        };
        writeln!(
            f,
            "{height:<12} Tx: {} | {:^24} | {:^24} |",
            self.id,
            amount('-', &self.outgoing),
            amount('+', &self.incoming)
        )?;
        writeln!(f, "\t> to: {}", names(&self.to))?;
        write!(f, "\t> from: {}", names(&self.from))
    }
}

fn names(addresses: &[UnlockHash]) -> String {
    if addresses.is_empty() {
        return "this wallet".to_owned();
    }
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Returns a statement as text: each row followed by an empty line.
pub fn statement_text(rows: &[StatementRow]) -> String {
    rows.iter().map(|row| format!("{row}\n\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> StatementRow {
        StatementRow {
            id: "208d9f524e937176e50a7399fd3886f584290948983bbd0ed781f59cefc343a8"
                .parse()
                .unwrap(),
            height: Some(39_994),
            time: None,
            incoming: Amount::ZERO,
            outgoing: Amount::from_tft(11),
            to: vec![
                "01cb0aedd4098efd926195c2f7bba9323d919f99ecd95cf3626f0508f6be33f49bcae3dd62cca6"
                    .parse()
                    .unwrap(),
            ],
            from: Vec::new(),
            purpose: None,
        }
    }

    #[test]
    fn rows_print_as_in_the_user_guide() {
        let expected = concat!(
            "39994        Tx: 208d9f524e937176e50a7399fd3886f584290948983bbd0ed781f59cefc343a8 | ",
            "        - 11 TFT         |                          |\n",
            "\t> to: 01cb0aedd4098efd926195c2f7bba9323d919f99ecd95cf3626f0508f6be33f49bcae3dd62cca6\n",
            "\t> from: this wallet\n\n",
        );
        assert_eq!(statement_text(&[row()]), expected);
    }

    #[test]
    fn an_odd_rest_goes_to_the_right() {
        let row = StatementRow {
            height: None,
            incoming: Amount::from_tft(1),
            outgoing: Amount::ZERO,
            to: Vec::new(),
            ..row()
        };
        let text = row.to_string();
        assert!(text.starts_with("unconfirmed  Tx: "), "{text}");
        assert!(
            text.contains("|                          |         + 1 TFT          |"),
            "{text}"
        );
        assert!(text.contains("\n\t> to: this wallet"), "{text}");
    }
}
