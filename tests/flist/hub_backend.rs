//! Chunks through a hub over HTTP: our own hub, and servers that lie, cut off, are slow or go away.
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kosmos::flist::hub::{Hub, HubError, HubOptions};
use kosmos::flist::{Backend, BuildOptions, Built, ChunkId, Error, check, from_dir, open_backend};

use super::backends::{many_files, serves};
use crate::devnet::hub;

/// What a server does that a hub should not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Takes chunks, and forgets them.
    Forgets,
    /// Takes chunks, and keeps others.
    Changes,
    /// Says that it has everything.
    HasAll,
    /// Answers with something else than a list.
    Babbles,
    /// Names keys that are none.
    OddKeys,
    /// Breaks answers off.
    CutsOff,
    /// Sends every answer byte by byte.
    Dribbles,
    /// Is busy the first time that it is asked anything.
    BusyOnce,
    /// Takes so many requests with chunks, and then no more.
    GoesAway(usize),
    /// Lets nobody in.
    Forbids,
}

#[derive(Default)]
struct Kept {
    chunks: HashMap<ChunkId, Vec<u8>>,
    /// How often each came.
    came: HashMap<ChunkId, usize>,
    inserts: usize,
    asked: HashSet<String>,
    fault: Option<Fault>,
}

/// A server that behaves as a hub's door for chunks, but for one fault.
struct Odd {
    url: String,
    kept: Arc<Mutex<Kept>>,
}

impl Odd {
    fn start(fault: Fault) -> Odd {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let odd = Odd {
            url: format!("http://{}", listener.local_addr().unwrap()),
            kept: Arc::default(),
        };
        odd.become_(fault);
        let kept = odd.kept.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), kept.clone());
                std::thread::spawn(move || answer(stream, &kept));
            }
        });
        odd
    }

    fn become_(&self, fault: Fault) {
        self.kept.lock().unwrap().fault = Some(fault);
    }

    fn backend(&self) -> Arc<dyn Backend> {
        open_backend(&self.url, "").unwrap()
    }

    fn bring(&self, folder: &Path) -> Result<Built, Error> {
        let backend = self.backend();
        from_dir(folder, Some(backend.as_ref()), &BuildOptions::default())
    }
}

/// Reads one request: method, path and body.
fn request(stream: &TcpStream) -> Option<(String, String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(said) = header.strip_prefix("content-length:") {
            length = said.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, path, body))
}

fn id_of(key: &str) -> ChunkId {
    ChunkId(BASE64_STANDARD.decode(key).unwrap().try_into().unwrap())
}

/// The files of a form.
fn form(body: &[u8]) -> Vec<(ChunkId, Vec<u8>)> {
    let end = body.iter().position(|byte| *byte == b'\r').unwrap();
    let mark = [b"\r\n".as_slice(), &body[..end]].concat();
    let mut rest = &body[end..];
    let mut files = Vec::new();
    while let Some(at) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&rest[..at]).into_owned();
        let name = head.split("filename=\"").nth(1).unwrap();
        let id = id_of(name.split('"').next().unwrap());
        let content = &rest[at + 4..];
        let length = content
            .windows(mark.len())
            .position(|part| part == mark)
            .unwrap();
        files.push((id, content[..length].to_vec()));
        rest = &content[length + mark.len()..];
    }
    files
}

