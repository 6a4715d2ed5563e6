//! `j.data.flist` and `j.clients.zdb`, as a person types them.
use std::fs;
use std::path::Path;

use super::Session;
use crate::zdb::Server;

fn session(folder: &Path) -> Session {
    let mut s = Session::new(Default::default());
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let site = folder.join("site");
    fs::create_dir_all(site.join("etc")).unwrap();
    fs::write(site.join("etc/hostname"), "devnet\n").unwrap();
    fs::write(site.join("index.html"), "<h1>hello</h1>").unwrap();
    fs::write(site.join("picture"), [0, 1, 2]).unwrap();
    std::os::unix::fs::symlink("index.html", site.join("home")).unwrap();
    s.says(&format!("d = '{}'", folder.display()));
    s
}

fn line(s: &mut Session, text: &str) -> String {
    s.ask(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fails(s: &mut Session, text: &str) -> String {
    s.ask(text).unwrap_err().to_string()
}

#[test]
fn a_folder_becomes_an_flist_and_files_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let mut s = session(dir.path());
    let url = server.url();
    s.says(&format!(
        "f = j.data.flist.from_dir(d + '/site', file=d + '/site.flist', backend='{url}', entrypoint=['nginx'])"
    ));
    let notes = s.person.notes.lock().unwrap().join("\n");
    assert_eq!(notes, format!("3 chunks brought to {url}, 0 were there"));
    let path = dir.path().join("site.flist");
    assert_eq!(line(&mut s, "f"), format!("<flist {}>", path.display()));
    let table = line(&mut s, "f.list().table()");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[0],
        ["path", "type", "size", "mode", "user", "group", "target"]
    );
    assert_eq!((rows[1][0], rows[1][1]), ("/etc", "dir"));
    assert_eq!(
        (rows[2][0], rows[2][1], rows[2][6]),
        ("/home", "link", "index.html")
    );
    assert_eq!((rows[3][0], rows[3][2]), ("/index.html", "14"));
    assert_eq!(line(&mut s, "f.list('/etc')[0]['path']"), "'/etc/hostname'");
    assert_eq!(line(&mut s, "len(f.list(recursive=True))"), "5");
    assert_eq!(line(&mut s, "f.list('index.html')[0]['size']"), "14");
    assert_eq!(
        line(&mut s, "f.tree()"),
        "/\n├── etc/\n│   └── hostname\n├── home -> index.html\n├── index.html\n└── picture\n\
         1 directories, 4 files"
    );
    // The backend is named in the flist.
    assert_eq!(line(&mut s, "f.cat('/index.html')"), "'<h1>hello</h1>'");
    assert_eq!(line(&mut s, "f.cat('picture')"), "b'\\x00\\x01\\x02'");
    assert_eq!(line(&mut s, "f.info()['backend']"), format!("'{url}'"));
    assert_eq!(line(&mut s, "f.info()['entrypoint']"), "['nginx']");
    assert_eq!(line(&mut s, "f.info()['regular']"), "3");
    assert_eq!(line(&mut s, "f.check()['good']"), "True");
    assert_eq!(line(&mut s, "len(f.stat('picture')['chunks'])"), "1");
    assert_eq!(line(&mut s, "f.extract(d + '/out')['files']"), "3");
    assert_eq!(fs::read(dir.path().join("out/picture")).unwrap(), [0, 1, 2]);
    assert_eq!(
        line(
            &mut s,
            "g = j.data.flist.from_dir(d + '/out', d + '/out.flist')\nf.diff(g)"
        ),
        "[]"
    );
    fs::write(dir.path().join("out/new"), "1").unwrap();
    s.says("g = j.data.flist.from_dir(d + '/out', d + '/out.flist')");
    assert_eq!(
        line(&mut s, "f.diff(d + '/out.flist')[0]['change']"),
        "'added'"
    );
    s.says("m = j.data.flist.merge([f, d + '/out.flist'], d + '/merged.flist')");
    assert_eq!(line(&mut s, "m.list('/new')[0]['type']"), "'file'");
    assert_eq!(line(&mut s, "m.info()['backend']"), format!("'{url}'"));
    // An archive of it gives the same.
    let mut out = tar::Builder::new(fs::File::create(dir.path().join("site.tar")).unwrap());
    out.follow_symlinks(false);
    out.append_dir_all(".", dir.path().join("site")).unwrap();
    out.finish().unwrap();
    s.says("t = j.data.flist.from_tar(d + '/site.tar', d + '/tar.flist', format='2023')");
    assert_eq!(line(&mut s, "len(t.list(recursive=True))"), "5");
    assert_eq!(
        line(
            &mut s,
            "t.stat('index.html')['chunks'] == f.stat('index.html')['chunks']"
        ),
        "True"
    );
}

