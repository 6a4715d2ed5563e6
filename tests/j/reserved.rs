//! What is reserved is there for real: used with the clients, kept over a restart, gone after its
//! time.
use kosmos::object::Kind;

use super::{Chain, Session};

const BOT: &str = "your3bot.fancyname";
const WEEK: i64 = 7 * 86_400;

fn setup(chain: &Chain) -> Session {
    let mut s = chain.funded();
    for _ in 0..2 {
        s.says("t = c.faucet_request(w.address)");
        chain.block();
    }
    s.says(&format!(
        "t = w.threebot.record_new(names=['{BOT}'], months=4)"
    ));
    chain.block();
    s
}

/// Reserves something, as `call` with e-mail address and 3bot in front; the id of its payment.
fn reserve(chain: &Chain, s: &mut Session, call: &str, more: &str) -> String {
    s.says(&format!(
        "r = w.capacity.{call}('user@mail.com', '{BOT}', {more})"
    ));
    chain.block();
    chain.settled();
    s.text("r.transaction.id")
}

fn mail(s: &mut Session, id: &str, name: &str) -> String {
    s.text(&format!("j.devnet.mail_wait('{id}').value('{name}')"))
}

/// Lets the week pass.
fn over(chain: &Chain) {
    chain.later(WEEK + 60);
    chain.settled();
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_runs_a_container_whose_page_a_proxy_shows_to_the_world() {
    use kosmos::devnet::zos::website;
    let program = env!("CARGO_BIN_EXE_kosmos");
    let chain = Chain::with(|config| config.program = Some(program.into()));
    let mut s = setup(&chain);
    let id = reserve(&chain, &mut s, "reserve_zos_vm", "'ac1f6b84a330', size=2");
    let robot = mail(&mut s, &id, "0-robot url");
    let address = mail(&mut s, &id, "0-OS address");
    let host = address.strip_suffix(":6379").unwrap();
    s.says(&format!(
        "j.clients.zos.get('my_vm', host='{host}')\nvm = j.clients.zos.my_vm"
    ));
    let pong = s.text("vm.ping()");
    assert!(pong.starts_with("PONG Version: "), "{pong}");
    assert_eq!(
        s.says("vm.client.bash('echo $((6 * 7))').get().stdout"),
        r"'42\n'"
    );
    s.says(&format!(
        "page = vm.client.web.download('{robot}/', '/tmp/robot.html').get()"
    ));
    let home = s.says("vm.download_content('/tmp/robot.html')");
    assert!(home.contains("<title>0-Robot</title>"), "{home}");
    let folder = chain.folder().join("grid/workloads").join(&id);
    website::make(
        program.as_ref(),
        &folder.join("fs/website"),
        "<h1>Mine</h1>",
    )
    .unwrap();
    let port = {
        let free = std::net::TcpListener::bind((host, 0)).unwrap();
        free.local_addr().unwrap().port()
    };
    let made = s.ask(&format!(
        "site = vm.containers.create(name='site', flist='/website', ports={{'{port}':80}})"
    ));
    let has_containers = match made {
        Ok(_) => true,
        Err(error) => {
            crate::devnet::zos_node::skipped(&format!("the container's half: {error}"));
            false
        }
    };
    if has_containers {
        assert_eq!(s.says("site.is_running()"), "True");
        assert_eq!(s.says("site.is_port_listening(80)"), "True");
        let more = format!("'My.Example.org', ['http://{host}:{port}']");
        // A proxy has no location, so the domain comes third.
        let proxy = reserve(&chain, &mut s, "reserve_reverse_proxy", &more);
        assert_eq!(mail(&mut s, &proxy, "Domain"), "My.Example.org");
        assert_eq!(chain.asked("my.example.org"), "<h1>Mine</h1>");
        let list = s.says("w.capacity.list()");
        assert!(list.contains("http://My.Example.org/"), "{list}");
    }
    over(&chain);
    assert!(!folder.exists());
    let error = s.fails("vm.ping()");
    assert_eq!(error.kind, Kind::Network, "{error}");
    let page = chain.asked("my.example.org");
    assert!(page.contains("no reverse proxy is reserved for"), "{page}");
    assert_eq!(s.says("w.capacity.list()[0].state"), "'expired'");
    let node = "j.clients.threefold_directory.main.node('ac1f6b84a330')";
    let free = s.says(&format!(
        "{node}['free_resources'] == {node}['total_resources']"
    ));
    assert_eq!(free, "True");
}

#[test]
fn a_namespace_has_its_mode_its_password_and_its_data_over_a_restart() {
    let chain = Chain::start();
    let mut s = setup(&chain);
    let more = "'vienna.farm', size=2, mode='user', password='open sesame'";
    let user = reserve(&chain, &mut s, "reserve_zdb_namespace", more);
    let numbered = reserve(
        &chain,
        &mut s,
        "reserve_zdb_namespace",
        "'vienna.farm', size=1",
    );
    let connect = |s: &mut Session, variable: &str, id: &str, mode: &str| {
        let (host, port) = (mail(s, id, "0-DB host"), mail(s, id, "0-DB port"));
        let (name, password) = (mail(s, id, "Namespace name"), mail(s, id, "Password"));
        s.says(&format!(
            "{variable} = j.clients.zdb.client_get(nsname='{name}', addr='{host}', port={port}, secret='{password}', mode='{mode}')"
        ));
        (host, port, name)
    };
    let (host, port, name) = connect(&mut s, "own", &user, "user");
    assert_eq!(mail(&mut s, &numbered, "Password").len(), 16);
    connect(&mut s, "numbered", &numbered, "seq");
    // Own keys, and keys of the server.
    s.says("own.set('value', key='name')\nown.set('other', key='second')");
    assert!(s.says("own.get('name')").contains("value"));
    assert_eq!(s.says("own.exists('name')"), "True");
    assert_eq!(s.says("own.count"), "2");
    assert_eq!(s.says("len(own.list())"), "2");
    assert_eq!(s.says("own.nsinfo['entries']"), "2");
    assert_eq!(s.says("own.nsinfo['mode']"), "'userkey'");
    s.says("own.delete('second')");
    assert_eq!(s.says("own.exists('second')"), "False");
    assert_eq!(s.says("numbered.nsinfo['mode']"), "'sequential'");
    s.says("key = numbered.set('first')");
    assert!(s.says("numbered.get(key)").contains("first"));
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    s.says("numbered.flush()");
    assert_eq!(s.says("numbered.count"), "0");
    // Others get nothing: without the password, and without the broker's.
    let client = |secret: &str| {
        format!(
            "j.clients.zdb.client_get(nsname='{name}', addr='{host}', port={port}, secret='{secret}', mode='user').get('name')"
        )
    };
    assert_eq!(s.fails(&client("wrong")).kind, Kind::Refused);
    assert_eq!(s.fails(&client("")).kind, Kind::Refused);
    let admin = format!(
        "j.clients.zdb.client_admin_get(addr='{host}', port={port}, secret='guess').namespace_new('mine')"
    );
    assert_eq!(s.fails(&admin).kind, Kind::Refused);
    // The devnet is started again, at other ports.
    let chain = chain.restarted(|_| {});
    chain.settled();
    let port = chain.handle().grid().addresses().zdb.port();
    let mut s = Session::new(chain.settings());
    let connect = format!(
        "own = j.clients.zdb.client_get(nsname='{name}', addr='{host}', port={port}, secret='open sesame', mode='user')"
    );
    s.says(&connect);
    assert!(s.says("own.get('name')").contains("value"));
    over(&chain);
    assert!(s.ask(&format!("{connect}\nown.get('name')")).is_err());
}

#[test]
fn an_archive_keeps_files_until_its_time_is_over() {
    let chain = Chain::start();
    let mut s = setup(&chain);
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let id = reserve(&chain, &mut s, "reserve_s3", "'freefarm.s3-storage'");
    let (url, domain) = (mail(&mut s, &id, "S3 url"), mail(&mut s, &id, "S3 domain"));
    let (login, password) = (mail(&mut s, &id, "Login"), mail(&mut s, &id, "Password"));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("up"), "kept for a week").unwrap();
    let new = |name: &str, password: &str| {
        format!(
            "{name} = j.clients.s3.new('{name}', address='{url}', accesskey_='{login}', secretkey_='{password}')"
        )
    };
    s.says(&new("a", &password));
    s.says(&format!(
        "a.upload('main', 'notes/first', '{}')",
        path("up")
    ));
    assert_eq!(s.says("a.list_buckets()"), "['main']");
    assert_eq!(
        s.says("a.list_objects('main', 'notes/', True)[0]['size']"),
        "15"
    );
    s.says(&format!(
        "a.download('main', 'notes/first', '{}')",
        path("down")
    ));
    assert_eq!(
        std::fs::read_to_string(path("down")).unwrap(),
        "kept for a week"
    );
    // Whoever does not know the password gets nothing.
    s.says(&new("b", "0123456789abcdef"));
    assert_eq!(s.fails("b.list_buckets()").kind, Kind::Refused);
    // It is there under its name too, and after a restart.
    assert!(
        chain.asked(&domain).contains("<Error>"),
        "{}",
        chain.asked(&domain)
    );
    let chain = chain.restarted(|_| {});
    chain.settled();
    let mut s = Session::new(chain.settings());
    s.person
        .yes
        .store(true, std::sync::atomic::Ordering::SeqCst);
    s.says(&new("a", &password));
    s.says(&format!(
        "a.download('main', 'notes/first', '{}')",
        path("again")
    ));
    assert_eq!(
        std::fs::read_to_string(path("again")).unwrap(),
        "kept for a week"
    );
    s.says("a.remove_object('main', 'notes/first')");
    assert_eq!(s.says("a.list_objects('main', '', True)"), "[]");
    s.says("a.remove_bucket('main')");
    over(&chain);
    assert_eq!(s.fails("a.list_buckets()").kind, Kind::Network);
    assert!(
        chain
            .asked(&domain)
            .contains("no reverse proxy is reserved for")
    );
    assert!(!chain.folder().join("grid/workloads").join(&id).exists());
}
