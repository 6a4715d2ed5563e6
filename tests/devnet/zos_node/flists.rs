//! Containers whose root is an flist, on a node as clients see it.
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use kosmos::devnet::zos::container::{FlistRoot, Told};
use kosmos::devnet::zos::flists::{Flists, Limits};
use kosmos::flist::{
    BLOCK_SIZE, Block, BuildOptions, ChunkId, FolderBackend, Format, Kind, Metadata, from_dir,
    path_key,
};
use md5::{Digest, Md5};
use serde_json::{Value as Json, json};

use super::faults::spawn;
use super::wire::Client;
use super::{Running, skipped};
use crate::devnet::zos_container::roots;
use crate::flist::hostile::{of_rows, recorded};

/// Bytes of a large file, of which only the first are anywhere.
const LARGE: u64 = 200 << 20;
/// Bytes of it that are there.
const THERE: usize = 4 << 20;

/// A node with containers; None, with the reason printed, where the machine forbids them.
fn node() -> Option<Running> {
    let node = Running::with(|config| {
        config.program = Some(env!("CARGO_BIN_EXE_kosmos").into());
    });
    let notices = node.handle.as_ref().unwrap().notices();
    let none = notices.iter().find(|text| text.contains("no containers"));
    match none.cloned() {
        Some(why) => {
            skipped(&why);
            None
        }
        None => Some(node),
    }
}

fn reads_lazily(node: &Running) -> bool {
    let notices = node.handle.as_ref().unwrap().notices();
    let lazily = notices.iter().any(|text| text.contains("as they are used"));
    if !lazily {
        skipped(&format!("flists cannot be mounted here: {notices:?}"));
    }
    lazily
}

/// A figure that people want to see.
#[allow(
    clippy::disallowed_macros,
    reason = "shown with --nocapture; nothing depends on it"
)]
fn told(figure: &str) {
    eprintln!("{figure}");
}

fn files(node: &Running) -> PathBuf {
    node.dir.path().join("node/fs")
}

/// A root with programs and a service, beside it what `more` puts there.
fn image(dir: &Path, more: impl FnOnce(&Path)) -> PathBuf {
    let root = dir.join("image");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(&roots().folder)
        .arg(&root)
        .status();
    assert!(copied.unwrap().success());
    let startup = "[startup.entry]\nname = \"core.system\"\n[startup.entry.args]\n\
                   name = \"/bin/sleep\"\nargs = [\"1000\"]\ndir = \"/\"\n";
    fs::write(root.join(".startup.toml"), startup).unwrap();
    more(&root);
    root
}

/// Makes an flist of a folder; its chunks go to another.
fn flist_of(root: &Path, chunks: &Path, rows: &[(&str, &str)]) -> Vec<u8> {
    let backend = FolderBackend::open(chunks).unwrap();
    let built = from_dir(root, Some(&backend), &BuildOptions::default()).unwrap();
    let rows = rows.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    let rows: Metadata = rows.collect();
    let mut out = Vec::new();
    kosmos::flist::write(&built.tree, &rows, Format::Y2023, &mut out).unwrap();
    out
}

/// The flist of a plain image, with its chunks in the node's `/chunks`. Made once for all tests.
fn plain(files: &Path) -> Vec<u8> {
    static PLAIN: OnceLock<(tempfile::TempDir, Vec<u8>)> = OnceLock::new();
    let (dir, flist) = PLAIN.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let root = image(dir.path(), |_| {});
        let flist = flist_of(&root, &dir.path().join("chunks"), &[]);
        (dir, flist)
    });
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(dir.path().join("chunks"))
        .arg(files.join("chunks"))
        .status();
    assert!(copied.unwrap().success());
    flist.clone()
}

/// Bytes of files below a folder.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata().unwrap() {
        about if about.is_dir() => bytes_in(&entry.path()),
        about => about.len(),
    });
    sizes.sum()
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}

fn create(client: &mut Client, id: &str, arguments: Json) -> Json {
    let mut arguments = arguments;
    arguments["nics"] = json!([]);
    client.run(id, "corex.create", arguments)
}

/// Creates a container that must come to be; returns its number.
fn created(client: &mut Client, arguments: Json) -> u64 {
    let made = create(client, &format!("create-{arguments}"), arguments);
    assert_eq!(made["state"], "SUCCESS", "{made}");
    made["data"].as_str().unwrap().parse().unwrap()
}

