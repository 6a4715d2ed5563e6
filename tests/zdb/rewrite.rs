//! Data files that are written anew without what does not count any more, and kills on the way.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kosmos::devnet::zdb::{Mode, Settings, Sizes};
use kosmos::zdb::Client;

use super::{Server, settings};

/// Small files, and none of them written anew.
const KEPT: Sizes = Sizes {
    file: 500,
    waste: u64::MAX,
};
/// Small files, which are written anew early.
const TIDY: Sizes = Sizes {
    file: 500,
    waste: 1_000,
};

fn with(mode: Mode, sizes: Sizes) -> Settings {
    Settings {
        sizes,
        ..settings(mode)
    }
}

fn space(server: &Server) -> PathBuf {
    let name = format!("ns-{}", hex::encode("default"));
    server.folder().join(name)
}

/// The data files in the order of their numbers, and their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, entry.path())
    });
    let mut files: Vec<_> = named
        .filter(|(name, _)| name.starts_with("data-") || name.starts_with("unfinished-"))
        // One may go at this very moment.
        .filter_map(|(name, path)| Some((name, fs::read(path).ok()?)))
        .collect();
    files.sort();
    files
}

fn size(folder: &Path) -> usize {
    files(folder).iter().map(|(_, bytes)| bytes.len()).sum()
}

fn value(key: usize, round: usize) -> Vec<u8> {
    format!("{key}.{round} ").repeat(20 + key).into_bytes()
}

/// Everything that is there, in the order of writing.
async fn all(client: &Client) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let mut cursor: Option<Vec<u8>> = None;
    while let Some(page) = client.scan(cursor.as_deref(), false).await.unwrap() {
        for entry in &page.entries {
            let value = client.get(&entry.key).await.unwrap().unwrap();
            found.push((entry.key.clone(), value));
        }
        cursor = Some(page.cursor);
    }
    found
}

/// Sets twelve keys again and again, and deletes four of them.
async fn fill(client: &Client) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut expected = BTreeMap::new();
    for round in 0..15 {
        for key in 0..12 {
            let name = format!("key{key}").into_bytes();
            client.set(&name, &value(key, round)).await.unwrap();
            expected.insert(name, value(key, round));
        }
    }
    for key in [1, 4, 7, 11] {
        let name = format!("key{key}").into_bytes();
        client.delete(&name).await.unwrap();
        expected.remove(&name);
    }
    expected
}

#[test]
fn what_does_not_count_any_more_gives_its_room_back() {
    let mut server = Server::with(with(Mode::User, TIDY));
    let client = server.client();
    let written: usize = 15 * (0..12).map(|key| value(key, 1).len() + 36).sum::<usize>();
    let folder = space(&server);
    let (expected, before) = server.run(async {
        let expected = fill(&client).await;
        // What comes while files are written anew is looked at with the next value.
        for round in 0_u32.. {
            client.set(b"again", &round.to_le_bytes()).await.unwrap();
            if size(&folder) * 3 < written {
                break;
            }
            assert!(round < 100_000, "{} bytes are left", size(&folder));
        }
        client.delete(b"again").await.unwrap();
        (expected, all(&client).await)
    });
    drop(client);
    let addr = server.stop();
    assert_eq!(before.iter().cloned().collect::<BTreeMap<_, _>>(), expected);
    server.again(addr, with(Mode::User, KEPT));
    let client = server.client();
    let after = server.run(all(&client));
    assert_eq!(after, before, "values, and the order of writing");
}

#[test]
fn a_server_tidies_up_when_it_starts() {
    let mut server = Server::with(with(Mode::User, KEPT));
    let client = server.client();
    let (_, before) = server.run(async { (fill(&client).await, all(&client).await) });
    drop(client);
    let addr = server.stop();
    let much = size(&space(&server));
    server.again(addr, with(Mode::User, TIDY));
    assert!(size(&space(&server)) * 3 < much);
    let client = server.client();
    assert_eq!(server.run(all(&client)), before);
}

