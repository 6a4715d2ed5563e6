//! `j.builders`, as a person types it.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kosmos::object::Kind;
use kosmos::shell::tutorial::{Step, matches, parse};
use kosmos::store::Store;

use super::{Chain, Session};

const HELLO: &str = "examples/builders/hello.rhai";

fn session() -> Session {
    Session::new(Default::default())
}

fn load(s: &mut Session, recipe: &str, folder: &Path) {
    s.says(&format!(
        "b = j.builders.load('{recipe}', folder='{}')",
        folder.display()
    ));
}

/// A recipe of its own.
fn recipe(folder: &Path, text: &str) -> String {
    let path = folder.join("own.rhai");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks a server that is being started.
fn ask(port: u16, question: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(e) if Instant::now() > deadline => panic!("nobody listens on {port}: {e}"),
            Err(_) => std::thread::yield_now(),
        }
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(question.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // Some close the connection at the end, some wait for more.
    let mut buffer = [0; 4096];
    while let Ok(read) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..read]);
        if read == 0 || answer.ends_with(b"+PONG\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// True when a program is on this machine; else it is said that a test is skipped.
#[allow(clippy::disallowed_macros, reason = "a test that is skipped says why")]
fn has(program: &str) -> bool {
    let there = std::process::Command::new(program)
        .arg("--version")
        .output();
    if there.is_err() {
        eprintln!("skipped: there is no {program} on this machine");
    }
    there.is_ok()
}

#[test]
fn steps_are_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::ephemeral(Default::default()).unwrap());
    let mut s = Session::with_store(Default::default(), store.clone());
    load(&mut s, HELLO, folder.path());
    assert_eq!(s.says("b"), "<builder hello (script)>");
    assert_eq!(s.says("b.build()"), "");
    assert_eq!(s.says("b.build()"), "'ALREADY DONE'");
    assert_eq!(s.says("b.sandbox()"), "");
    assert_eq!(s.says("b.sandbox()"), "'ALREADY DONE'");
    assert_eq!(s.says("b.install()"), "'ALREADY DONE'");
    assert_eq!(s.says("b.test()"), "True");
    assert_eq!(s.says("j.builders.hello.name"), "'hello'");
    // The state is in the store: another shell knows it.
    let mut other = Session::with_store(Default::default(), store);
    load(&mut other, HELLO, folder.path());
    assert_eq!(other.says("b.sandbox()"), "'ALREADY DONE'");
    // Somebody else's does not.
    let mut own = session();
    load(&mut own, HELLO, folder.path());
    assert_eq!(own.says("b.build()"), "");
    // Everything again, from the beginning.
    assert_eq!(s.says("b.sandbox(reset=True)"), "");
    assert_eq!(s.says("b.build()"), "'ALREADY DONE'");
    s.says("b.clean()");
    assert!(!folder.path().join("hello/build").exists());
    assert_eq!(s.says("b.install()"), "'ALREADY DONE'");
    s.says("b.reset()");
    assert!(!folder.path().join("hello/package").exists());
    assert_eq!(s.says("b.build()"), "");
}

#[test]
fn a_package_becomes_an_flist_that_starts_something() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = session();
    load(&mut s, HELLO, folder.path());
    let at = folder.path().display();
    s.says(&format!(
        "f = b.flist('{at}/hello.flist', backend='{at}/chunks')"
    ));
    assert_eq!(s.says(&format!("f.check('{at}/chunks')['missing']")), "[]");
    let toml = std::fs::read_to_string(folder.path().join("hello/package/.startup.toml")).unwrap();
    assert!(toml.contains("[startup.entry.args]\nname = \"/bin/hello\"\nargs = []\ndir = \"/\"\n"));
    assert_eq!(
        s.says(&format!("f.cat('/etc/motd', '{at}/chunks')")),
        "'made by hello\\n'"
    );
    assert_eq!(s.says("b.running()"), "False");
    assert_eq!(s.says("b.start()"), "");
    assert_eq!(s.says("b.running()"), "True");
    assert_eq!(s.says("b.start()"), "'ALREADY RUNNING'");
    s.says("b.stop()");
    assert_eq!(s.says("b.running()"), "False");
    s.says("b.stop()");
}