fn refusal(client: &mut Client, arguments: Json) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = format!("refused-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let made = create(client, &id, arguments);
    assert_eq!(made["state"], "ERROR", "{made}");
    made["data"].to_string()
}

/// Runs a script in a container; returns its result.
fn bash(client: &mut Client, container: u64, script: &str) -> Json {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = format!("in-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let command = json!({"id": id, "command": "bash", "arguments": {"script": script}});
    let sent = client.run(
        &format!("dispatch-{id}"),
        "corex.dispatch",
        json!({"container": container, "command": command}),
    );
    assert_eq!(sent["state"], "SUCCESS", "{sent}");
    client.result(&id)
}

fn says(client: &mut Client, container: u64, script: &str) -> String {
    let result = bash(client, container, script);
    assert_eq!(result["state"], "SUCCESS", "{script}: {result}");
    result["streams"][0].as_str().unwrap().to_owned()
}

fn terminate(client: &mut Client, container: u64) {
    let done = client.run(
        &format!("end-{container}"),
        "corex.terminate",
        json!({"container": container}),
    );
    assert_eq!(done["state"], "SUCCESS", "{done}");
}

/// A web server of a few files; counts what was asked for.
struct Web {
    addr: SocketAddr,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn start() -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Web {
            addr: listener.local_addr().unwrap(),
            files: Arc::default(),
            asked: Arc::default(),
        };
        let (files, asked) = (Arc::clone(&web.files), Arc::clone(&web.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut first = String::new();
                if stream.read_line(&mut first).is_err() {
                    continue;
                }
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|n| n > 2) {
                    line.clear();
                }
                let found = files.lock().unwrap().get(&path).cloned();
                asked.lock().unwrap().push(path);
                let to = stream.get_mut();
                // A client that breaks off is its own matter.
                let _ = match found {
                    Some(bytes) => write!(
                        to,
                        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        bytes.len()
                    )
                    .and_then(|()| to.write_all(&bytes)),
                    None => to.write_all(
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    ),
                };
            }
        });
        web
    }

    fn put(&self, path: &str, bytes: &[u8]) -> String {
        let mut files = self.files.lock().unwrap();
        files.insert(path.to_owned(), bytes.to_vec());
        format!("http://{}{path}", self.addr)
    }

    fn asked(&self, path: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|one| *one == path).count()
    }
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    format!("{}\n", hex::encode(Md5::digest(bytes))).into_bytes()
}

