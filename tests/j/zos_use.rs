//! What a person does with nodes: the tutorial, many nodes at once, certificates, what is not there.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kosmos::devnet::zos::{Config, Handle, ZosNode};
use kosmos::object::Kind;
use kosmos::store::Store;

use super::Session;
use crate::zos::fake::Fake;
use crate::zos::simple;

const PONG: &str = "'PONG Version: master @Revision: b1a1a737352fce69fd71de5f8cf1ae175f4bdcab'";

fn session(node: &Fake) -> Session {
    let mut s = Session::new(Default::default());
    s.says(&format!(
        "j.clients.zos.get('my_vm', host='127.0.0.1', port={}, ssl=False, timeout=5)\n\
         vm = j.clients.zos.my_vm",
        node.port
    ));
    s
}

#[test]
fn the_tutorial_on_a_node() {
    let node = simple::start();
    let mut s = session(&node);
    let shown = s.says("j.clients.zos.my_vm");
    assert_eq!(
        shown.lines().next().unwrap().trim_end(),
        "## j.clients.zos Instance: 'my_vm'"
    );
    assert_eq!(s.says("vm.ping()"), PONG);
    assert_eq!(
        s.says(
            "j.clients.zos.my_vm.containers.create(name=\"simple-nginx-website\", \
             flist=\"https://hub.grid.tf/ben_mat_1/nginxdemos-hello-latest.flist\", ports={'8081':80})"
        ),
        "Container <simple-nginx-website>"
    );
    s.says("site = vm.containers.get(name=\"simple-nginx-website\")");
    assert_eq!(s.says("site.is_running()"), "True");
    assert_eq!(
        s.says("site.client.job.list()"),
        "[{'cpu': 0.0, 'rss': 3555328, 'vms': 14069760, 'swap': 0, 'starttime': 1559737984120, \
         'cmd': {'id': 'entry', 'command': 'core.system', 'arguments': {'args': ['-g', \
         'daemon off;'], 'dir': '/', 'env': {}, 'name': 'nginx'}, 'queue': '', 'stream': False, \
         'tags': None}, 'pid': 9}]"
            .replace("'cpu': 0.0", "'cpu': 0")
    );
    let table = s.says("site.client.job.list().table(['cmd.id', 'pid', 'rss'])");
    assert_eq!(table, "cmd.id  pid      rss\nentry     9  3555328");
    assert!(
        s.says("site.client.job.list().table()")
            .contains("cmd.command")
    );
    assert_eq!(s.says("len(site.client.job.list())"), "1");
    assert_eq!(s.says("site.client.job.list()[0]['cmd']['id']"), "'entry'");
    s.says("sub = site.client.subscribe('entry')");
    assert_eq!(s.says("sub.stream()"), "2");
    assert_eq!(*s.person.printed.lock().unwrap(), "hello\n");
    assert_eq!(
        s.says("vm.containers.list()"),
        "[Container <simple-nginx-website>]"
    );
    assert_eq!(
        s.says("vm.containers.list().map(|c| c.name)"),
        "['simple-nginx-website']"
    );
    s.says("site.stop()");
    assert_eq!(s.says("site.is_running()"), "False");
    let error = s.fails("vm.containers.get('simple-nginx-website')");
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(
        error.message,
        "Could not find container with name simple-nginx-website"
    );
    assert_eq!(s.fails("site.client").kind, Kind::NotFound);
}

#[test]
fn a_function_that_follows_a_job_may_ask_the_node_itself() {
    let node = simple::start();
    let mut s = session(&node);
    s.says(
        "fn follow(vm) { let all = []; let job = vm.client.bash('x', stream=True); \
         job.stream(|level, text, flags| all.push([text, vm.ping()])); all }",
    );
    s.says("seen = follow(vm)");
    assert_eq!(s.says("seen[0][0]"), "'hello\\n'");
    assert_eq!(s.says("seen[0][1]"), PONG);
}

#[test]
fn many_nodes_at_once() {
    let nodes: Vec<Fake> = (0..3).map(|_| simple::start()).collect();
    let mut s = Session::new(Default::default());
    for (at, node) in nodes.iter().enumerate() {
        s.says(&format!(
            "n = j.clients.zos.new('n{at}', port={}, ssl=False, timeout=5)",
            node.port
        ));
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    s.says(&format!(
        "n = j.clients.zos.new('gone', port={port}, ssl=False)"
    ));
    assert_eq!(s.says("j.clients.zos.all()"), "NodeGroup(n0, n1, n2, gone)");
    s.says("a = j.clients.zos.all().client.info.mem()");
    let shown = s.says("a");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[1],
        "n0    ok      {'total': 8000000000, 'available': 4000000000}"
    );
    assert!(
        lines[4].starts_with("gone  failed  cannot connect to 127.0.0.1:"),
        "{shown}"
    );
    assert_eq!(lines[5], "1 of 4 failed");
    assert_eq!(s.says("a['n1']['total']"), "8000000000");
    assert_eq!(s.fails("a['gone']").kind, Kind::Network);
    assert_eq!(s.says("a.ok"), "False");
    assert_eq!(s.says("a.failed.keys()"), "['gone']");
    assert_eq!(s.says("len(a.values.keys())"), "3");
    assert_eq!(s.says("j.clients.zos.find(name='n1').ping().ok"), "True");
    assert_eq!(
        s.says("j.clients.zos.all(limit=1).ping().values['n2']"),
        PONG
    );
    assert_eq!(
        s.says("j.clients.zos.find(name='n1').client.bash('x').values['n1'].stdout"),
        "'hello\\n'"
    );
    assert_eq!(s.fails("j.clients.zos.all(limit=0)").kind, Kind::Value);
    assert_eq!(
        s.fails("j.clients.zos.all().client.subscribe('x')").kind,
        Kind::Value
    );
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let node = simple::start();
    let mut s = session(&node);
    for (input, said) in [
        (
            "vm.client.container.nic_add(1, {'type': 'token-ring'})",
            "nic/type",
        ),
        (
            "vm.client.container.create('x', port={'8080': '80'})",
            "port/8080",
        ),
        ("vm.client.container.terminate(0)", "from 1 to 65534"),
        (
            "vm.client.kvm.create('m1')",
            "at least one of media and flist",
        ),
        ("vm.client.system('')", "a program and its arguments"),
        ("vm.client.system(\"a 'b\")", "has no end"),
        ("vm.client.bash('x', tags='t')", "must be a list of texts"),
        (
            "vm.client.bash('x', max_time=-1)",
            "expected 0 or more seconds",
        ),
        (
            "vm.containers.create('a', 'f', ports={'8080': 'x'})",
            "port/8080",
        ),
        (
            "vm.containers.create('a', 'f', mounts=[{'storagepool': 'p'}])",
            "needs a storagepool, a filesystem and a target",
        ),
        (
            "vm.containers.create('a', 'f', init_processes=[{}])",
            "has no name of a program",
        ),
    ] {
        let error = s.fails(input);
        assert!(error.message.contains(said), "{input}: {}", error.message);
    }
    let pushed: Vec<String> = node
        .memory()
        .jobs
        .iter()
        .map(|j| j.command.clone())
        .collect();
    assert!(
        pushed.iter().all(|command| command == "corex.get"),
        "{pushed:?}"
    );
}

