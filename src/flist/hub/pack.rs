//! A folder as the archive that a hub takes.
use std::fs::File;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::error::HubError;

/// Packs a folder into a `.tar.gz`: names below it, links as links, owners as they are.
///
/// # Errors
/// [`HubError::File`].
pub fn pack_folder(folder: &Path, archive: &Path) -> Result<(), HubError> {
    let failed = |what, path: &Path| {
        let path = path.to_owned();
        move |source| HubError::File { what, path, source }
    };
    if !folder.is_dir() {
        return Err(failed("read", folder)(
            std::io::ErrorKind::NotADirectory.into(),
        ));
    }
    let out = File::create(archive).map_err(failed("write", archive))?;
    let out = std::io::BufWriter::with_capacity(1 << 16, out);
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::default()));
    tar.follow_symlinks(false);
    tar.append_dir_all(".", folder)
        .map_err(failed("read", folder))?;
    tar.into_inner()
        .and_then(GzEncoder::finish)
        .and_then(|mut out| std::io::Write::flush(&mut out))
        .map_err(failed("write", archive))
}
