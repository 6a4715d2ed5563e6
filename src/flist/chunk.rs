//! Chunks: pieces of files, compressed with snappy and encrypted with XXTEA under their own hash.
//!
//! Whoever knows the key of a piece can check it; equal pieces give equal chunks, so they are
//! stored once (spec: flist §4).
use std::fmt;

use blake2b_simd::many::{HashManyJob, hash_many};
use blake2b_simd::{Hash, Params};

use super::record::Block;
use super::xxtea;

/// Size of the pieces of a file in bytes; the last one is shorter.
pub const BLOCK_SIZE: usize = 524_288;

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

/// BLAKE2b with digests of 16 bytes.
fn blake2b() -> Params {
    let mut params = Params::new();
    params.hash_length(16);
    params
}

fn digest(hash: &Hash) -> [u8; 16] {
    // The digest has as many bytes as was asked for.
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn hash(bytes: &[u8]) -> [u8; 16] {
    digest(&blake2b().hash(bytes))
}

/// The hashes of several, which takes less time than one after the other.
fn hashes<'a>(all: impl Iterator<Item = &'a [u8]>) -> Vec<[u8; 16]> {
    let params = blake2b();
    let mut jobs: Vec<HashManyJob<'_>> =
        all.map(|bytes| HashManyJob::new(&params, bytes)).collect();
    hash_many(jobs.iter_mut());
    jobs.iter().map(|job| digest(&job.to_hash())).collect()
}

fn compressed(piece: &[u8]) -> Result<Vec<u8>, ChunkError> {
    if piece.len() > BLOCK_SIZE {
        return Err(ChunkError::Size(piece.len()));
    }
    snap::raw::Encoder::new()
        .compress_vec(piece)
        .map_err(|_| ChunkError::Compression)
}

impl Chunk {
    /// Makes the chunk of a piece.
    ///
    /// # Errors
    /// [`ChunkError::Size`] for a piece larger than [`BLOCK_SIZE`].
    pub fn of(piece: &[u8]) -> Result<Self, ChunkError> {
        let made = Self::of_several(&[piece])?.pop();
        made.ok_or(ChunkError::Compression)
    }

    /// Makes the chunks of several pieces, which is much faster than one after the other.
    ///
    /// # Errors
    /// As [`Chunk::of`].
    pub fn of_several(pieces: &[&[u8]]) -> Result<Vec<Self>, ChunkError> {
        let data: Vec<Vec<u8>> = pieces
            .iter()
            .map(|piece| compressed(piece))
            .collect::<Result<_, _>>()?;
        let keys = hashes(pieces.iter().copied());
        let runs: Vec<(&[u8], &[u8; 16])> = data.iter().map(Vec::as_slice).zip(&keys).collect();
        let encrypted = xxtea::encrypt_all(&runs);
        let ids = hashes(encrypted.iter().map(Vec::as_slice));
        let blocks = ids.into_iter().zip(&keys).map(|(id, key)| Block {
            id: ChunkId(id),
            key: *key,
        });
        let made = blocks.zip(encrypted);
        Ok(made.map(|(block, bytes)| Self { block, bytes }).collect())
    }

    /// Opens what a backend keeps of `block`, and returns the piece.
    ///
    /// # Errors
    /// When it is not the piece that the flist means.
    pub fn open(block: &Block, bytes: &[u8]) -> Result<Vec<u8>, ChunkError> {
        if hash(bytes) != block.id.0 {
            return Err(ChunkError::Id);
        }
        if bytes.len() < 8 || !bytes.len().is_multiple_of(4) {
            return Err(ChunkError::Length(bytes.len()));
        }
        let compressed = xxtea::decrypt(bytes, &block.key).ok_or(ChunkError::Key)?;
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
