//! Names of images: `nginx`, `nginxdemos/hello:plain`, `localhost:5000/x@sha256:…`.
use std::fmt;
use std::str::FromStr;

use super::digest::Digest;
use super::error::{ImageError, Result};

/// The registry that is meant where none is named.
const DEFAULT_REGISTRY: &str = "docker.io";
/// Where the registry that is meant by default answers.
const DEFAULT_HOST: &str = "registry-1.docker.io";
/// The account of names without one, on the default registry.
const DEFAULT_ACCOUNT: &str = "library";
/// The longest name, in bytes (rule of the field).
const MAX_NAME: usize = 255;
/// The longest tag, in bytes.
const MAX_TAG: usize = 128;

/// The name of an image in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// As it was written, with `:latest` where there was neither a tag nor a digest.
    text: String,
    /// `docker.io`, `localhost:5000`.
    registry: String,
    /// `library/nginx`.
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Reads a name as it is meant for one registry: without a registry of its own in it, this
    /// one is taken.
    ///
    /// # Errors
    /// As [`str::parse`].
    pub fn parse_for(text: &str, registry: Option<&str>) -> Result<Self> {
        let Some(registry) = registry else {
            return text.parse();
        };
        let host = registry
            .split_once("://")
            .map_or(registry, |(_, host)| host);
        let host = host.trim_end_matches('/');
        match has_registry(text) {
            true => text.parse(),
            false => {
                let mut reference: Self = format!("{host}/{text}").parse()?;
                reference.text = with_tag(text);
                Ok(reference)
            }
        }
    }

    /// As it was written, with `:latest` where there was neither a tag nor a digest.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The registry as people call it: `docker.io`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The host, perhaps with a port, that answers for the registry.
    pub fn host(&self) -> &str {
        match self.registry.as_str() {
            DEFAULT_REGISTRY => DEFAULT_HOST,
            host => host,
        }
    }

    /// The repository on it: `library/nginx`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, where there is one.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, where there is one.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What its manifest is asked by: the digest, or the tag.
    pub fn manifest(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".into(),
        }
    }

    /// The name of the flist that it becomes: `nginxdemos-hello-latest.flist`.
    pub fn flist_name(&self) -> String {
        flist_name(&self.text)
    }
}

/// The name of the flist that an image becomes: the text with `:` and `/` replaced by `-`, and
/// `:latest` before where it has no `:` (spec: flist §10.6).
pub fn flist_name(image: &str) -> String {
    let text = with_tag(image);
    let safe: String = text
        .chars()
        .map(|c| match c {
            ':' | '/' | '@' => '-',
            c if c.is_control() || c.is_whitespace() => '_',
            c => c,
        })
        .collect();
    format!("{safe}.flist")
}

fn with_tag(text: &str) -> String {
    match text.contains(':') {
        true => text.to_owned(),
        false => format!("{text}:latest"),
    }
}

/// The first part is a host when it looks like one: with a dot or a port, or `localhost`.
fn has_registry(text: &str) -> bool {
    match text.split_once('/') {
        Some((first, _)) => {
            first == "localhost"
                || first.contains(['.', ':', '['])
                || first.bytes().any(|b| b.is_ascii_uppercase())
        }
        None => false,
    }
}

impl FromStr for Reference {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |reason: &str| ImageError::Reference {
            text: text.chars().flat_map(char::escape_debug).collect(),
            reason: reason.to_owned(),
        };
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        if text.contains("://") {
            return Err(wrong(
                "leave out the protocol: a name like localhost:5000/hello is expected",
            ));
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let colon = name.get(last..).and_then(|rest| rest.find(':'));
        let (name, tag) = match colon.map(|colon| name.split_at(last + colon)) {
            Some((name, tag)) => (name, Some(tag.trim_start_matches(':'))),
            None => (name, None),
        };
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(wrong(&format!(
                "the tag '{}' is none: letters, digits, '_', '.' and '-' are allowed, {MAX_TAG} at \
                 most, and it begins with a letter, a digit or '_'",
                tag.escape_debug()
            )));
        }
        let (registry, repository) = match has_registry(name) {
            true => name.split_once('/').unwrap_or((name, "")),
            false => (DEFAULT_REGISTRY, name),
        };
        if !is_host(registry) {
            return Err(wrong("the part before the first '/' is no host"));
        }
        let registry = match registry {
            "index.docker.io" | DEFAULT_HOST => DEFAULT_REGISTRY,
            other => other,
        };
        if repository.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(wrong("names of repositories are written in lower case"));
        }
        if !repository.split('/').all(is_component) {
            return Err(wrong(
                "each part of the name begins and ends with a letter or a digit, with single '.', \
                 '_', '__' or '-' between",
            ));
        }
        if registry.len() + 1 + repository.len() > MAX_NAME {
            return Err(wrong(&format!("it is longer than {MAX_NAME} characters")));
        }
        let repository = match registry == DEFAULT_REGISTRY && !repository.contains('/') {
            true => format!("{DEFAULT_ACCOUNT}/{repository}"),
            false => repository.to_owned(),
        };
        let tag = match (tag, &digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Self {
            text: with_tag(text),
            registry: registry.to_owned(),
            repository,
            tag,
            digest,
        })
    }
}

impl fmt::Display for Reference {
    /// In full: `docker.io/library/nginx:latest`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

fn is_tag(tag: &str) -> bool {
    let mut bytes = tag.bytes();
    let first = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    first && tag.len() <= MAX_TAG && bytes.all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// A host, perhaps with a port: `localhost:5000`, `[::1]:5000`, `registry.example.com`.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => match port.strip_prefix(':') {
                _ if host.parse::<std::net::Ipv6Addr>().is_err() => return false,
                Some(port) => ("host", Some(port)),
                None if port.is_empty() => ("host", None),
                None => return false,
            },
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let number = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    host.split('.').all(label) && port.is_none_or(number)
}

/// A part of a repository's name: letters and digits, with separators between them.
fn is_component(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut separator = String::new();
    let mut begun = false;
    for c in text.chars() {
        if u8::try_from(c).is_ok_and(plain) {
            let between = matches!(separator.as_str(), "" | "." | "_" | "__")
                || separator.bytes().all(|b| b == b'-');
            if !between || (!begun && !separator.is_empty()) {
                return false;
            }
            begun = true;
            separator.clear();
        } else if matches!(c, '.' | '_' | '-') {
            separator.push(c);
        } else {
            return false;
        }
    }
    begun && separator.is_empty()
}
