//! Containers of the devnet's node: what they see, what they cannot reach, and what stays of them.
//!
//! Where the machine forbids namespaces every test says so and does nothing.
#![allow(
    clippy::disallowed_macros,
    reason = "a test that cannot run here says why"
)]
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use indexmap::IndexMap;
use kosmos::devnet::zos::container::{Config, Containers, Error, Event, Groups, Support};
use kosmos::devnet::zos::inside::Said;
use kosmos::zos::protocol::{CreateArguments, Job, JobResult, Nic};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::image;

pub mod faults;
mod network;

/// Longest that anything here may take; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Programs of the machine that containers of these tests have.
const PROGRAMS: &[&str] = &[
    "sh", "cat", "ls", "id", "env", "sleep", "mount", "mknod", "kill", "stat", "touch", "ln",
    "head", "readlink", "rm", "mkdir", "mkfifo",
];

/// Answers every connection with `hello`, on the port of its first argument.
const SERVER: &str = r#"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
    (void)argc;
    int udp = argv[1][0] == 'u';
    struct sockaddr_in to;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(atoi(argv[1] + udp));
    int s = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0), one = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&to, sizeof to)) return 1;
    if (!udp && listen(s, 16)) return 2;
    write(1, "up\n", 3);
    for (;;) {
        if (udp) {
            char b[64];
            struct sockaddr_in from;
            socklen_t n = sizeof from;
            ssize_t got = recvfrom(s, b, sizeof b, 0, (struct sockaddr *)&from, &n);
            sendto(s, b, got, 0, (struct sockaddr *)&from, n);
        } else {
            int c = accept(s, 0, 0);
            write(c, "hello", 5);
            close(c);
        }
    }
}
"#;

/// Sends words as datagrams to an address and a port, from a port of its own, and tells what comes
/// back within so many milliseconds.
const ASK: &str = r#"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
int main(int argc, char **argv) {
    struct sockaddr_in to, own;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = inet_addr(argv[1]);
    to.sin_port = htons(atoi(argv[2]));
    memset(&own, 0, sizeof own);
    own.sin_family = AF_INET;
    own.sin_port = htons(atoi(argv[3]));
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(s, (struct sockaddr *)&own, sizeof own)) return 1;
    /* Where no answer is expected, a short wait will do. */
    struct timeval wait = {atoi(argv[4]) / 1000, atoi(argv[4]) % 1000 * 1000};
    for (int i = 5; i < argc; i++) {
        setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        static char b[4096];
        sendto(s, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&to, sizeof to);
        ssize_t got = recv(s, b, sizeof b, 0);
        if (got < 0) puts("nothing");
        else printf("%.*s\n", (int)got, b);
    }
    return 0;
}
"#;

/// Makes system calls that no container may make; tells each by name with its error number.
const PROBE: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TRY(n, ...) do { \
    errno = 0; \
    long r = syscall(SYS_##n, __VA_ARGS__); \
    printf("%s %d\n", #n, r < 0 ? errno : 0); \
} while (0)
int main(void) {
    TRY(mount, "none", "/tmp", "tmpfs", 0, 0);
    TRY(umount2, "/proc", 2);
    TRY(pivot_root, ".", ".");
    TRY(unshare, CLONE_NEWUSER);
    TRY(setns, 0, 0);
    TRY(clone, CLONE_NEWUSER | 17, 0, 0, 0, 0);
    TRY(fsopen, "tmpfs", 0);
    TRY(open_by_handle_at, -1, 0, 0);
    TRY(init_module, 0, 0, "");
    TRY(finit_module, -1, "", 0);
    TRY(delete_module, "x", 0);
    TRY(kexec_load, 0, 0, 0, 0);
    TRY(bpf, 0, 0, 0);
    TRY(perf_event_open, 0, 0, -1, -1, 0);
    TRY(keyctl, 0, -3, 0);
    TRY(add_key, "user", "x", "y", 1, -3);
    TRY(request_key, "user", "x", 0, 0);
    TRY(userfaultfd, 0);
    TRY(io_uring_setup, 1, 0);
    TRY(process_vm_readv, 1, 0, 0, 0, 0, 0);
    TRY(settimeofday, 0, 0);
    TRY(swapon, "/x", 0);
    TRY(reboot, 0, 0, 0, 0);
    TRY(clone3, 0, 0);
    TRY(getpid, 0);
    return 0;
}
"#;

/// A root file system as a folder and as an archive, made once for all tests.
pub struct Roots {
    _dir: tempfile::TempDir,
    pub folder: PathBuf,
    archive: PathBuf,
}

pub fn roots() -> &'static Roots {
    static ROOTS: OnceLock<Roots> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("root");
        let written = [
            ("server", SERVER),
            ("probe", PROBE),
            ("ask", ASK),
            ("wget", image::WGET),
            ("httpd", image::HTTPD),
        ];
        image::fill(&folder, PROGRAMS, &written);
        fs::write(folder.join("mark"), "from the image\n").unwrap();
        let archive = dir.path().join("root.tar.gz");
        let packed = File::create(&archive).unwrap();
        let packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
        let mut tar = tar::Builder::new(packed);
        tar.follow_symlinks(false);
        tar.append_dir_all(".", &folder).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        Roots {
            _dir: dir,
            folder,
            archive,
        }
    })
}

