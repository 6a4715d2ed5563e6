//! The cache of chunks: its size, damage, others that share it.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, SystemTime};

use kosmos::flist::{Backend, BackendError, Chunk, ChunkCache, ChunkId, MemoryBackend};

/// Counts how often it is asked.
#[derive(Default)]
struct Counting(MemoryBackend, AtomicUsize);

impl Backend for Counting {
    fn name(&self) -> String {
        "counting".into()
    }
    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.get(id)
    }
    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        self.0.put(id, bytes)
    }
}

impl Counting {
    fn asked(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }

    /// With `count` chunks of about a kilobyte.
    fn of(count: usize) -> (Arc<Counting>, Vec<ChunkId>) {
        let counting = Counting::default();
        let ids = (0..count).map(|n| {
            let noise: Vec<u8> = (0..1_000_u64)
                .map(|at| {
                    ((at * 31 + n as u64 * 7_919).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
                })
                .collect();
            let chunk = Chunk::of(&noise).unwrap();
            counting.put(&chunk.block.id, &chunk.bytes).unwrap();
            chunk.block.id
        });
        let ids = ids.collect();
        (Arc::new(counting), ids)
    }
}

fn place(folder: &Path, id: &ChunkId) -> PathBuf {
    let digits = id.to_string();
    folder.join(&digits[..2]).join(&digits[2..])
}

fn size(folder: &Path) -> u64 {
    let mut total = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        total += match entry.file_type().unwrap().is_dir() {
            true => size(&entry.path()),
            false => entry.metadata().unwrap().len(),
        };
    }
    total
}

#[test]
fn a_chunk_is_fetched_once_also_by_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let (behind, ids) = Counting::of(20);
    let cache = ChunkCache::open(dir.path(), 1 << 20, behind.clone()).unwrap();
    for id in ids.iter().chain(&ids) {
        assert_eq!(cache.get(id).unwrap(), behind.0.get(id).unwrap());
    }
    assert_eq!(behind.asked(), 20);
    assert_eq!((cache.usage().found, cache.usage().fetched), (20, 20));
    let second = ChunkCache::open(dir.path(), 1 << 20, behind.clone()).unwrap();
    assert!(second.get(&ids[3]).unwrap().is_some());
    assert_eq!(behind.asked(), 20);
    // What is nowhere is asked for each time, and nothing is kept of it.
    let nowhere = ChunkId([0; 16]);
    assert_eq!(cache.get(&nowhere).unwrap(), None);
    assert!(!place(dir.path(), &nowhere).exists());
}

#[test]
fn what_is_damaged_is_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    let (behind, ids) = Counting::of(4);
    let cache = ChunkCache::open(dir.path(), 1 << 20, behind.clone()).unwrap();
    ids.iter().for_each(|id| drop(cache.get(id).unwrap()));
    fs::write(place(dir.path(), &ids[0]), b"").unwrap();
    fs::write(place(dir.path(), &ids[1]), b"something else").unwrap();
    let half = fs::read(place(dir.path(), &ids[2])).unwrap();
    fs::write(place(dir.path(), &ids[2]), &half[..half.len() / 2]).unwrap();
    fs::remove_file(place(dir.path(), &ids[3])).unwrap();
    fs::create_dir(place(dir.path(), &ids[3])).unwrap();
    for id in &ids {
        assert_eq!(cache.get(id).unwrap(), behind.0.get(id).unwrap());
    }
    assert_eq!(behind.asked(), 8);
    // A backend that answers something else is not believed for ever.
    behind.put(&ids[0], b"wrong").unwrap();
    fs::remove_file(place(dir.path(), &ids[0])).unwrap();
    assert_eq!(cache.get(&ids[0]).unwrap().unwrap(), b"wrong");
    assert!(!place(dir.path(), &ids[0]).exists());
}

#[test]
fn it_stays_within_its_limit_and_keeps_what_was_used_last() {
    let dir = tempfile::tempdir().unwrap();
    let (behind, ids) = Counting::of(200);
    let limit = 50_000;
    let cache = ChunkCache::open(dir.path(), limit, behind.clone()).unwrap();
    for (n, id) in ids.iter().enumerate() {
        cache.get(id).unwrap();
        assert!(size(dir.path()) <= limit + limit / 8, "after {n}");
    }
    // Ten are used again later than all others.
    let kept: Vec<ChunkId> = ids
        .iter()
        .filter(|id| place(dir.path(), id).exists())
        .copied()
        .collect();
    let later = SystemTime::now() + Duration::from_secs(60);
    for id in &kept[..10] {
        let file = fs::File::options()
            .write(true)
            .open(place(dir.path(), id))
            .unwrap();
        file.set_modified(later).unwrap();
    }
    ids[..40].iter().for_each(|id| drop(cache.get(id).unwrap()));
    for id in &kept[..10] {
        assert!(place(dir.path(), id).exists(), "used later, and thrown out");
    }
    // A smaller limit of the next one counts from its start; zero keeps nothing.
    ChunkCache::open(dir.path(), 10_000, behind.clone()).unwrap();
    assert!(size(dir.path()) <= 10_000);
    let none = ChunkCache::open(dir.path(), 0, behind).unwrap();
    assert!(none.get(&ids[0]).unwrap().is_some());
    assert_eq!(size(dir.path()), 0);
}

#[test]
fn half_written_files_are_not_read_and_go_away() {
    let dir = tempfile::tempdir().unwrap();
    let (behind, ids) = Counting::of(1);
    let folder = place(dir.path(), &ids[0]).parent().unwrap().to_owned();
    fs::create_dir_all(&folder).unwrap();
    let left = folder.join(".123.0");
    fs::write(&left, b"half").unwrap();
    ChunkCache::open(dir.path(), 1 << 20, behind.clone()).unwrap();
    assert!(left.exists(), "somebody may be writing it");
    let old = SystemTime::now() - Duration::from_secs(3_600);
    fs::File::options()
        .write(true)
        .open(&left)
        .unwrap()
        .set_modified(old)
        .unwrap();
    ChunkCache::open(dir.path(), 1 << 20, behind).unwrap();
    assert!(!left.exists());
}

#[test]
fn readers_of_one_chunk_wait_for_one_fetch_and_writers_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (behind, ids) = Counting::of(50);
    let cache = Arc::new(ChunkCache::open(dir.path(), 1 << 20, behind.clone()).unwrap());
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                for id in &ids {
                    assert_eq!(cache.get(id).unwrap(), behind.0.get(id).unwrap());
                }
            });
        }
    });
    assert_eq!(behind.asked(), 50);
    // Several caches, as of several processes, that throw out what others read.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let own = ChunkCache::open(dir.path(), 8_000, behind.clone()).unwrap();
            let (ids, behind) = (&ids, &behind);
            scope.spawn(move || {
                for id in ids.iter().chain(ids) {
                    assert_eq!(own.get(id).unwrap(), behind.0.get(id).unwrap());
                }
            });
        }
    });
}
