//! Nodes of the directory and of organizations, storage pools, and a shell on a node.
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kosmos::devnet::zos::{Config, ZosNode};
use kosmos::object::Kind;
use serde_json::{Value as Json, json};

use super::Session;
use crate::tfchain::explorer::stub::{Reply, Server};
use crate::zos::simple;

/// A token of nobody, as far as a client can tell.
fn token(claims: &Json) -> String {
    let part = |value: &Json| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "ES384"})), part(claims))
}

fn member(organization: &str, end: i64) -> String {
    token(
        &json!({"exp": end, "refresh_token": "r", "iss": "itsyouonline",
        "scope": [format!("user:memberof:{organization}")]}),
    )
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

struct Service {
    server: Server,
    runtime: tokio::runtime::Runtime,
}

impl Service {
    fn start(handler: impl Fn(&str, &str, &str) -> Reply + Send + Sync + 'static) -> Service {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(Server::start(move |seen| {
            let body = String::from_utf8_lossy(&seen.body);
            handler(&format!("{} {}", seen.method, seen.path), &seen.head, &body)
        }));
        Service { server, runtime }
    }
}

#[test]
fn a_node_is_found_by_its_id() {
    let directory = Service::start(|line, _, _| match line {
        "GET /api/nodes/ac1f6b84a330" => {
            Reply::json(200, &json!({"robot_address": "http://10.102.1.2:6600"}))
        }
        "GET /api/nodes/v6" => {
            Reply::json(200, &json!({"robot_address": "https://[fd00::1]:6600"}))
        }
        "GET /api/nodes/bare" => Reply::json(200, &json!({"node_id": "bare"})),
        "GET /api/nodes/broken" => Reply::Http(200, b"<html>".to_vec()),
        _ => Reply::json(404, &json!({})),
    });
    let mut s = Session::new(Default::default());
    s.says(&format!("d = '{}'", directory.server.address));
    s.says("vm = j.clients.zos.get_by_id('ac1f6b84a330', directory=d)");
    assert_eq!(s.says("vm.host"), "'10.102.1.2'");
    assert_eq!(s.says("vm.name"), "'node_ac1f6b84a330'");
    assert_eq!(
        s.says("j.clients.zos.get_by_id('v6', directory=d).host"),
        "'fd00::1'"
    );
    // Asked again it is the same instance.
    s.says("vm.port = 6400");
    assert_eq!(
        s.says("j.clients.zos.get_by_id('ac1f6b84a330', directory=d).port"),
        "6400"
    );
    let error = s.fails("j.clients.zos.get_by_id('nobody', directory=d)");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::NotFound, "the directory knows no node 'nobody'")
    );
    for (id, said) in [("bare", "no address of a robot"), ("broken", "no JSON")] {
        let error = s.fails(&format!("j.clients.zos.get_by_id('{id}', directory=d)"));
        assert!(error.message.contains(said), "{}", error.message);
    }
    let error = s.fails("j.clients.zos.get_by_id('x', directory='http://example.org')");
    assert!(error.message.contains("https://host"), "{}", error.message);
    drop(directory.runtime);
}

