//! Images from a registry of our own, which can be slow, strict, broken or a liar.
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kosmos::flist::MemoryBackend;
use kosmos::flist::image::{
    ConvertOptions, Digest, Image, ImageError, Login, OpenOptions, PullOptions, pull,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{ImageOf, LayerOf, content, descriptor, gzip};

/// How a registry behaves.
#[derive(Default)]
struct Manner {
    /// Wants a token of its own token server; with the password of `gopher` if set.
    bearer: Option<Option<&'static str>>,
    /// Wants this password of `gopher` with every request.
    basic: Option<&'static str>,
    /// So many answers to blobs of more than 1000 bytes end after half of what is left.
    cuts: AtomicUsize,
    /// So many answers are 503.
    busy: AtomicUsize,
    /// Knows no ranges.
    whole: bool,
    /// Answers blobs with a redirect to this base.
    redirect: Option<String>,
    /// Stops in the middle of large blobs.
    stalls: bool,
    /// The digest that it says manifests have.
    says: Option<String>,
}

#[derive(Default)]
struct Content {
    /// By path after `/v2/`: kind and bytes.
    files: HashMap<String, (String, Vec<u8>)>,
}

impl Content {
    fn image(&mut self, repository: &str, tag: Option<&str>, image: &ImageOf) -> Vec<u8> {
        let (manifest, blobs) = image.manifest();
        for blob in blobs {
            let path = format!("{repository}/blobs/{}", Digest::of(&blob));
            self.files
                .insert(path, ("application/octet-stream".into(), blob));
        }
        let kind = "application/vnd.oci.image.manifest.v1+json";
        self.manifest(repository, tag, kind, &manifest);
        manifest
    }

    fn manifest(&mut self, repository: &str, tag: Option<&str>, kind: &str, bytes: &[u8]) {
        let digest = Digest::of(bytes).to_string();
        for name in [Some(digest.as_str()), tag].into_iter().flatten() {
            let path = format!("{repository}/manifests/{name}");
            self.files.insert(path, (kind.into(), bytes.to_vec()));
        }
    }
}

/// A registry that listens.
struct Server {
    host: String,
    manner: Arc<Manner>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(content: Content, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (content, manner) = (Arc::new(content), Arc::new(manner));
        let log = Arc::new(Mutex::new(Vec::new()));
        let server = Self {
            host: host.clone(),
            manner: manner.clone(),
            log: log.clone(),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (content, manner) = (content.clone(), manner.clone());
                let (log, host) = (log.clone(), host.clone());
                std::thread::spawn(move || {
                    // The other side may leave whenever it wants.
                    let _ = answer(stream.unwrap(), &content, &manner, &log, &host);
                });
            }
        });
        server
    }

    fn asked(&self, what: &str) -> usize {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| line.contains(what)).count()
    }
}

