//! What hubs answer.
use serde::{Deserialize, Serialize};

/// An account with flists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Name of the account.
    pub name: String,
    /// True for one of the hub's own.
    #[serde(default)]
    pub official: bool,
}

/// An flist, or a link to one, in the list of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlistFile {
    /// Its name, with `.flist`.
    pub name: String,
    /// Its size as a text (`1.22 KB`); `--` for a link.
    #[serde(default)]
    pub size: String,
    /// When it was changed, seconds since 1970.
    #[serde(default)]
    pub updated: i64,
    /// `regular` or `symlink`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Where a link leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What is in an flist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Regular files.
    #[serde(default)]
    pub regular: u64,
    /// Symbolic links.
    #[serde(default)]
    pub symlink: u64,
    /// Directories, the root not counted.
    #[serde(default)]
    pub directory: u64,
    /// Devices, pipes and sockets.
    #[serde(default)]
    pub special: u64,
    /// Everything by its path.
    #[serde(default)]
    pub content: Vec<Entry>,
}

/// One path in an flist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The path, from `/`.
    pub path: String,
    /// Bytes; 0 for a directory.
    #[serde(default)]
    pub size: u64,
    /// Where a symbolic link leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// One flist as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Its name.
    pub name: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// When it was changed, seconds since 1970.
    #[serde(default)]
    pub updated: i64,
    /// `regular`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// MD5 of the file, in hex.
    #[serde(default)]
    pub md5: String,
}

/// What an upload became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Name of the flist.
    pub name: String,
    /// How many of what are in it, where the hub tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Account>,
}

/// How many of what were taken out of an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Regular files.
    pub regular: u64,
    /// Symbolic links.
    pub symlink: u64,
    /// Directories.
    pub directory: u64,
    /// Devices, pipes and sockets.
    pub special: u64,
    /// What could not be taken.
    pub failure: u64,
}

/// A copy of an flist of somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoted {
    /// What was copied.
    pub source: Whose,
    /// The copy.
    pub destination: Whose,
}

/// An flist of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whose {
    /// The account.
    pub username: String,
    /// Name of the flist.
    pub filename: String,
}

/// Where an flist is, and where its chunks are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Its name.
    pub file: String,
    /// The account.
    pub uploader: String,
    /// Its address, which a container is created from.
    pub source: String,
    /// The backend with its chunks.
    pub storage: String,
    /// MD5 of the file, in hex.
    pub checksum: String,
}

impl Facts {
    /// Reads the text page of an flist; None when it names no source.
    pub fn parse(text: &str) -> Option<Self> {
        let mut facts = Self::default();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = super::error::clean(value);
            match name.trim() {
                "File" => facts.file = value,
                "Uploader" => facts.uploader = value,
                "Source" => facts.source = value,
                "Storage" => facts.storage = value,
                "Checksum" => facts.checksum = value,
                _ => {}
            }
        }
        (!facts.source.is_empty()).then_some(facts)
    }
}
