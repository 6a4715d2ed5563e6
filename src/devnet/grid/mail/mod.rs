//! A mail of the broker, and how far its delivery is.
//!
//! * [`Outbox`]: all mails, on disk. * [`Post`]: brings those that wait to a server.
//! * [`Smtp`]: that server.
mod outbox;
mod post;
mod smtp;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use outbox::Outbox;
pub(in crate::devnet::grid) use post::Post;
pub use smtp::{MailServer, Smtp, SmtpOptions, TLS_WORDS, Tls};

use crate::devnet::pages::html::escape;

/// Who the broker's mails come from (spec: capacity §6.2).
pub const FROM: &str = "broker@grid.tf";
/// The public network that every workload of the grid is in (spec: capacity §8.1).
pub const NETWORK: &str = "9bee8941b5717835";

/// A line whose name has one of these words holds a secret.
const SECRETS: [&str; 5] = ["login", "password", "secret", "token", "key"];
/// What is shown in the place of a secret.
const HIDDEN: &str = "***";

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
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            let _ = fmt::Write::write_fmt(&mut html, format_args!("<li>{}</li>\n", escape(line)));
        }
        html.push_str("</ul>\n");
        html
    }

    /// The value behind a name of the content, for example `0-OS address`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut lines = self.text.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The mail as everybody on this machine may see it: without passwords and logins.
    pub fn without_secrets(&self) -> Self {
        let lines = self.text.lines().map(|line| match line.split_once(": ") {
            Some((name, _)) if is_secret(name) => format!("{name}: {HIDDEN}\n"),
            _ => format!("{line}\n"),
        });
        Self {
            text: lines.collect(),
            ..self.clone()
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRETS.iter().any(|word| name.contains(word))
}

/// How far the delivery of a mail is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Delivery {
    /// No mail server was configured when it was written: it stays in the outbox.
    #[default]
    Kept,
    /// It is to be sent.
    Waiting {
        /// How often that was tried.
        tries: u32,
        /// Why the last try failed; empty before the first.
        reason: String,
    },
    /// The mail server has taken it.
    Sent {
        /// When, seconds since 1970.
        at: u64,
    },
    /// It is not tried any more.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Delivery {
    /// The word for it: `kept`, `waiting`, `sent` or `failed`.
    pub fn word(&self) -> &'static str {
        match self {
            Delivery::Kept => "kept",
            Delivery::Waiting { .. } => "waiting",
            Delivery::Sent { .. } => "sent",
            Delivery::Failed { .. } => "failed",
        }
    }

    /// Why it is not sent, as far as that is known.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Delivery::Waiting { reason, .. } | Delivery::Failed { reason } => {
                Some(reason.as_str()).filter(|reason| !reason.is_empty())
            }
            _ => None,
        }
    }
}

/// For people.
impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Kept => write!(f, "kept in the outbox: no mail server is configured"),
            Delivery::Waiting { tries: 0, .. } => write!(f, "waiting to be sent"),
            Delivery::Waiting { tries, reason } => {
                let tries = match tries {
                    1 => "one try".to_owned(),
                    more => format!("{more} tries"),
                };
                write!(f, "waiting after {tries}: {reason}")
            }
            Delivery::Sent { .. } => write!(f, "sent"),
            Delivery::Failed { reason } => write!(f, "failed: {reason}"),
        }
    }
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The mail.
    #[serde(flatten)]
    pub mail: Mail,
    /// How far its delivery is.
    #[serde(default)]
    pub delivery: Delivery,
}

impl Letter {
    /// The letter as everybody on this machine may see it.
    pub fn without_secrets(&self) -> Self {
        Self {
            mail: self.mail.without_secrets(),
            delivery: self.delivery.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_is_not() {
        let mail = Mail {
            key: "k".into(),
            number: 1,
            time: 0,
            from: FROM.into(),
            to: "user@mail.com".into(),
            subject: "s".into(),
            text:
                "S3 url: http://a: b\nLogin: me\nPassword: a: b\nSecret access key: x\nno colon\n"
                    .into(),
        };
        assert_eq!(
            mail.without_secrets().text,
            "S3 url: http://a: b\nLogin: ***\nPassword: ***\nSecret access key: ***\nno colon\n"
        );
        assert!(!format!("{mail:?}").contains("a: b"));
    }

    #[test]
    fn mails_of_before_are_kept_ones() {
        let old = r#"{"key":"k","time":1,"from":"f","to":"t","subject":"s","text":""}"#;
        let letter: Letter = serde_json::from_str(old).unwrap();
        assert_eq!(letter.delivery, Delivery::Kept);
        let json = serde_json::to_string(&letter).unwrap();
        assert_eq!(serde_json::from_str::<Letter>(&json).unwrap(), letter);
    }
}
