//! Keys of rows: of directories by their path, of ownership and mode by their text.
use blake2::digest::consts::{U8, U16};
use blake2::{Blake2b, Digest};

use super::record::Acl;

/// The version of the format that is written. Readers take both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Modes with the type of the file in them, no numbers of users.
    #[default]
    Y2019,
    /// Modes of permission bits only, with numbers of users and groups.
    Y2023,
}

/// Returns the key of a directory's row; `location` is its path without a slash at either end,
/// nothing for the root.
pub fn path_key(location: &[u8]) -> String {
    hex::encode(Blake2b::<U16>::digest(location))
}

/// Returns the key of a row of ownership and mode. In the format of 2019 `acl.mode` has the bits
/// of the file's type.
pub fn acl_key(acl: &Acl, format: Format) -> String {
    let (user, group) = (&acl.user, &acl.group);
    let text = match format {
        Format::Y2019 => {
            let mode = format!("0o{:o}", acl.mode);
            // The original cuts four characters, whatever they are.
            let mode = mode.get(4..).unwrap_or_default();
            format!("user:{user}\ngroup:{group}\nmode:{mode}\n")
        }
        Format::Y2023 => format!(
            "user:{user}\ngroup:{group}\nmode:0o{:o}\nuid:{}\ngid:{}",
            acl.mode & 0o7777,
            acl.uid,
            acl.gid
        ),
    };
    hex::encode(Blake2b::<U8>::digest(text))
}
