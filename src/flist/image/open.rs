//! Images of this machine.
use std::path::{Path, PathBuf};

use super::config::ImageConfig;
use super::digest::Digest;
use super::error::{ImageError, Result};
use super::limits::Limits;
use super::platform::Platform;

/// Which image is opened, and how.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// What it is to run on.
    pub platform: Platform,
    /// Its name, where there are several.
    pub image: Option<String>,
    /// Where a compressed archive is unpacked until the image is dropped; beside it when None.
    pub scratch: Option<PathBuf>,
    /// How much is taken.
    pub limits: Limits,
}

/// An image: its configuration, and where its layers are.
#[derive(Debug)]
pub struct Image {
    names: Vec<String>,
    config: ImageConfig,
    platform: Platform,
    digest: Digest,
}

impl Image {
    /// Opens an image: a folder is a layout, a file an archive.
    ///
    /// # Errors
    /// What is wrong with it; the documents are checked here, the layers when it is converted.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        match path.is_dir() {
            true => Self::open_layout(path, options),
            false => Self::open_archive(path, options),
        }
    }

    /// Opens an archive: of `docker save`, or of an OCI layout; it may be compressed.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn open_archive(path: &Path, options: &OpenOptions) -> Result<Self> {
        let _ = options;
        Err(ImageError::NoImage {
            place: path.display().to_string(),
            reason: "archives cannot be read yet".into(),
        })
    }

    /// Opens a folder of an OCI layout.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn open_layout(folder: &Path, options: &OpenOptions) -> Result<Self> {
        Self::open_archive(folder, options)
    }

    /// Its names: `nginxdemos/hello:latest`. An archive may have none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How it starts.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// What it is made for.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Its id: the digest of its configuration.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The name of the flist that it becomes: `nginxdemos-hello-latest.flist`.
    pub fn flist_name(&self) -> String {
        String::new()
    }
}
