//! Chunks: pieces of files, compressed with snappy and encrypted with XXTEA under their own hash.
//!
//! Whoever knows the key of a piece can check it; equal pieces give equal chunks, so they are
//! stored once (spec: flist §4).
use std::fmt;

use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest};

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

fn hash(bytes: &[u8]) -> [u8; 16] {
    Blake2b::<U16>::digest(bytes).into()
}

/// The key of a piece, and the piece compressed.
fn compressed(piece: &[u8]) -> Result<([u8; 16], Vec<u8>), ChunkError> {
    if piece.len() > BLOCK_SIZE {
        return Err(ChunkError::Size(piece.len()));
    }
    let compressed = snap::raw::Encoder::new()
        .compress_vec(piece)
        .map_err(|_| ChunkError::Compression)?;
    Ok((hash(piece), compressed))
}

impl Chunk {
    /// Makes the chunk of a piece.
    ///
    /// # Errors
    /// [`ChunkError::Size`] for a piece larger than [`BLOCK_SIZE`].
    pub fn of(piece: &[u8]) -> Result<Self, ChunkError> {
        let (key, compressed) = compressed(piece)?;
        Ok(Self::with(key, xxtea::encrypt(&compressed, &key)))
    }

    /// Makes the chunks of several pieces, which is faster than one after the other where they
    /// are compressed to equal lengths.
    ///
    /// # Errors
    /// As [`Chunk::of`].
    pub fn of_several(pieces: &[&[u8]]) -> Result<Vec<Self>, ChunkError> {
        if let [piece] = pieces {
            return Ok(vec![Self::of(piece)?]);
        }
        let all = pieces.iter().map(|piece| compressed(piece));
        let all: Vec<([u8; 16], Vec<u8>)> = all.collect::<Result<_, _>>()?;
        let mut places: Vec<usize> = (0..all.len()).collect();
        let words = |place: &usize| {
            all.get(*place)
                .map(|(_, data)| xxtea::words_for(data.len()))
        };
        places.sort_by_key(words);
        let mut chunks: Vec<(usize, Self)> = Vec::with_capacity(all.len());
        for equal in places.chunk_by(|a, b| words(a) == words(b)) {
            for group in equal.chunks(xxtea::LANES) {
                let runs = group.iter().filter_map(|place| all.get(*place));
                let runs: Vec<(&[u8], &[u8; 16])> =
                    runs.map(|(key, data)| (data.as_slice(), key)).collect();
                let encrypted = match runs.as_slice() {
                    [(data, key)] => vec![xxtea::encrypt(data, key)],
                    runs => xxtea::encrypt_several(runs),
                };
                let made = runs.iter().zip(encrypted);
                let made = made.map(|((_, key), bytes)| Self::with(**key, bytes));
                chunks.extend(group.iter().copied().zip(made));
            }
        }
        chunks.sort_by_key(|(place, _)| *place);
        Ok(chunks.into_iter().map(|(_, chunk)| chunk).collect())
    }

    fn with(key: [u8; 16], bytes: Vec<u8>) -> Self {
        let block = Block {
            id: ChunkId::of(&bytes),
            key,
        };
        Self { block, bytes }
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