fn take_one(counter: &AtomicUsize) -> bool {
    let less = |left: usize| left.checked_sub(1);
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

fn basic(password: &str) -> String {
    use base64::Engine as _;
    let pair = format!("gopher:{password}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}

fn answer(
    mut stream: TcpStream,
    content: &Content,
    manner: &Manner,
    log: &Mutex<Vec<String>>,
    host: &str,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let authorization = headers.get("authorization").map_or("", String::as_str);
    let range = headers.get("range").map_or("", String::as_str);
    log.lock()
        .unwrap()
        .push(format!("{path} {range} [{authorization}]"));
    let mut reply = |status: &str, extra: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{extra}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)
    };
    if take_one(&manner.busy) {
        return reply("503 Service Unavailable", "", b"");
    }
    if path.starts_with("/token") {
        let fits = match manner.bearer {
            Some(Some(password)) => authorization == basic(password),
            _ => true,
        };
        let scope =
            path.contains("scope=repository%3Ame%2Fapp%3Apull") && path.contains("service=own");
        return match fits && scope {
            true => reply("200 OK", "", br#"{"token":"secret-token"}"#),
            false => reply(
                "401 Unauthorized",
                "",
                b"{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"no \\u001b[31mentry\"}]}",
            ),
        };
    }
    if manner.bearer.is_some() && authorization != "Bearer secret-token" && path.starts_with("/v2/")
    {
        let challenge = format!(
            "WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"own\",scope=\"repository:me/app:pull\"\r\n"
        );
        return reply("401 Unauthorized", &challenge, b"");
    }
    if let Some(password) = manner.basic
        && authorization != basic(password)
    {
        return reply(
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"own\"\r\n",
            b"",
        );
    }
    let name = path.trim_start_matches("/v2/").trim_start_matches("/cdn/");
    let Some((kind, bytes)) = content.files.get(name) else {
        return reply("404 Not Found", "", b"{}");
    };
    let mut extra = format!("Content-Type: {kind}\r\n");
    if name.contains("/manifests/") {
        if let Some(digest) = &manner.says {
            extra.push_str(&format!("Docker-Content-Digest: {digest}\r\n"));
        }
        return reply("200 OK", &extra, bytes);
    }
    if let (Some(base), false) = (&manner.redirect, path.starts_with("/cdn/")) {
        let location = format!("Location: {base}/cdn/{name}\r\n");
        return reply("307 Temporary Redirect", &location, b"");
    }
    let from = range
        .strip_prefix("bytes=")
        .and_then(|range| range.trim_end_matches('-').parse().ok());
    let from: usize = from.filter(|_| !manner.whole).unwrap_or(0);
    let part = &bytes[from..];
    let status = match from {
        0 => "200 OK".to_owned(),
        from => {
            extra.push_str(&format!(
                "Content-Range: bytes {from}-{}/{}\r\n",
                bytes.len() - 1,
                bytes.len()
            ));
            "206 Partial Content".to_owned()
        }
    };
    if bytes.len() > 1000 && (manner.stalls || take_one(&manner.cuts)) {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{extra}\r\n",
            part.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&part[..part.len() / 2])?;
        stream.flush()?;
        if manner.stalls {
            // Until the other side has had enough.
            let mut rest = Vec::new();
            std::io::Read::read_to_end(&mut stream, &mut rest)?;
        }
        return Ok(());
    }
    reply(&status, &extra, part)
}

fn hello() -> ImageOf {
    let mut image = ImageOf::new(vec![
        LayerOf::default()
            .file("hello", "lower")
            .file("large", &"0123456789".repeat(20_000)),
        LayerOf::default().file("hello", "upper"),
        LayerOf::default().file("more", "m"),
    ]);
    image.packed = |at, bytes| match at {
        1 => gzip(bytes),
        _ => bytes.to_vec(),
    };
    image
}

fn with_hello() -> Content {
    let mut content = Content::default();
    content.image("me/app", Some("1.0"), &hello());
    content
}

fn options(folder: &tempfile::TempDir) -> PullOptions {
    PullOptions {
        attempts: 3,
        pause: Duration::ZERO,
        ..PullOptions::new(folder.path())
    }
}

fn fetch(reference: &str, options: &PullOptions) -> Result<Image, ImageError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(pull(reference, options))
}

fn works(image: &Image) {
    let backend = MemoryBackend::default();
    let converted = image
        .convert(Some(&backend), &ConvertOptions::default())
        .unwrap();
    assert_eq!(content(&converted.tree, &backend, "hello"), "upper");
    assert_eq!(content(&converted.tree, &backend, "large").len(), 200_000);
}

#[test]
fn an_image_is_fetched_once() {
    let server = Server::start(with_hello(), Manner::default());
    let folder = tempfile::tempdir().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let mut options = options(&folder);
    options.progress = Some(Arc::new(move |done, of| {
        tell.lock().unwrap().push((done, of))
    }));
    let name = format!("{}/me/app:1.0", server.host);
    let image = fetch(&name, &options).unwrap();
    works(&image);
    assert_eq!(image.names(), std::slice::from_ref(&name));
    let told = told.lock().unwrap().clone();
    let (first, last) = (told[0], told[told.len() - 1]);
    assert_eq!((first.0, last.0), (0, last.1));
    assert_eq!(server.asked("/blobs/"), 4);
    // Again: the manifest is asked for, the blobs are there.
    works(&fetch(&name, &options).unwrap());
    assert_eq!(
        (server.asked("/blobs/"), server.asked("/manifests/")),
        (4, 2)
    );
    // The folder is a layout that others read.
    let opened = Image::open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(opened.digest(), image.digest());
    works(&opened);
    let files = fs::read_dir(folder.path().join("blobs/sha256")).unwrap();
    assert_eq!(files.count(), 5);
    // By another name of the registry, and by digest.
    options.registry = Some(format!("http://{}", server.host));
    let image = fetch("me/app:1.0", &options).unwrap();
    assert_eq!(image.flist_name(), "me-app-1.0.flist");
    let digest = Digest::of(&hello().manifest().0);
    works(&fetch(&format!("me/app@{digest}"), &options).unwrap());
}

#[test]
fn platforms_of_an_index() {
    let mut content = Content::default();
    let mut entries = Vec::new();
    for architecture in ["arm64", "amd64"] {
        let mut image = hello();
        image.architecture = architecture;
        let manifest = content.image("me/app", None, &image);
        let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        entries.push(entry);
    }
    let kind = "application/vnd.docker.distribution.manifest.list.v2+json";
    let index = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": entries });
    content.manifest("me/app", Some("latest"), kind, index.to_string().as_bytes());
    let server = Server::start(content, Manner::default());
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    let name = format!("{}/me/app", server.host);
    let image = fetch(&name, &options).unwrap();
    assert_eq!(image.platform().to_string(), "linux/amd64");
    options.platform = "linux/arm64".parse().unwrap();
    let image = fetch(&name, &options).unwrap();
    assert_eq!(image.platform().to_string(), "linux/arm64");
    options.platform = "linux/riscv64".parse().unwrap();
    assert_eq!(
        fetch(&name, &options).unwrap_err().to_string(),
        "there is no image for linux/riscv64; there is one for linux/amd64, linux/arm64"
    );
}

#[test]
fn one_manifest_for_another_platform() {
    let mut image = hello();
    image.architecture = "arm64";
    let mut content = Content::default();
    content.image("me/app", Some("1.0"), &image);
    let server = Server::start(content, Manner::default());
    let folder = tempfile::tempdir().unwrap();
    let error = fetch(&format!("{}/me/app:1.0", server.host), &options(&folder)).unwrap_err();
    assert!(
        error.to_string().contains("there is one for linux/arm64"),
        "{error}"
    );
}

#[test]
fn tokens_and_passwords() {
    let login = |password: &str| {
        Some(Login {
            user: "gopher".into(),
            password: Zeroizing::new(password.into()),
        })
    };
    let bearer = |password| Manner {
        bearer: Some(password),
        ..Manner::default()
    };
    let manners = [
        (bearer(None), None, true),
        (bearer(Some("pass")), login("pass"), true),
        (bearer(Some("pass")), login("wrong"), false),
        (bearer(Some("pass")), None, false),
        (
            Manner {
                basic: Some("pass"),
                ..Manner::default()
            },
            login("pass"),
            true,
        ),
        (
            Manner {
                basic: Some("pass"),
                ..Manner::default()
            },
            login("wrong"),
            false,
        ),
        (
            Manner {
                basic: Some("pass"),
                ..Manner::default()
            },
            None,
            false,
        ),
    ];
    for (manner, login, opens) in manners {
        let server = Server::start(with_hello(), manner);
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(&folder);
        options.login = login;
        assert!(!format!("{:?}", options.login).contains("pass\""));
        match (
            fetch(&format!("{}/me/app:1.0", server.host), &options),
            opens,
        ) {
            (Ok(image), true) => {
                works(&image);
                // One token serves all requests.
                assert!(server.asked("/token") <= 1);
            }
            (Err(error), false) => {
                assert!(matches!(error, ImageError::Denied { .. }), "{error}");
                assert!(!error.to_string().contains('\u{1b}'), "{error}");
            }
            (outcome, _) => panic!("{outcome:?}"),
        }
    }
}

#[test]
fn a_token_is_not_carried_to_another_host() {
    let other = Server::start(with_hello(), Manner::default());
    let manner = Manner {
        bearer: Some(None),
        redirect: Some(format!(
            "http://localhost:{}",
            other.host.rsplit(':').next().unwrap()
        )),
        ..Manner::default()
    };
    let server = Server::start(with_hello(), manner);
    let folder = tempfile::tempdir().unwrap();
    works(&fetch(&format!("{}/me/app:1.0", server.host), &options(&folder)).unwrap());
    assert_eq!(other.asked("/cdn/"), 4);
    assert_eq!(other.asked("secret-token"), 0);
    assert!(server.asked("secret-token") > 0);
}

#[test]
fn broken_transfers_are_taken_up_again() {
    let manner = Manner {
        cuts: AtomicUsize::new(2),
        busy: AtomicUsize::new(1),
        ..Manner::default()
    };
    let server = Server::start(with_hello(), manner);
    let folder = tempfile::tempdir().unwrap();
    let mut own = options(&folder);
    own.parallel = 1;
    works(&fetch(&format!("{}/me/app:1.0", server.host), &own).unwrap());
    assert!(
        server.asked("bytes=") >= 1,
        "{:?}",
        server.log.lock().unwrap()
    );
    // A registry without ranges sends everything again.
    let manner = Manner {
        cuts: AtomicUsize::new(1),
        whole: true,
        ..Manner::default()
    };
    let server = Server::start(with_hello(), manner);
    let folder = tempfile::tempdir().unwrap();
    works(&fetch(&format!("{}/me/app:1.0", server.host), &options(&folder)).unwrap());
}

#[test]
fn a_transfer_goes_on_in_the_next_call() {
    let manner = Manner {
        cuts: AtomicUsize::new(100),
        ..Manner::default()
    };
    let server = Server::start(with_hello(), manner);
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}/me/app:1.0", server.host);
    let error = fetch(&name, &options(&folder)).unwrap_err();
    assert!(error.to_string().contains("it breaks off after"), "{error}");
    server.manner.cuts.store(0, Ordering::SeqCst);
    works(&fetch(&name, &options(&folder)).unwrap());
    // What came before the break was kept.
    let log = server.log.lock().unwrap();
    let last = log
        .iter()
        .rev()
        .find(|line| line.contains("bytes="))
        .unwrap();
    assert!(!last.contains("bytes=0-"), "{last}");
}

