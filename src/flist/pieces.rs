//! Pieces of files that are read one after the other, made into chunks on several threads and
//! brought to a backend. Archives and layers of images come that way.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::backend::Backend;
use super::build::pieces_of;
use super::chunk::split;
use super::error::Result;
use super::record::Block;
use super::upload::{Counts, Uploads, with_uploads};

/// Pieces that wait to be hashed, for each thread, and that it takes at once. With those that are
/// worked on they are all that is in memory.
const WAITING: usize = 8;

/// A piece on its way to be hashed.
pub(super) struct Piece {
    /// The file it is of: a number from 0 on.
    pub(super) file: usize,
    /// Its place among the pieces of the file.
    pub(super) place: usize,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// Where pieces are handed over.
pub(super) struct Pieces<'a> {
    queue: SyncSender<Piece>,
    has_failed: &'a AtomicBool,
}

impl Pieces<'_> {
    /// Hands a piece over. Waits when too many do; answers false when nothing more is wanted.
    pub(super) fn put(&self, piece: Piece) -> bool {
        !self.has_failed() && self.queue.send(piece).is_ok()
    }

    /// Returns true when a piece could not be taken: nothing more is wanted.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }
}

/// What became of the pieces.
pub(super) struct Chunked {
    blocks: Vec<Vec<Block>>,
    /// Chunks that were brought.
    pub(super) counts: Counts,
}

impl Chunked {
    /// The blocks of a file; none when no piece of it came.
    pub(super) fn of(&self, file: usize) -> &[Block] {
        self.blocks.get(file).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Runs `feed`, which hands pieces over, and makes chunks of them meanwhile; they are brought to the
/// backend when there is one. `done` is told how many bytes were made into chunks. The second
/// result is an error when chunks could not be made or brought; then `feed` may have stopped early.
pub(super) fn chunk_pieces<R>(
    backend: Option<&dyn Backend>,
    threads: usize,
    done: Option<&(dyn Fn(u64) + Sync)>,
    feed: impl FnOnce(Pieces<'_>) -> R,
) -> (R, Result<Chunked>) {
    let (queue, receive) = sync_channel(threads * WAITING);
    let work = Work {
        queue: Mutex::new(receive),
        blocks: Mutex::default(),
        has_failed: AtomicBool::new(false),
        done,
    };
    let ((fed, failed), counts) = with_uploads(backend, |uploads| {
        std::thread::scope(|scope| {
            let mut workers = Vec::new();
            for _ in 0..threads {
                workers.push(scope.spawn(|| work.run(uploads)));
            }
            // With the queue's end the workers end.
            let fed = feed(Pieces {
                queue,
                has_failed: &work.has_failed,
            });
            let failed = workers.into_iter().find_map(|worker| match worker.join() {
                Ok(done) => done.err(),
                Err(panic) => std::panic::resume_unwind(panic),
            });
            (fed, failed)
        })
    });
    let blocks = work.blocks.into_inner();
    let blocks = blocks.unwrap_or_else(PoisonError::into_inner);
    // The backend's own words say more than that a piece could not be handed over.
    let chunked = match (counts, failed) {
        (Err(error), _) => Err(error.into()),
        (_, Some(error)) => Err(error),
        (Ok(counts), None) => Ok(Chunked { blocks, counts }),
    };
    (fed, chunked)
}

/// Makes chunks of a whole content, and brings them to the backend when there is one.
///
/// # Errors
/// When the backend fails.
pub(super) fn chunk_content(
    backend: Option<&dyn Backend>,
    content: &[u8],
) -> Result<(Vec<Block>, Counts)> {
    let pieces: Vec<&[u8]> = split(content).collect();
    let chunks = pieces_of(&pieces, b"")?;
    let blocks = chunks.iter().map(|chunk| chunk.block).collect();
    let (brought, counts) = with_uploads(backend, |uploads| {
        chunks.into_iter().try_for_each(|chunk| uploads.put(chunk))
    });
    let counts = counts?;
    brought?;
    Ok((blocks, counts))
}

struct Work<'a> {
    queue: Mutex<Receiver<Piece>>,
    blocks: Mutex<Vec<Vec<Block>>>,
    has_failed: AtomicBool,
    done: Option<&'a (dyn Fn(u64) + Sync)>,
}

impl Work<'_> {
    /// Makes chunks until there are no more pieces.
    fn run(&self, uploads: &Uploads<'_>) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(pieces) = self.take() {
            // After a failure the queue is only emptied, so that nobody waits for room in it.
            if self.has_failed.load(Ordering::Relaxed) {
                continue;
            }
            if let Err(error) = self.chunk(&pieces, uploads) {
                self.has_failed.store(true, Ordering::Relaxed);
                outcome = Err(error);
            }
        }
        outcome
    }

    /// As many pieces as are there, up to what is worked on at once; None when none come any more.
    fn take(&self) -> Option<Vec<Piece>> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pieces = vec![queue.recv().ok()?];
        while pieces.len() < WAITING
            && let Ok(next) = queue.try_recv()
        {
            pieces.push(next);
        }
        Some(pieces)
    }

    fn chunk(&self, pieces: &[Piece], uploads: &Uploads<'_>) -> Result<()> {
        let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.bytes.as_slice()).collect();
        let chunks = pieces_of(&bytes, b"")?;
        let made: Vec<Block> = chunks.iter().map(|chunk| chunk.block).collect();
        chunks
            .into_iter()
            .try_for_each(|chunk| uploads.put(chunk))?;
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for (piece, block) in pieces.iter().zip(made) {
            keep(&mut blocks, piece, block);
        }
        drop(blocks);
        if let Some(done) = self.done {
            pieces
                .iter()
                .for_each(|piece| done(piece.bytes.len() as u64));
        }
        Ok(())
    }
}

/// Pieces come in any order; every place is filled in the end.
fn keep(blocks: &mut Vec<Vec<Block>>, piece: &Piece, block: Block) {
    if blocks.len() <= piece.file {
        blocks.resize_with(piece.file + 1, Vec::new);
    }
    let Some(own) = blocks.get_mut(piece.file) else {
        return;
    };
    if own.len() <= piece.place {
        own.resize(piece.place + 1, block);
    }
    if let Some(place) = own.get_mut(piece.place) {
        *place = block;
    }
}
