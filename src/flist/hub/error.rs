//! Why a hub did not do what it was asked for.
use std::path::PathBuf;

/// Why a hub did not do what it was asked for. No text of it holds the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The address is none of a hub.
    #[error("'{address}' cannot be the address of a hub; expected https://host/api")]
    Address {
        /// The address, cleaned and cut.
        address: String,
    },
    /// The token would travel in the clear.
    #[error("{hub} is asked without encryption: a token is sent by https only, or to this machine")]
    NotPrivate {
        /// The hub.
        hub: String,
    },
    /// The token cannot stand in a header.
    #[error("the token is none: it holds characters that no token has")]
    Token,
    /// A name that cannot be one.
    #[error("'{name}' cannot be the name of {what}: {reason}")]
    Name {
        /// What it should name.
        what: &'static str,
        /// The name, cleaned and cut.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file of this machine.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried: `read`, `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The hub takes other files.
    #[error("{} is nothing that a hub takes: expected {expected}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What is taken.
        expected: &'static str,
    },
    /// It could not be reached; nothing was sent.
    #[error("{hub} is out of reach: {reason}")]
    OutOfReach {
        /// The hub.
        hub: String,
        /// What happened.
        reason: String,
    },
    /// It did not answer a question, or not to the end.
    #[error("{hub} did not answer to the end: {reason}")]
    Broken {
        /// The hub.
        hub: String,
        /// What happened.
        reason: String,
    },
    /// It was asked to change something, and its answer did not come.
    #[error("{hub} was asked, but did not answer: {reason}; whether it was done is not known")]
    Unclear {
        /// The hub.
        hub: String,
        /// What happened.
        reason: String,
    },
    /// An upload did not come to its end.
    #[error(
        "the upload of {} broke off after {sent} of {total} bytes: {reason}; nothing was published",
        path.display()
    )]
    Upload {
        /// The file.
        path: PathBuf,
        /// Bytes that were sent.
        sent: u64,
        /// Bytes of the whole.
        total: u64,
        /// What happened.
        reason: String,
    },
    /// It wants to know who asks.
    #[error("{hub} wants you to log in: it answers with its login page")]
    Login {
        /// The hub.
        hub: String,
    },
    /// It knows who asks, and refuses.
    #[error("{hub} refuses your token ({says}): it is for another account, or not valid any more")]
    Forbidden {
        /// The hub.
        hub: String,
        /// Its words, cleaned and cut.
        says: String,
    },
    /// It refuses, in its own words.
    #[error("{hub} refuses ({status}): {message}{}", more(reason))]
    Refused {
        /// The hub.
        hub: String,
        /// The HTTP status.
        status: u16,
        /// Its words, cleaned and cut.
        message: String,
        /// More about it, where it tells; cleaned and cut.
        reason: String,
    },
    /// It answers with a page of errors.
    #[error("{hub} failed with status {status}")]
    Failed {
        /// The hub.
        hub: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer makes no sense.
    #[error("the answer of {hub} makes no sense: {reason}")]
    Garbage {
        /// The hub.
        hub: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl HubError {
    /// Says what a person can do about a refusal, where that is known.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Refused { message, .. } => Some(match message.as_str() {
                "user not found" => "see who has a repository there: .repositories()",
                "source not found" => "see what is there: .list()",
                "this file is not allowed" => {
                    "a hub takes archives of a root file system (.tar.gz) and flists (.flist)"
                }
                "unauthorized upload, contents is not fully present on backend" => {
                    "bring the chunks there first, or upload a .tar.gz"
                }
                "link destination is already a file" => {
                    "choose another name for the link, or delete the flist of that name"
                }
                "malformed source filename" => "flists of a merge are named 'user/name.flist'",
                "docker image not found" => {
                    "check its name; an archive of it can be sent: .docker_upload(file)"
                }
                "could not pull this image" => {
                    "its registry did not give it; an archive of it can be sent: \
                     .docker_upload(file)"
                }
                message if message.ends_with(" does not exists") => {
                    "flists of a merge are named 'user/name.flist': see .list(user)"
                }
                _ => return None,
            }),
            Self::Login { .. } => Some("set a token of your account: .token_ = '…'"),
            Self::Forbidden { .. } => {
                Some("get a new token, and check .username: it must be an account of that token")
            }
            Self::Unclear { .. } => Some("see what is there before asking again: .list()"),
            Self::Upload { .. } => Some("send it again when the hub is back"),
            Self::NotPrivate { .. } => Some("use the https address of the hub"),
            _ => None,
        }
    }
}

fn more(reason: &str) -> String {
    match reason {
        "" => String::new(),
        reason => format!(": {reason}"),
    }
}

/// Characters of another's text that are kept.
const LONGEST: usize = 200;

/// Cleans and cuts a text of somebody else.
pub(super) fn clean(text: &str) -> String {
    let shown: String = text
        .trim()
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}
