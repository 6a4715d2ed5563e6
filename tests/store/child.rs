//! Faults that need a process of their own: killed while saving, full disk, other umask, no
//! rights, a second process. The test binary runs itself with the task in an environment
//! variable; `child_process` is where such a run begins.
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kosmos::store::{
    Expect, Health, KdfCost, NewLock, Options, Store, StoreError, Unlock, harden_process,
};

use super::env::{CLIENTS, Env, files, record};
use crate::skipped::skipped;

const TASK: &str = "KOSMOS_TEST_STORE_TASK";
const FOLDER: &str = "KOSMOS_TEST_STORE_FOLDER";
/// Size that no file may exceed on the "full disk", in bytes.
const FULL: u64 = 600 * 1024;

fn run(task: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "store::child::child_process",
            "--ignored",
            "--nocapture",
        ])
        .args(["--test-threads", "1"])
        .env(TASK, task)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Lines that the child says, without those of the test runner.
fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.split_once("child: ").map(|(_, text)| text.to_owned()))
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "child: {text}").unwrap();
    out.flush().unwrap();
}

fn options() -> Options {
    Options {
        kdf: KdfCost::LOWEST,
        ..Options::default()
    }
}

fn open(folder: &Path) -> Result<Store, StoreError> {
    let locked = Store::open(&folder.join("store"), options())?;
    locked.unlock(Unlock::KeyFile(&folder.join("key")))
}

fn create(env: &Env) -> PathBuf {
    let folder = env.path("");
    let lock = folder.join("key");
    Store::create(&env.dir(), NewLock::NewKeyFile(&lock), options()).unwrap();
    folder
}

fn name(round: usize, n: usize) -> String {
    format!("r{round}n{n}")
}

fn data(name: &str) -> Vec<u8> {
    name.repeat(40).into_bytes()
}