#[test]
fn a_token_is_asked_for_and_used() {
    let fresh = member("farm", now() + 3600);
    let given = fresh.clone();
    let service = Service::start(move |line, _, body| {
        let good = line == "POST /v1/oauth/access_token"
            && body.contains("client_id=an_id")
            && body.contains("client_secret=s3cr%2Bt")
            && body.contains("scope=user%3Amemberof%3Afarm%2Coffline_access")
            && body.contains("validity=3600");
        match good {
            true => Reply::Http(200, given.clone().into_bytes()),
            false => Reply::Http(403, format!("no: {body}").into_bytes()),
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("node"));
    config.listen.set_port(0);
    config.guard = kosmos::devnet::zos::guard::Guard::Password(fresh.clone().into());
    let node = runtime.block_on(ZosNode::start(config)).unwrap();
    let mut s = Session::new(Default::default());
    assert_eq!(
        s.fails("j.clients.zos.get_from_itsyouonline()").message,
        "need to specify name of organization."
    );
    let call = format!(
        "vm = j.clients.zos.get_from_itsyouonline('my', iyo_instance='mine', \
         iyo_organization='farm', host='127.0.0.1', port={})",
        node.addr().port()
    );
    let error = s.fails(&call);
    assert!(
        error
            .message
            .contains("j.clients.itsyouonline has no 'mine'"),
        "{}",
        error.message
    );
    s.says(&format!(
        "iyo = j.clients.itsyouonline.new('mine', baseurl='{}')",
        service.server.address
    ));
    assert!(s.fails(&call).message.contains("no key of an application"));
    s.says("iyo.application_id = 'an_id'");
    s.says("iyo.secret = 'wrong'");
    let error = s.fails(&call);
    assert!(
        error.message.contains("it refuses (403)"),
        "{}",
        error.message
    );
    assert!(!error.message.contains("wrong"), "{}", error.message);
    s.says("iyo.secret = 's3cr+t'");
    s.says(&call);
    assert!(s.says("vm.ping()").starts_with("'PONG"));
    assert_eq!(s.says("vm.ssl"), "True");
    assert!(!s.says("vm").contains(&fresh) && !s.says("iyo").contains("s3cr"));
    // The token is good for as long as it lasts.
    let before = service.server.seen.lock().unwrap().len();
    s.says(&call);
    assert_eq!(service.server.seen.lock().unwrap().len(), before);
    s.says(&call.replace("host=", "reset=True, host="));
    assert_eq!(service.server.seen.lock().unwrap().len(), before + 1);
    runtime.block_on(node.stop());
}

#[test]
fn a_token_that_ends_is_renewed_before_it_is_used() {
    let (old, new) = (member("farm", now() + 100), member("farm", now() + 3600));
    let (wanted, given) = (format!("bearer {old}"), new.clone());
    let service = Service::start(move |line, head, _| {
        let good = line == "GET /v1/oauth/jwt/refresh?validity=3600" && head.contains(&wanted);
        match good {
            true => Reply::Http(200, given.clone().into_bytes()),
            false => Reply::Http(401, b"no".to_vec()),
        }
    });
    let node = simple::start();
    node.memory().password = Some(new.clone());
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "vm = j.clients.zos.new('vm', port={}, ssl=False, timeout=5, identity_url='{}')",
        node.port, service.server.address
    ));
    s.says(&format!("vm.password = '{old}'"));
    assert!(s.says("vm.ping()").starts_with("'PONG"));
    assert_eq!(s.says("vm.password"), format!("'{new}'"));
    s.says("vm.ping()");
    assert_eq!(service.server.seen.lock().unwrap().len(), 1);
    // One that cannot be renewed is used as it is, and the person is told.
    let other = member("other", now() + 50);
    node.memory().password = Some(other.clone());
    s.says("vm2 = j.clients.zos.new('vm2', ssl=False, timeout=5)");
    s.says(&format!("vm2.port = {}", node.port));
    s.says(&format!("vm2.identity_url = '{}'", service.server.address));
    s.says(&format!("vm2.password = '{other}'"));
    assert!(s.says("vm2.ping()").starts_with("'PONG"));
    let notes = s.person.notes.lock().unwrap().join("\n");
    assert!(
        notes.contains("was not renewed") && !notes.contains(&other),
        "{notes}"
    );
    let error = s.fails("vm2.identity_url = 'http://example.org'");
    assert!(error.message.contains("https://host"), "{}", error.message);
    // A plain password is sent as it is.
    node.memory().password = Some("a word".into());
    s.says("vm2.password = 'a word'");
    assert!(s.says("vm2.ping()").starts_with("'PONG"));
}

