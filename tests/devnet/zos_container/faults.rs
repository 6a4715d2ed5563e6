//! Processes that die at any moment, and a full disk: nothing may stay behind.
use super::*;

/// Processes whose arguments hold a word.
fn processes(word: &str) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let holds = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(word)
    };
    let alone = std::process::id().cast_signed();
    pids.filter(|pid| *pid != alone).filter(holds).collect()
}

/// Waits until no process has a word in its arguments.
async fn gone(word: &str) {
    let begun = std::time::Instant::now();
    while !processes(word).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "{:?} live", processes(word));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn kill(pid: i32) {
    // SAFETY: kill takes two numbers; one of a process that is gone is an error that changes
    // nothing.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

fn named(hostname: &str) -> CreateArguments {
    CreateArguments {
        hostname: Some(hostname.to_owned()),
        ..from_folder()
    }
}

fn folders(dir: &Path) -> usize {
    fs::read_dir(dir.join("containers")).map_or(0, Iterator::count)
}

/// The helper, then the container's first process and its worker, each killed a little later into
/// the making of a container than the time before.
#[tokio::test]
async fn whoever_dies_while_a_container_is_made_leaves_nothing() {
    let Some(mut node) = node().await else { return };
    let mut ended = 0;
    for step in 0..12_u64 {
        let hostname = format!("dies{}x{step}", std::process::id());
        let killer = {
            let hostname = hostname.clone();
            tokio::task::spawn_blocking(move || {
                let begun = std::time::Instant::now();
                let look = || loop {
                    // A process that is just being replaced shows no arguments.
                    let mut found = processes(&hostname);
                    if !found.is_empty() || begun.elapsed() > PATIENCE {
                        found.sort_unstable();
                        return found;
                    }
                };
                look();
                std::thread::sleep(Duration::from_micros(step * 1500));
                // The oldest is the helper, the youngest the worker, once it is there.
                let found = look();
                let victim = if step % 2 == 0 {
                    found.first()
                } else {
                    found.last()
                };
                if let Some(victim) = victim {
                    kill(*victim);
                }
            })
        };
        let made = node.create(named(&hostname)).await;
        killer.await.unwrap();
        if let Ok(id) = made {
            let event = node.event().await;
            assert!(
                matches!(&event, Event::Ended { container, .. } if *container == id),
                "{event:?}"
            );
            ended += 1;
        }
        gone(&hostname).await;
        assert!(node.containers.list(&[]).is_empty(), "step {step}");
        assert_eq!(folders(node.dir.path()), 0, "step {step}");
    }
    eprintln!("{ended} of 12 containers stood before they were killed");
    // And the node is as it was.
    let id = node.create(from_folder()).await.unwrap();
    assert_eq!(node.says(id, "echo well").await, "well\n");
}

/// Not a test of its own: a node that makes containers until it is killed.
#[test]
fn run_creates() {
    let Some(dir) = std::env::args().find_map(|a| a.strip_prefix("creates=").map(PathBuf::from))
    else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (containers, _events) = Containers::open(config(&dir)).await.unwrap();
        let hostname = fs::read_to_string(dir.join("hostname")).unwrap();
        fs::write(dir.join("begun"), "").unwrap();
        loop {
            let id = containers.create(named(&hostname), None).await.unwrap();
            containers
                .run(id, json!(bash("busy", "sleep 1000")))
                .unwrap();
        }
    });
}

#[tokio::test]
async fn a_node_that_dies_while_it_makes_a_container_leaves_nothing() {
    if node().await.is_none() {
        return;
    }
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    for step in 0..8_u64 {
        let dir = tempfile::tempdir().unwrap();
        let hostname = format!("falls{}x{step}", std::process::id());
        fs::write(dir.path().join("hostname"), &hostname).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "devnet::zos_container::faults::run_creates",
                "--nocapture",
            ])
            .arg(format!("creates={}", dir.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = std::time::Instant::now();
        while !dir.path().join("begun").exists() {
            assert!(begun.elapsed() < PATIENCE && child.try_wait().unwrap().is_none());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(step * 9)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let (containers, _events) = Containers::open(config(dir.path())).await.unwrap();
        assert!(containers.list(&[]).is_empty());
        assert_eq!(folders(dir.path()), 0, "step {step}");
        gone(&hostname).await;
    }
    assert_eq!(mounts(), before);
}

/// Not a test of its own: a node on a disk of 2 MiB.
#[test]
fn run_full_disk() {
    let Some(dir) = std::env::args().find_map(|a| a.strip_prefix("disk=").map(PathBuf::from))
    else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (containers, events) = Containers::open(config(&dir)).await.unwrap();
        if let Support::No(reason) = containers.support() {
            println!("skipped: no containers in a user namespace: {reason}");
            return;
        }
        let mut node = Node {
            // Not the disk: that lives on outside.
            dir: tempfile::tempdir().unwrap(),
            containers,
            events,
        };
        // A container fills the disk: it is told, and everybody lives on.
        let id = node.create(from_folder()).await.unwrap();
        let said = node.refuses(id, "cat /dev/zero > /tmp/all").await;
        assert!(said.contains("No space left"), "{said}");
        let error = node.create(from_folder()).await.unwrap_err();
        assert!(error.message.contains("No space left"), "{error}");
        assert_eq!(
            folders(&dir),
            1,
            "nothing stays of the one that had no place"
        );
        assert_eq!(node.says(id, "echo alive").await, "alive\n");
        // With it goes what it took.
        node.containers.terminate(id).await.unwrap();
        assert!(matches!(node.event().await, Event::Ended { .. }));
        assert_eq!(folders(&dir), 0);
        let next = node.create(from_folder()).await.unwrap();
        assert_eq!(node.says(next, "echo again").await, "again\n");
        node.containers.stop().await;
        println!("the disk was full and is free again");
    });
}

#[test]
fn a_full_disk_is_told_and_outlived() {
    let test = "devnet::zos_container::faults::run_full_disk";
    on_a_small_disk(test, "the disk was full");
}

/// Runs a test of this binary again, with a disk of 2 MiB as its folder, until it says a text.
pub fn on_a_small_disk(test: &str, says: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=2m,mode=700 none \"$1\" && shift && exec \"$@\"";
    // SAFETY: geteuid only reads.
    let root = unsafe { libc::geteuid() } == 0;
    let ran = Command::new("unshare")
        .args([if root { "-m" } else { "-Urm" }, "sh", "-c", mount, "sh"])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .arg(format!("disk={}", dir.path().display()))
        .output();
    match ran {
        Ok(out) => {
            let told = String::from_utf8_lossy(&out.stdout).into_owned();
            let errors = String::from_utf8_lossy(&out.stderr).into_owned();
            if let Some(why) = told.lines().find(|line| line.starts_with("skipped:")) {
                eprintln!("{why}");
            } else if errors.contains("unshare:") || errors.contains("mount:") {
                eprintln!("skipped: no disk of its own: {errors}");
            } else {
                assert!(told.contains(says), "{told}{errors}");
            }
        }
        Err(e) => eprintln!("skipped: no unshare program: {e}"),
    }
}
