//! The one error a user meets: what went wrong, where in the text they typed, and what to do.
//!
//! Library rooms have their own error enums; at the edge of the tree they become this type. The
//! kind decides the exit code, in this file and nowhere else.
use std::fmt;
use std::ops::Range;

/// Result of everything the tree does.
pub type Result<T> = std::result::Result<T, Error>;

/// What sort of failure it is, as far as a user or a calling program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The text is not a statement of the language.
    Syntax,
    /// A name is not defined.
    Name,
    /// An object has no such member.
    Attribute,
    /// A value of the wrong type, or arguments that do not fit the parameters.
    Type,
    /// A value of the right type that is not acceptable.
    Value,
    /// Something asked for does not exist.
    NotFound,
    /// A server could not be reached or did not answer properly.
    Network,
    /// The other side refused, and said why.
    Refused,
    /// Nothing was done because it was not confirmed.
    NotConfirmed,
    /// Changed elsewhere since it was read.
    Conflict,
    /// The store is damaged, full or not readable.
    Store,
    /// The store is in use by another process.
    Locked,
    /// Wrong passphrase, or no way to unlock.
    Unlock,
    /// Reading or writing a file failed.
    Io,
    /// Stopped by the user.
    Interrupted,
    /// Wrong use of the command line.
    Usage,
    /// Raised by a script (`throw`) or an `assert` that failed.
    Script,
    /// A mistake of ours.
    Internal,
}

impl Kind {
    /// The word used for this kind in `--json` answers.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Syntax => "syntax",
            Kind::Name => "name",
            Kind::Attribute => "attribute",
            Kind::Type => "type",
            Kind::Value => "value",
            Kind::NotFound => "not_found",
            Kind::Network => "network",
            Kind::Refused => "refused",
            Kind::NotConfirmed => "not_confirmed",
            Kind::Conflict => "conflict",
            Kind::Store => "store",
            Kind::Locked => "locked",
            Kind::Unlock => "unlock",
            Kind::Io => "io",
            Kind::Interrupted => "interrupted",
            Kind::Usage => "usage",
            Kind::Script => "script",
            Kind::Internal => "internal",
        }
    }

    /// The exit code of the process when this ends it: 1 failed, 2 wrong usage, 3 the store is
    /// locked by another process, 4 wrong passphrase or no way to unlock.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Locked => 3,
            Kind::Unlock => 4,
            _ => 1,
        }
    }
}

/// An error as it is shown: message, place in the typed text, and hints.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// What sort of failure.
    pub kind: Kind,
    /// One sentence that names the value and what was expected.
    pub message: String,
    /// Byte range in the text the user typed; filled in by the engine.
    pub span: Option<Range<usize>>,
    /// What to do about it, one line each.
    pub hints: Vec<String>,
}

impl Error {
    /// An error of a kind with a message and nothing else.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            span: None,
            hints: Vec::new(),
        }
    }

    /// A value of the wrong type.
    pub fn type_error(message: impl Into<String>) -> Self {
        Error::new(Kind::Type, message)
    }

    /// A value that is not acceptable.
    pub fn value(message: impl Into<String>) -> Self {
        Error::new(Kind::Value, message)
    }

    /// Adds a line that says what to do.
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(text.into());
        self
    }

    /// Adds the place in the typed text, unless one is known already.
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::new(Kind::Io, error.to_string())
    }
}
