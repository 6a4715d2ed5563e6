//! Clients for what one gets: archives, web gateways, ZeroTier.
use kosmos::object::Kind;

use super::Session;
use crate::grid::services::{archive, controller, etcd};

/// A session with `archive`, `gateway` and `account`.
pub fn setup() -> Session {
    let mut s = Session::new(Default::default());
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    s.says(&format!(
        "archive = j.clients.s3.new('archive', address='127.0.0.1', port={}, accesskey_='login', secretkey_='open sesame')\n\
         gateway = j.clients.webgateway.new('gateway', etcd_url='http://127.0.0.1:{}')\n\
         account = j.clients.zerotier.new('account', token_='secret', address='http://127.0.0.1:{}')",
        archive(),
        etcd().0,
        controller().0,
    ));
    s
}

#[test]
fn files_go_into_an_archive_and_come_back() {
    let mut s = setup();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    std::fs::write(path("a.txt"), "one\0two").unwrap();
    assert_eq!(s.says("archive.list_buckets()"), "[]");
    s.says(&format!(
        "archive.upload('main', 'folder/a b.txt', '{}', content_type='text/html', meta_data={{'author': 'me'}})",
        path("a.txt")
    ));
    assert_eq!(s.says("archive.bucket_ok"), "True");
    assert_eq!(s.says("archive.list_buckets()"), "['main']");
    let size = s.says(&format!(
        "archive.download('main', 'folder/a b.txt', '{}')",
        path("b.txt")
    ));
    assert_eq!(size, "7");
    assert_eq!(std::fs::read(path("b.txt")).unwrap(), b"one\0two");
    assert_eq!(s.says("archive.list_objects()[0]['size']"), "7");
    let missing = format!("archive.download('main', 'nothing', '{}')", path("b.txt"));
    let error = s.fails(&missing);
    assert_eq!(error.kind, Kind::NotFound, "{error}");
    assert_eq!(
        error.message,
        "the archive has no object 'nothing' in bucket 'main'"
    );
    // What was there stays, and nothing is left beside it.
    assert_eq!(std::fs::read(path("b.txt")).unwrap(), b"one\0two");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    let error = s.fails("archive.remove_bucket('main')");
    assert_eq!(
        error.message,
        "the archive refuses (BucketNotEmpty): noluck"
    );
    s.says("archive.remove_object('main', 'folder/a b.txt')\narchive.remove_bucket('main')");
    assert_eq!(s.says("archive.list_buckets()"), "[]");
    for (call, kind) in [
        ("archive.upload('main', 'a', '/does/not/exist')", Kind::Io),
        ("archive.make_bucket('No Bucket')", Kind::Value),
        ("archive.make_bucket('../up')", Kind::Value),
    ] {
        assert_eq!(s.fails(call).kind, kind, "{call}");
    }
    assert!(!s.says("archive").contains("sesame"));
    s.says("archive.accesskey_ = 'nobody'");
    let error = s.fails("archive.list_buckets()");
    assert_eq!(error.kind, Kind::Refused);
    s.says("archive.port = 1");
    let error = s.fails("archive.list_buckets()");
    assert_eq!(error.kind, Kind::Network);
    assert!(!error.message.contains("Signature"), "{error}");
    assert_eq!(
        s.fails("j.clients.s3.new('empty').list_buckets()").kind,
        Kind::Value
    );
}

