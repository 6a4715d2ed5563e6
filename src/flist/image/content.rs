//! The contents that are left of layers, as chunks.
use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::error::{ImageError, Result};
use super::layers::{again, called, is_set};
use super::members::MemberKind;
use super::open::Layer;
use super::plan::Plan;
use crate::flist::{BLOCK_SIZE, Backend, Block, Chunk, ChunkId, Error, Kind, Names, display};

/// Pieces that wait for a thread. With those that are worked on they are all that is in memory.
const WAITING: usize = 16;
/// The largest list of users that is read, in bytes.
const MAX_LIST: usize = 4 * 1024 * 1024;
const USERS: &[u8] = b"etc/passwd";
const GROUPS: &[u8] = b"etc/group";

/// How contents become chunks.
pub(super) struct Chunking<'a> {
    pub(super) backend: Option<&'a dyn Backend>,
    pub(super) threads: usize,
    pub(super) progress: Option<&'a (dyn Fn(u64, u64) + Sync)>,
    pub(super) stop: Option<&'a AtomicBool>,
}

/// Chunks that went to the backend.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored {
    pub(super) uploaded: usize,
    pub(super) present: usize,
}

/// A piece of a file, for a thread.
struct Piece {
    file: usize,
    place: usize,
    bytes: Vec<u8>,
}

/// A file of the tree whose content is in a layer. Hard links share it.
struct Wanted {
    locations: Vec<Vec<u8>>,
    size: u64,
}

/// Puts a chunk into the backend, when it is not there.
pub(super) fn store(
    backend: Option<&dyn Backend>,
    location: &[u8],
    piece: &[u8],
    stored: &mut Stored,
) -> Result<Block> {
    let chunk = Chunk::of(piece).map_err(|reason| Error::Chunk {
        path: display(location),
        id: ChunkId([0; 16]),
        reason,
    })?;
    if let Some(backend) = backend {
        let id = &chunk.block.id;
        match backend.has(id).map_err(Error::from)? {
            true => stored.present += 1,
            false => {
                backend.put(id, &chunk.bytes).map_err(Error::from)?;
                stored.uploaded += 1;
            }
        }
    }
    Ok(chunk.block)
}

/// Makes chunks of all files of the tree, and gives owners the names of the image's own lists.
pub(super) fn chunk(plan: &mut Plan, layers: &[Layer], options: &Chunking<'_>) -> Result<Stored> {
    let mut files: Vec<Wanted> = Vec::new();
    let mut places: Vec<HashMap<u64, usize>> = layers.iter().map(|_| HashMap::new()).collect();
    for (location, node) in plan.tree.iter() {
        let Kind::File { size, .. } = node.kind else {
            continue;
        };
        let source = plan.sources.get(location).filter(|_| size > 0);
        let Some((layer, member)) = source.copied() else {
            continue;
        };
        let Some(of_layer) = places.get_mut(layer) else {
            continue;
        };
        let file = *of_layer.entry(member).or_insert_with(|| {
            files.push(Wanted {
                locations: Vec::new(),
                size,
            });
            files.len() - 1
        });
        if let Some(file) = files.get_mut(file) {
            file.locations.push(location.to_vec());
        }
    }
    let work = Work {
        files: &files,
        options,
        total: files.iter().map(|file| file.size).sum(),
        done: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        outcome: Mutex::new(Outcome::default()),
    };
    if let Some(progress) = options.progress {
        progress(0, work.total);
    }
    let mut lists = HashMap::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // A backend that is far away is asked by more than there are cores: they mostly wait.
    let requests = options.backend.map_or(0, Backend::requests);
    let threads = match options.threads {
        0 => cores.max(requests),
        threads => threads,
    };
    let (sender, receiver) = sync_channel(WAITING);
    let receiver = Mutex::new(receiver);
    let read = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work.run(&receiver));
        }
        let read = work.feed(layers, &places, &sender, &mut lists);
        // The threads end when nothing can come any more.
        drop(sender);
        read
    });
    let outcome = work
        .outcome
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = outcome.error {
        return Err(error);
    }
    read?;
    let mut blocks: Vec<Vec<(usize, Block)>> = files.iter().map(|_| Vec::new()).collect();
    for (file, place, block) in outcome.blocks {
        if let Some(of_file) = blocks.get_mut(file) {
            of_file.push((place, block));
        }
    }
    for (file, mut found) in files.iter().zip(blocks) {
        found.sort_by_key(|(place, _)| *place);
        let found: Vec<Block> = found.into_iter().map(|(_, block)| block).collect();
        for location in &file.locations {
            if let Some(Kind::File { blocks, .. }) =
                plan.tree.get_mut(location).map(|node| &mut node.kind)
            {
                blocks.clone_from(&found);
            }
        }
    }
    name_owners(plan, &lists);
    Ok(outcome.stored)
}