#[test]
fn a_registry_that_stalls() {
    let manner = Manner {
        stalls: true,
        ..Manner::default()
    };
    let server = Server::start(with_hello(), manner);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.silence = Duration::from_millis(100);
    let error = fetch(&format!("{}/me/app:1.0", server.host), &options).unwrap_err();
    assert!(error.to_string().contains("it stalls after"), "{error}");
}

#[test]
fn a_registry_that_lies() {
    // About the bytes of a blob.
    let mut content = with_hello();
    let (largest, _) = content
        .files
        .iter()
        .max_by_key(|(_, (_, bytes))| bytes.len())
        .map(|(name, file)| (name.clone(), file.clone()))
        .unwrap();
    content.files.get_mut(&largest).unwrap().1[700] ^= 1;
    let server = Server::start(content, Manner::default());
    let folder = tempfile::tempdir().unwrap();
    let name = |server: &Server| format!("{}/me/app:1.0", server.host);
    let error = fetch(&name(&server), &options(&folder)).unwrap_err();
    assert!(matches!(error, ImageError::Digest { .. }), "{error}");
    assert!(error.to_string().contains("damaged or not genuine"));
    assert!(!folder.path().join("index.json").exists());
    // About its length.
    let mut content = with_hello();
    content.files.get_mut(&largest).unwrap().1.push(0);
    let server = Server::start(content, Manner::default());
    let error = fetch(&name(&server), &options(&folder)).unwrap_err();
    assert!(matches!(error, ImageError::Size { .. }), "{error}");
    // About the manifest: by its own words, and by the digest that was asked for.
    let manner = Manner {
        says: Some(Digest::of(b"else").to_string()),
        ..Manner::default()
    };
    let server = Server::start(with_hello(), manner);
    let error = fetch(&name(&server), &options(&folder)).unwrap_err();
    assert!(matches!(error, ImageError::Digest { .. }), "{error}");
    let mut content = with_hello();
    let asked = Digest::of(b"asked");
    let other = content.files["me/app/manifests/1.0"].clone();
    content
        .files
        .insert(format!("me/app/manifests/{asked}"), other);
    let server = Server::start(content, Manner::default());
    let error = fetch(
        &format!("{}/me/app@{asked}", server.host),
        &options(&folder),
    )
    .unwrap_err();
    assert!(matches!(error, ImageError::Digest { .. }), "{error}");
}

