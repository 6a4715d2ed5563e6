//! What a page looks at: chain, pool and time at one moment, and how the three read in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::html::Html;
use crate::devnet::chain::Chain;
use crate::devnet::node::State;
use crate::tfchain::hash::OutputId;
use crate::tfchain::wallet::{describe_duration, describe_lock, format_time};
use crate::tfchain::{Condition, Output, UnlockHash};

/// Owners or names that are listed before "and n more".
const LISTED: usize = 8;

/// Chain, pool and time.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    state: &'a State,
    now: Timestamp,
}

impl<'a> Moment<'a> {
    /// Looks at the state at a time in seconds since 1970.
    pub fn new(state: &'a State, now: u64) -> Self {
        let now = i64::try_from(now)
            .ok()
            .and_then(|now| Timestamp::from_second(now).ok())
            .unwrap_or(Timestamp::MAX);
        Self { state, now }
    }

    /// Returns chain and pool.
    pub fn state(&self) -> &'a State {
        self.state
    }

    /// Returns the chain.
    pub fn chain(&self) -> &'a Chain {
        &self.state.chain
    }

    /// Returns the height of the newest block.
    pub fn height(&self) -> u64 {
        self.chain().height()
    }

    /// Returns the node's time in seconds since 1970.
    pub fn now_seconds(&self) -> u64 {
        u64::try_from(self.now.as_second()).unwrap_or_default()
    }

    /// Returns an output of chain or pool, spent or not.
    pub fn output(&self, id: &OutputId) -> Option<&'a Output> {
        let confirmed = self.chain().index().output(id).map(|known| &*known.output);
        confirmed.or_else(|| self.state.pool.output(id).map(|output| &**output))
    }

    /// Says whether a condition is still locked for the next transaction.
    pub fn is_locked(&self, condition: &Condition) -> bool {
        condition.is_locked(self.height(), self.chain().tip_time())
    }

    /// Returns a time (seconds since 1970) as text.
    pub fn time_text(&self, seconds: u64) -> String {
        i64::try_from(seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map_or_else(
                || format!("Unix time {seconds}"),
                |at| format_time(at, &TimeZone::UTC),
            )
    }

    /// Writes a time and how long ago it was, or how long it is till then.
    pub fn time(&self, html: &mut Html, seconds: u64) {
        let now = self.now_seconds();
        let away = describe_duration(now.abs_diff(seconds));
        html.text(self.time_text(seconds))
            .raw(" <span class=\"soft\">(");
        match seconds > now {
            true => html.raw("in ").text(away),
            false => html.text(away).raw(" ago"),
        }
        .raw(")</span>");
    }

    /// Returns when a lock opens, in words: `at block height 42 (in 3 blocks)`.
    pub fn lock_text(&self, lock: u64) -> String {
        describe_lock(lock, Some(self.height()), self.now, &TimeZone::UTC)
    }

    /// Writes an address as a link.
    pub fn address(&self, html: &mut Html, address: &UnlockHash) {
        if address.is_nil() {
            html.link("/address/", address, "anybody");
        } else {
            html.short_link("/address/", address);
        }
    }

    /// Writes addresses as links: `a, b and c`.
    pub fn addresses(&self, html: &mut Html, addresses: &[UnlockHash]) {
        list(html, addresses, |html, address| self.address(html, address));
    }

    /// Writes who can open a condition, and when.
    pub fn condition(&self, html: &mut Html, condition: &Condition) {
        match condition {
            Condition::Nil => _ = html.raw("anybody who signs for it"),
            Condition::UnlockHash(address) => self.address(html, address),
            Condition::AtomicSwap(contract) => {
                html.raw("the atomic swap ");
                self.address(html, &contract.unlock_hash());
                html.raw(": for ");
                self.address(html, &contract.receiver);
                html.raw(" with the secret, back to ");
                self.address(html, &contract.sender);
                html.raw(" without it, which opens ");
                html.text(self.lock_text(contract.time_lock));
            }
            Condition::TimeLock(lock) => {
                self.condition(html, &lock.condition);
                html.raw(", locked: it opens ")
                    .text(self.lock_text(lock.lock_time));
            }
            Condition::MultiSignature(owners) => {
                html.raw("the shared wallet ");
                self.address(html, &owners.unlock_hash());
                html.raw(" of ");
                self.addresses(html, &owners.unlock_hashes);
                let signatures = owners.minimum_signature_count;
                html.raw(" (").text(count(signatures, "signature"));
                html.raw(" of ").text(owners.unlock_hashes.len());
                html.raw(" needed)");
            }
        }
    }
}

/// Writes `a, b and c`, or `a, b … and 7 more`.
pub fn list<T>(html: &mut Html, items: &[T], mut item: impl FnMut(&mut Html, &T)) {
    let more = items.len().saturating_sub(LISTED);
    for (i, entry) in items.iter().take(LISTED).enumerate() {
        match (i, more, i.saturating_add(1) == items.len()) {
            (0, ..) => {}
            (_, 0, true) => _ = html.raw(" and "),
            _ => _ = html.raw(", "),
        }
        item(html, entry);
    }
    if more > 0 {
        html.raw(" and ").text(more).raw(" more");
    }
}

/// Returns a number with its noun: `1 block`, `2 blocks`, `2 entries`, `2 addresses`.
pub fn count(n: impl Into<u128>, noun: &str) -> String {
    let n = n.into();
    if n == 1 {
        return format!("1 {noun}");
    }
    match (noun.strip_suffix('y'), noun.ends_with('s')) {
        (Some(stem), _) => format!("{n} {stem}ies"),
        (None, true) => format!("{n} {noun}es"),
        (None, false) => format!("{n} {noun}s"),
    }
}

/// Returns a length as a number that [`count`] takes.
pub fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_as_people_write_them() {
        assert_eq!(count(1_u8, "block"), "1 block");
        assert_eq!(count(0_u8, "block"), "0 blocks");
        assert_eq!(count(2_u8, "entry"), "2 entries");
        assert_eq!(count(2_u8, "address"), "2 addresses");
        let text = |n: u32| {
            let items: Vec<u32> = (1..=n).collect();
            let mut html = Html::default();
            list(&mut html, &items, |html, item| _ = html.text(item));
            html.finish()
        };
        assert_eq!(text(0), "");
        assert_eq!(text(1), "1");
        assert_eq!(text(2), "1 and 2");
        assert_eq!(text(3), "1, 2 and 3");
        assert_eq!(text(10), "1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
    }
}
