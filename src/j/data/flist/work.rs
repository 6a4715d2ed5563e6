//! Long work: it shows how far it is, and ends when somebody asks for it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::flist::{Backend, BackendError, ChunkId};
use crate::j::world::World;
use crate::object::{Error, Kind, Result};

/// The reason of a backend that was not asked because somebody stopped.
pub const STOPPED: &str = "it was stopped";

/// A backend that answers no more once somebody asks to stop.
pub struct Stoppable {
    behind: Arc<dyn Backend>,
    interrupt: Arc<AtomicBool>,
}

impl Stoppable {
    /// In front of a backend.
    pub fn new(world: &World, behind: Arc<dyn Backend>) -> Self {
        Stoppable {
            behind,
            interrupt: world.interrupt.clone(),
        }
    }

    fn go_on(&self) -> std::result::Result<&dyn Backend, BackendError> {
        match self.interrupt.load(Ordering::Relaxed) {
            false => Ok(self.behind.as_ref()),
            true => Err(BackendError {
                backend: self.behind.name(),
                reason: STOPPED.into(),
            }),
        }
    }
}

impl Backend for Stoppable {
    fn name(&self) -> String {
        self.behind.name()
    }
    fn get(&self, id: &ChunkId) -> std::result::Result<Option<Vec<u8>>, BackendError> {
        self.go_on()?.get(id)
    }
    fn put(&self, id: &ChunkId, bytes: &[u8]) -> std::result::Result<(), BackendError> {
        self.go_on()?.put(id, bytes)
    }
    fn has(&self, id: &ChunkId) -> std::result::Result<bool, BackendError> {
        self.go_on()?.has(id)
    }
    fn missing(&self, ids: &[ChunkId]) -> std::result::Result<Vec<ChunkId>, BackendError> {
        self.go_on()?.missing(ids)
    }
    fn put_all(&self, chunks: &[(ChunkId, Vec<u8>)]) -> std::result::Result<(), BackendError> {
        self.go_on()?.put_all(chunks)
    }
    fn holds(&self, id: &ChunkId, bytes: &[u8]) -> std::result::Result<bool, BackendError> {
        self.go_on()?.holds(id, bytes)
    }
    fn requests(&self) -> usize {
        self.behind.requests()
    }
}

/// Shows how far work is, a few hundred times at most, and takes it away at the end.
pub struct Progress<'a> {
    world: &'a World,
    what: &'static str,
}

impl<'a> Progress<'a> {
    /// Of work that is called so.
    pub fn new(world: &'a World, what: &'static str) -> Self {
        Progress { world, what }
    }

    /// So many are done, of so many; 0 of how many is not known.
    pub fn at(&self, done: usize, of: usize) {
        let step = (of / 200).max(16);
        if !done.is_multiple_of(step) && done != of {
            return;
        }
        let text = match of {
            0 => format!("{}: {done}", self.what),
            of => format!("{}: {done} of {of}", self.what),
        };
        self.world.host.progress(Some(&text));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.world.host.progress(None);
    }
}

/// Ends here if somebody asks to stop.
///
/// # Errors
/// [`Kind::Interrupted`].
pub fn go_on(world: &World) -> Result<()> {
    match world.interrupt.load(Ordering::Relaxed) {
        true => Err(Error::new(Kind::Interrupted, "KeyboardInterrupt")),
        false => Ok(()),
    }
}