/// Every state that a kill can leave: old files, some of the new ones, some that are not finished;
/// all new files, the oldest of the old ones gone.
#[test]
fn wherever_it_is_killed_the_same_values_are_there() {
    let mut server = Server::with(with(Mode::User, KEPT));
    let client = server.client();
    let (_, expected) = server.run(async { (fill(&client).await, all(&client).await) });
    drop(client);
    let addr = server.stop();
    let folder = space(&server);
    let old = files(&folder);
    server.again(addr, with(Mode::User, TIDY));
    server.stop();
    let new = files(&folder);
    assert!(
        old.len() > 5 && new.len() > 2,
        "{} {}",
        old.len(),
        new.len()
    );
    assert!(
        old.iter()
            .all(|(name, _)| new.iter().all(|(other, _)| other != name))
    );
    // The file that is written to meanwhile is there first.
    let (meanwhile, made) = new.split_last().unwrap();
    let mut states = Vec::new();
    for named in 0..=made.len() {
        let unfinished = made.iter().skip(named).map(|(name, bytes)| {
            let half = bytes[..bytes.len() / 2].to_vec();
            (name.replace("data-", "unfinished-"), half)
        });
        let named = made.iter().take(named).cloned();
        let first = old.iter().chain([meanwhile]).cloned();
        states.push(first.chain(named).chain(unfinished).collect::<Vec<_>>());
    }
    for gone in (0..old.len()).step_by(7).chain([old.len()]) {
        let left = old.iter().skip(gone).chain(&new).cloned();
        states.push(left.collect());
    }
    for (number, state) in states.iter().enumerate() {
        for (name, _) in files(&folder) {
            fs::remove_file(folder.join(name)).unwrap();
        }
        for (name, bytes) in state {
            fs::write(folder.join(name), bytes).unwrap();
        }
        // Once as it is, and once written anew again.
        for sizes in [KEPT, TIDY] {
            server.again(addr, with(Mode::User, sizes));
            let client = server.client();
            server.run(async {
                assert_eq!(all(&client).await, expected, "state {number}");
                client.set(b"more", b"1").await.unwrap();
                client.delete(b"more").await.unwrap();
            });
            drop(client);
            server.stop();
        }
        let left = files(&folder);
        assert!(left.iter().all(|(name, _)| name.starts_with("data-")));
    }
}

#[test]
fn reading_and_writing_go_on_meanwhile() {
    let mut server = Server::with(with(Mode::User, TIDY));
    server.handle().namespace("gone", None, true, 0).unwrap();
    let addr = server.handle().addr();
    let expected = server.run(async {
        let writers = (0..4_usize).map(|writer| {
            let client = server.client();
            tokio::spawn(async move {
                let key = format!("writer{writer}").into_bytes();
                for round in 0..400 {
                    client.set(&key, &value(writer, round)).await.unwrap();
                    let read = client.get(&key).await.unwrap().unwrap();
                    assert_eq!(read, value(writer, round));
                }
                (key, value(writer, 399))
            })
        });
        let writers: Vec<_> = writers.collect();
        // Everything forgotten, and a whole namespace deleted, while files are written anew.
        let other = server.client_of("gone", "");
        for round in 0..300 {
            other.set(b"key", &value(9, round)).await.unwrap();
            if round == 150 {
                other.flush().await.unwrap();
                assert_eq!(other.get(b"key").await.unwrap(), None);
            }
        }
        server.handle().namespace_delete("gone").unwrap();
        let mut expected = Vec::new();
        for writer in writers {
            expected.push(writer.await.unwrap());
        }
        expected.sort();
        expected
    });
    server.stop();
    server.again(addr, with(Mode::User, KEPT));
    let client = server.client();
    let mut found = server.run(all(&client));
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(server.handle().namespaces(), ["default"]);
}

#[test]
fn numbers_are_not_given_twice() {
    let mut server = Server::with(with(Mode::Seq, TIDY));
    let client = server.client();
    server.run(async {
        for _ in 0..40_u32 {
            client.add(&[7; 200]).await.unwrap();
        }
        for number in 10..40_u32 {
            client.delete(&number.to_le_bytes()).await.unwrap();
        }
    });
    drop(client);
    let addr = server.stop();
    // Once more, so that nothing of the deleted ones can be left.
    server.again(addr, with(Mode::Seq, TIDY));
    let client = server.client();
    server.run(async {
        assert_eq!(client.info("default").await.unwrap().entries(), Some(10));
        assert_eq!(client.add(b"next").await.unwrap(), 40_u32.to_le_bytes());
    });
}

#[test]
fn a_damaged_value_stays_told_as_one() {
    let mut server = Server::with(with(Mode::User, KEPT));
    let client = server.client();
    server.run(async {
        client.set(b"whole", &[b'w'; 300]).await.unwrap();
        client.set(b"damaged", &[b'd'; 300]).await.unwrap();
        for round in 0..20 {
            client.set(b"other", &value(3, round)).await.unwrap();
        }
    });
    drop(client);
    let addr = server.stop();
    let file = space(&server).join("data-000000");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(300).position(|part| part == [b'd'; 300]);
    bytes[at.unwrap() + 100] ^= 1;
    fs::write(&file, bytes).unwrap();
    server.again(addr, with(Mode::User, TIDY));
    assert!(!file.exists(), "it was written anew");
    let client = server.client();
    server.run(async {
        let error = client.get(b"damaged").await.unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
        assert_eq!(client.get(b"whole").await.unwrap().unwrap(), [b'w'; 300]);
    });
}