#[test]
fn what_a_registry_does_not_have() {
    let server = Server::start(with_hello(), Manner::default());
    let folder = tempfile::tempdir().unwrap();
    let error = fetch(&format!("{}/me/app:2.0", server.host), &options(&folder)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("registry {} has no me/app:2.0", server.host)
    );
    let mut content = with_hello();
    content.files.retain(|name, _| !name.contains("/blobs/"));
    let server = Server::start(content, Manner::default());
    let error = fetch(&format!("{}/me/app:1.0", server.host), &options(&folder)).unwrap_err();
    assert!(error.to_string().contains("has no blob "), "{error}");
    // Answers that are no manifests.
    let mut content = Content::default();
    content.manifest("x", Some("html"), "text/html", b"<html>");
    content.manifest("x", Some("empty"), "application/json", b"{}");
    content.manifest(
        "x",
        Some("old"),
        "application/json",
        br#"{"schemaVersion":1}"#,
    );
    let server = Server::start(content, Manner::default());
    for (tag, says) in [
        ("html", "cannot be read"),
        ("empty", "neither an index nor a manifest"),
        ("old", "schema 1"),
    ] {
        let error = fetch(&format!("{}/x:{tag}", server.host), &options(&folder)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_registry_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let error = fetch(&format!("{host}/x"), &options(&folder)).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("registry {host} cannot be reached: ")),
        "{error}"
    );
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.registry = Some("http://registry.example".into());
    let error = fetch("x", &options).unwrap_err();
    assert!(matches!(error, ImageError::Plain(_)), "{error}");
    options.registry = Some("ftp://registry.example".into());
    let error = fetch("x", &options).unwrap_err();
    assert!(error.to_string().contains("the protocol ftp"), "{error}");
}