#[test]
fn a_website_is_served_by_a_server_of_its_own() {
    if !has("rustc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(pages.join("index.html"), "<h1>hello</h1>").unwrap();
    let port = free_port();
    let mut s = session();
    s.says(&format!(
        "b = j.builders.website('{}', name='site', port={port}, folder='{}')",
        pages.display(),
        folder.path().display()
    ));
    s.says("b.sandbox()");
    let package = folder.path().join("site/package");
    assert!(package.join("bin/site").is_file() && package.join("www/index.html").is_file());
    s.says("b.start()");
    let answer = ask(port, "GET / HTTP/1.1\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"),
        "{answer}"
    );
    assert!(answer.ends_with("<h1>hello</h1>"), "{answer}");
    for path in [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/gone",
        "//etc/passwd",
    ] {
        let answer = ask(port, &format!("GET {path} HTTP/1.1\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    s.says("b.stop()");
}

#[test]
fn redis_of_this_machine() {
    if !has("redis-server") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut s = session();
    s.says(&format!(
        "b = j.builders.redis(port={port}, folder='{}')",
        folder.path().display()
    ));
    s.says("b.sandbox()");
    let package = folder.path().join("redis/package");
    // What it needs is there, under the paths where it is looked for.
    let listed = std::process::Command::new("ldd")
        .arg("/usr/bin/redis-server")
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let libc = listed
        .lines()
        .find(|line| line.contains("libc.so.6"))
        .unwrap();
    let libc = libc.split("=> ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(
        package.join(libc.trim_start_matches('/')).is_file(),
        "{libc}"
    );
    s.says("b.start()");
    assert_eq!(ask(port, "PING\r\n"), "+PONG\r\n");
    s.says("b.stop()");
    assert_eq!(s.says("b.running()"), "False");
}

#[test]
fn a_rust_program() {
    if !has("cargo") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::create_dir_all(at.join("greeter/src")).unwrap();
    let manifest = "[package]\nname = \"greeter\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    std::fs::write(at.join("greeter/Cargo.toml"), manifest).unwrap();
    let program = "fn main() { println!(\"{:?}\", std::env::args().nth(1)); }";
    std::fs::write(at.join("greeter/src/main.rs"), program).unwrap();
    let mut s = session();
    s.says(&format!(
        "b = j.builders.rust('{0}/greeter', args=['x'], folder='{0}/builders')",
        at.display()
    ));
    s.says(&format!("f = b.flist('{}/greeter.flist')", at.display()));
    assert!(s.says("f.list('/bin')").contains("greeter"));
    let package = at.join("builders/greeter/package");
    let run = std::process::Command::new(package.join("bin/greeter"))
        .arg("x")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "Some(\"x\")\n");
    let toml = std::fs::read_to_string(package.join(".startup.toml")).unwrap();
    assert!(
        toml.contains("name = \"/bin/greeter\"\nargs = [\"x\"]\n"),
        "{toml}"
    );
}

#[test]
fn recipes_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = session();
    let mut says = |text: &str| {
        let path = recipe(folder.path(), text);
        s.fails(&format!("j.builders.load('{path}')")).message
    };
    assert_eq!(says("fn other(ctx) { }"), "own.rhai declares no builder");
    assert_eq!(says(""), "own.rhai declares no builder");
    let outside = says("fn build(ctx) { }\n\nprint(1)\n");
    assert_eq!(
        outside,
        "own.rhai, line 3: only functions stand in such a file"
    );
    let broken = says("fn build(ctx) {\n  let = 1;\n}");
    assert!(broken.starts_with("own.rhai, line "), "{broken}");
    assert_eq!(s.fails("j.builders.load('gone.rhai')").kind, Kind::Io);
    let bad = s.fails(&format!("j.builders.load('{HELLO}', name='../x')"));
    assert!(bad.message.contains("must be 1 to 60 letters"), "{bad}");
    assert!(
        s.fails("j.builders.nothing")
            .message
            .contains("no builder 'nothing'")
    );
    assert!(
        s.fails("j.builders.redis(port=0)")
            .message
            .contains("1 to 65535")
    );
}

#[test]
fn recipes_that_fail() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = session();
    let mut says = |body: &str| {
        let path = recipe(folder.path(), &format!("fn sandbox(ctx) {{ {body} }}"));
        load(&mut s, &path, folder.path());
        let error = s.fails("b.sandbox()");
        // What failed is not done.
        assert!(s.ask("b.sandbox()").is_err());
        error.message
    };
    let failed = says("ctx.execute(\"echo out\\nfalse\\necho never\")");
    assert!(
        failed.starts_with("'echo out' failed (exit status: 1):\nout"),
        "{failed}"
    );
    assert!(!failed.contains("never"), "{failed}");
    let left = says("ctx.program(\"/bin/sh\", \"/../../x\")");
    assert!(left.contains("would leave the container"), "{left}");
    for path in ["/etc/passwd", "../../..", "{DIR_BUILD}/../../x"] {
        let refused = says(&format!("ctx.remove(\"{path}\")"));
        assert!(
            refused.contains("must lie in a folder of the builder"),
            "{path}: {refused}"
        );
    }
    assert!(says("ctx.copy(\"gone\", \"x\")").starts_with("cannot read "));
    assert!(says("ctx.write(\"x\", \"y\", mode=\"9\")").contains("octal"));
    assert_eq!(says("throw \"no\""), "no");
    assert!(says("ctx.nothing()").contains("nothing"));
}

