//! Flists: making them of many small files and of one large file, listing a large one, the parts of
//! a chunk. Printed beside: memory at its highest.
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest};
use criterion::{Criterion, Throughput};
use kosmos::flist::{
    BLOCK_SIZE, BuildOptions, Chunk, Flist, Format, Metadata, from_dir, write_file,
};

use super::memory::state;

/// Small files in all, and in each directory.
const FILES: usize = 100_000;
const EACH: usize = 1_000;

/// Bytes that no compression makes smaller.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Bytes as programs have them: half of them come again.
fn half_noise(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    let mut part = 0;
    while bytes.len() < length {
        bytes.extend(noise(64, seed + part));
        bytes.extend_from_slice(&[(part >> 6) as u8; 64]);
        part += 1;
    }
    bytes.truncate(length);
    bytes
}

/// Makes so many bytes from a seed.
type Content = fn(usize, u64) -> Vec<u8>;

/// Memory and processor time of some work.
struct Watch {
    begin: Instant,
    memory: u64,
    processor: f64,
}

/// Seconds of processor time of this process.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = rest.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

impl Watch {
    fn start() -> Watch {
        // Forgets the highest memory so far, where that is allowed.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Watch {
            begin: Instant::now(),
            memory: state("VmRSS:"),
            processor: processor(),
        }
    }

    #[allow(clippy::disallowed_macros, reason = "a bench prints its figures")]
    /// So many of something by the clock and by processor time, and the memory above that before.
    fn tell(&self, what: &str, amount: f64, unit: &str) {
        let clock = self.begin.elapsed().as_secs_f64();
        let own = processor() - self.processor;
        println!(
            "{what}: {:.0} {unit}/s by the clock, {:.0} {unit}/s for each core, {} MB of memory",
            amount / clock,
            amount / own,
            state("VmHWM:").saturating_sub(self.memory) / 1024
        );
    }
}

fn small_files(folder: &Path) {
    for directory in 0..FILES / EACH {
        let folder = folder.join(format!("d{directory}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..EACH {
            fs::write(
                folder.join(format!("f{file}")),
                format!("{directory} {file}\n"),
            )
            .unwrap();
        }
    }
}

fn files(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let (folder, file) = (dir.path().join("files"), dir.path().join("files.flist"));
    small_files(&folder);
    let make = || {
        let built = from_dir(&folder, None, &BuildOptions::default()).unwrap();
        write_file(&built.tree, &Metadata::new(), Format::Y2019, &file).unwrap();
        built.tree.len()
    };
    let list = || {
        let tree = Flist::open(&file).unwrap().tree().unwrap();
        tree.len()
    };
    let watch = Watch::start();
    make();
    watch.tell("flist of 100 000 small files, made", FILES as f64, "files");
    let watch = Watch::start();
    list();
    watch.tell(
        "flist of 100 000 small files, listed",
        FILES as f64,
        "files",
    );
    let mut group = c.benchmark_group("flist");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(FILES as u64));
    group.bench_function("write 100 000 small files (3.3 s)", |b| b.iter(make));
    group.bench_function("list 100 000 entries (300 ms)", |b| b.iter(list));
    group.finish();
}

fn gigabyte(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("large");
    let mut group = c.benchmark_group("flist");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Bytes(1 << 30));
    let kinds: [(&str, Content); 2] = [("noise", noise), ("mixed", half_noise)];
    for (name, content) in kinds {
        let mut out = fs::File::create(&file).unwrap();
        for part in 0..64 {
            use std::io::Write;
            out.write_all(&content(16 << 20, part * 7_919 + 1)).unwrap();
        }
        drop(out);
        let watch = Watch::start();
        let built = from_dir(dir.path(), None, &BuildOptions::default()).unwrap();
        assert_eq!(built.tree.len(), 2);
        watch.tell(&format!("1 GiB of {name}"), 1_073.7, "MB");
        group.bench_function(format!("chunk 1 GiB of {name} (2.68 s)"), |b| {
            b.iter(|| from_dir(dir.path(), None, &BuildOptions::default()).unwrap());
        });
    }
    group.finish();
}

/// What one piece costs, and what of it hashing and compression are: the rest is XXTEA.
fn parts(c: &mut Criterion) {
    let mut group = c.benchmark_group("flist");
    group.throughput(Throughput::Bytes(BLOCK_SIZE as u64));
    let kinds: [(&str, Content); 2] = [("noise", noise), ("mixed", half_noise)];
    for (name, content) in kinds {
        let piece = content(BLOCK_SIZE, 5);
        group.bench_function(format!("a chunk of {name}"), |b| {
            b.iter(|| Chunk::of(black_box(&piece)).unwrap());
        });
        let many: Vec<Vec<u8>> = (0..8).map(|n| content(BLOCK_SIZE, n * 31 + 5)).collect();
        let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
        group.bench_function(format!("eight chunks of {name}"), |b| {
            b.iter(|| Chunk::of_several(black_box(&many)).unwrap());
        });
        let chunk = Chunk::of(&piece).unwrap();
        group.bench_function(format!("a chunk of {name}: both hashes"), |b| {
            b.iter(|| {
                let key = Blake2b::<U16>::digest(black_box(&piece));
                (key, Blake2b::<U16>::digest(black_box(&chunk.bytes)))
            });
        });
        group.bench_function(format!("a chunk of {name}: compression"), |b| {
            b.iter(|| {
                snap::raw::Encoder::new()
                    .compress_vec(black_box(&piece))
                    .unwrap()
            });
        });
        group.bench_function(format!("a chunk of {name}: opened"), |b| {
            b.iter(|| Chunk::open(&chunk.block, black_box(&chunk.bytes)).unwrap());
        });
    }
    group.finish();
}

pub fn bench(c: &mut Criterion) {
    parts(c);
    files(c);
    gigabyte(c);
}
