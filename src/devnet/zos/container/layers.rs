//! What lies under a container: its root, and the flists that are mounted in it.

use std::any::Any;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Error, Result};
use super::process::Serving;
use super::root::{FlistRoot, Root, Told};

/// The layers of one container, in the order in which they were added.
pub struct Layers {
    /// What must stay while the container lives.
    pub kept: Vec<Arc<dyn Any + Send + Sync>>,
    /// Only one user exists in the container.
    one_user: bool,
    layers: Vec<Layer>,
}

enum Layer {
    Folder(PathBuf),
    Served(Arc<dyn FlistRoot>),
}

impl Layers {
    /// None yet; `one_user` says whether only one user exists in the container.
    pub fn new(one_user: bool) -> Self {
        Layers {
            kept: Vec::new(),
            one_user,
            layers: Vec::new(),
        }
    }

    /// Adds a root; an flist is served, or made in a folder now.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn add(&mut self, root: Root, lazily: bool, told: &Told) -> Result<()> {
        self.layers.push(match root {
            Root::Folder(path) => Layer::Folder(path),
            Root::Flist(flist) if lazily => Layer::Served(flist),
            Root::Flist(flist) => {
                let made = flist.extracted(Arc::clone(told)).await;
                let made = made.map_err(|why| Error::failed(format!("mount-root-flist({why})")))?;
                self.kept.push(made.lease);
                Layer::Folder(made.path)
            }
        });
        Ok(())
    }

    /// Makes the places of mounts in the container's folder; returns the folder of each layer.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn folders(&self, home: &Path) -> Result<Vec<PathBuf>> {
        let places = self.layers.iter().enumerate();
        let places = places.map(|(number, layer)| match layer {
            Layer::Folder(path) => Ok(path.clone()),
            Layer::Served(_) => {
                let point = point(home, number);
                fs::create_dir(&point)
                    .map_err(Error::doing(format!("cannot make {}", point.display())))?;
                Ok(point)
            }
        });
        places.collect()
    }

    /// Returns where flists are mounted.
    pub fn points(&self, home: &Path) -> Vec<PathBuf> {
        let places = self.layers.iter().enumerate();
        let served = places.filter(|(_, layer)| matches!(layer, Layer::Served(_)));
        served.map(|(number, _)| point(home, number)).collect()
    }

    /// Returns what is served, in the order of [`Layers::points`].
    pub fn serving(&self, told: &Told) -> Vec<Serving> {
        let served = self.layers.iter().filter_map(|layer| match layer {
            Layer::Folder(_) => None,
            Layer::Served(flist) => Some(Serving {
                flist: Arc::clone(flist),
                one_user: self.one_user,
                told: Arc::clone(told),
            }),
        });
        served.collect()
    }
}

fn point(home: &Path, number: usize) -> PathBuf {
    home.join(format!("flist-{number}"))
}