struct Node {
    dir: tempfile::TempDir,
    containers: Containers,
    events: UnboundedReceiver<Event>,
}

fn config(dir: &Path) -> Config {
    Config {
        patience: Duration::from_secs(5),
        ..Config::new(dir, env!("CARGO_BIN_EXE_kosmos"))
    }
}

/// A node's containers; None, with the reason printed, where the machine forbids them.
async fn node() -> Option<Node> {
    let dir = tempfile::tempdir().unwrap();
    let (containers, events) = Containers::open(config(dir.path())).await.unwrap();
    if let Support::No(reason) = containers.support() {
        eprintln!("skipped: no containers on this machine: {reason}");
        return None;
    }
    Some(Node {
        dir,
        containers,
        events,
    })
}

fn from_folder() -> CreateArguments {
    CreateArguments {
        root: roots().folder.to_str().unwrap().to_owned(),
        nics: vec![default_nic()],
        ..CreateArguments::default()
    }
}

/// Whether containers of the node have no user namespace.
fn is_root(node: &Node) -> bool {
    matches!(node.containers.support(), Support::Yes(ready) if !ready.user_namespace)
}

fn default_nic() -> Nic {
    Nic {
        kind: "default".to_owned(),
        ..Nic::default()
    }
}

fn bash(job: &str, script: &str) -> Job {
    Job {
        id: job.to_owned(),
        command: "bash".to_owned(),
        arguments: json!({"script": script}),
        ..Job::default()
    }
}

fn stream(result: &JobResult, which: usize) -> String {
    result.streams.as_ref().unwrap()[which].clone()
}

impl Node {
    async fn create(&self, arguments: CreateArguments) -> Result<u16, Error> {
        timeout(PATIENCE, self.containers.create(arguments, None))
            .await
            .unwrap()
    }

    /// Runs a script; returns its result.
    async fn bash(&mut self, id: u16, script: &str) -> JobResult {
        self.job(id, "job", script);
        self.result().await
    }

    /// Starts a script that goes on while others run.
    fn start(&self, id: u16, script: &str) {
        self.job(id, "long", script);
    }

    fn job(&self, id: u16, job: &str, script: &str) {
        self.containers.run(id, json!(bash(job, script))).unwrap();
    }

    async fn result(&mut self) -> JobResult {
        loop {
            match timeout(PATIENCE, self.events.recv())
                .await
                .unwrap()
                .unwrap()
            {
                Event::Message { message, .. } => {
                    if let Said::Result(result) = serde_json::from_value(message).unwrap() {
                        return *result;
                    }
                }
                Event::Ended { reason, .. } => panic!("the container ended: {reason}"),
                Event::Trouble { text, .. } => panic!("trouble in the container: {text}"),
            }
        }
    }

    /// The next event that is no message or result of a job.
    async fn event(&mut self) -> Event {
        loop {
            let event = timeout(PATIENCE, self.events.recv())
                .await
                .unwrap()
                .unwrap();
            if !matches!(event, Event::Message { .. }) {
                return event;
            }
        }
    }

    /// Runs a script; returns what it wrote to stdout.
    async fn says(&mut self, id: u16, script: &str) -> String {
        let result = self.bash(id, script).await;
        assert_eq!(result.code, 0, "{script}: {result:?}");
        stream(&result, 0)
    }

    /// Runs a script that must fail; returns what it wrote to stderr.
    async fn refuses(&mut self, id: u16, script: &str) -> String {
        let result = self.bash(id, script).await;
        assert_ne!(result.code, 0, "{script}: {result:?}");
        stream(&result, 1)
    }
}

#[tokio::test]
async fn a_container_has_its_own_names_files_and_environment() {
    let Some(mut node) = node().await else { return };
    let host = node.dir.path().join("shared");
    fs::create_dir(&host).unwrap();
    fs::write(host.join("note"), "from the host\n").unwrap();
    let id = node
        .create(CreateArguments {
            hostname: Some("web1".to_owned()),
            env: Some(IndexMap::from([("COLOUR".to_owned(), "red".to_owned())])),
            mount: Some(IndexMap::from([(
                host.to_str().unwrap().to_owned(),
                "/host/conf".to_owned(),
            )])),
            config: IndexMap::from([("/opt/app/settings.ini".to_owned(), "a=1\n".to_owned())]),
            ..from_folder()
        })
        .await
        .unwrap();
    assert_eq!(id, 1);
    let script = "cat /proc/sys/kernel/hostname; echo $COLOUR $HOME $PATH; pwd; id -u; cat /mark";
    assert_eq!(
        node.says(id, script).await,
        "web1\nred / /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/\n0\nfrom the image\n"
    );
    let script = "env | while read line; do case $line in PWD=*|_=*|SHLVL=*|OLDPWD=*) ;; *) echo $line;; esac; done";
    assert_eq!(
        node.says(id, script).await.lines().count(),
        3,
        "nothing is inherited"
    );
    assert_eq!(
        node.says(
            id,
            "cat /host/conf/note /opt/app/settings.ini; stat -c %a /opt/app/settings.ini /opt/app"
        )
        .await,
        "from the host\na=1\n600\n700\n"
    );
    assert_eq!(
        node.says(id, "cat /etc/hosts /etc/hostname; echo; readlink /etc/mtab")
            .await,
        "127.0.0.1    web1.local web1\n127.0.0.1    localhost.localdomain localhost\nweb1\n../proc/self/mounts\n"
    );
    let links = match node.containers.network() {
        Ok(_) => "eth0\nlo\n",
        Err(_) => "lo\n",
    };
    assert_eq!(node.says(id, "ls /sys/class/net").await, links);
    node.containers.terminate(id).await.unwrap();
}

