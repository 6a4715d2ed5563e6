//! What can be wrong with an image, and with a registry.
use super::digest::Digest;

/// The outcome of work on images.
pub type Result<T> = std::result::Result<T, ImageError>;

/// Why an image cannot be read, fetched or converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// What the flist side says: a file of this machine, the backend, a tree.
    #[error(transparent)]
    Flist(#[from] crate::flist::Error),
    /// A file or folder that holds no image.
    #[error("{place} is no image: {reason}")]
    NoImage {
        /// The file or folder.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A JSON document of an image that is not what it should be.
    #[error("{what} of the image cannot be read: {reason}")]
    Document {
        /// The manifest, the index, the configuration.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// Bytes that are not those of their digest.
    #[error("{what} is called {expected}, but its bytes are {found}: it is damaged or not genuine")]
    Digest {
        /// A blob, a layer.
        what: String,
        /// The digest it goes by.
        expected: Digest,
        /// The digest of its bytes.
        found: Digest,
    },
    /// Bytes that are not as many as was said.
    #[error("{what} should have {expected} bytes, and has {found}")]
    Size {
        /// A blob, a layer.
        what: String,
        /// Bytes that were told.
        expected: u64,
        /// Bytes that came.
        found: u64,
    },
    /// A text that is no digest.
    #[error("'{0}' is no digest: sha256: and 64 hexadecimal digits are expected")]
    NotADigest(String),
    /// A text that is no platform.
    #[error(
        "'{0}' is no platform: an operating system and an architecture like linux/amd64 are expected"
    )]
    NotAPlatform(String),
    /// A platform that the image is not made for.
    #[error("there is no image for {wanted}; there is one for {}", list(.there))]
    Platform {
        /// The platform that was asked for.
        wanted: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// Several images where one is needed.
    #[error("there are {} images here, choose one with image=: {}", .0.len(), list(.0))]
    Several(Vec<String>),
    /// A name that none of the images has.
    #[error("there is no image '{name}' here; there is {}", list(.there))]
    Unnamed {
        /// The name that was asked for.
        name: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// A layer that cannot be applied.
    #[error("{layer}: {reason}")]
    Layer {
        /// Which one.
        layer: String,
        /// What is wrong.
        reason: String,
    },
    /// More than is allowed: a bomb, or a very large image.
    #[error("{what}: more than {most} {unit} are not unpacked")]
    Limit {
        /// What is too large.
        what: String,
        /// The most that is taken.
        most: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A text that names no image.
    #[error("'{text}' names no image: {reason}")]
    Reference {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A registry that cannot be asked.
    #[error("registry {registry} cannot be reached: {reason}")]
    Unreachable {
        /// Its host.
        registry: String,
        /// What happened.
        reason: String,
    },
    /// A registry that wants a login, or another one.
    #[error("registry {registry} refuses {what}: {reason}")]
    Denied {
        /// Its host.
        registry: String,
        /// What was asked for.
        what: String,
        /// What it says.
        reason: String,
    },
    /// Something that the registry does not have.
    #[error("registry {registry} has no {what}")]
    NotThere {
        /// Its host.
        registry: String,
        /// What was asked for.
        what: String,
    },
    /// An answer that is none.
    #[error("registry {registry} answers to {what}: {reason}")]
    Answer {
        /// Its host.
        registry: String,
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A registry without encryption that nobody asked for.
    #[error(
        "registry {0} would be asked over plain HTTP: allow it with insecure=true, if you trust the way to it"
    )]
    Plain(String),
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