#[test]
fn storage_pools_and_their_file_systems() {
    let node = simple::start();
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "vm = j.clients.zos.new('vm', port={}, ssl=False, timeout=5)",
        node.port
    ));
    assert_eq!(s.says("vm.storagepools.list()"), "[StoragePool <data>]");
    assert_eq!(s.says("vm.storagepools.get('data').mountpoint"), "'/'");
    assert_eq!(
        s.says("vm.storagepools.get('data').list()"),
        "[FileSystem <data: web>]"
    );
    assert_eq!(
        s.says("vm.storagepools.get('data').get('web').path"),
        "'//filesystems/web'"
    );
    assert_eq!(s.fails("vm.storagepools.get('date')").kind, Kind::NotFound);
    assert_eq!(
        s.fails("vm.storagepools.create('more', '/dev/sdb1')").kind,
        Kind::NotConfirmed
    );
    let bad = s.fails("vm.storagepools.create('../x', '/dev/sdb1')");
    assert!(bad.message.contains("expected letters"), "{}", bad.message);
    s.person.yes.store(true, Ordering::SeqCst);
    assert_eq!(
        s.says("vm.storagepools.create('more', '/dev/sdb1')"),
        "StoragePool <more>"
    );
    s.says("m = vm.storagepools.get('more')");
    assert_eq!(s.says("m.mount()"), "'/mnt/storagepools/more'");
    s.says(
        "c = vm.containers.create('a', 'f', mounts=[{'storagepool': 'data', \
            'filesystem': 'web', 'target': '/www'}])",
    );
    let jobs = node.memory().jobs.clone();
    let created = jobs
        .iter()
        .find(|job| job.command == "corex.create")
        .unwrap();
    let mounts = created.arguments["mount"].as_object().unwrap();
    assert_eq!(mounts.values().next().unwrap(), "/www");
    assert!(mounts.keys().next().unwrap().ends_with("/filesystems/web"));
    let error = s.fails("vm.network.configure(cidr='10.0.0.0/24')");
    assert!(error.message.contains("open vSwitch"), "{}", error.message);
}

#[test]
fn a_container_is_let_into_its_zerotier_networks() {
    let controller = Service::start(|line, head, body| {
        let member = line.ends_with(" /network/9bee8941b5717835/member/7ad1f2a8c0");
        let named = body.contains(r#""name":"site""#) && body.contains(r#""authorized":true"#);
        match member && named && head.contains("secret") {
            true => Reply::json(200, &json!({"nodeId": "7ad1f2a8c0"})),
            false => Reply::json(403, &json!({})),
        }
    });
    let node = simple::start();
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "vm = j.clients.zos.new('vm', port={}, ssl=False, timeout=5)\n\
         account = j.clients.zerotier.new('account', token_='secret', address='{}')\n\
         site = vm.containers.create('site', 'https://hub.example/web.flist', \
         nics=[{{'type': 'zerotier', 'id': '9bee8941b5717835', 'name': 'zt0'}}])",
        node.port, controller.server.address
    ));
    let asked = |s: &mut Session| s.says("site.authorize_networks(site.nics, account)");
    assert_eq!(asked(&mut s), "['9bee8941b5717835']");
    assert_eq!(controller.server.seen.lock().unwrap().len(), 1);
    // Cards of other kinds are nobody's business there.
    let others = "site.authorize_networks([{'type': 'default'}], account)";
    assert_eq!(s.says(others), "[]");
    let error = s.fails("site.authorize_networks(site.nics, 7)");
    assert!(error.message.contains("account"), "{}", error.message);
    s.says("account.token_ = 'other'");
    let error = s.fails("site.authorize_networks(site.nics, account)");
    assert_eq!(error.kind, Kind::Refused);
}

