//! Errors of the schema library.
//!
//! [`SchemaError`] points into a schema text, [`ValueError`] says why an input does not fit a
//! type, [`ObjectError`] why an object refused an operation. No error ever holds the value of a
//! secret property.
use std::borrow::Cow;
use std::fmt;

/// A schema text that cannot be used, with the place in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}; expected {expected}")]
pub struct SchemaError {
    /// Line in the text as it was given, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The whole line, cut to [`SchemaError::SOURCE_LIMIT`] characters.
    pub source_line: String,
    /// What is wrong, with the wrong text.
    pub message: String,
    /// What would be right.
    pub expected: String,
}

impl SchemaError {
    /// Longest piece of a source line that an error keeps, in characters.
    pub const SOURCE_LIMIT: usize = 200;

    pub(crate) fn new(
        line: usize,
        column: usize,
        source_line: &str,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        let source_line = source_line.chars().take(Self::SOURCE_LIMIT).collect();
        Self {
            line,
            column,
            source_line,
            message: message.into(),
            expected: expected.into(),
        }
    }

    /// Returns the source line and, below it, a `^` under the place.
    pub fn caret(&self) -> String {
        let column = self.column.min(Self::SOURCE_LIMIT + 1);
        // A tab stays a tab in the second line so that both lines stay aligned.
        let before = self.source_line.chars().take(column.saturating_sub(1));
        let mut pad: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let missing = column.saturating_sub(1).saturating_sub(pad.chars().count());
        pad.extend(std::iter::repeat_n(' ', missing));
        format!("{}\n{pad}^", self.source_line)
    }
}

/// An input that does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// Name of the type, for instance `int` or `list of email`.
    pub type_name: Cow<'static, str>,
    /// The input as the prompt would show it, shortened.
    pub input: String,
    /// The forms the type accepts.
    pub expected: Cow<'static, str>,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not a valid {}: expected {}",
            self.input, self.type_name, self.expected
        )?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ValueError {}

impl ValueError {
    /// Longest piece of an input that an error repeats, in characters.
    pub const INPUT_LIMIT: usize = 60;

    pub(crate) fn new(
        type_name: impl Into<Cow<'static, str>>,
        input: &super::Value,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (type_name, expected) = (type_name.into(), expected.into());
        Self {
            type_name,
            input: input.excerpt(Self::INPUT_LIMIT),
            expected,
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Returns the error without the input, for secret properties.
    pub fn redacted(mut self) -> Self {
        self.input = "***".into();
        self.hint = None;
        self
    }
}

/// Why an object or one of its properties refused an operation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ObjectError {
    /// The schema has no property of this name.
    #[error("'{url}' has no property '{name}'{}", did_you_mean(.suggestion))]
    UnknownProperty {
        /// Url of the schema.
        url: String,
        /// The name that was asked for.
        name: String,
        /// The property that was probably meant.
        suggestion: Option<String>,
    },
    /// The value does not fit the type of the property; the old value stays.
    #[error("{property}: {error}")]
    Value {
        /// Name of the property.
        property: String,
        /// Why the value was refused.
        error: ValueError,
    },
    /// The object is read-only.
    #[error("'{url}' is read-only: '{property}' cannot be changed")]
    ReadOnly {
        /// Url of the schema.
        url: String,
        /// Name of the property.
        property: String,
    },
    /// A list, dict or object operation on a property of another type.
    #[error("'{property}' is a {found}; expected a {expected}")]
    WrongType {
        /// Name of the property.
        property: String,
        /// Its type.
        found: String,
        /// The type the operation needs.
        expected: &'static str,
    },
    /// A list index outside the list.
    #[error("index {index} is out of range: '{property}' has {length} elements")]
    OutOfRange {
        /// Name of the property.
        property: String,
        /// The index that was asked for; negative ones count from the end.
        index: i64,
        /// Number of elements.
        length: usize,
    },
    /// `remove` or `index` of an element that is not in the list.
    #[error("{item} is not in '{property}'")]
    NotInList {
        /// Name of the property.
        property: String,
        /// The element as the prompt shows it.
        item: String,
    },
    /// A referred schema is not registered.
    #[error("no schema '{url}' is registered; register its text first")]
    UnknownSchema {
        /// The url that was looked for.
        url: String,
    },
    /// Objects inside objects deeper than the limit (a schema that contains itself, for one).
    #[error("objects of '{url}' are nested deeper than {limit} levels")]
    TooDeep {
        /// Url of the schema at the limit.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// Data that is neither a map nor text or bytes of an object.
    #[error("cannot read an object of '{url}': {reason}")]
    Data {
        /// Url of the schema.
        url: String,
        /// What is wrong with the data.
        reason: String,
    },
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!("; did you mean '{name}'?"),
        None => String::new(),
    }
}
