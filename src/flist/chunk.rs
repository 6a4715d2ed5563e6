//! Chunks: pieces of files, compressed with snappy and encrypted with XXTEA under their own hash.
//!
//! Whoever knows the key of a piece can check it; equal pieces give equal chunks, so they are
//! stored once (spec: flist §4).
use std::fmt;

use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest};

use super::record::Block;

/// Size of the pieces of a file in bytes; the last one is shorter.
pub const BLOCK_SIZE: usize = 524_288;

/// The delta of TEA: the golden ratio.
const DELTA: u32 = 0x9e37_79b9;

/// Id of a chunk in a backend: the BLAKE2b-128 hash of its encrypted bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub [u8; 16]);

impl ChunkId {
    /// The id of encrypted bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hash(bytes))
    }
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a chunk cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The bytes have another hash than the id.
    #[error("its bytes are not those of its id")]
    Id,
    /// The length is none that encryption gives.
    #[error("{0} bytes are not the length of a chunk")]
    Length(usize),
    /// The key is not the one it was encrypted with, or the bytes are damaged.
    #[error("it cannot be decrypted with its key")]
    Key,
    /// What comes out is larger than a piece may be.
    #[error("it holds {0} bytes, a piece has {BLOCK_SIZE} at most")]
    Size(usize),
    /// The compressed data are damaged.
    #[error("it cannot be decompressed")]
    Compression,
    /// What comes out is not what the key was made of.
    #[error("what it holds is not what its key says")]
    Content,
}

/// A piece of a file, ready for a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// What the flist keeps of it.
    pub block: Block,
    /// What the backend keeps.
    pub bytes: Vec<u8>,
}

fn hash(bytes: &[u8]) -> [u8; 16] {
    Blake2b::<U16>::digest(bytes).into()
}

impl Chunk {
    /// Makes the chunk of a piece.
    ///
    /// # Errors
    /// [`ChunkError::Size`] for a piece larger than [`BLOCK_SIZE`].
    pub fn of(piece: &[u8]) -> Result<Self, ChunkError> {
        if piece.len() > BLOCK_SIZE {
            return Err(ChunkError::Size(piece.len()));
        }
        let key = hash(piece);
        let compressed = snap::raw::Encoder::new()
            .compress_vec(piece)
            .map_err(|_| ChunkError::Compression)?;
        let bytes = encrypt(&compressed, &key);
        let block = Block {
            id: ChunkId(hash(&bytes)),
            key,
        };
        Ok(Self { block, bytes })
    }

    /// Opens what a backend keeps of `block`, and returns the piece.
    ///
    /// # Errors
    /// When it is not the piece that the flist means.
    pub fn open(block: &Block, bytes: &[u8]) -> Result<Vec<u8>, ChunkError> {
        if hash(bytes) != block.id.0 {
            return Err(ChunkError::Id);
        }
        let compressed = decrypt(bytes, &block.key)?;
        let length = snap::raw::decompress_len(&compressed).map_err(|_| ChunkError::Compression)?;
        if length > BLOCK_SIZE {
            return Err(ChunkError::Size(length));
        }
        let piece = snap::raw::Decoder::new()
            .decompress_vec(&compressed)
            .map_err(|_| ChunkError::Compression)?;
        match hash(&piece) == block.key {
            true => Ok(piece),
            false => Err(ChunkError::Content),
        }
    }
}

/// Splits the contents of a file into pieces; an empty file has none.
pub fn split(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.chunks(BLOCK_SIZE)
}

fn key_words(key: &[u8; 16]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(key.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

fn mix(z: u32, y: u32, sum: u32, key: u32) -> u32 {
    (((z >> 5) ^ (y << 2)).wrapping_add((y >> 3) ^ (z << 4))) ^ ((sum ^ y).wrapping_add(key ^ z))
}

/// The key word of place `p` in a round of sum `sum`.
fn key_at(key: &[u32; 4], p: usize, sum: u32) -> u32 {
    let at = (p as u32 ^ (sum >> 2)) & 3;
    key.get(at as usize).copied().unwrap_or_default()
}

/// Rounds for so many words.
fn rounds(words: usize) -> u32 {
    6 + u32::try_from(52 / words.max(1)).unwrap_or_default()
}

/// XXTEA of the data, padded with zero bytes to whole words, and their length as one more word.
fn encrypt(data: &[u8], key: &[u8; 16]) -> Vec<u8> {
    let mut words: Vec<u32> = data
        .chunks(4)
        .map(|bytes| {
            let mut word = [0; 4];
            word.iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = *from);
            u32::from_le_bytes(word)
        })
        .collect();
    words.push(u32::try_from(data.len()).unwrap_or(u32::MAX));
    let key = key_words(key);
    let count = words.len();
    if count > 1 {
        let mut sum = 0_u32;
        let mut z = words.last().copied().unwrap_or_default();
        for _ in 0..rounds(count) {
            sum = sum.wrapping_add(DELTA);
            for p in 0..count {
                let next = if p + 1 == count { 0 } else { p + 1 };
                let y = words.get(next).copied().unwrap_or_default();
                if let Some(word) = words.get_mut(p) {
                    *word = word.wrapping_add(mix(z, y, sum, key_at(&key, p, sum)));
                    z = *word;
                }
            }
        }
    }
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn decrypt(bytes: &[u8], key: &[u8; 16]) -> Result<Vec<u8>, ChunkError> {
    let (words, rest) = bytes.as_chunks::<4>();
    if words.len() < 2 || !rest.is_empty() {
        return Err(ChunkError::Length(bytes.len()));
    }
    let mut words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let key = key_words(key);
    let count = words.len();
    let mut sum = rounds(count).wrapping_mul(DELTA);
    let mut y = words.first().copied().unwrap_or_default();
    while sum != 0 {
        for p in (0..count).rev() {
            let before = p.checked_sub(1).unwrap_or(count - 1);
            let z = words.get(before).copied().unwrap_or_default();
            if let Some(word) = words.get_mut(p) {
                *word = word.wrapping_sub(mix(z, y, sum, key_at(&key, p, sum)));
                y = *word;
            }
        }
        sum = sum.wrapping_sub(DELTA);
    }
    let length = words
        .pop()
        .map(|length| length as usize)
        .unwrap_or_default();
    let most = words.len() * 4;
    if length > most || length + 3 < most {
        return Err(ChunkError::Key);
    }
    let mut data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    data.truncate(length);
    Ok(data)
}
