//! What a transaction would do, in words, to be read before anything is signed.
use std::fmt;

use super::clock::Clock;
use super::draft::Draft;
use super::erc20;
use super::lock::describe_lock;
use super::threebot_preview;
use crate::tfchain::explorer::ServerText;
use crate::tfchain::{
    Amount, Condition, Hash, Network, Output, Transaction, UnlockHash, UnlockType,
};

/// The parts of a transaction that its sender must see: recipients in full, amounts, fee, change,
/// locks, data, network. `Display` prints them as lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The network; on the standard network the coins are real.
    pub network: Network,
    /// What the transaction is, when it is more than a transfer.
    pub kind: Option<&'static str>,
    /// What it does besides moving coins, one fact a line.
    pub facts: Vec<String>,
    /// What the chain takes for that, miner fee not included.
    pub price: Amount,
    /// Where coins go, in order.
    pub payments: Vec<PreviewOutput>,
    /// What comes back.
    pub change: Vec<PreviewOutput>,
    /// The sum of all fees to the block's creator.
    pub fee: Amount,
    /// What the known inputs are worth; None when one of them is not known.
    pub spent: Option<Amount>,
    /// Number of inputs.
    pub inputs: usize,
    /// The arbitrary data.
    pub data: Vec<u8>,
}

/// An output, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewOutput {
    /// The amount.
    pub amount: Amount,
    /// The recipient in full: an address, or who the owners are.
    pub recipient: String,
    /// True when the address is one of the wallet's own.
    pub own: bool,
    /// When it can be spent, if it is locked.
    pub lock: Option<String>,
}

impl Preview {
    /// Describes a draft of a wallet that owns `own`; `height` is that of the last block.
    pub fn of_draft(draft: &Draft, own: &[UnlockHash], height: Option<u64>, clock: &Clock) -> Self {
        let parent = |id: &Hash| draft.parents.get(id).cloned();
        let mut preview = Self::of_transaction(
            &draft.transaction,
            parent,
            draft.network,
            own,
            height,
            clock,
        );
        let mut outputs = std::mem::take(&mut preview.payments);
        outputs.append(&mut preview.change);
        if let Transaction::Erc20Convert(body) = &draft.transaction {
            preview.payments = vec![erc20_output(body.address, &body.value)];
            preview.change = outputs;
        } else {
            preview.change = outputs.split_off(draft.payments.min(outputs.len()));
            preview.payments = outputs;
        }
        preview
    }

    /// Describes any transaction, one that somebody else made for example. Outputs are payments,
    /// those to own addresses too, as nobody can tell which of them is change.
    pub fn of_transaction(
        transaction: &Transaction,
        parent: impl Fn(&Hash) -> Option<Output>,
        network: Network,
        own: &[UnlockHash],
        height: Option<u64>,
        clock: &Clock,
    ) -> Self {
        let inputs = transaction.coin_inputs();
        let spent = inputs
            .iter()
            .map(|input| parent(&input.parent_id).map(|output| output.value))
            .sum::<Option<Amount>>();
        let mut payments: Vec<PreviewOutput> = transaction
            .coin_outputs()
            .iter()
            .map(|output| preview_output(output, own, height, clock))
            .collect();
        if let Transaction::Erc20Convert(body) = transaction {
            payments.insert(0, erc20_output(body.address, &body.value));
        }
        let paid = threebot_preview::facts(transaction).or_else(|| erc20::facts(transaction));
        // All that these hand out is what is left over.
        let change = match paid {
            Some(_) => std::mem::take(&mut payments),
            None => Vec::new(),
        };
        let (mut facts, price) = paid.unwrap_or_default();
        if let Transaction::MinterDefinition(body) = transaction {
            let minters = recipient_words(&body.mint_condition);
            facts.push(format!("minters from then on: {minters}"));
        }
        Self {
            network,
            facts,
            price,
            kind: (!matches!(transaction, Transaction::Standard(_))).then(|| transaction.kind()),
            payments,
            change,
            fee: transaction.miner_fees().iter().sum(),
            spent,
            inputs: inputs.len(),
            data: transaction.arbitrary_data().to_vec(),
        }
    }