#[test]
fn a_package_that_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = session();
    let path = recipe(
        folder.path(),
        "fn sandbox(ctx) { ctx.write(\"{DIR_SANDBOX}/x\", \"y\") }",
    );
    load(&mut s, &path, folder.path());
    let error = s.fails("b.start()");
    assert_eq!(error.message, "own names nothing to start");
    assert!(!folder.path().join("own/package/.startup.toml").exists());
}

#[test]
fn a_hub_must_be_named_to_publish() {
    let folder = tempfile::tempdir().unwrap();
    let mut s = session();
    load(&mut s, HELLO, folder.path());
    let error = s.fails("b.sandbox(flist_create=True)");
    assert_eq!(error.message, "cannot find main zhub client");
    let error = s.fails("b.sandbox(flist_create=True, zhub_client=b)");
    assert!(error.message.contains("is no client of a hub"), "{error}");
}

/// Why containers cannot be had here.
#[cfg(target_os = "linux")]
fn no_containers(folder: &Path) -> Option<String> {
    use kosmos::devnet::zos::container::{Config, Containers, Support};
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config::new(folder.join("probe"), env!("CARGO_BIN_EXE_kosmos"));
    match runtime.block_on(Containers::open(config)) {
        Ok((containers, _)) => match containers.support() {
            Support::Yes(_) => None,
            Support::No(why) => Some(why.clone()),
        },
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(not(target_os = "linux"))]
fn no_containers(_: &Path) -> Option<String> {
    Some("containers need Linux".into())
}

/// Types a script, and compares what is shown; ports are replaced by free ones.
fn play(s: &mut Session, script: &str) {
    let mut ports: Vec<(String, String)> = Vec::new();
    for step in parse(script).unwrap() {
        let (mut source, expected, line) = match step {
            Step::Type {
                source,
                expected,
                line,
            } => (source, expected, line),
            Step::Port(port) => {
                ports.push((port.to_string(), free_port().to_string()));
                continue;
            }
            _ => continue,
        };
        for (from, to) in &ports {
            source = source.replace(from, to);
        }
        s.person.printed.lock().unwrap().clear();
        let shown = s.says(&source);
        let printed = s.person.printed.lock().unwrap().clone();
        let shown = format!("{printed}{shown}");
        assert!(
            matches(&expected, &shown),
            "line {line}: {source}:\n{shown}"
        );
    }
}

#[test]
#[allow(clippy::disallowed_macros, reason = "a test that is skipped says why")]
fn three_builders_run_as_containers() {
    if !has("rustc") || !has("cargo") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    if let Some(why) = no_containers(folder.path()) {
        eprintln!("skipped: {why}");
        return;
    }
    let script = include_str!("../../examples/builders/containers.rhai");
    let redis = script.find("\n// Redis, ").unwrap();
    let (others, redis) = script.split_at(redis);
    let chain = Chain::start();
    let mut s = Session::new(chain.settings());
    play(&mut s, others);
    match has("redis-server") {
        true => play(&mut s, redis),
        false => drop(s.says("j.devnet.zos_stop('builders')")),
    }
}
