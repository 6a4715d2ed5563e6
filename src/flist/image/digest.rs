//! Digests of blobs: `sha256:` and hexadecimal digits.
use std::fmt;
use std::io::Read;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

use super::error::{ImageError, Result};

/// A hash with the name of its algorithm.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl Digest {
    /// The SHA-256 digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            hex: hex::encode(Sha256::digest(bytes)),
        }
    }

    /// Its algorithm: `sha256` or `sha512`. The folder of the blob in a layout.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm.name()
    }

    /// Its digits. The file name of the blob in a layout.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// The first digits, for people.
    pub fn short(&self) -> &str {
        self.hex.get(..12).unwrap_or(&self.hex)
    }

    /// Begins to hash with the algorithm of this digest.
    pub fn hasher(&self) -> Hasher {
        match self.algorithm {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Sha512::new()),
        }
    }
}

impl FromStr for Digest {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || ImageError::NotADigest(text.to_owned());
        let (name, hex) = text.split_once(':').ok_or_else(wrong)?;
        let algorithm = [Algorithm::Sha256, Algorithm::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(wrong)?;
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        match hex.len() == algorithm.digits() && hex.bytes().all(lower) {
            true => Ok(Self {
                algorithm,
                hex: hex.to_owned(),
            }),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A hash that is being made.
#[derive(Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// Ends with the digest.
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest {
                algorithm: Algorithm::Sha256,
                hex: hex::encode(hash.finalize()),
            },
            Self::Sha512(hash) => Digest {
                algorithm: Algorithm::Sha512,
                hex: hex::encode(hash.finalize()),
            },
        }
    }
}

/// A reader that hashes and counts what goes through it.
pub struct Hashed<R> {
    inner: R,
    hasher: Hasher,
    count: u64,
}

impl<R: Read> Hashed<R> {
    /// Reads `inner`, hashing as `digest` was.
    pub fn new(inner: R, digest: &Digest) -> Self {
        Self {
            inner,
            hasher: digest.hasher(),
            count: 0,
        }
    }

    /// Bytes so far, and their digest.
    pub fn finish(self) -> (u64, Digest) {
        (self.count, self.hasher.finish())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.count += read as u64;
        Ok(read)
    }
}