#[test]
fn what_is_wrong_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut s = session(dir.path());
    s.says("f = j.data.flist.from_dir(d + '/site', d + '/site.flist', backend=d + '/chunks')");
    for (text, expected) in [
        ("j.data.flist.open(d + '/none.flist')", "cannot read"),
        ("j.data.flist.open(d + '/site/picture')", "this is no flist"),
        (
            "j.data.flist.open('http://127.0.0.1:1/x.flist')",
            "127.0.0.1:1",
        ),
        ("f.list('/none')", "this flist has no /none"),
        ("f.list('../x')", "cannot be a path"),
        ("f.cat('/etc', backend=d + '/chunks')", "/etc is no file"),
        ("f.cat('/index.html')", "does not say where its chunks are"),
        ("f.cat('/index.html', backend=d + '/nochunks')", "is not in"),
        (
            "f.cat('/index.html', backend='ftp://x')",
            "expected zdb://host",
        ),
        (
            "f.check(backend='zdb://127.0.0.1:1')",
            "zdb://127.0.0.1:1: cannot connect",
        ),
        ("f.extract(d, backend=d + '/chunks')", "cannot write into"),
        ("f.diff(1)", "must be an flist"),
        ("j.data.flist.merge([], d + '/m.flist')", "is empty"),
        (
            "j.data.flist.merge([1], d + '/m.flist')",
            "must be a list of flists",
        ),
        (
            "j.data.flist.from_dir(d + '/none', d + '/x.flist')",
            "cannot read",
        ),
        ("j.data.flist.from_dir(d + '/site', d)", "cannot write"),
        (
            "j.data.flist.from_dir(d + '/site', d + '/x.flist', exclude=['('])",
            "regular expression",
        ),
        (
            "j.data.flist.from_dir(d + '/site', d + '/x.flist', format='2020')",
            "must be one of",
        ),
        (
            "j.data.flist.from_tar(d + '/site/picture', d + '/x.flist')",
            "archive cannot be taken",
        ),
    ] {
        let error = fails(&mut s, text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert!(!dir.path().join("x.flist").exists());
    assert_eq!(
        line(&mut s, "f.check(backend=d + '/nochunks')['good']"),
        "False"
    );
    assert_eq!(
        line(&mut s, "len(f.check(backend=d + '/nochunks')['missing'])"),
        "3"
    );
}

#[test]
fn values_of_a_0_db() {
    let server = Server::start();
    let mut s = Session::new(Default::default());
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let port = server.port();
    s.says(&format!(
        "admin = j.clients.zdb.client_admin_get(port={port})"
    ));
    s.says("cl = admin.namespace_new('mine', secret='1234', maxsize=1000)");
    assert_eq!(
        line(&mut s, "cl"),
        format!("<zdb_client localhost:{port}/mine>")
    );
    assert_eq!(
        line(&mut s, "[cl.set('a'), cl.set(b'bb'), cl.set('ccc')]"),
        "[0, 1, 2]"
    );
    assert_eq!(line(&mut s, "cl.get(1)"), "b'bb'");
    assert_eq!(line(&mut s, "cl.get(9)"), "");
    assert_eq!(line(&mut s, "cl.set('changed', key=1)"), "1");
    assert_eq!(line(&mut s, "cl.list()"), "[0, 2, 1]");
    assert_eq!(line(&mut s, "cl.list(reverse=True)"), "[1, 2, 0]");
    assert_eq!(line(&mut s, "cl.list(key_start=2)"), "[2, 1]");
    assert_eq!(
        line(&mut s, "cl.iterate(key_start=2).list()"),
        "[[2, b'ccc'], [1, b'changed']]"
    );
    assert_eq!(
        line(&mut s, "[cl.exists(0), cl.exists(7), cl.count, cl.ping()]"),
        "[True, False, 3, True]"
    );
    assert_eq!(line(&mut s, "cl.nsinfo['data_limits_bytes']"), "1000");
    assert_eq!(line(&mut s, "cl.nsinfo['mode']"), "'sequential'");
    s.says("cl.delete(0)");
    s.says(&format!("big = '{}'", "x".repeat(2_000)));
    assert_eq!(
        line(&mut s, "admin.namespaces_list()"),
        "['default', 'mine']"
    );
    assert_eq!(line(&mut s, "admin.namespace_exists('mine')"), "True");
    s.says(&format!(
        "u = j.clients.zdb.client_admin_get(port={port}, mode='user').namespace_new('texts')"
    ));
    assert_eq!(line(&mut s, "u.set('value', key='name')"), "'name'");
    assert_eq!(line(&mut s, "u.list()"), "['name']");
    for (text, expected) in [
        ("cl.get('text')", "must be a number"),
        ("cl.get(-1)", "can be no key"),
        ("cl.delete(0)", "there is no key 0 in 'mine'"),
        ("cl.set('x', key=77)", "Invalid key"),
        ("cl.set(big)", "No space left"),
        ("cl.list(key_start=77)", "there is no key"),
        ("u.set('x')", "is needed in mode user"),
        (
            "admin.namespace_new('mine', die=True)",
            "there is a namespace 'mine' already",
        ),
        ("admin.namespace_new('new', maxsize=-1)", "maxsize"),
        (
            "admin.namespace_get('mine', secret='wrong')",
            "Access denied",
        ),
        ("admin.namespace_get('none')", "Namespace not found"),
        ("j.clients.zdb.client_get('mine', port=1)", "cannot connect"),
        (
            "j.clients.zdb.client_get('mine', port=0)",
            "is 0: expected 1 to 65535",
        ),
        (
            "j.clients.zdb.client_get('mine', port=99999)",
            "expected 1 to 65535",
        ),
        ("admin.namespace_delete('default')", "cannot be deleted"),
    ] {
        let error = fails(&mut s, text);
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("wrong"), "{error}");
    }
    s.says("admin.reset(ignore=['texts'])");
    assert_eq!(
        line(&mut s, "admin.namespaces_list()"),
        "['default', 'texts']"
    );
    s.says("u.flush()");
    assert_eq!(line(&mut s, "u.count"), "0");
    // Without anybody to ask nothing is deleted.
    s.person
        .yes
        .store(false, std::sync::atomic::Ordering::SeqCst);
    assert!(s.ask("u.flush()").is_err() && s.ask("admin.reset()").is_err());
}
