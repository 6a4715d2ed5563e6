//! What an image is made to run on.
use std::fmt;
use std::str::FromStr;

use super::error::{ImageError, Result};

/// An operating system and an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v7` of `arm`, `v8` of `arm64`; nothing for any.
    pub variant: Option<String>,
}

impl Default for Platform {
    /// What the nodes of the grid are: `linux/amd64`.
    fn default() -> Self {
        Self {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: None,
        }
    }
}

impl Platform {
    /// Returns true when an image for `there` runs where this platform is wanted. An image that
    /// does not say what it is for fits.
    pub fn accepts(&self, there: &Self) -> bool {
        let same = |wanted: &str, there: &str| there.is_empty() || wanted == there;
        let variant = match (&self.variant, &there.variant) {
            (Some(wanted), Some(there)) => wanted == there,
            (Some(wanted), None) => self.architecture == "arm64" && wanted == "v8",
            (None, _) => true,
        };
        same(&self.os, &there.os) && same(&self.architecture, &there.architecture) && variant
    }

    /// Returns true for what is no image to run, such as the attestation of a build.
    pub(super) fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }
}

impl FromStr for Platform {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self> {
        let part = |part: &&str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            !part.is_empty() && part.bytes().all(known)
        };
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts.as_slice() {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(ImageError::NotAPlatform(text.to_owned())),
        };
        if !parts.iter().all(part) {
            return Err(ImageError::NotAPlatform(text.to_owned()));
        }
        // What other tools call these.
        let architecture = match architecture.to_ascii_lowercase().as_str() {
            "x86_64" | "x86-64" => "amd64".to_owned(),
            "aarch64" => "arm64".to_owned(),
            "i386" | "i686" | "x86" => "386".to_owned(),
            "armhf" => "arm".to_owned(),
            other => other.to_owned(),
        };
        Ok(Self {
            os: os.to_ascii_lowercase(),
            architecture,
            variant: variant.map(|variant| variant.to_ascii_lowercase()),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &str| match text.is_empty() {
            true => "any".to_owned(),
            false => text.chars().filter(|c| !c.is_control()).collect(),
        };
        write!(f, "{}/{}", known(&self.os), known(&self.architecture))?;
        match &self.variant {
            Some(variant) => write!(f, "/{}", known(variant)),
            None => Ok(()),
        }
    }
}
