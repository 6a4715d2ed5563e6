//! Chunks, byte for byte.
use kosmos::flist::{
    BLOCK_SIZE, Block, Chunk, ChunkError, ChunkId, Format, acl_key, path_key, split,
};

use super::{bytes, json, sixteen, text};

#[test]
fn every_recorded_chunk_is_made_and_opened() {
    let file = json("chunks.json");
    let cases = file.as_array().unwrap();
    assert!(cases.len() >= 10);
    for case in cases {
        let plain = bytes(case, "plain");
        let chunk = Chunk::of(&plain).unwrap();
        assert_eq!(hex::encode(chunk.block.key), text(case, "key"));
        assert_eq!(hex::encode(&chunk.bytes), text(case, "encrypted"));
        assert_eq!(chunk.block.id.to_string(), text(case, "id"));
        assert_eq!(Chunk::open(&chunk.block, &chunk.bytes), Ok(plain));
    }
}

#[test]
fn every_chunk_of_the_recorded_backend_opens() {
    let backend = json("small.backend.json");
    for (id, entry) in backend.as_object().unwrap() {
        let block = Block {
            id: ChunkId(hex::decode(id).unwrap().try_into().unwrap()),
            key: sixteen(entry, "key"),
        };
        let encrypted = bytes(entry, "encrypted");
        let piece = Chunk::open(&block, &encrypted).unwrap();
        let again = Chunk::of(&piece).unwrap();
        assert_eq!(again.block, block);
        assert_eq!(again.bytes, encrypted);
    }
}

#[test]
fn keys_of_paths() {
    for case in json("path_keys.json")["path_keys"].as_array().unwrap() {
        assert_eq!(
            path_key(text(case, "location").as_bytes()),
            text(case, "key")
        );
    }
}

#[test]
fn keys_of_ownership_in_both_formats() {
    for (name, format) in [
        ("small-format2019.listing.json", Format::Y2019),
        ("small-format2023.listing.json", Format::Y2023),
    ] {
        let listing = json(name);
        for (key, acl) in listing["acis"].as_object().unwrap() {
            let acl = kosmos::flist::Acl {
                user: text(acl, "uname").into(),
                group: text(acl, "gname").into(),
                mode: u16::try_from(acl["mode"].as_u64().unwrap()).unwrap(),
                uid: acl["uid"].as_i64().unwrap(),
                gid: acl["gid"].as_i64().unwrap(),
            };
            assert_eq!(acl_key(&acl, format), *key, "{name}: {acl:?}");
        }
    }
}

/// What is wrong with a chunk is told apart: the id, the key, the length, the content.
#[test]
fn wrong_chunks_are_refused() {
    let chunk = Chunk::of(b"hello world\n").unwrap();
    let block = chunk.block;
    let mut flipped = chunk.bytes.clone();
    flipped[3] ^= 1;
    assert_eq!(Chunk::open(&block, &flipped), Err(ChunkError::Id));
    assert_eq!(Chunk::open(&block, &[]), Err(ChunkError::Id));
    let other = Block {
        key: [7; 16],
        ..block
    };
    assert_eq!(Chunk::open(&other, &chunk.bytes), Err(ChunkError::Key));
    let id_of = |bytes: &[u8]| {
        use blake2::digest::consts::U16;
        use blake2::{Blake2b, Digest};
        ChunkId(Blake2b::<U16>::digest(bytes).into())
    };
    for length in [0_usize, 1, 3, 4, 7] {
        let bytes = vec![0; length];
        let block = Block {
            id: id_of(&bytes),
            key: [0; 16],
        };
        assert_eq!(Chunk::open(&block, &bytes), Err(ChunkError::Length(length)));
    }
    assert_eq!(
        Chunk::of(&vec![0; BLOCK_SIZE + 1]),
        Err(ChunkError::Size(BLOCK_SIZE + 1))
    );
}

#[test]
fn files_are_split_into_pieces() {
    assert_eq!(split(b"").count(), 0);
    let sizes =
        |length: usize| -> Vec<usize> { split(&vec![1; length]).map(<[u8]>::len).collect() };
    assert_eq!(sizes(1), [1]);
    assert_eq!(sizes(BLOCK_SIZE), [BLOCK_SIZE]);
    assert_eq!(sizes(BLOCK_SIZE + 1), [BLOCK_SIZE, 1]);
}