fn answer(mut stream: TcpStream, kept: &Mutex<Kept>) {
    let Some((method, path, body)) = request(&stream) else {
        return;
    };
    let mut kept = kept.lock().unwrap();
    let fault = kept.fault.unwrap();
    let is_new = kept.asked.insert(path.clone());
    let (mut status, mut out) = (200, b"{\"status\": \"success\"}\n".to_vec());
    match (method.as_str(), path.as_str()) {
        _ if fault == Fault::BusyOnce && is_new => status = 503,
        _ if fault == Fault::Forbids => status = 403,
        ("POST", "/exists") => {
            let keys: Vec<String> = serde_json::from_slice(&body).unwrap();
            let missing = keys.into_iter();
            let missing = missing.filter(|key| !kept.chunks.contains_key(&id_of(key)));
            let missing: Vec<String> = match fault {
                Fault::HasAll => Vec::new(),
                Fault::OddKeys => vec!["no key".into()],
                _ => missing.collect(),
            };
            out = match fault {
                Fault::Babbles => b"<html>hello</html>".to_vec(),
                _ => serde_json::to_vec(&missing).unwrap(),
            };
        }
        ("PUT", "/insert") => {
            kept.inserts += 1;
            if let Fault::GoesAway(after) = fault
                && kept.inserts > after
            {
                return;
            }
            for (id, bytes) in form(&body) {
                *kept.came.entry(id).or_default() += 1;
                match fault {
                    Fault::Forgets => None,
                    Fault::Changes => kept.chunks.insert(id, b"something else".to_vec()),
                    _ => kept.chunks.insert(id, bytes),
                };
            }
        }
        ("GET", path) => {
            let id = hex::decode(path.trim_start_matches("/chunk/")).unwrap();
            match kept.chunks.get(&ChunkId(id.try_into().unwrap())) {
                Some(bytes) => out = bytes.clone(),
                None => status = 404,
            }
        }
        other => panic!("{other:?}"),
    }
    drop(kept);
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        out.len()
    );
    let whole = [head.as_bytes(), &out].concat();
    // A client that breaks off is its own matter.
    let _ = match fault {
        Fault::CutsOff => stream.write_all(&whole[..whole.len() - 1]),
        Fault::Dribbles => whole.iter().try_for_each(|byte| {
            stream.write_all(&[*byte])?;
            stream.flush()
        }),
        _ => stream.write_all(&whole),
    };
}

fn some_files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    many_files(dir.path());
    dir
}

#[test]
fn the_recorded_chunks_go_through_a_hub() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let running = runtime.block_on(hub::start(hub::config(dir.path())));
    let url = format!("http://{}", running.addr());
    serves(open_backend(&url, "").unwrap().as_ref());
    // And through the stand-in of the tests below.
    serves(Odd::start(Fault::None).backend().as_ref());
}

#[test]
fn an_upload_to_a_hub_skips_what_is_there() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (dir, files) = (tempfile::tempdir().unwrap(), some_files());
    let running = runtime.block_on(hub::start(hub::config(dir.path())));
    let url = format!("http://{}", running.addr());
    let backend = open_backend(&url, "").unwrap();
    let options = BuildOptions::default();
    let built = from_dir(files.path(), Some(backend.as_ref()), &options).unwrap();
    assert_eq!(built.uploaded + built.present, 126);
    assert!(
        check(&built.tree, backend.as_ref(), |_| {})
            .unwrap()
            .is_good()
    );
    fs::write(files.path().join("new"), "something new").unwrap();
    let again = from_dir(files.path(), Some(backend.as_ref()), &options).unwrap();
    assert_eq!((again.uploaded, again.present), (1, 126));
    // The hub goes away, and comes back on the same folder.
    drop(running);
    let error = from_dir(files.path(), Some(backend.as_ref()), &options).unwrap_err();
    assert!(error.to_string().starts_with(&url), "{error}");
    let running = runtime.block_on(hub::start(hub::config(dir.path())));
    let url = format!("http://{}", running.addr());
    let backend = open_backend(&url, "").unwrap();
    let again = from_dir(files.path(), Some(backend.as_ref()), &options).unwrap();
    assert_eq!((again.uploaded, again.present), (0, 127));
}

#[test]
fn an_upload_that_broke_off_goes_on_where_it_was() {
    let files = some_files();
    let odd = Odd::start(Fault::GoesAway(5));
    let error = odd.bring(files.path()).unwrap_err();
    assert!(error.to_string().starts_with(&odd.url), "{error}");
    let before = odd.kept.lock().unwrap().chunks.len();
    assert!((1..120).contains(&before), "{before}");
    odd.become_(Fault::None);
    let built = odd.bring(files.path()).unwrap();
    assert_eq!(built.uploaded + built.present, 126);
    let report = check(&built.tree, odd.backend().as_ref(), |_| {}).unwrap();
    assert!(report.is_good());
    let kept = odd.kept.lock().unwrap();
    assert_eq!(built.uploaded, kept.chunks.len() - before);
    // What was there did not travel again.
    assert!(kept.came.values().all(|times| *times == 1));
    assert_eq!(kept.chunks.len(), kept.came.len());
}

