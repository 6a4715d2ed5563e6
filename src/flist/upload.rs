//! Chunks on their way to a backend: what is there is not brought again, what was brought is
//! looked at, and a backend of the network is asked for many at once.
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::backend::{Backend, BackendError};
use super::chunk::{Chunk, ChunkId};

/// Chunks that are asked for and brought in one request.
const BATCH: usize = 8;
/// Chunks that wait to be brought, for each request at once. Each has half a megabyte at most.
const WAITING: usize = 4;

/// What became of the chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Brought, as the backend did not have them.
    pub(super) uploaded: usize,
    /// There already.
    pub(super) present: usize,
}

/// Takes chunks from any thread.
pub(super) struct Uploads<'a> {
    backend: Option<&'a dyn Backend>,
    state: &'a State,
    /// None for a backend of this machine: who has a chunk brings it at once.
    queue: Option<SyncSender<(ChunkId, Vec<u8>)>>,
}

#[derive(Default)]
struct State {
    /// Ids that came already: equal pieces are brought once.
    seen: Mutex<HashSet<ChunkId>>,
    uploaded: AtomicUsize,
    present: AtomicUsize,
    has_failed: AtomicBool,
    failure: Mutex<Option<BackendError>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work`, which hands over chunks; returns when everything is brought. Without a backend
/// chunks are dropped.
pub(super) fn with_uploads<R>(
    backend: Option<&dyn Backend>,
    work: impl FnOnce(&Uploads<'_>) -> R,
) -> (R, Result<Counts, BackendError>) {
    let state = State::default();
    let requests = backend.map_or(0, Backend::requests);
    let (send, receive) = sync_channel(requests * WAITING);
    let receive = Mutex::new(receive);
    let uploads = Uploads {
        backend,
        state: &state,
        queue: (requests > 0).then_some(send),
    };
    let result = std::thread::scope(|scope| {
        for there in backend.iter().cycle().take(requests) {
            scope.spawn(|| bring(*there, &state, &receive));
        }
        let result = work(&uploads);
        // With it goes the queue: the threads end, and the scope waits for them.
        drop(uploads);
        result
    });
    let failure = locked(&state.failure).take();
    let counts = Counts {
        uploaded: state.uploaded.load(Ordering::Relaxed),
        present: state.present.load(Ordering::Relaxed),
    };
    (result, failure.map_or(Ok(counts), Err))
}

impl Uploads<'_> {
    /// Takes a chunk. Waits when too many are on their way.
    ///
    /// # Errors
    /// When the backend failed before.
    pub(super) fn put(&self, chunk: Chunk) -> Result<(), BackendError> {
        let Some(backend) = self.backend else {
            return Ok(());
        };
        if self.state.has_failed.load(Ordering::Relaxed) {
            return Err(self.failure());
        }
        let id = chunk.block.id;
        if !locked(&self.state.seen).insert(id) {
            self.state.present.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        match &self.queue {
            Some(queue) => queue.send((id, chunk.bytes)).map_err(|_| self.failure()),
            None => {
                let done = match backend.has(&id) {
                    Ok(true) => Ok(&self.state.present),
                    Ok(false) => backend
                        .put(&id, &chunk.bytes)
                        .map(|()| &self.state.uploaded),
                    Err(error) => Err(error),
                };
                match done {
                    Ok(counter) => {
                        counter.fetch_add(1, Ordering::Relaxed);
                        Ok(())
                    }
                    Err(error) => {
                        self.state.fail(error.clone());
                        Err(error)
                    }
                }
            }
        }
    }

    /// Returns true when there is nothing more to be hoped for.
    pub(super) fn has_failed(&self) -> bool {
        self.state.has_failed.load(Ordering::Relaxed)
    }

    fn failure(&self) -> BackendError {
        let known = locked(&self.state.failure).clone();
        known.unwrap_or_else(|| BackendError {
            backend: self.backend.map(Backend::name).unwrap_or_default(),
            reason: "it failed".into(),
        })
    }
}

impl State {
    fn fail(&self, error: BackendError) {
        locked(&self.failure).get_or_insert(error);
        self.has_failed.store(true, Ordering::Relaxed);
    }
}

/// Brings chunks until there are no more.
fn bring(backend: &dyn Backend, state: &State, queue: &Mutex<Receiver<(ChunkId, Vec<u8>)>>) {
    loop {
        let mut batch = Vec::new();
        {
            let queue = locked(queue);
            match queue.recv() {
                Ok(first) => batch.push(first),
                Err(_) => return,
            }
            while batch.len() < BATCH
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
        }
        // After a failure the queue is only emptied, so that nobody waits for room in it.
        if state.has_failed.load(Ordering::Relaxed) {
            continue;
        }
        match bring_batch(backend, batch) {
            Ok(counts) => {
                state.uploaded.fetch_add(counts.uploaded, Ordering::Relaxed);
                state.present.fetch_add(counts.present, Ordering::Relaxed);
            }
            Err(error) => state.fail(error),
        }
    }
}

fn bring_batch(
    backend: &dyn Backend,
    mut batch: Vec<(ChunkId, Vec<u8>)>,
) -> Result<Counts, BackendError> {
    let all = batch.len();
    let ids: Vec<ChunkId> = batch.iter().map(|(id, _)| *id).collect();
    let missing: HashSet<ChunkId> = backend.missing(&ids)?.into_iter().collect();
    batch.retain(|(id, _)| missing.contains(id));
    if !batch.is_empty() {
        backend.put_all(&batch)?;
    }
    for (id, bytes) in &batch {
        if backend.holds(id, bytes)? {
            continue;
        }
        // What was lost on the way may come through the second time.
        backend.put(id, bytes)?;
        if !backend.holds(id, bytes)? {
            return Err(BackendError {
                backend: backend.name(),
                reason: format!("chunk {id} was taken, but is not there as it was sent"),
            });
        }
    }
    Ok(Counts {
        uploaded: batch.len(),
        present: all - batch.len(),
    })
}
