//! Images of this machine.
use std::path::{Path, PathBuf};

use super::blob::{Blob, Parts};
use super::config::{ConfigFile, ImageConfig};
use super::digest::Digest;
use super::error::{ImageError, Result};
use super::limits::Limits;
use super::platform::Platform;
use super::reference::flist_name;
use super::registry::PullOptions;
use super::{docker, oci};

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

/// An image that was found, before all of it is checked.
pub(super) struct Found {
    pub(super) names: Vec<String>,
    pub(super) config: ConfigFile,
    pub(super) digest: Digest,
    pub(super) layers: Vec<Layer>,
}

/// A layer: where it is, and what it has to be.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) blob: Blob,
    /// Digest of its bytes as they are.
    pub(super) digest: Option<Digest>,
    /// Digest of what comes out when it is decompressed.
    pub(super) diff_id: Option<Digest>,
}

/// An image: its configuration, and where its layers are.
#[derive(Debug)]
pub struct Image {
    names: Vec<String>,
    config: ImageConfig,
    platform: Platform,
    digest: Digest,
    /// When it was made, Unix seconds.
    pub(super) created: u32,
    pub(super) layers: Vec<Layer>,
    pub(super) limits: Limits,
    /// What it is called when it has no name.
    fallback: String,
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
        let parts = Parts::of_archive(path, options.scratch.as_deref(), &options.limits)?;
        Self::of_parts(path, &parts, options)
    }

    /// Opens a folder of an OCI layout, or of an unpacked archive.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn open_layout(folder: &Path, options: &OpenOptions) -> Result<Self> {
        if !folder.is_dir() {
            let error = std::fs::read_dir(folder).err();
            let error = error.unwrap_or_else(|| std::io::ErrorKind::NotADirectory.into());
            return Err(crate::flist::Error::file("read", folder)(error).into());
        }
        Self::of_parts(folder, &Parts::Folder(folder.to_owned()), options)
    }

    fn of_parts(path: &Path, parts: &Parts, options: &OpenOptions) -> Result<Self> {
        // Newer archives have both forms; `manifest.json` names one platform, the index perhaps
        // more.
        let found = match docker::find(parts, options) {
            Ok(Some(found)) => Some(found),
            Ok(None) => oci::find(parts, options)?,
            Err(error @ ImageError::Platform { .. }) => match oci::find(parts, options) {
                Ok(Some(found)) => Some(found),
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let Some(found) = found else {
            let old = parts.get("repositories")?.is_some();
            return Err(ImageError::NoImage {
                place: path.display().to_string(),
                reason: match old {
                    true => "it was saved by docker before 1.10: load it and save it again".into(),
                    false => format!(
                        "there is neither {} nor {} in it",
                        docker::MANIFEST,
                        oci::INDEX
                    ),
                },
            });
        };
        let stem = path.file_name().unwrap_or_default().to_string_lossy();
        let endings = [".gz", ".tgz", ".zst", ".tar", ".oci"];
        let mut stem: &str = &stem;
        for ending in endings {
            stem = stem.strip_suffix(ending).unwrap_or(stem);
        }
        Self::of(found, stem, options.limits)
    }

    /// The image of a manifest that was fetched.
    pub(super) fn of_manifest(
        parts: &Parts,
        document: &oci::Document,
        options: &PullOptions,
    ) -> Result<Self> {
        let found = oci::of_manifest(parts, document, &options.limits)?;
        let there = found.config.platform();
        match options.platform.accepts(&there) {
            true => Self::of(found, "image", options.limits),
            false => Err(ImageError::Platform {
                wanted: options.platform.to_string(),
                there: vec![there.to_string()],
            }),
        }
    }

    fn of(found: Found, fallback: &str, limits: Limits) -> Result<Self> {
        if found.layers.len() > limits.layers {
            return Err(ImageError::Limit {
                what: "the image".into(),
                most: limits.layers as u64,
                unit: "layers",
            });
        }
        Ok(Self {
            names: found.names,
            platform: found.config.platform(),
            created: found.config.created(),
            config: found.config.into_config(),
            digest: found.digest,
            layers: found.layers,
            limits,
            fallback: fallback.to_owned(),
        })
    }

    /// Gives the image the name that it was asked for by.
    pub(super) fn called(mut self, name: String) -> Self {
        self.names = vec![name];
        self
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

    /// Number of its layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The name of the flist that it becomes: `nginxdemos-hello-latest.flist`; of an image without
    /// a name that of its file.
    pub fn flist_name(&self) -> String {
        match self.names.first() {
            Some(name) => {
                // Some tools write names in full; people do not.
                let name = name.strip_prefix("docker.io/").unwrap_or(name);
                flist_name(name.strip_prefix("library/").unwrap_or(name))
            }
            None => {
                let safe = self
                    .fallback
                    .replace(|c: char| c.is_whitespace() || c.is_control(), "_");
                format!("{safe}.flist")
            }
        }
    }
}