    /// Returns the sum of the payments, without fee and change.
    pub fn amount(&self) -> Amount {
        self.payments.iter().map(|payment| &payment.amount).sum()
    }

    /// Returns the name of the network, with a warning where the coins are real.
    pub fn network_words(&self) -> &'static str {
        match self.network {
            Network::Standard => "STD (real TFT)",
            Network::Testnet => "TEST",
            Network::Devnet => "DEV",
        }
    }
}

impl fmt::Display for Preview {
    /// Prints one fact a line, without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "network: {}", self.network_words())?;
        if let Some(kind) = self.kind {
            write!(f, "\nkind: {kind}")?;
        }
        for fact in &self.facts {
            write!(f, "\n{fact}")?;
        }
        for payment in &self.payments {
            write!(f, "\nsend: {payment}")?;
        }
        write!(f, "\nfee: {}", self.fee.with_unit())?;
        for change in &self.change {
            write!(f, "\nchange: {change}")?;
        }
        let amount = self.amount();
        write!(
            f,
            "\ntotal: {}",
            (amount + &self.fee + &self.price).with_unit()
        )?;
        match &self.spent {
            _ if self.inputs == 0 => f.write_str(" (created, nobody pays it)")?,
            Some(spent) => write!(f, " (of {} in {} input(s))", spent.with_unit(), self.inputs)?,
            None => write!(f, " (of {} input(s), not all of them known)", self.inputs)?,
        }
        if !self.data.is_empty() {
            write!(f, "\ndata: {}", data_words(&self.data))?;
        }
        Ok(())
    }
}

impl fmt::Display for PreviewOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.amount.with_unit(), self.recipient)?;
        if self.own {
            f.write_str(" (this wallet)")?;
        }
        if let Some(lock) = &self.lock {
            write!(f, ", can be spent {lock}")?;
        }
        Ok(())
    }
}

fn preview_output(
    output: &Output,
    own: &[UnlockHash],
    height: Option<u64>,
    clock: &Clock,
) -> PreviewOutput {
    let lock = output.condition.lock_time();
    PreviewOutput {
        amount: output.value.clone(),
        recipient: recipient_words(&output.condition),
        own: own.contains(&output.condition.unlock_hash()),
        lock: lock.map(|lock| describe_lock(lock, height, clock.now(), clock.zone())),
    }
}

fn erc20_output(address: impl fmt::Display, value: &Amount) -> PreviewOutput {
    PreviewOutput {
        amount: value.clone(),
        recipient: format!("the ERC20 address {address}"),
        own: false,
        lock: None,
    }
}

/// Returns a recipient in full.
pub(super) fn recipient_words(condition: &Condition) -> String {
    let address = condition.unlock_hash();
    match condition.unlocked() {
        Condition::Nil | Condition::TimeLock(_) => "anybody (free for all)".to_owned(),
        Condition::UnlockHash(address) if address.kind() == UnlockType::PublicKey => {
            address.to_string()
        }
        Condition::UnlockHash(address) => format!("the contract {address}"),
        Condition::AtomicSwap(contract) => format!(
            "the atomic swap contract {address} of {} and {}",
            contract.sender, contract.receiver
        ),
        Condition::MultiSignature(owners) => {
            let list: Vec<String> = owners
                .unlock_hashes
                .iter()
                .map(ToString::to_string)
                .collect();
            format!(
                "the {}-of-{} multi-signature wallet {address} of {}",
                owners.minimum_signature_count,
                list.len(),
                list.join(", ")
            )
        }
    }
}

fn data_words(data: &[u8]) -> String {
    match std::str::from_utf8(data) {
        Ok(text) if ServerText::new(text).as_str() == text => format!("\"{text}\""),
        _ => format!("0x{} ({} bytes)", hex::encode(data), data.len()),
    }
}