#[test]
#[ignore = "runs only as a child of the other tests"]
fn child_process() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let (task, number) = task.split_once(' ').unwrap_or((&task, "0"));
    let round: usize = number.parse().unwrap();
    match task {
        "save" => save_for_ever(&folder, round),
        "full" => fill_the_disk(&folder),
        "umask" => create_with_open_umask(&folder),
        "rights" => match open(&folder) {
            Ok(_) => say("opened"),
            Err(e) => say(&format!("refused: {e}")),
        },
        "hold" => {
            let store = open(&folder).unwrap();
            let _hold = store.hold();
            store.put(&record("held", b"x"), Expect::New).unwrap();
            say("holding");
            let _ = std::io::stdin().lines().next();
        }
        "harden" => {
            harden_process();
            let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
            let core = limits
                .lines()
                .find(|l| l.starts_with("Max core file size"))
                .unwrap_or("");
            say(&core.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        other => panic!("unknown task {other}"),
    }
}

fn save_for_ever(folder: &Path, round: usize) {
    let store = open(folder).unwrap();
    for n in 0.. {
        let name = name(round, n);
        // Also within bursts, where several saves share an open engine.
        let _hold = (n % 20 > 10).then(|| store.hold());
        store
            .put(&record(&name, &data(&name)), Expect::New)
            .unwrap();
        say(&name);
    }
}

#[test]
fn acknowledged_records_survive_kill_9() {
    let env = Env::new();
    let folder = create(&env);
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..20 {
        let mut child = run(&format!("save {round}"), &folder).spawn().unwrap();
        let mut lines = said(&mut child);
        acknowledged.push(lines.next().expect("the first save"));
        let mut random = [0u8; 1];
        getrandom::fill(&mut random).unwrap();
        // The moment is the point here; nothing is awaited.
        std::thread::sleep(Duration::from_micros(u64::from(random[0]) * 200));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(lines);

        let store = open(&folder).unwrap_or_else(|e| panic!("round {round}: {e}"));
        assert_eq!(store.health(), Health::Good, "round {round}");
        let names: Vec<String> = store
            .list(CLIENTS, None)
            .unwrap()
            .into_iter()
            .map(|s| s.name)
            .collect();
        for name in &acknowledged {
            assert!(names.contains(name), "round {round}: {name} was lost");
        }
        for saved in store.scan(CLIENTS, None).unwrap().records {
            assert_eq!(saved.data.as_slice(), data(&saved.name), "round {round}");
        }
        assert!(names.len() <= acknowledged.len() + round + 1);
        assert!(store.damaged().unwrap().is_empty());
    }
    assert!(open(&folder).unwrap().check().unwrap().damaged.is_empty());
    let left: Vec<_> = files(&env.dir())
        .into_iter()
        .filter(|file| file.extension() == Some("tmp".as_ref()))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A process that is killed while sled writes a snapshot leaves a part of one behind.
#[test]
fn an_unfinished_snapshot_is_no_obstacle() {
    let env = Env::new();
    let folder = create(&env);
    open(&folder)
        .unwrap()
        .put(&record("kept", b"x"), Expect::New)
        .unwrap();
    for content in [b"".as_slice(), b"half a snapshot".as_slice()] {
        let left = env.dir().join("sled/snap.FFFFFFFFFFFFFFFF.generating");
        std::fs::write(&left, content).unwrap();
        let store = open(&folder).unwrap();
        assert_eq!(store.health(), Health::Good);
        assert!(store.exists(CLIENTS, None, "kept").unwrap());
        assert!(!left.exists());
    }
}

fn fill_the_disk(folder: &Path) {
    let limit = libc::rlimit {
        rlim_cur: FULL,
        rlim_max: FULL,
    };
    // SAFETY: the struct lives through the call; an ignored signal turns into an error of write.
    unsafe {
        libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
    let store = open(folder).unwrap();
    let mut failures = 0;
    for n in 0..400 {
        let name = name(0, n);
        match store.put(&record(&name, &data(&name).repeat(12)), Expect::New) {
            Ok(_) => say(&name),
            Err(e) => {
                failures += 1;
                say(&format!("failed: {e}"));
                if failures > 3 {
                    break;
                }
            }
        }
    }
    say("alive");
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let env = Env::new();
    let folder = create(&env);
    let mut child = run("full", &folder).spawn().unwrap();
    let lines: Vec<String> = said(&mut child).collect();
    let status = child.wait().unwrap();
    assert!(status.success(), "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("alive"), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("failed: ")),
        "the disk was never full"
    );
    // With room again, everything acknowledged is there.
    let store = open(&folder).unwrap();
    assert_eq!(store.health(), Health::Good);
    for name in lines.iter().filter(|line| line.starts_with('r')) {
        let saved = store.get(CLIENTS, None, name).unwrap();
        assert_eq!(saved.expect(name).data.as_slice(), data(name).repeat(12));
    }
    store.put(&record("after", b"x"), Expect::New).unwrap();
}

fn create_with_open_umask(folder: &Path) {
    // SAFETY: umask only swaps a number in the process.
    unsafe { libc::umask(0) };
    let key = folder.join("key");
    let lock = NewLock::NewKeyFile(&key);
    let (store, _) = Store::create(&folder.join("store"), lock, options()).unwrap();
    for n in 0..3 {
        store
            .put(&record(&name(0, n), &vec![7; 100_000]), Expect::New)
            .unwrap();
    }
    store.export(&folder.join("export"), "pass").unwrap();
    store.backup(&folder.join("backup")).unwrap();
    drop(store);
    std::fs::write(folder.join("umask"), b"").unwrap();
}

#[test]
fn files_are_private_whatever_the_umask() {
    let env = Env::new();
    let folder = env.path("");
    assert!(run("umask", &folder).status().unwrap().success());
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.join("umask")), 0o666, "the umask is as it was");
    for dir in ["store", "store/sled", "store/sled/blobs", "store/backups"] {
        assert_eq!(mode(&folder.join(dir)), 0o700, "{dir}");
    }
    for file in files(&folder) {
        if !file.ends_with("umask") {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
}

#[test]
fn a_folder_without_write_permission_is_an_error() {
    let env = Env::new();
    let folder = create(&env);
    let mut command = run("rights", &folder);
    // SAFETY: geteuid only reads a number.
    if unsafe { libc::geteuid() } == 0 {
        // Root may write everywhere: give the files to nobody and run as nobody.
        let nobody = 65534;
        let all = files(&folder)
            .into_iter()
            .chain(["", "store", "store/sled", "store/sled/blobs"].map(|dir| folder.join(dir)));
        for path in all {
            if let Err(error) = std::os::unix::fs::chown(path, Some(nobody), Some(nobody)) {
                skipped(&format!(
                    "this root may not give a file to another user: {error}"
                ));
                return;
            }
        }
        command.uid(nobody).gid(nobody);
    }
    let modes = |dir: u32, file: u32| {
        for path in files(&env.dir()) {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(file)).unwrap();
        }
        for path in [env.dir(), env.dir().join("sled")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(dir)).unwrap();
        }
    };
    modes(0o500, 0o400);
    let mut child = command.spawn().unwrap();
    let lines: Vec<String> = said(&mut child).collect();
    child.wait().unwrap();
    modes(0o700, 0o600);
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert!(line.starts_with("refused: could not "), "{line}");
    assert!(line.contains("ermission denied"), "{line}");
    open(&folder).unwrap();
}

#[test]
fn another_process_is_named_and_waited_for() {
    let env = Env::new();
    let folder = create(&env);
    let mut child = run("hold", &folder).stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = said(&mut child);
    assert_eq!(lines.next().as_deref(), Some("holding"));
    let mut options = options();
    options.lock_wait = Duration::from_millis(20);
    match Store::open(&env.dir(), options).err() {
        Some(StoreError::Locked { pid, .. }) => assert_eq!(pid, Some(child.id())),
        other => panic!("{other:?}"),
    }
    // It lets go while we wait.
    let waiting = {
        let folder = folder.clone();
        std::thread::spawn(move || open(&folder).map(|store| store.count().unwrap()))
    };
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert_eq!(waiting.join().unwrap().unwrap(), 1);
    child.wait().unwrap();
}

#[test]
fn a_hardened_process_leaves_no_core() {
    let env = Env::new();
    let mut child = run("harden", &env.path("")).spawn().unwrap();
    let lines: Vec<String> = said(&mut child).collect();
    child.wait().unwrap();
    if cfg!(target_os = "linux") {
        // After PR_SET_DUMPABLE 0 only root may still read this file.
        let readable = lines.first().is_some_and(|line| !line.is_empty());
        if readable {
            assert_eq!(lines, ["Max core file size 0 0 bytes"]);
        }
    }
}