/// The node knows nothing of 0-DB: what its client is told to make is looked at here, and a real
/// server stands where the container's would.
#[test]
fn a_0_db_in_a_container() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let settings = kosmos::devnet::zdb::Settings {
        password: Some("boss".to_string().into()),
        ..Default::default()
    };
    let listen = "127.0.0.1:0".parse().unwrap();
    let starting = kosmos::devnet::zdb::start(listen, dir.path(), settings);
    let server = runtime.block_on(starting).unwrap();
    let port = server.addr().port();
    let node = simple::start();
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "vm = j.clients.zos.new('vm', port={}, ssl=False, timeout=5)\n\
         db = vm.zerodbs.create('main', 'https://hub.example/zdb.flist', node_port={port}, \
         path='/mnt/data', mode='seq', sync=True, admin='boss')",
        node.port
    ));
    let jobs = node.memory().jobs.clone();
    let made = jobs.iter().find(|job| job.command == "corex.create");
    let made = &made.unwrap().arguments;
    assert_eq!(made["name"], "zerodb_main");
    assert_eq!(made["port"], json!({port.to_string(): 9900}));
    assert_eq!(made["mount"], json!({"/mnt/data": "/zerodb"}));
    let run = jobs.iter().find(|job| job.command == "corex.dispatch");
    let run = &run.unwrap().arguments["command"];
    assert_eq!(run["id"], "zerodb.main");
    let words = json!([
        "--port",
        "9900",
        "--data",
        "/zerodb/data",
        "--index",
        "/zerodb/index",
        "--mode",
        "seq",
        "--sync",
        "--admin",
        "boss"
    ]);
    assert_eq!(run["arguments"]["name"], "/bin/zdb");
    assert_eq!(run["arguments"]["args"], words);
    assert_eq!(s.says("vm.zerodbs.list()"), "[ZeroDb <main>]");
    assert_eq!(s.says("db.node_port"), port.to_string());
    s.says("db.add('notes', size=1000000, password='pw', public=False)");
    s.says("same = vm.zerodbs.get('main', admin='boss')");
    assert_eq!(
        s.says("same.namespaces().namespace_exists('notes')"),
        "True"
    );
    // Only who has the password makes namespaces; and it is never shown.
    let error = s.fails("vm.zerodbs.get('main').add('more')");
    assert_eq!(error.kind, Kind::Refused);
    assert!(!s.says("db").contains("boss"));
    assert_eq!(s.fails("vm.zerodbs.get('mian')").kind, Kind::NotFound);
    for wrong in [
        "vm.zerodbs.create('a/b', 'f')",
        "vm.zerodbs.create('a', 'f', node_port=70000)",
        "vm.zerodbs.create('a', 'f', mode='both')",
    ] {
        assert_eq!(s.fails(wrong).kind, Kind::Value, "{wrong}");
    }
    assert_eq!(s.fails("db.add('x', size=-1)").kind, Kind::Value);
    s.says("db.stop()");
    assert_eq!(s.says("vm.zerodbs.list()"), "[]");
    runtime.block_on(server.stop());
}

#[test]
fn a_shell_on_a_node() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("node"));
    config.listen.set_port(0);
    let node = runtime.block_on(ZosNode::start(config)).unwrap();
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "vm = j.clients.zos.new('vm', port={})",
        node.addr().port()
    ));
    // Nobody is at a terminal.
    let error = s.fails("vm.shell()");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (Kind::Usage, "there is no terminal to hand over")
    );
    if node.notices().iter().any(|text| text.contains("jobs see")) {
        crate::devnet::zos_node::skipped("shell on a node: its files are not those of its jobs");
        runtime.block_on(node.stop());
        return;
    }
    let typed: Vec<Vec<u8>> = ["echo $((40", " + 2)) words\n", "exit\n"]
        .map(|text| text.as_bytes().to_vec())
        .into();
    *s.person.types.lock().unwrap() = Some(typed);
    s.says("vm.shell()");
    let shown = s.person.printed.lock().unwrap().clone();
    assert!(shown.contains("42 words"), "{shown:?}");
    // Nothing stays: neither the pipe nor the job.
    assert_eq!(s.says("len(vm.client.filesystem.list('/tmp'))"), "0");
    assert_eq!(s.says("len(vm.client.job.list())"), "1");
    // A program that is not there is told.
    *s.person.types.lock().unwrap() = Some(vec![]);
    let error = s.fails("vm.shell('sh; rm -rf /')");
    assert!(error.message.contains("program"), "{}", error.message);
    runtime.block_on(node.stop());
}
