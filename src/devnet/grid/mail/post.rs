//! The post: brings the mails that wait in the outbox to the mail server.
//!
//! A mail is tried until the server takes it or says that it never will, with growing pauses. What
//! the server took is noted at once and not offered again. A server that is out of reach holds
//! nobody up but the mails.
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::outbox::Outbox;
use super::smtp::{Smtp, Trouble};
use super::{Delivery, Letter};
use crate::devnet::node::Node;
use crate::devnet::stopping::stopped;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Tries before a mail is given up: with the pauses, five days (RFC 5321 §4.5.4.1).
const MOST_TRIES: u32 = 130;
/// How long a try may go on when the devnet stops: less than it waits for its tasks.
const GRACE: Duration = Duration::from_millis(800);

/// Brings mails to a server.
#[derive(Debug)]
pub(in crate::devnet::grid) struct Post {
    pub(in crate::devnet::grid) outbox: Arc<Outbox>,
    pub(in crate::devnet::grid) smtp: Smtp,
    pub(in crate::devnet::grid) node: Arc<Node>,
}

impl Post {
    /// Works until the devnet stops.
    pub(in crate::devnet::grid) async fn run(self, stopping: watch::Receiver<bool>) {
        let stopped = stopped(stopping);
        tokio::pin!(stopped);
        let mut changes = self.outbox.changes();
        // When each is tried again; one that is not in it is tried now.
        let mut again: HashMap<String, Instant> = HashMap::new();
        // What needs no more tries, even when that could not be noted on disk.
        let mut done: HashSet<String> = HashSet::new();
        loop {
            changes.borrow_and_update();
            let mut waiting = self.outbox.waiting();
            waiting.retain(|letter| !done.contains(&letter.mail.key));
            again.retain(|key, _| waiting.iter().any(|letter| letter.mail.key == *key));
            for letter in &waiting {
                let key = &letter.mail.key;
                if again.get(key).is_some_and(|at| *at > Instant::now()) {
                    continue;
                }
                let trying = self.try_once(letter);
                tokio::pin!(trying);
                let next = tokio::select! {
                    biased;
                    next = &mut trying => next,
                    () = &mut stopped => {
                        // The server may have the mail already: its answer should be noted.
                        let _ = tokio::time::timeout(GRACE, trying).await;
                        return;
                    }
                };
                match next {
                    Next::Done => {
                        done.insert(key.clone());
                    }
                    Next::After(pause) => {
                        again.insert(key.clone(), later(pause));
                    }
                    // No other mail would fare better.
                    Next::AllAfter(pause) => {
                        for other in &waiting {
                            let at = later(pause);
                            let when = again.entry(other.mail.key.clone()).or_insert(at);
                            *when = (*when).max(at);
                        }
                    }
                }
            }
            let earliest = again.values().min().copied();
            tokio::select! {
                () = &mut stopped => return,
                // An error means that the outbox is gone.
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep_until(earliest.unwrap_or_else(Instant::now)),
                    if earliest.is_some() => {}
            }
        }
    }

    /// Offers a mail to the server and notes what comes of it.
    async fn try_once(&self, letter: &Letter) -> Next {
        let Delivery::Waiting { tries, reason } = &letter.delivery else {
            return Next::Done;
        };
        let tries = tries.saturating_add(1);
        let pause = pause(self.smtp.first_pause, tries);
        let waits = |reason: String| Delivery::Waiting { tries, reason };
        let (delivery, next) = match self.smtp.deliver(&letter.mail).await {
            Ok(farewell) => {
                let at = self.node.clock().now();
                self.record(letter, Delivery::Sent { at });
                farewell.say().await;
                return Next::Done;
            }
            Err(Trouble::Never(reason)) => (Delivery::Failed { reason }, Next::Done),
            Err(Trouble::Later(reason) | Trouble::Server(reason)) if tries >= MOST_TRIES => {
                let reason = format!("given up after {tries} tries: {reason}");
                (Delivery::Failed { reason }, Next::Done)
            }
            Err(Trouble::Later(reason)) => (waits(reason), Next::After(pause)),
            Err(Trouble::Server(reason)) => (waits(reason), Next::AllAfter(pause)),
        };
        // The same trouble again is no news.
        if delivery.reason() != Some(reason) {
            let key = &letter.mail.key;
            self.node
                .note(&format!("mail {key}, {}: {delivery}", self.smtp));
        }
        self.record(letter, delivery);
        next
    }

    /// A disk that cannot be written to is told; the mail is then offered again after a restart.
    fn record(&self, letter: &Letter, delivery: Delivery) {
        if let Err(error) = self.outbox.record(letter, delivery) {
            self.node
                .note(&format!("mail {}: {error}", letter.mail.key));
        }
    }
}

/// What comes after a try.
enum Next {
    /// Nothing: it was taken or never will be.
    Done,
    /// This one again after a pause.
    After(Duration),
    /// Every one after a pause.
    AllAfter(Duration),
}

fn later(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now)
}

/// The pause after so many tries.
fn pause(first: Duration, tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    first.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let first = Duration::from_secs(2);
        let pauses: Vec<u64> = (1..=13).map(|n| pause(first, n).as_secs()).collect();
        assert_eq!(pauses[..4], [2, 4, 8, 16]);
        assert_eq!(pauses[12], 3600);
        assert_eq!(pause(first, u32::MAX), LONGEST_PAUSE);
        let all: Duration = (1..MOST_TRIES).map(|n| pause(first, n)).sum();
        assert_eq!(all.as_secs() / 86_400, 4);
    }
}
