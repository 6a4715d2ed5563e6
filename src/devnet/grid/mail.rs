//! Mails of the broker: written to an outbox on disk, each once.
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::error::{Error, Result};
use super::super::folder;
use crate::devnet::pages::html::escape;

/// Who the broker's mails come from (spec: capacity §6.2).
pub const FROM: &str = "broker@grid.tf";
/// The public network that every workload of the grid is in (spec: capacity §8.1).
pub const NETWORK: &str = "9bee8941b5717835";

/// A mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// What it is about: a payment and a word. A second one with the same key is not sent.
    pub key: String,
    /// Its place among all mails, 1 for the first; given when it is sent.
    #[serde(default)]
    pub number: u64,
    /// When it was written, seconds since 1970.
    pub time: u64,
    /// Who it is from.
    pub from: String,
    /// Who it is for.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its content as text, one `name: value` a line.
    pub text: String,
}

/// Shows what it is about; mails hold passwords.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("key", &self.key)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Mail {
    /// The content as HTML, the form in which it is sent.
    pub fn html(&self) -> String {
        let mut html = format!("<h1>{}</h1>\n<ul>\n", escape(&self.subject));
        for line in self.text.lines() {
            let _ =
                std::fmt::Write::write_fmt(&mut html, format_args!("<li>{}</li>\n", escape(line)));
        }
        html.push_str("</ul>\n");
        html
    }

    /// The value behind a name of the content, for example `0-OS address`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut lines = self.text.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// Where mails are kept.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// Opens the outbox on its folder, which is made when it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: PathBuf) -> Result<Self> {
        folder::private_folder(&folder)?;
        Ok(Self { folder })
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    /// Keeps a mail, unless one with its key is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn send(&self, mail: &Mail) -> Result<()> {
        let file = self.file(&mail.key);
        if file.exists() {
            return Ok(());
        }
        let before = self.all().first().map_or(0, |newest| newest.number);
        let mail = Mail {
            number: before.saturating_add(1),
            ..mail.clone()
        };
        let text = serde_json::to_vec_pretty(&mail).map_err(|e| Error::Refused {
            reason: e.to_string(),
        })?;
        folder::replace_private(&file, &text)
    }

    /// All mails, newest first.
    pub fn all(&self) -> Vec<Mail> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let files = entries.flatten().map(|entry| entry.path());
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let mails = files.filter_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            serde_json::from_slice::<Mail>(&bytes).ok()
        });
        let mut mails: Vec<Mail> = mails.collect();
        mails.sort_by_key(|mail| std::cmp::Reverse(mail.number));
        mails
    }
}