#[test]
fn what_is_not_there_says_so() {
    let node = simple::start();
    let mut s = session(&node);
    for name in ["gateways", "primitives"] {
        let error = s.fails(&format!("vm.{name}"));
        assert_eq!(error.kind, Kind::Attribute);
        assert!(error.message.contains(name) && !error.hints.is_empty());
    }
    assert_eq!(
        s.fails("vm.pong").message,
        "'ZosInstance' object has no attribute 'pong'"
    );
}

#[test]
fn rebooting_is_asked_first_and_passwords_are_not_shown() {
    let node = simple::start();
    let mut s = session(&node);
    assert_eq!(s.fails("vm.reboot()").kind, Kind::NotConfirmed);
    assert!(node.memory().jobs.is_empty());
    s.person.yes.store(true, Ordering::SeqCst);
    s.says("vm.reboot()");
    assert_eq!(node.memory().jobs[0].command, "core.reboot");
    s.says("vm.password = 'hush'");
    assert!(!s.says("vm").contains("hush"));
    // Another password makes a new connection.
    let before = node.connections.load(Ordering::SeqCst);
    s.says("vm.ping()");
    assert_eq!(node.connections.load(Ordering::SeqCst), before + 1);
    let sent = node
        .memory()
        .commands
        .iter()
        .any(|words| *words == ["AUTH", "hush"]);
    assert!(sent);
}

struct Devnet {
    runtime: tokio::runtime::Runtime,
    dir: tempfile::TempDir,
}

impl Devnet {
    fn new() -> Devnet {
        Devnet {
            runtime: tokio::runtime::Runtime::new().unwrap(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn start(&self, port: u16) -> Handle {
        let mut config = Config::new(self.dir.path().join("node"));
        config.env = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
        config.listen.set_port(port);
        self.runtime.block_on(ZosNode::start(config)).unwrap()
    }
}

#[test]
fn a_certificate_is_remembered_over_a_restart_of_the_shell() {
    let devnet = Devnet::new();
    let node = devnet.start(0);
    let port = node.addr().port();
    let store = Arc::new(Store::ephemeral(Default::default()).unwrap());
    {
        let mut s = Session::with_store(Default::default(), store.clone());
        s.says(&format!("vm = j.clients.zos.new('my_vm', port={port})"));
        s.says("vm.save()");
        assert!(s.says("vm.ping()").starts_with("'PONG Version: "));
        assert_eq!(s.says("len(vm.fingerprint)"), "64");
        assert!(s.world.unsaved().is_empty());
    }
    devnet.runtime.block_on(node.stop());
    // The same port, another certificate.
    let node = devnet.start(port);
    let mut s = Session::with_store(Default::default(), store);
    s.says("vm = j.clients.zos.my_vm");
    let error = s.fails("vm.ping()");
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.message.contains("changed"), "{}", error.message);
    assert!(
        error
            .hints
            .iter()
            .any(|hint| hint.contains("j.clients.zos.my_vm.trust_certificate()"))
    );
    s.says("vm.trust_certificate()");
    assert!(s.says("vm.ping()").starts_with("'PONG Version: "));
    // The whole way through a real node: a job, its output, files.
    assert_eq!(
        s.says("vm.client.system('echo hello').get()"),
        "STATE: 0 SUCCESS\nSTDOUT:\nhello\n\nSTDERR:\n\nDATA:\n"
    );
    s.says("vm.upload_content('/tmp/a.txt', 'text')");
    assert_eq!(s.says("vm.download_content('/tmp/a.txt')"), "'text'");
    s.says("p = vm.client.bash('echo one; echo two', id='job-1', stream=True)");
    s.says("p.stream()");
    assert_eq!(*s.person.printed.lock().unwrap(), "one\ntwo\n");
    assert_eq!(s.says("p.get().code"), "0");
    assert_eq!(s.says("p.running"), "False");
    assert!(s.says("vm.client.info.mem()['total'] > 0") == "True");
    assert_eq!(
        s.fails("vm.client.job.list('nobody')").message,
        "Process with id 'nobody' doesn't exist"
    );
    devnet.runtime.block_on(node.stop());
}
