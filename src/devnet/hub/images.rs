//! Where images come from.
use std::path::Path;

use crate::flist::{Backend, Tree};

/// An image that became a tree; its chunks are in the backend.
#[derive(Debug)]
pub struct ConvertedImage {
    /// The tree, with `/.startup.toml`.
    pub tree: Tree,
    /// The name that the image has in its archive.
    pub name: Option<String>,
}

/// Why there is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageFault {
    /// The registry does not have it.
    NotFound,
    /// The registry did not give it.
    NotPulled(String),
    /// It is not what an image should be.
    Damaged(String),
}

/// Gives images. Calls take long, and come on threads where that is fine.
pub trait Images: Send + Sync {
    /// Fetches an image by its whole name from the registry, and converts it. With `keep_cmd` its
    /// command comes behind the arguments of its entry point, where the original drops it.
    ///
    /// # Errors
    /// See [`ImageFault`].
    fn pull(
        &self,
        image: &str,
        keep_cmd: bool,
        backend: &dyn Backend,
    ) -> Result<ConvertedImage, ImageFault>;

    /// Converts an archive of an image; `keep_cmd` as above.
    ///
    /// # Errors
    /// See [`ImageFault`].
    fn open(
        &self,
        archive: &Path,
        keep_cmd: bool,
        backend: &dyn Backend,
    ) -> Result<ConvertedImage, ImageFault>;
}
