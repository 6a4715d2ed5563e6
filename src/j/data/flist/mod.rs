//! `j.data.flist`: flists are read, made and compared.
//!
//! * [`open`]: `open(...)`; [`make`]: `from_dir`, `from_tar`, `merge`; [`images`]: from
//!   images of containers.
//! * [`value`]: an flist that was opened; [`listing`], [`drawing`], [`facts`], [`contents`]: what it
//!   shows and does.
//! * [`place`]: the argument `backend=`; [`work`]: long work that shows progress and can be stopped;
//!   [`errors`].
mod contents;
mod drawing;
pub mod errors;
mod facts;
pub mod images;
mod listing;
pub mod make;
mod open;
pub mod place;
pub mod value;
pub mod work;

use std::sync::Arc;

use crate::j::world::World;
use crate::object::{Class, Member};

/// `j.data.flist`.
pub struct Flists {
    world: Arc<World>,
}

impl Flists {
    /// The node of the tree.
    pub fn open(world: &Arc<World>) -> Arc<Flists> {
        Arc::new(Flists {
            world: world.clone(),
        })
    }

    /// What it needs from outside.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }
}

impl Class for Flists {
    const NAME: &'static str = "flists";
    const DOC: &'static str = "Flists: file trees whose contents lie in a backend as chunks.";
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[open::MEMBERS, make::MEMBERS, images::MEMBERS];

    fn location(&self) -> String {
        "j.data.flist".into()
    }
}
