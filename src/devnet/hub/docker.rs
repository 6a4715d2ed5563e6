//! Images as docker and its registries keep them.
use std::path::{Path, PathBuf};

use super::images::{ConvertedImage, ImageFault, Images};
use crate::flist::Backend;
use crate::flist::image::{ConvertOptions, Image, ImageError, OpenOptions, PullOptions, pull};

/// Images from a registry and from archives.
#[derive(Debug)]
pub struct DockerImages {
    folder: PathBuf,
    registry: Option<String>,
}

impl DockerImages {
    /// Keeps what comes from registries in a folder. `registry` is the one of names that have none
    /// in them (`localhost:5000`); None is that of docker.
    pub fn new(folder: PathBuf, registry: Option<String>) -> Self {
        Self { folder, registry }
    }
}

fn convert(
    image: &Image,
    keep_cmd: bool,
    backend: &dyn Backend,
) -> Result<ConvertedImage, ImageFault> {
    let options = ConvertOptions {
        keep_cmd,
        ..ConvertOptions::default()
    };
    let converted = image.convert(Some(backend), &options);
    let converted = converted.map_err(|e| ImageFault::Damaged(e.to_string()))?;
    Ok(ConvertedImage {
        tree: converted.tree,
        name: image.names().first().cloned(),
    })
}

impl Images for DockerImages {
    fn pull(
        &self,
        image: &str,
        keep_cmd: bool,
        backend: &dyn Backend,
    ) -> Result<ConvertedImage, ImageFault> {
        let mut options = PullOptions::new(&self.folder);
        options.registry = self.registry.clone();
        // Conversions run on threads of the runtime that may wait.
        let runtime = tokio::runtime::Handle::current();
        let image = runtime
            .block_on(pull(image, &options))
            .map_err(|error| match error {
                ImageError::NotThere { .. } | ImageError::Reference { .. } => ImageFault::NotFound,
                error => ImageFault::NotPulled(error.to_string()),
            })?;
        convert(&image, keep_cmd, backend)
    }

    fn open(
        &self,
        archive: &Path,
        keep_cmd: bool,
        backend: &dyn Backend,
    ) -> Result<ConvertedImage, ImageFault> {
        let image = Image::open_archive(archive, &OpenOptions::default());
        let image = image.map_err(|e| ImageFault::Damaged(e.to_string()))?;
        convert(&image, keep_cmd, backend)
    }
}
