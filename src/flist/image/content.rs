//! The contents that are left of layers, as chunks.
use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::error::{ImageError, Result};
use super::layers::{again, called, is_set};
use super::members::MemberKind;
use super::open::Layer;
use super::plan::Plan;
use crate::flist::build::threads;
use crate::flist::pieces::{Piece, Pieces, chunk_pieces};
use crate::flist::upload::Counts;
use crate::flist::{BLOCK_SIZE, Backend, Error, Kind, Names};

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

/// A file of the tree whose content is in a layer. Hard links share it.
struct Wanted {
    locations: Vec<Vec<u8>>,
    size: u64,
}

/// Makes chunks of all files of the tree, and gives owners the names of the image's own lists.
pub(super) fn chunk(plan: &mut Plan, layers: &[Layer], options: &Chunking<'_>) -> Result<Counts> {
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
    let total = files.iter().map(|file| file.size).sum();
    let done = AtomicU64::new(0);
    let tell = |bytes: u64| {
        let done = done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(progress) = options.progress {
            progress(done, total);
        }
    };
    tell(0);
    let mut lists = HashMap::new();
    let threads = threads(options.threads);
    let (read, chunked) = chunk_pieces(options.backend, threads, Some(&tell), |pieces| {
        feed(&files, layers, &places, options.stop, &pieces, &mut lists)
    });
    let chunked = chunked?;
    read?;
    for (number, file) in files.iter().enumerate() {
        for location in &file.locations {
            if let Some(Kind::File { blocks, .. }) =
                plan.tree.get_mut(location).map(|node| &mut node.kind)
            {
                *blocks = chunked.of(number).to_vec();
            }
        }
    }
    name_owners(plan, &lists);
    Ok(chunked.counts)
}

/// Reads the layers again, and hands out the pieces of what is wanted.
fn feed(
    files: &[Wanted],
    layers: &[Layer],
    places: &[HashMap<u64, usize>],
    stop: Option<&AtomicBool>,
    pieces: &Pieces<'_>,
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
            let Some(file) = files.get(number) else {
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
                if is_set(stop) {
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
                if !pieces.put(piece) {
                    return Ok(());
                }
                at += 1;
                rest -= length;
            }
        }
    }
    Ok(())
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
