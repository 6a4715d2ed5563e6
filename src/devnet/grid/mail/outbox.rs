//! The outbox: every mail that the broker wrote, on disk, each once, with the state of its delivery.
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::{Delivery, Letter, Mail};
use crate::devnet::error::{Error, Result};
use crate::devnet::folder;

/// Where mails are kept.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    /// Whether mails are sent into the world as well.
    posted: bool,
    /// Held while one is written, so that none is written over another.
    writing: Mutex<()>,
    /// Counts what was written.
    changes: watch::Sender<u64>,
}

impl Outbox {
    /// Opens the outbox on its folder, which is made when it is missing. `posted`: whether what is
    /// written from now on waits for a mail server.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: PathBuf, posted: bool) -> Result<Self> {
        folder::private_folder(&folder)?;
        Ok(Self {
            folder,
            posted,
            writing: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    /// Keeps a mail, unless one with its key is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn send(&self, mail: &Mail) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.file(&mail.key).exists() {
            return Ok(());
        }
        let before = self.all().first().map_or(0, |newest| newest.mail.number);
        let delivery = match self.posted {
            true => Delivery::Waiting {
                tries: 0,
                reason: String::new(),
            },
            false => Delivery::Kept,
        };
        self.write(&Letter {
            mail: Mail {
                number: before.saturating_add(1),
                ..mail.clone()
            },
            delivery,
        })
    }

    /// Notes how far the delivery of a mail is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&self, letter: &Letter, delivery: Delivery) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(&Letter {
            mail: letter.mail.clone(),
            delivery,
        })
    }

    fn write(&self, letter: &Letter) -> Result<()> {
        let text = serde_json::to_vec_pretty(letter).map_err(|e| Error::Refused {
            reason: e.to_string(),
        })?;
        folder::replace_private(&self.file(&letter.mail.key), &text)?;
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    /// All mails, newest first.
    pub fn all(&self) -> Vec<Letter> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let files = entries.flatten().map(|entry| entry.path());
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let letters = files.filter_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            serde_json::from_slice::<Letter>(&bytes).ok()
        });
        let mut letters: Vec<Letter> = letters.collect();
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.mail.number));
        letters
    }

    /// The mails that are to be sent, oldest first.
    pub fn waiting(&self) -> Vec<Letter> {
        let mut letters = self.all();
        letters.retain(|letter| matches!(letter.delivery, Delivery::Waiting { .. }));
        letters.reverse();
        letters
    }

    /// Tells when a mail is written or its delivery changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
