//! Whatever comes, nothing panics; whatever is written is read back.
use kosmos::flist::{Acl, Attributes, Block, Chunk, ChunkId, Directory, Flist, Inode, SpecialKind};
use proptest::collection::vec;
use proptest::prelude::*;

fn attributes() -> impl Strategy<Value = Attributes> {
    let block = (any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(|(id, key)| Block {
        id: ChunkId(id),
        key,
    });
    prop_oneof![
        "[0-9a-f]{32}".prop_map(|key| Attributes::Dir { key }),
        (any::<u16>(), vec(block, 0..5))
            .prop_map(|(block_size, blocks)| Attributes::File { block_size, blocks }),
        vec(any::<u8>(), 0..40).prop_map(|target| Attributes::Link { target }),
        vec(any::<u8>(), 0..9).prop_map(|data| Attributes::Special {
            kind: SpecialKind::CharDevice,
            data
        }),
    ]
}

fn inode() -> impl Strategy<Value = Inode> {
    let name = vec(1_u8..=255, 1..30).prop_filter("a name", |name| {
        !name.contains(&b'/') && name != b"." && name != b".."
    });
    (name, any::<(u64, u32, u32)>(), attributes(), "[0-9a-f]{16}").prop_map(
        |(name, (size, modified, created), attributes, acl_key)| Inode {
            name,
            size,
            attributes,
            acl_key,
            modified,
            created,
        },
    )
}

proptest! {
    #[test]
    fn directories_survive(
        contents in vec(inode(), 0..20),
        name in vec(1_u8..=255, 0..20),
        size in any::<u64>(),
        times in any::<(u32, u32)>(),
    ) {
        let directory = Directory {
            location: name.clone(),
            name,
            contents,
            parent: "cae66941d9efbd404e4d88758ea67670".into(),
            size,
            acl_key: "68f85bd2a1577cbe".into(),
            modified: times.0,
            created: times.1,
        };
        prop_assert_eq!(Directory::from_message(&directory.to_message()), Ok(directory));
    }

    #[test]
    fn owners_survive(user in ".{0,12}", group in ".{0,12}", mode: u16, uid: i64, gid: i64) {
        let acl = Acl { user, group, mode, uid, gid };
        prop_assert_eq!(Acl::from_message(&acl.to_message()), Ok(acl));
    }

    #[test]
    fn chunks_survive(piece in vec(any::<u8>(), 0..3000)) {
        let chunk = Chunk::of(&piece).unwrap();
        prop_assert_eq!(chunk.bytes.len() % 4, 0);
        prop_assert_eq!(Chunk::open(&chunk.block, &chunk.bytes), Ok(piece));
    }

    #[test]
    fn anything_may_come(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Directory::from_message(&bytes);
        let _ = Acl::from_message(&bytes);
        let _ = Flist::from_reader(bytes.as_slice());
    }

    #[test]
    fn any_flipped_byte(contents in vec(inode(), 1..6), place: prop::sample::Index, bit in 0_u8..8) {
        let directory = Directory {
            name: Vec::new(),
            location: Vec::new(),
            contents,
            parent: String::new(),
            size: 4096,
            acl_key: String::new(),
            modified: 0,
            created: 0,
        };
        let mut message = directory.to_message();
        let at = place.index(message.len());
        message[at] ^= 1_u8 << bit;
        let _ = Directory::from_message(&message);
    }
}