#[test]
fn services_are_keys_of_etcd() {
    let (port, keys) = etcd();
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "g = j.clients.webgateway.new('g', etcd_url='http://127.0.0.1:{port}')"
    ));
    s.says("p = g.service_create('page')");
    assert_eq!(s.fails("p.deploy()").kind, Kind::Value);
    for wrong in [
        "10.1.2.3:80",
        "http://10.1.2.3",
        "http://:80",
        "http://a:b",
        "",
    ] {
        let error = s.fails(&format!("p.expose('my.example.org', ['{wrong}'])"));
        assert_eq!(error.message, format!("wrong format for endpoint {wrong}"));
    }
    s.says("p.expose('my.example.org', ['http://10.1.2.3:80', 'http://10.1.2.4:80']).deploy()");
    let expected = [
        ("/traefik/backends/page/loadBalancer/method", "wrr"),
        (
            "/traefik/backends/page/servers/server0/url",
            "http://10.1.2.3:80",
        ),
        ("/traefik/backends/page/servers/server0/weight", "10"),
        (
            "/traefik/backends/page/servers/server1/url",
            "http://10.1.2.4:80",
        ),
        ("/traefik/backends/page/servers/server1/weight", "10"),
        ("/traefik/frontends/page/backend", "page"),
        (
            "/traefik/frontends/page/routes/rule0/rule",
            "Host:my.example.org",
        ),
    ];
    let have: Vec<(String, String)> = keys.lock().unwrap().clone().into_iter().collect();
    let expected: Vec<(String, String)> = expected.map(|(k, v)| (k.into(), v.into())).to_vec();
    assert_eq!(have, expected);
    // Another service whose name begins alike stays.
    s.says("q = g.service_create('page2').expose('other.example.org', 'http://10.1.2.5:80')\nq.deploy()");
    s.says("p.expose('my.example.org', 'http://10.1.2.9:81').deploy()");
    assert_eq!(
        s.says("g.services.map(|x| x.summary()['endpoints'])"),
        "[['http://10.1.2.9:81'], ['http://10.1.2.5:80']]"
    );
    s.says("g.public_ips_set(['185.69.166.31'])");
    assert_eq!(
        s.says("g.service_get('page').summary()['public_ips']"),
        "['185.69.166.31']"
    );
    s.says("p.delete()");
    assert_eq!(s.fails("g.service_get('page')").kind, Kind::NotFound);
    assert_eq!(s.says("len(g.services)"), "1");
    assert_eq!(s.fails("g.service_create('a/b')").kind, Kind::Value);
    s.says("g.etcd_url = 'http://127.0.0.1:1'");
    assert_eq!(s.fails("g.services").kind, Kind::Network);
}

#[test]
fn networks_of_an_account_are_asked_with_its_token() {
    let (port, told) = controller();
    let mut s = Session::new(Default::default());
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    s.says(&format!(
        "a = j.clients.zerotier.new('a', address='http://127.0.0.1:{port}')"
    ));
    assert_eq!(s.fails("a.networks_list()").kind, Kind::Value);
    s.says("a.token_ = 'wrong'");
    assert_eq!(s.fails("a.networks_list()").kind, Kind::Refused);
    s.says("a.token_ = 'secret'");
    assert_eq!(s.says("a.networks_list()[0].id"), "'8056c2e21c000001'");
    s.says("n = a.network_create(False, '10.147.17.0/24', 'home')");
    let made = told.lock().unwrap().last().unwrap().clone();
    for part in [
        "POST /network ",
        r#""private":true"#,
        r#""ipRangeStart":"10.147.17.1""#,
        r#""ipRangeEnd":"10.147.17.254""#,
    ] {
        assert!(made.contains(part), "{made}");
    }
    assert_eq!(
        s.says("n.member_get(private_ip='10.147.17.3').address"),
        "'7ad1f2a8c0'"
    );
    assert_eq!(
        s.says("n.member_get(public_ip='203.0.113.7').get_private_ip()"),
        "'10.147.17.3'"
    );
    assert_eq!(s.fails("n.member_get(name='nobody')").kind, Kind::NotFound);
    s.says("n.members_list()[0].deauthorize()\nn.add_route('10.1.0.0/16', via='10.147.17.3')");
    let told = told.lock().unwrap().clone();
    assert!(
        told.iter()
            .any(|t| t.contains("/member/7ad1f2a8c0 ") && t.contains("false"))
    );
    assert!(
        told.last()
            .unwrap()
            .contains(r#"{"target":"10.1.0.0/16","via":"10.147.17.3"}"#)
    );
    for wrong in [
        "a.network_get('xyz')",
        "n.member_delete('up/../x')",
        "a.network_create(True, '10.1.2.3', 'x')",
    ] {
        assert_eq!(s.fails(wrong).kind, Kind::Value, "{wrong}");
    }
    assert!(!s.says("a").contains("secret"));
}

#[test]
fn without_a_daemon_it_is_said_what_to_do() {
    if std::path::Path::new("/var/lib/zerotier-one/authtoken.secret").exists() {
        eprintln!("skipped: a ZeroTier daemon is on this machine");
        return;
    }
    let mut s = Session::new(Default::default());
    let error = s.fails("j.clients.zerotier.networks_joined()");
    assert_eq!(error.kind, Kind::NotFound, "{error}");
    assert!(
        error
            .message
            .starts_with("no ZeroTier daemon of this machine"),
        "{error}"
    );
    assert!(error.hints.iter().any(|hint| hint.contains("install")));
}