#[test]
fn a_container_reads_of_its_flist_what_it_uses() {
    let Some(node) = node() else { return };
    let root = image(node.dir.path(), |root| {
        fs::write(root.join("large"), noise(THERE)).unwrap();
        fs::create_dir(root.join("many")).unwrap();
        for n in 0..200 {
            fs::write(root.join(format!("many/{n}")), n.to_string()).unwrap();
        }
        std::os::unix::fs::symlink("mark", root.join("link")).unwrap();
    });
    let backend = FolderBackend::open(&files(&node).join("chunks")).unwrap();
    let mut tree = from_dir(&root, Some(&backend), &BuildOptions::default())
        .unwrap()
        .tree;
    // What is not there cannot have been read.
    if let Kind::File { size, blocks } = &mut tree.get_mut(b"large").unwrap().kind {
        let nowhere = |n: u64| Block {
            id: ChunkId([n as u8; 16]),
            key: [n as u8; 16],
        };
        let all = LARGE / BLOCK_SIZE as u64;
        blocks.extend((blocks.len() as u64..all).map(nowhere));
        *size = LARGE;
    }
    let file = fs::File::create(files(&node).join("site.flist")).unwrap();
    kosmos::flist::write(&tree, &Metadata::new(), Format::Y2023, file).unwrap();
    let mut client = node.client();
    let site = json!({"root": "/site.flist", "storage": "/chunks", "name": "site"});
    let one = created(&mut client, site);
    assert_eq!(
        says(&mut client, one, "cat /mark /link"),
        "from the image\nfrom the image\n"
    );
    assert_eq!(
        says(
            &mut client,
            one,
            "cd /many; echo $(ls | head -1) $(set -- *; echo $#)"
        ),
        "0 200\n"
    );
    assert_eq!(
        says(&mut client, one, "stat -c '%a %u %s' /large"),
        format!("644 0 {LARGE}\n")
    );
    // The main process of the flist has its own id.
    let listed = client.run(
        "jobs",
        "corex.dispatch",
        json!({"container": one, "command": {"id": "j", "command": "job.list", "arguments": {}}}),
    );
    assert_eq!(listed["state"], "SUCCESS", "{listed}");
    assert!(client.result("j")["data"].to_string().contains("entry"));
    // What is written stays in the container; the flist and its chunks are as they were.
    says(
        &mut client,
        one,
        "echo changed > /mark; rm -r /many; mkdir /many; echo new > /many/one",
    );
    assert_eq!(
        says(&mut client, one, "cat /mark; ls /many"),
        "changed\none\n"
    );
    let read = bytes_in(&node.dir.path().join("node/flists/chunks"));
    if reads_lazily(&node) {
        let most = LARGE / 10;
        told(&format!(
            "{read} of {LARGE} bytes were read until programs had run"
        ));
        assert!(
            read < most,
            "{read} bytes were read; {most} are a tenth of it"
        );
        let script = "head -c 3000000 /large > /tmp/part; stat -c %s /tmp/part";
        assert_eq!(says(&mut client, one, script), "3000000\n");
    }
    // A second container shares what is there.
    let two = created(
        &mut client,
        json!({"root": "/site.flist", "storage": "/chunks", "name": "two"}),
    );
    assert_eq!(
        says(&mut client, two, "cat /mark; ls /many | head -1"),
        "from the image\n0\n"
    );
    for id in [one, two] {
        terminate(&mut client, id);
    }
    assert_eq!(
        fs::read_dir(node.dir.path().join("node/containers/containers"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn flists_come_from_a_hub_with_their_md5_and_storage() {
    let Some(node) = node() else { return };
    let web = Web::start();
    let flist = plain(&files(&node));
    let url = web.put("/me/site.flist", &flist);
    let mut client = node.client();
    let error = refusal(&mut client, json!({"root": format!("{url}x.flist")}));
    assert!(
        error.contains("mount-root-flist(failed to download flist: 404 Not Found)"),
        "{error}"
    );
    // The hub's own word for where the chunks are cannot be a folder of the node.
    web.put(
        "/me/site.flist.txt",
        b"File: x\nStorage:   zdb://127.0.0.1:1/none\n",
    );
    let error = refusal(&mut client, json!({"root": url}));
    assert!(error.contains("zdb://127.0.0.1:1/none"), "{error}");
    let good = json!({"root": url, "storage": "file:///chunks"});
    web.put("/me/site.flist.md5", &md5(b"something else"));
    let error = refusal(&mut client, good.clone());
    assert!(error.contains("MD5"), "{error}");
    web.put("/me/site.flist.md5", &md5(&flist));
    let id = created(&mut client, good.clone());
    assert_eq!(says(&mut client, id, "cat /mark"), "from the image\n");
    terminate(&mut client, id);
    // With the same MD5 it is not fetched again.
    let before = web.asked("/me/site.flist");
    let id = created(
        &mut client,
        json!({"root": url, "storage": "file:///chunks", "name": "b"}),
    );
    assert_eq!(web.asked("/me/site.flist"), before);
    terminate(&mut client, id);
}

#[test]
fn flists_that_are_none_or_lie_are_refused() {
    let Some(node) = node() else { return };
    let web = Web::start();
    let chunks = files(&node).join("chunks");
    let flist = plain(&files(&node));
    let mut client = node.client();
    let mut refused = |name: &str, bytes: &[u8]| {
        let url = web.put(name, bytes);
        refusal(&mut client, json!({"root": url, "storage": "/chunks"}))
    };
    let error = refused("/cut.flist", &flist[..flist.len() / 2]);
    assert!(error.contains("mount-root-flist(http://"), "{error}");
    let error = refused("/page.flist", b"<html>");
    assert!(error.contains("this is no flist"), "{error}");
    let mut evil = recorded();
    evil.contents[0].name = b"../evil".to_vec();
    let error = refused(
        "/evil.flist",
        &of_rows(&[(path_key(b""), evil.to_message())]),
    );
    assert!(error.contains("is no file name"), "{error}");
    let empty = node.dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let socket = flist_of(&empty, &chunks, &[("backend", r#"{"socket": "/run/x"}"#)]);
    let url = web.put("/socket.flist", &socket);
    let error = refusal(&mut client, json!({"root": url}));
    assert!(error.contains("a socket of this machine"), "{error}");
    for (storage, says) in [
        ("/nowhere", "no such directory"),
        ("nowhere", "invalid storage"),
        ("ftp://x", "expected zdb://"),
    ] {
        let error = refusal(&mut client, json!({"root": url, "storage": storage}));
        assert!(error.contains(says), "{storage}: {error}");
    }
    // The node's own files have no outside.
    let url = web.put("/outside.flist", &flist);
    let outside = json!({"root": url, "storage": "file:///../../.."});
    let error = refusal(&mut client, outside);
    assert!(error.contains("is not in"), "{error}");
    // The chunk of the services is gone, and then it is another.
    let about = kosmos::flist::Flist::from_reader(flist.as_slice()).unwrap();
    let startup = about.stat(b".startup.toml").unwrap();
    let Kind::File { blocks, .. } = startup.kind else {
        panic!("a file")
    };
    let place = chunk_file(&chunks, &blocks[0].id);
    let chunk = fs::read(&place).unwrap();
    fs::remove_file(&place).unwrap();
    let url = web.put("/good.flist", &flist);
    let create = json!({"root": url, "storage": "/chunks"});
    let error = refusal(&mut client, create.clone());
    assert!(error.contains("is not in"), "{error}");
    fs::write(&place, &chunk[4..]).unwrap();
    let error = refusal(&mut client, create.clone());
    assert!(error.contains(&blocks[0].id.to_string()), "{error}");
    fs::write(&place, &chunk).unwrap();
    let id = created(&mut client, create);
    terminate(&mut client, id);
    let left = fs::read_dir(node.dir.path().join("node/containers/containers")).unwrap();
    assert_eq!(left.count(), 0);
}

/// The file of a chunk, however the folder lays them out.
fn chunk_file(folder: &Path, id: &ChunkId) -> PathBuf {
    let digits = id.to_string();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let rest = path
                .strip_prefix(folder)
                .unwrap()
                .to_string_lossy()
                .replace('/', "");
            if rest.ends_with(&digits) {
                return path;
            }
        }
    }
    panic!("chunk {id} is not in {}", folder.display())
}

#[test]
fn a_backend_that_goes_away_is_told_and_comes_back() {
    let Some(node) = node() else { return };
    let root = image(node.dir.path(), |root| {
        fs::write(root.join("large"), noise(4 << 20)).unwrap();
    });
    let chunks = files(&node).join("chunks");
    let flist = flist_of(&root, &chunks, &[]);
    fs::write(files(&node).join("site.flist"), &flist).unwrap();
    let mut client = node.client();
    let id = created(
        &mut client,
        json!({"root": "/site.flist", "storage": "/chunks"}),
    );
    if !reads_lazily(&node) {
        return;
    }
    // Programs that ran once are in memory; they are asked for before the chunks go.
    says(&mut client, id, "cat /mark; head -c 1 /mark");
    let away = node.dir.path().join("away");
    fs::rename(&chunks, &away).unwrap();
    fs::create_dir(&chunks).unwrap();
    let result = bash(&mut client, id, "cat /large > /dev/null");
    assert_eq!(result["state"], "ERROR", "{result}");
    assert!(
        result["streams"][1]
            .to_string()
            .contains("nput/output error"),
        "{result}"
    );
    fs::remove_dir_all(&chunks).unwrap();
    fs::rename(&away, &chunks).unwrap();
    says(&mut client, id, "cat /large > /dev/null");
    terminate(&mut client, id);
}

#[test]
fn flists_are_mounted_beside_the_root() {
    let Some(node) = node() else { return };
    let web = Web::start();
    let data = node.dir.path().join("data");
    fs::create_dir_all(data.join("in")).unwrap();
    fs::write(data.join("in/file"), "of the second\n").unwrap();
    let url = web.put("/site.flist", &plain(&files(&node)));
    let chunks = files(&node).join("chunks");
    let second = web.put("/data.flist", &flist_of(&data, &chunks, &[]));
    let mut client = node.client();
    let id = created(
        &mut client,
        json!({"root": url, "storage": "/chunks", "mount": {second: "/data"}}),
    );
    assert_eq!(
        says(&mut client, id, "cat /data/in/file /mark"),
        "of the second\nfrom the image\n"
    );
    let result = bash(&mut client, id, "echo x > /data/new");
    assert!(
        result["streams"][1].to_string().contains("Read-only"),
        "{result}"
    );
    terminate(&mut client, id);
}

#[test]
fn a_killed_node_leaves_no_mount_of_an_flist() {
    if node().is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("node");
    let (mut child, addr) = spawn(&home);
    fs::write(home.join("fs/site.flist"), plain(&home.join("fs"))).unwrap();
    let site = json!({"root": "/site.flist", "storage": "/chunks"});
    let mut client = Client::connect(addr);
    let id = created(&mut client, site.clone());
    assert_eq!(id, 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, addr) = spawn(&home);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(home.to_str().unwrap()), "{mounts}");
    let left = fs::read_dir(home.join("containers/containers")).unwrap();
    assert_eq!(left.count(), 0);
    let mut client = Client::connect(addr);
    let id = created(&mut client, site);
    assert_eq!(says(&mut client, id, "cat /mark"), "from the image\n");
    terminate(&mut client, id);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn without_fuse_files_are_made_once_shared_and_removed_when_they_are_too_many() {
    let dir = tempfile::tempdir().unwrap();
    let chunks = dir.path().join("chunks");
    let storage = chunks.to_str().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made = |name: &str| {
        let root = dir.path().join(name);
        fs::create_dir(&root).unwrap();
        fs::write(root.join("file"), name.repeat(30_000)).unwrap();
        let path = dir.path().join(format!("{name}.flist"));
        fs::write(&path, flist_of(&root, &chunks, &[])).unwrap();
        path
    };
    let (one, two) = (made("one"), made("two"));
    let limits = Limits {
        chunks: 1 << 20,
        files: 100_000,
    };
    let flists = Flists::new(dir.path().join("flists"), limits);
    let said = Arc::new(Mutex::new(Vec::new()));
    let told: Told = {
        let said = Arc::clone(&said);
        Arc::new(move |text: &str| said.lock().unwrap().push(text.to_owned()))
    };
    let extract = |path: &Path| {
        runtime.block_on(async {
            let opened = flists.at_path(path, "x.flist", storage).await?;
            opened.extracted(Arc::clone(&told)).await
        })
    };
    let first = extract(&one).unwrap_or_else(|e| panic!("{e}"));
    let text = fs::read_to_string(first.path.join("file")).unwrap();
    assert_eq!(text, "one".repeat(30_000));
    assert_eq!(*said.lock().unwrap(), ["x.flist: 1 of 1 files are there"]);
    let again = extract(&one).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(again.path, first.path);
    assert_eq!(said.lock().unwrap().len(), 1, "it is made once");
    drop(again);
    // Both are too large together, but who uses one keeps it.
    let second = extract(&two).unwrap_or_else(|e| panic!("{e}"));
    assert!(first.path.is_dir() && second.path.is_dir());
    let gone = first.path.clone();
    drop(first);
    let second = {
        drop(second);
        extract(&two).unwrap_or_else(|e| panic!("{e}"))
    };
    assert!(second.path.is_dir());
    assert!(!gone.exists(), "what nobody uses goes first");
    // A chunk that is missing leaves nothing half made.
    fs::remove_dir_all(&chunks).unwrap();
    fs::create_dir(&chunks).unwrap();
    fs::remove_dir_all(dir.path().join("flists/chunks")).unwrap();
    let error = extract(&one).err().unwrap();
    assert!(error.contains("is not in"), "{error}");
    assert!(!gone.exists());
}

#[test]
fn chunks_come_from_the_zdb_that_the_flist_names() {
    let Some(node) = node() else { return };
    let listen = SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), 0);
    let folder = node.dir.path().join("zdb");
    let zdb = kosmos::devnet::zdb::start(listen, &folder, kosmos::devnet::zdb::Settings::default());
    let zdb = node.runtime.block_on(zdb).unwrap();
    let backend = kosmos::flist::open_backend(&zdb.url(), "").unwrap();
    let root = image(node.dir.path(), |_| {});
    let built = from_dir(&root, Some(backend.as_ref()), &BuildOptions::default()).unwrap();
    let row = json!({"host": "127.0.0.1", "port": zdb.addr().port()}).to_string();
    let rows = Metadata::from([("backend".to_owned(), row)]);
    let file = fs::File::create(files(&node).join("site.flist")).unwrap();
    kosmos::flist::write(&built.tree, &rows, Format::Y2019, file).unwrap();
    let mut client = node.client();
    let id = created(&mut client, json!({"root": "file:///site.flist"}));
    assert_eq!(says(&mut client, id, "cat /mark"), "from the image\n");
    terminate(&mut client, id);
}
