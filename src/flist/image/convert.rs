//! From an image to an flist.
use super::error::Result;
use super::open::Image;
use super::startup::Startup;
use crate::flist::{Backend, Format, Metadata, Tree};

/// How an image is converted.
#[derive(Default)]
pub struct ConvertOptions<'a> {
    /// Puts the command of the image after the arguments of its entry point; the original drops it.
    pub keep_cmd: bool,
    /// Threads that make chunks; 0 for as many as the machine has cores.
    pub threads: usize,
    /// Is told how many bytes of files are done, of how many.
    pub progress: Option<&'a (dyn Fn(u64, u64) + Sync)>,
}

/// What became of an image.
#[derive(Debug)]
pub struct Converted {
    /// The tree, with `/.startup.toml` in it.
    pub tree: Tree,
    /// The process that it starts.
    pub startup: Startup,
    /// The name of the flist by the rule of the original: `nginxdemos-hello-latest.flist`.
    pub name: String,
    /// Chunks that were put into the backend, as it did not have them.
    pub uploaded: usize,
    /// Chunks that were there already.
    pub present: usize,
}

impl Image {
    /// Converts the image; its chunks are put into the backend when there is one.
    ///
    /// # Errors
    /// When a layer is not what it is called, holds what cannot be in a tree, or is larger than
    /// the limits; when the backend fails. Nothing is put into the backend before all layers were
    /// checked.
    pub fn convert(
        &self,
        backend: Option<&dyn Backend>,
        options: &ConvertOptions<'_>,
    ) -> Result<Converted> {
        let _ = (backend, options);
        Err(super::error::ImageError::NoImage {
            place: "this".into(),
            reason: "images cannot be converted yet".into(),
        })
    }
}

impl Converted {
    /// The flist as bytes.
    ///
    /// # Errors
    /// As [`crate::flist::write`].
    pub fn to_flist(&self, metadata: &Metadata, format: Format) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        crate::flist::write(&self.tree, metadata, format, &mut bytes)?;
        Ok(bytes)
    }
}