/// What the threads made.
#[derive(Default)]
struct Outcome {
    blocks: Vec<(usize, usize, Block)>,
    stored: Stored,
    error: Option<ImageError>,
}

struct Work<'a> {
    files: &'a [Wanted],
    options: &'a Chunking<'a>,
    total: u64,
    done: AtomicU64,
    failed: AtomicBool,
    outcome: Mutex<Outcome>,
}

impl Work<'_> {
    /// Makes chunks of the pieces that come.
    fn run(&self, pieces: &Mutex<Receiver<Piece>>) {
        let mut mine = Outcome::default();
        loop {
            let next = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(piece) = next else {
                break;
            };
            // After a failure, what still waits is only taken away.
            if self.failed.load(Ordering::Relaxed) {
                continue;
            }
            let location = self.files.get(piece.file);
            let location = location.and_then(|file| file.locations.first());
            let location = location.map(Vec::as_slice).unwrap_or_default();
            let backend = self.options.backend;
            match store(backend, location, &piece.bytes, &mut mine.stored) {
                Ok(block) => mine.blocks.push((piece.file, piece.place, block)),
                Err(error) => {
                    self.failed.store(true, Ordering::Relaxed);
                    mine.error = Some(error);
                }
            }
            let length = piece.bytes.len() as u64;
            let done = self.done.fetch_add(length, Ordering::Relaxed) + length;
            if let Some(progress) = self.options.progress {
                progress(done, self.total);
            }
        }
        let mut all = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        all.blocks.append(&mut mine.blocks);
        all.stored.uploaded += mine.stored.uploaded;
        all.stored.present += mine.stored.present;
        all.error = all.error.take().or(mine.error);
    }

    /// Reads the layers again, and hands out the pieces of what is wanted.
    fn feed(
        &self,
        layers: &[Layer],
        places: &[HashMap<u64, usize>],
        pieces: &SyncSender<Piece>,
        lists: &mut HashMap<&'static [u8], Vec<u8>>,
    ) -> Result<()> {
        for (place, (layer, wanted)) in layers.iter().zip(places).enumerate() {
            let mut left = wanted.len();
            if left == 0 {
                continue;
            }
            let failed = |error: std::io::Error| ImageError::Layer {
                layer: called(place, layers.len()),
                reason: error.to_string(),
            };
            let mut members = again(layer)?;
            while left > 0 {
                let Some(member) = members.next().map_err(failed)? else {
                    return Err(failed(std::io::Error::other(
                        "it changed while it was read",
                    )));
                };
                if member.kind != MemberKind::File {
                    continue;
                }
                let Some(number) = wanted.get(&member.index).copied() else {
                    continue;
                };
                left -= 1;
                let Some(file) = self.files.get(number) else {
                    continue;
                };
                if member.size != file.size {
                    return Err(failed(std::io::Error::other(
                        "it changed while it was read",
                    )));
                }
                let list = [USERS, GROUPS].into_iter().find(|list| {
                    let mut locations = file.locations.iter();
                    locations.any(|location| location == list)
                });
                let mut rest = file.size;
                let mut at = 0;
                while rest > 0 {
                    if self.failed.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    if is_set(self.options.stop) {
                        return Err(Error::Stopped.into());
                    }
                    let length = rest.min(BLOCK_SIZE as u64);
                    let mut bytes = vec![0; usize::try_from(length).unwrap_or(BLOCK_SIZE)];
                    members.read_exact(&mut bytes).map_err(failed)?;
                    if let Some(list) = list {
                        let kept = lists.entry(list).or_default();
                        if kept.len() + bytes.len() <= MAX_LIST {
                            kept.extend_from_slice(&bytes);
                        }
                    }
                    let piece = Piece {
                        file: number,
                        place: at,
                        bytes,
                    };
                    if pieces.send(piece).is_err() {
                        return Ok(());
                    }
                    at += 1;
                    rest -= length;
                }
            }
        }
        Ok(())
    }
}

/// Names of users and groups by the image's own lists.
fn name_owners(plan: &mut Plan, lists: &HashMap<&'static [u8], Vec<u8>>) {
    let list = |name: &[u8]| {
        let bytes = lists.get(name).map(Vec::as_slice).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let names = Names::from_texts(&list(USERS), &list(GROUPS));
    let locations: Vec<Vec<u8>> = plan.tree.iter().map(|(at, _)| at.to_vec()).collect();
    for location in locations {
        if let Some(node) = plan.tree.get_mut(&location) {
            node.meta.user = names.user(node.meta.uid.unwrap_or_default());
            node.meta.group = names.group(node.meta.gid.unwrap_or_default());
        }
    }
}