#[tokio::test]
async fn what_a_container_writes_stays_in_it() {
    let Some(mut node) = node().await else { return };
    let one = node.create(from_folder()).await.unwrap();
    let two = node.create(from_folder()).await.unwrap();
    node.says(
        one,
        "echo changed > /mark; rm /etc/passwd; echo new > /tmp/new",
    )
    .await;
    assert_eq!(node.says(one, "cat /mark /tmp/new").await, "changed\nnew\n");
    assert_eq!(
        node.says(two, "cat /mark; ls /tmp").await,
        "from the image\n"
    );
    assert!(roots().folder.join("etc/passwd").exists());
    node.containers.stop().await;
    assert_eq!(node.containers.list(&[]).len(), 0);
    let left: Vec<_> = fs::read_dir(node.dir.path().join("containers"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_container_sees_only_its_own_processes() {
    let Some(mut node) = node().await else { return };
    let id = node.create(from_folder()).await.unwrap();
    let seen = node
        .says(
            id,
            "cd /proc; for p in [0-9]*; do cat $p/cmdline; echo; done",
        )
        .await;
    let seen = seen.replace('\0', " ");
    assert!(
        seen.starts_with("/coreX -hostname corex -unprivileged \n"),
        "{seen}"
    );
    assert!(!seen.contains("zos_container"), "{seen}");
    // The first process, the worker, the shell, and what it runs.
    assert!(seen.lines().count() <= 5, "{seen}");
    let own = std::process::id();
    assert_eq!(
        node.says(id, &format!("test -e /proc/{own} || echo gone"))
            .await,
        "gone\n"
    );
}

#[tokio::test]
async fn a_container_cannot_look_into_its_init() {
    let Some(mut node) = node().await else { return };
    let id = node.create(from_folder()).await.unwrap();
    for pid in [1, 2] {
        for name in ["exe", "root", "cwd", "fd/0"] {
            let said = node
                .refuses(id, &format!("readlink -v /proc/{pid}/{name}"))
                .await;
            assert!(said.contains("Permission denied"), "{pid} {name}: {said}");
        }
        node.refuses(id, &format!("cat /proc/{pid}/environ")).await;
        node.refuses(id, &format!("echo x > /proc/{pid}/exe")).await;
    }
    // An interpreter that is the init itself: the program may start, but never be written.
    node.bash(
        id,
        "printf '#!/proc/self/exe\\n' > /tmp/x; stat /tmp/x; chmod +x /tmp/x; /tmp/x",
    )
    .await;
    assert_eq!(node.says(id, "echo still here").await, "still here\n");
}

#[tokio::test]
async fn files_of_the_host_are_out_of_reach() {
    let Some(mut node) = node().await else { return };
    let secret = node.dir.path().join("secret");
    fs::write(&secret, "of the host").unwrap();
    let secret = secret.to_str().unwrap();
    let id = node.create(from_folder()).await.unwrap();
    for path in [
        secret.to_owned(),
        format!("/../../../../..{secret}"),
        format!("/proc/1/root{secret}"),
        format!("/proc/self/root{secret}"),
        format!("/proc/1/cwd{secret}"),
    ] {
        node.refuses(id, &format!("cat {path}")).await;
    }
    let mounts = node.says(id, "cat /proc/self/mountinfo").await;
    let roots: Vec<&str> = mounts
        .lines()
        .filter(|l| l.split(' ').nth(4) == Some("/"))
        .collect();
    assert_eq!(roots.len(), 1, "the old root is gone: {mounts}");
    node.refuses(id, "mount -t tmpfs none /tmp").await;
    node.refuses(id, "mount -o remount,rw /proc").await;
    node.refuses(id, "echo 1 > /proc/sys/kernel/sysrq").await;
    node.refuses(id, "touch /sys/x").await;
}

#[tokio::test]
async fn devices_of_the_host_are_out_of_reach() {
    let Some(mut node) = node().await else { return };
    let id = node.create(from_folder()).await.unwrap();
    let seen = node.says(id, "ls /dev").await;
    let seen: Vec<&str> = seen.lines().collect();
    let all = [
        "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm",
        "stderr", "stdin", "stdout", "tty", "urandom", "zero",
    ];
    assert_eq!(seen, all);
    assert_eq!(
        node.says(id, "head -c 3 /dev/zero | cat -v; echo x > /dev/null")
            .await,
        "^@^@^@"
    );
    for folder in ["/tmp", "/dev", "/dev/shm"] {
        // Neither made nor opened: 1:3 would be /dev/null, 1:1 is the machine's memory.
        node.refuses(id, &format!("mknod {folder}/mem c 1 3 && cat {folder}/mem"))
            .await;
    }
    let caps = node.says(id, "cat /proc/self/status").await;
    let line = |name: &str| {
        caps.lines()
            .find(|l| l.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert_eq!(line("CapBnd"), "CapBnd:\t00000000a00424fb");
    assert_eq!(line("CapEff"), "CapEff:\t00000000a00424fb");
    assert_eq!(line("NoNewPrivs"), "NoNewPrivs:\t1");
}

#[tokio::test]
async fn calls_that_reach_for_the_machine_are_refused() {
    let Some(mut node) = node().await else { return };
    let id = node.create(from_folder()).await.unwrap();
    let told = node.says(id, "probe").await;
    assert_eq!(told.lines().count(), 25, "{told}");
    for line in told.lines() {
        let (name, errno) = line.split_once(' ').unwrap();
        let wanted = match name {
            "getpid" => 0,
            // Programs use clone instead, whose flags the filter sees.
            "clone3" => libc::ENOSYS,
            _ => libc::EPERM,
        };
        assert_eq!(errno, wanted.to_string(), "{name}");
    }
    let status = node.says(id, "cat /proc/self/status").await;
    assert!(status.contains("\nSeccomp:\t2\n"), "{status}");
    // What tells about the machine shows nothing, where the kernel has it at all.
    let hidden = "for f in kcore keys kmsg interrupts timer_list sysrq-trigger; do \
                  if test -e /proc/$f; then head -c 9 /proc/$f; fi; done";
    assert_eq!(node.says(id, hidden).await, "");
}

#[tokio::test]
async fn a_device_in_a_shared_folder_does_not_open() {
    let Some(mut node) = node().await else { return };
    let shared = node.dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    let node_path = shared.join("null");
    let made = Command::new("mknod")
        .arg(&node_path)
        .args(["c", "1", "3"])
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root can make a device node");
        return;
    }
    let id = node
        .create(CreateArguments {
            mount: Some(IndexMap::from([(
                shared.to_str().unwrap().to_owned(),
                "/shared".to_owned(),
            )])),
            ..from_folder()
        })
        .await
        .unwrap();
    let said = node.refuses(id, "cat /shared/null").await;
    assert!(said.contains("Permission denied"), "{said}");
}

#[tokio::test]
async fn a_privileged_container_does_not_have_the_machine() {
    let Some(mut node) = node().await else { return };
    let privileged = CreateArguments {
        privileged: true,
        ..from_folder()
    };
    if is_root(&node) {
        let error = node.create(privileged).await.unwrap_err();
        assert_eq!(error.code, 501);
        return;
    }
    let id = node.create(privileged).await.unwrap();
    node.says(id, "mount -t tmpfs none /tmp; echo x > /tmp/x")
        .await;
    node.refuses(id, "mknod /tmp/mem c 1 3 && cat /tmp/mem")
        .await;
    node.refuses(id, "echo x > /proc/sys/kernel/core_pattern")
        .await;
    node.refuses(id, "echo h > /proc/sysrq-trigger").await;
    assert!(node.says(id, "ls /dev").await.lines().count() < 20);
}

/// Groups that only note who joins.
#[derive(Default)]
struct Noted(std::sync::Mutex<Vec<u32>>);

impl Groups for Noted {
    fn exists(&self, subsystem: &str, name: &str) -> bool {
        (subsystem, name) == ("memory", "small")
    }

    fn add(&self, _subsystem: &str, _name: &str, pid: u32) -> std::io::Result<()> {
        self.0.lock().unwrap().push(pid);
        Ok(())
    }
}

#[tokio::test]
async fn a_container_joins_its_groups_before_it_is_built() {
    let Some(node) = node().await else { return };
    let groups = std::sync::Arc::new(Noted::default());
    let config = Config {
        groups: Some(groups.clone()),
        ..config(&node.dir.path().join("other"))
    };
    let (containers, _events) = Containers::open(config).await.unwrap();
    let arguments = CreateArguments {
        cgroups: Some(vec![("memory".to_owned(), "small".to_owned())]),
        ..from_folder()
    };
    let id = containers.create(arguments, None).await.unwrap();
    let pid = containers.get(id).unwrap().pid;
    // The helper joins; what it starts is in the group with it.
    let parent = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let parent: u32 = parent
        .rsplit_once(") ")
        .unwrap()
        .1
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(*groups.0.lock().unwrap(), [parent]);
}

#[tokio::test]
async fn an_archive_becomes_a_root_once() {
    let Some(mut node) = node().await else { return };
    let archive = CreateArguments {
        root: roots().archive.to_str().unwrap().to_owned(),
        ..CreateArguments::default()
    };
    for id in 1..=2 {
        assert_eq!(node.create(archive.clone()).await.unwrap(), id);
        assert_eq!(
            node.says(id, "cat /mark; echo changed > /mark").await,
            "from the image\n"
        );
    }
    let cached = fs::read_dir(node.dir.path().join("roots")).unwrap().count();
    assert_eq!(cached, 1);
}

/// A tar archive of entries as they are, without the checks of a builder.
fn raw_tar(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        if matches!(kind, tar::EntryType::Link | tar::EntryType::Symlink) {
            let field = &mut header.as_old_mut().linkname;
            field[..content.len()].copy_from_slice(content.as_bytes());
            header.set_size(0);
            header.set_cksum();
            tar.append(&header, &[][..]).unwrap();
        } else {
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, content.as_bytes()).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

#[tokio::test]
async fn bad_roots_are_refused_and_leave_nothing() {
    use tar::EntryType::{Link, Regular, Symlink};
    let Some(node) = node().await else { return };
    let dir = node.dir.path();
    let outside = dir.join("outside");
    fs::create_dir(&outside).unwrap();
    let outside = outside.to_str().unwrap();
    let good = raw_tar(&[("a", Regular, &"x".repeat(4000))]);
    let files: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "up.tar",
            raw_tar(&[("../evil", Regular, "x")]),
            "leads out of the root",
        ),
        (
            "deep.tar",
            raw_tar(&[("a/../../evil", Regular, "x")]),
            "leads out of the root",
        ),
        (
            "hard.tar",
            raw_tar(&[("a", Link, "../../etc/passwd")]),
            "leads out of the root",
        ),
        (
            "through.tar",
            raw_tar(&[("out", Symlink, outside), ("out/evil", Regular, "x")]),
            "through.tar",
        ),
        ("cut.tar", good[..2000].to_vec(), "cut.tar"),
        (
            "cut.tar.gz",
            fs::read(&roots().archive).unwrap()[..5000].to_vec(),
            "cut.tar.gz",
        ),
        ("empty.tar", Vec::new(), "the archive is empty"),
        ("root.zip", b"PK".to_vec(), "unknown flist format .zip"),
    ];
    for (name, bytes, reason) in files {
        let path = dir.join(name);
        fs::write(&path, bytes).unwrap();
        let root = path.to_str().unwrap().to_owned();
        let error = node
            .create(CreateArguments {
                root,
                ..CreateArguments::default()
            })
            .await;
        let error = error.unwrap_err();
        assert_eq!(error.code, 500, "{name}");
        assert!(
            error.message.starts_with("mount-root-flist("),
            "{name}: {error}"
        );
        assert!(error.message.contains(reason), "{name}: {error}");
    }
    assert_eq!(fs::read_dir(outside).unwrap().count(), 0);
    assert!(!dir.join("evil").exists() && !dir.join("roots/evil").exists());
    assert_eq!(fs::read_dir(dir.join("roots")).unwrap().count(), 0);
    for (root, reason) in [
        (
            "/no/such.flist",
            "mount-root-flist(stat /no/such.flist: no such file or directory)",
        ),
        (
            "ftp://host/x.flist",
            "mount-root-flist(invalid flist url (ftp://host/x.flist))",
        ),
        ("", "root plist is required"),
    ] {
        let root = root.to_owned();
        let error = node
            .create(CreateArguments {
                root,
                ..CreateArguments::default()
            })
            .await;
        assert_eq!(error.unwrap_err().message, reason);
    }
    assert!(node.containers.list(&[]).is_empty());
}

#[tokio::test]
async fn an_absolute_name_in_an_archive_stays_inside() {
    let dir = tempfile::tempdir().unwrap();
    let Some(node) = node().await else { return };
    let evil = dir.path().join("evil");
    let tar = raw_tar(&[(evil.to_str().unwrap(), tar::EntryType::Regular, "x")]);
    let path = dir.path().join("absolute.tar");
    fs::write(&path, tar).unwrap();
    let root = path.to_str().unwrap().to_owned();
    node.create(CreateArguments {
        root,
        ..CreateArguments::default()
    })
    .await
    .unwrap();
    assert!(!evil.exists());
}

#[tokio::test]
async fn links_in_an_image_lead_nowhere_outside() {
    let Some(node) = node().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let root = dir.path().join("root");
    fs::create_dir(&root).unwrap();
    for name in ["etc", "opt"] {
        std::os::unix::fs::symlink(&outside, root.join(name)).unwrap();
    }
    let made = node
        .create(CreateArguments {
            root: root.to_str().unwrap().to_owned(),
            config: IndexMap::from([("/opt/file".to_owned(), "x".to_owned())]),
            ..CreateArguments::default()
        })
        .await;
    // The links dangle inside: the files cannot be written, or land inside.
    drop(made);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[tokio::test]
async fn names_and_tags_find_containers() {
    let Some(node) = node().await else { return };
    let named = |name: &str| CreateArguments {
        name: Some(name.to_owned()),
        ..from_folder()
    };
    let tags = |tags: &[&str]| Some(tags.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
    let one = node
        .containers
        .create(named("Web"), tags(&["web", "demo"]))
        .await
        .unwrap();
    // Names are not unique on a node.
    let two = node
        .containers
        .create(named("web"), tags(&["web"]))
        .await
        .unwrap();
    assert_eq!(node.containers.find("WEB").unwrap().0, one);
    assert!(node.containers.find("nobody").is_none());
    let found = |wanted: &[&str]| -> Vec<u16> {
        let wanted = tags(wanted).unwrap_or_default();
        node.containers.list(&wanted).into_keys().collect()
    };
    assert_eq!(found(&[]), [one, two]);
    assert_eq!(found(&["web"]), [one, two]);
    assert_eq!(found(&["web", "demo"]), [one]);
    assert_eq!(found(&["other"]), Vec::<u16>::new());
    let info = serde_json::to_value(node.containers.get(one).unwrap()).unwrap();
    assert_eq!(info["root"], "/mnt/containers/1");
    assert_eq!(info["arguments"]["cgroups"], json!([["devices", "corex"]]));
    assert_eq!(info["arguments"]["nics"][0]["state"], "configured");
    let usage = node.containers.usage(one).unwrap();
    assert!(usage.rss > 0 && usage.vms > usage.rss, "{usage:?}");
    node.containers.terminate(one).await.unwrap();
    let again = node.containers.terminate(one).await.unwrap_err();
    assert_eq!(again.message, "no container with id '1'");
}

#[tokio::test]
async fn jobs_are_told_before_a_container_ends() {
    let Some(mut node) = node().await else { return };
    let id = node.create(from_folder()).await.unwrap();
    node.start(
        id,
        "trap 'echo bye; exit 3' TERM; echo > /tmp/up; while :; do sleep 0.01; done",
    );
    while node.bash(id, "test -e /tmp/up").await.code != 0 {}
    node.containers.terminate(id).await.unwrap();
    let result = node.result().await;
    assert_eq!(stream(&result, 0), "bye\n", "{result:?}");
    let container = id;
    let reason = "terminated".to_owned();
    assert_eq!(node.event().await, Event::Ended { container, reason });
    assert_eq!(node.containers.run(id, json!({})).unwrap_err().code, 404);
}

#[tokio::test]
async fn a_killed_init_is_reported() {
    let Some(mut node) = node().await else { return };
    let id = node.create(from_folder()).await.unwrap();
    node.start(id, "sleep 1000");
    let pid = node.containers.get(id).unwrap().pid;
    assert!(
        Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
    let reason = "signal 9".to_owned();
    assert_eq!(
        node.event().await,
        Event::Ended {
            container: id,
            reason
        }
    );
    assert!(node.containers.get(id).is_none());
    assert!(!node.dir.path().join("containers/1").exists());
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn fetch(address: IpAddr, port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::new(address, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

async fn fetched(port: u16) -> String {
    let fetching = move || fetch(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    tokio::task::spawn_blocking(fetching)
        .await
        .unwrap()
        .unwrap_or_default()
}

#[tokio::test]
async fn ports_lead_into_a_container() {
    let Some(mut node) = node().await else { return };
    let (first, second) = (free_port(), free_port());
    let ports = |port: u16| Some(IndexMap::from([(format!("{port}|tcp"), 80)]));
    let id = node
        .create(CreateArguments {
            port: ports(first),
            ..from_folder()
        })
        .await
        .unwrap();
    node.start(id, "server 80 > /tmp/up");
    while node.bash(id, "test -s /tmp/up").await.code != 0 {}
    assert_eq!(fetched(first).await, "hello");
    let listed = node.containers.get(id).unwrap().arguments.port.unwrap();
    assert_eq!(listed, IndexMap::from([(first.to_string(), 80)]));
    // A second way in, taken away again.
    node.containers
        .forward_add(id, &second.to_string(), 80)
        .await
        .unwrap();
    assert_eq!(fetched(second).await, "hello");
    let taken = node
        .containers
        .forward_add(id, &second.to_string(), 81)
        .await
        .unwrap_err();
    assert_eq!(taken.message, format!("port {second} already in use"));
    for _ in 0..2 {
        node.containers
            .forward_remove(id, &second.to_string(), 80)
            .unwrap();
    }
    assert_eq!(node.containers.forwards().len(), 1);
    // The listener goes with its task, a moment later.
    while TcpStream::connect((Ipv4Addr::LOCALHOST, second)).is_ok() {
        tokio::task::yield_now().await;
    }
    // Taken by a container, then by another program.
    for _ in 0..2 {
        let other = CreateArguments {
            port: ports(first),
            ..from_folder()
        };
        let error = node.create(other).await.unwrap_err();
        assert_eq!(error.message, format!("port {first} already in use"));
    }
    node.containers.terminate(id).await.unwrap();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, first)).is_ok() {
        tokio::task::yield_now().await;
    }
    let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
    let other = CreateArguments {
        port: ports(first),
        ..from_folder()
    };
    let error = node.create(other).await.unwrap_err();
    assert_eq!(error.message, format!("port {first} already in use"));
}

#[tokio::test]
async fn datagrams_lead_into_a_container() {
    let Some(mut node) = node().await else { return };
    let port = free_port();
    let id = node
        .create(CreateArguments {
            port: Some(IndexMap::from([(format!("{port}|udp"), 53)])),
            ..from_folder()
        })
        .await
        .unwrap();
    node.start(id, "server u53 > /tmp/up");
    while node.bash(id, "test -s /tmp/up").await.code != 0 {}
    let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    socket
        .send_to(b"ping", (Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    let mut answer = [0; 16];
    let n = timeout(PATIENCE, socket.recv(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer[..n], b"ping");
}

#[tokio::test]
async fn nodes_on_their_own_addresses_share_a_port() {
    let Some(first) = node().await else { return };
    let port = free_port();
    let with_port = CreateArguments {
        port: Some(IndexMap::from([(port.to_string(), 80)])),
        ..from_folder()
    };
    first.create(with_port.clone()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let address = IpAddr::V4(Ipv4Addr::new(127, 9, 8, 7));
    let config = Config {
        address,
        ..config(dir.path())
    };
    let (second, _events) = Containers::open(config).await.unwrap();
    second.create(with_port, None).await.unwrap();
    assert!(TcpStream::connect((address, port)).is_ok());
}

#[tokio::test]
async fn a_container_can_have_the_nodes_network() {
    let Some(mut node) = node().await else { return };
    let port = free_port();
    let id = node
        .create(CreateArguments {
            host_network: true,
            ..from_folder()
        })
        .await
        .unwrap();
    node.start(id, &format!("server {port} > /tmp/up"));
    while node.bash(id, "test -s /tmp/up").await.code != 0 {}
    assert_eq!(fetched(port).await, "hello");
    let refused = node
        .containers
        .nic_add(id, default_nic())
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (400, "cannot add a nic in host network mode")
    );
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let Some(node) = node().await else { return };
    let nic = |kind: &str, id: &str, name: &str| Nic {
        kind: kind.to_owned(),
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        ..Nic::default()
    };
    let nics = |nics: &[Nic]| CreateArguments {
        nics: nics.to_vec(),
        ..from_folder()
    };
    let mount = |host: &str, guest: &str| CreateArguments {
        mount: Some(IndexMap::from([(host.to_owned(), guest.to_owned())])),
        ..from_folder()
    };
    let port = |host: &str, guest: i64| CreateArguments {
        port: Some(IndexMap::from([(host.to_owned(), guest)])),
        ..from_folder()
    };
    let group = CreateArguments {
        cgroups: Some(vec![("memory".to_owned(), "none".to_owned())]),
        ..from_folder()
    };
    for (arguments, code, message) in [
        (
            mount("/no/such", "/x"),
            500,
            "host path '/no/such' does not exist",
        ),
        (mount("etc", "/x"), 500, "host path 'etc' must be absolute"),
        (mount("/etc", "x"), 500, "guest path 'x' must be absolute"),
        (port("99999", 80), 500, "invalid host port '99999'"),
        (port("80|sctp", 80), 500, "invalid host port '80|sctp'"),
        (port("8080", 70000), 500, "invalid guest port '70000'"),
        (
            nics(&[default_nic(), default_nic()]),
            500,
            "only one default network is allowed",
        ),
        (
            nics(&[nic("bridge", "nobr", "")]),
            404,
            "bridge 'nobr' not found: Link not found",
        ),
        (
            nics(&[nic("vlan", "1", "")]),
            412,
            "ovs is needed for VLAN network type",
        ),
        (
            nics(&[nic("ring", "1", "")]),
            500,
            "unsupported network type 'ring'",
        ),
        (
            nics(&[nic("zerotier", "1", "a"), nic("zerotier", "2", "a")]),
            500,
            "name 'a' is passed twice in the container",
        ),
        (
            nics(&[nic("default", "", "averyveryverylongname")]),
            500,
            "invalid name 'averyveryverylongname' too long",
        ),
        (group, 500, "invalid cgroup [memory none]"),
    ] {
        let error = node.create(arguments).await.unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }
    assert!(node.containers.list(&[]).is_empty());
}

#[tokio::test]
async fn services_of_an_image_start_with_it() {
    let Some(mut node) = node().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(&roots().folder)
        .arg(&root)
        .status();
    assert!(copied.unwrap().success());
    let startup = r#"
        [startup.entry]
        name = "bash"
        running_match = "up"
        [startup.entry.args]
        script = "echo {COLOUR}; echo up; sleep 1000"
        [startup.second]
        name = "bash"
        after = ["boot", "entry"]
        [startup.second.args]
        script = "echo > /tmp/second"
        [startup.never]
        name = "bash"
        after = ["nobody"]
        [startup.never.args]
        script = "echo > /tmp/never"
    "#;
    fs::write(root.join(".startup.toml"), startup).unwrap();
    let id = node
        .create(CreateArguments {
            root: root.to_str().unwrap().to_owned(),
            env: Some(IndexMap::from([("COLOUR".to_owned(), "red".to_owned())])),
            ..CreateArguments::default()
        })
        .await
        .unwrap();
    let mut said = Vec::new();
    while said.len() < 2 {
        let Some(Event::Message { message, .. }) = node.events.recv().await else {
            panic!("{said:?}");
        };
        said.push(serde_json::from_value::<Said>(message).unwrap());
    }
    let [Said::Started(started), Said::Record(record, false)] = &said[..] else {
        panic!("{said:?}");
    };
    assert_eq!(started, "entry");
    assert_eq!((record.core, record.command.as_str()), (id, "entry"));
    assert!(record.message.message.starts_with("red\n"), "{record:?}");
    assert_eq!(node.result().await.id, "second");
    assert_eq!(node.says(id, "ls /tmp").await, "second\n");
    let list = Job {
        id: "list".to_owned(),
        command: "job.list".to_owned(),
        arguments: json!({}),
        ..Job::default()
    };
    node.containers.run(id, json!(list)).unwrap();
    let listed = node.result().await.data;
    assert!(listed.contains(r#""id":"entry""#), "{listed}");
}

/// Not a test of its own: a node with a container that works, until it is killed.
#[test]
fn run_containers() {
    let Some(dir) = std::env::args().find_map(|a| a.strip_prefix("containers=").map(PathBuf::from))
    else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (containers, _events) = Containers::open(config(&dir)).await.unwrap();
        let id = containers.create(from_folder(), None).await.unwrap();
        let script = "echo busy > /tmp/file; sleep 1000 & sleep 1000";
        containers.run(id, json!(bash("busy", script))).unwrap();
        // Written as a whole: who waits for the file finds the number in it.
        let pid = containers.get(id).unwrap().pid.to_string();
        fs::write(dir.join("pid.new"), pid).unwrap();
        fs::rename(dir.join("pid.new"), dir.join("pid")).unwrap();
        std::future::pending::<()>().await;
    });
}

#[tokio::test]
async fn a_killed_node_leaves_nothing_after_the_next_start() {
    if node().await.is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "devnet::zos_container::run_containers",
            "--nocapture",
        ])
        .arg(format!("containers={}", dir.path().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = dir.path().join("pid");
    let begun = std::time::Instant::now();
    while !pid.exists() {
        assert!(begun.elapsed() < PATIENCE && child.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pid = fs::read_to_string(pid).unwrap();
    let state = fs::read(dir.path().join("containers/1/state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    // The helper stands still when the node dies, as a busy machine may have it.
    let helper = state["pid"].to_string();
    assert!(
        Command::new("kill")
            .args(["-STOP", &helper])
            .status()
            .unwrap()
            .success()
    );
    // So does the process of the node's network, if there is one.
    let network = fs::read(dir.path().join("switch.json")).ok().map(|text| {
        let state: Value = serde_json::from_slice(&text).unwrap();
        let pid = state["pid"].to_string();
        assert!(
            Command::new("kill")
                .args(["-STOP", &pid])
                .status()
                .unwrap()
                .success()
        );
        pid
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let (containers, _events) = Containers::open(config(dir.path())).await.unwrap();
    assert!(containers.list(&[]).is_empty());
    assert_eq!(
        fs::read_dir(dir.path().join("containers")).unwrap().count(),
        0
    );
    let begun = std::time::Instant::now();
    for gone in [pid, helper].into_iter().chain(network) {
        let path = PathBuf::from(format!("/proc/{gone}"));
        let dead = || {
            let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
            // Orphans that ended stay as zombies until the machine's init collects them.
            stat.is_empty() || stat.contains(") Z ")
        };
        while !dead() {
            assert!(begun.elapsed() < PATIENCE, "process {gone} lives");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(dir.path().to_str().unwrap()), "{mounts}");
    // And it works again, from number 1 on.
    assert_eq!(containers.create(from_folder(), None).await.unwrap(), 1);
}

#[tokio::test]
async fn a_machine_without_namespaces_says_so() {
    let dir = tempfile::tempdir().unwrap();
    // A program that ends at once stands for a machine that lets it do nothing.
    let script = dir.path().join("init");
    let mut file = File::create(&script).unwrap();
    file.write_all(b"#!/bin/sh\nexit 1\n").unwrap();
    drop(file);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let config = Config::new(dir.path().join("state"), &script);
    let (containers, _events) = Containers::open(config).await.unwrap();
    assert!(matches!(containers.support(), Support::No(_)));
    let error = containers.create(from_folder(), None).await.unwrap_err();
    assert_eq!(error.code, 501);
    assert!(
        error
            .message
            .starts_with("containers are not possible here: "),
        "{error}"
    );
}

/// The same in a user namespace that may make no other: what the kernel says reaches the user.
#[test]
fn a_forbidden_namespace_is_named() {
    let limit = "echo 0 > /proc/sys/user/max_mnt_namespaces && exec \"$0\" \"$@\"";
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new("unshare")
        .args(["-Ur", "sh", "-c", limit])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "devnet::zos_container::run_support",
            "--nocapture",
        ])
        .arg(format!("support={}", dir.path().display()))
        .output();
    match ran {
        Ok(out) if out.status.success() => {
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            assert!(text.contains("no containers on this machine"), "{text}");
            assert!(
                text.contains("raise sysctl user.max_mnt_namespaces"),
                "{text}"
            );
        }
        Ok(out) => eprintln!("skipped: {}", String::from_utf8_lossy(&out.stderr)),
        Err(e) => eprintln!("skipped: no unshare program: {e}"),
    }
}

/// Not a test of its own: prints what the machine allows.
#[test]
fn run_support() {
    let Some(dir) = std::env::args().find_map(|a| a.strip_prefix("support=").map(PathBuf::from))
    else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (containers, _events) = runtime.block_on(Containers::open(config(&dir))).unwrap();
    println!("{}", containers.support());
}

#[tokio::test]
async fn fifty_containers_one_after_another() {
    let Some(mut node) = node().await else { return };
    let begun = std::time::Instant::now();
    for n in 1..=50 {
        let id = node.create(from_folder()).await.unwrap();
        assert_eq!(id, n);
        assert_eq!(node.says(id, "echo $$ > /tmp/x; echo ok").await, "ok\n");
        node.containers.terminate(id).await.unwrap();
        let reason = "terminated".to_owned();
        assert_eq!(
            node.event().await,
            Event::Ended {
                container: id,
                reason
            }
        );
    }
    // A figure for people (the aim is 10 s), not a test.
    eprintln!("50 containers in {:?}", begun.elapsed());
}