#[test]
fn a_hub_that_lies_is_found_out() {
    let files = some_files();
    for fault in [Fault::Forgets, Fault::Changes] {
        let odd = Odd::start(fault);
        let error = odd.bring(files.path()).unwrap_err().to_string();
        assert!(
            error.contains("was taken, but is not there as it was sent"),
            "{error}"
        );
        // It had a second chance.
        let kept = odd.kept.lock().unwrap();
        assert!(kept.came.values().any(|times| *times == 2));
    }
    // What it says it has is not brought; the check of the flist names every chunk.
    let odd = Odd::start(Fault::HasAll);
    let built = odd.bring(files.path()).unwrap();
    assert_eq!((built.uploaded, built.present), (0, 126));
    let report = check(&built.tree, odd.backend().as_ref(), |_| {}).unwrap();
    assert!(!report.is_good());
    assert!(report.missing.len() > 100);
    for (fault, said) in [
        (Fault::Babbles, "makes no sense"),
        (Fault::OddKeys, "'no key' is no key of a chunk"),
        (Fault::Forbids, "refuses your token"),
    ] {
        let odd = Odd::start(fault);
        let error = odd.bring(files.path()).unwrap_err().to_string();
        assert!(
            error.contains(said) && error.starts_with(&odd.url),
            "{error}"
        );
    }
}

#[test]
fn a_hub_that_is_slow_or_busy_is_waited_for_and_one_that_cuts_off_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..20 {
        fs::write(dir.path().join(format!("f{n}")), format!("content {n}")).unwrap();
    }
    for fault in [Fault::Dribbles, Fault::BusyOnce] {
        let odd = Odd::start(fault);
        let built = odd.bring(dir.path()).unwrap();
        assert_eq!(built.uploaded, 20);
        assert!(
            check(&built.tree, odd.backend().as_ref(), |_| {})
                .unwrap()
                .is_good()
        );
    }
    let odd = Odd::start(Fault::CutsOff);
    let error = odd.bring(dir.path()).unwrap_err().to_string();
    assert!(error.starts_with(&odd.url), "{error}");
    // A chunk that comes short is none.
    odd.become_(Fault::None);
    let built = odd.bring(dir.path()).unwrap();
    odd.become_(Fault::CutsOff);
    let id = built.tree.iter().find_map(|(_, node)| match &node.kind {
        kosmos::flist::Kind::File { blocks, .. } => blocks.first().map(|block| block.id),
        _ => None,
    });
    assert!(odd.backend().get(&id.unwrap()).is_err());
}

/// Takes connections, reads so many bytes of each, and closes it; answers how many came.
fn breaks_off(after: usize) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let came = Arc::new(Mutex::new(0));
    let count = came.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            *count.lock().unwrap() += 1;
            let mut some = vec![0; after];
            // It is closed with what it has not read, as by a hub that is killed.
            let _ = stream.unwrap().read_exact(&mut some);
        }
    });
    (url, came)
}

#[test]
fn an_archive_whose_upload_breaks_off_is_told_and_not_sent_twice() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.tar.gz");
    // More than what connections hold back.
    let large: Vec<u8> = (0..24_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect();
    fs::write(&file, &large).unwrap();
    let (url, came) = breaks_off(100_000);
    let client = Hub::new(&url, &HubOptions::default()).unwrap();
    let error = runtime.block_on(client.upload(&file, None)).unwrap_err();
    assert!(
        matches!(&error, HubError::Upload { total, sent, .. } if *total == 24_000_000 && sent < total),
        "{error}"
    );
    assert!(error.to_string().contains("app.tar.gz"), "{error}");
    assert_eq!(
        *came.lock().unwrap(),
        1,
        "nobody knows what the hub did with it"
    );
    // All of it went out, and no answer came: what became of it is not known.
    fs::write(&file, b"small").unwrap();
    let (url, came) = breaks_off(250);
    let client = Hub::new(&url, &HubOptions::default()).unwrap();
    let error = runtime.block_on(client.upload(&file, None)).unwrap_err();
    let unclear = matches!(error, HubError::Unclear { .. } | HubError::Upload { .. });
    assert!(unclear, "{error}");
    assert_eq!(*came.lock().unwrap(), 1);
}
