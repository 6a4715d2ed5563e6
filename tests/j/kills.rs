//! The whole devnet killed with signal 9 in the middle of what its broker does, and started again:
//! everything is finished or paid back, never both, never twice, and nothing stays behind.
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Session, Settings};
use crate::devnet::child;

const BOT: &str = "your3bot.fancyname";
/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A devnet in a process of its own, and a wallet with a 3bot on its chain.
struct Grid {
    dir: tempfile::TempDir,
    seed: String,
    child: Option<Child>,
}

impl Grid {
    fn new() -> Grid {
        let dir = tempfile::tempdir().unwrap();
        let mut grid = Grid {
            dir,
            seed: String::new(),
            child: None,
        };
        grid.start(None);
        let mut s = grid.session();
        s.says(
            "c = j.clients.tfchain.new('first', network_type='DEV')\nw = c.wallets.new('first')",
        );
        grid.seed = s.text("w.seed");
        for _ in 0..3 {
            s.says("t = c.faucet_request(w.address)\nb = j.devnet.block_make()");
        }
        s.says(&format!(
            "t = w.threebot.record_new(names=['{BOT}'], months=4)\nb = j.devnet.block_make()"
        ));
        grid
    }

    fn devnet(&self) -> PathBuf {
        self.dir.path().join("devnet")
    }

    fn session(&self) -> Session {
        Session::new(Settings {
            devnet_dir: self.devnet(),
            ephemeral: true,
            ..Settings::default()
        })
    }

    /// A new shell with the same wallet: the devnet has other ports after each start.
    fn shell(&self) -> Session {
        let mut s = self.session();
        s.says("c = j.clients.tfchain.new('again', network_type='DEV')");
        s.says(&format!("w = c.wallets.new('again', seed='{}')", self.seed));
        s
    }

    /// Starts the devnet, which kills itself before the broker takes a step.
    fn start(&mut self, step: Option<&str>) {
        let step = step.map(|step| format!("step={step}"));
        let child = child::spawn_with(&self.devnet(), step.as_slice());
        let pid = child.id();
        self.child = Some(child);
        // Of this start: that of the one before was killed and left its file.
        let file = self.devnet().join("node.json");
        until("the devnet starts", || {
            let told = std::fs::read(&file).ok()?;
            let told: Value = serde_json::from_slice(&told).ok()?;
            (told["pid"] == pid).then_some(())
        });
    }

    /// Waits until the devnet has killed itself.
    fn killed(&mut self) {
        let mut child = self.child.take().unwrap();
        let status = until("the devnet is killed", || child.try_wait().unwrap());
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{status}");
    }

    /// Kills it wherever it is.
    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What the broker has written down about a payment.
    fn job(&self, id: &str) -> Option<Value> {
        let text = std::fs::read(self.devnet().join("grid/broker.json")).ok()?;
        let book: Value = serde_json::from_slice(&text).unwrap();
        book["jobs"].get(id).cloned()
    }

    fn wait_for_stage(&self, id: &str, stage: &str) {
        until(stage, || self.job(id).filter(|job| job["stage"] == stage));
    }

    fn machine(&self, id: &str) -> PathBuf {
        self.devnet().join("grid/workloads").join(id)
    }

    /// Does something that the devnet does not survive, and starts it again. The payment that
    /// was made with it.
    fn killed_at(&mut self, step: &str, typed: &str) -> (Session, String) {
        let before = payments(&mut self.shell());
        self.kill();
        self.start(Some(step));
        // Its answer may not come any more.
        let _ = self.shell().ask(typed);
        self.killed();
        self.start(None);
        let mut s = self.shell();
        let mut new = payments(&mut s);
        new.retain(|id| !before.contains(id));
        assert_eq!(new.len(), 1, "{step}: {new:?}");
        (s, new.remove(0))
    }
}

/// The payments for all reservations of the wallet.
fn payments(s: &mut Session) -> Vec<String> {
    let all = s.value("w.capacity.reservations_transactions_list()");
    let all = all.unwrap().to_json();
    let ids = all.as_array().unwrap().iter();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

impl Drop for Grid {
    fn drop(&mut self) {
        self.kill();
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Mails about a payment.
fn mails(s: &mut Session, id: &str) -> Vec<String> {
    let all = s.value("j.devnet.mails()").unwrap();
    let all: Value = all.to_json();
    all.as_array()
        .unwrap()
        .iter()
        .filter(|mail| mail["key"].as_str().unwrap().starts_with(id))
        .map(|mail| mail["subject"].as_str().unwrap().to_owned())
        .collect()
}

fn coins(s: &mut Session) -> f64 {
    let text = s.says("w.balance.available");
    text.trim_end_matches(" TFT").parse().unwrap()
}

/// Blocks that pass, so that what is done twice shows.
fn some_blocks(s: &mut Session) {
    s.says("b = j.devnet.block_make()\nb = j.devnet.block_make()\nb = j.devnet.block_make()");
}

/// Processes of the machine in a folder.
fn processes(of: &str) -> Vec<String> {
    let mark = format!("KOSMOS_ZOS_NODE={of}\0");
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let of_it = all.filter(|entry| {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let mut windows = environment.windows(mark.len());
        windows.any(|part| part == mark.as_bytes())
    });
    of_it
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn mounts_below(dir: &Path) -> Vec<String> {
    let dir = dir.canonicalize().unwrap();
    let all = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let below = all
        .lines()
        .filter(|line| line.contains(&*dir.to_string_lossy()));
    below.map(str::to_owned).collect()
}

#[test]
fn a_machine_is_deployed_once_wherever_the_devnet_is_killed() {
    let mut grid = Grid::new();
    for step in ["take", "taken", "deploy", "deployed", "told"] {
        let before = coins(&mut grid.shell());
        let reserve = format!("w.capacity.reserve_zos_vm('user@mail.com', '{BOT}', 'vienna.farm')");
        let (mut s, id) = grid.killed_at(step, &reserve);
        let host = s.text(&format!("j.devnet.mail_wait('{id}').value('0-OS address')"));
        let (host, port) = host.split_once(':').unwrap();
        s.says(&format!(
            "vm = j.clients.zos.get('vm', host='{host}', port={port})"
        ));
        assert!(s.says("vm.ping()").contains("PONG"), "{step}");
        some_blocks(&mut s);
        grid.wait_for_stage(&id, "deployed");
        assert_eq!(
            mails(&mut s, &id),
            ["Your virtual 0-OS is ready on the Threefold grid"],
            "{step}"
        );
        let paid = before - coins(&mut s);
        assert!((paid - 42.65).abs() < 1e-6, "{step}: {paid}");
    }
    assert_eq!(mounts_below(grid.dir.path()), [""; 0]);
}

#[test]
fn a_refund_is_paid_once_wherever_the_devnet_is_killed() {
    let mut grid = Grid::new();
    for step in [
        "take",
        "taken",
        "refund",
        "signed",
        "submitted",
        "refund told",
    ] {
        let before = coins(&mut grid.shell());
        let reserve = format!("w.capacity.reserve_s3('user@mail.com', '{BOT}', 'vienna.farm')");
        let (mut s, id) = grid.killed_at(step, &reserve);
        let mail = s.says(&format!("j.devnet.mail_wait('{id}')"));
        assert!(
            mail.contains("can only deploy s3 in freefarm.s3-storage"),
            "{step}: {mail}"
        );
        grid.wait_for_stage(&id, "refunded");
        some_blocks(&mut s);
        assert_eq!(mails(&mut s, &id), ["Reservation failed"], "{step}");
        // The fee of the payment, and what the refund keeps back.
        let lost = before - coins(&mut s);
        assert!((lost - 1.1).abs() < 1e-6, "{step}: {lost}");
        assert_eq!(s.says("w.capacity.list()[0].state"), "'refunded'");
    }
}

#[test]
fn what_cannot_be_started_is_tried_again_after_a_kill_and_then_paid_back_or_there() {
    let mut grid = Grid::new();
    let workloads = grid.devnet().join("grid/workloads");
    let reserve = format!("w.capacity.reserve_zos_vm('user@mail.com', '{BOT}', 'vienna.farm')");
    // Nothing can be made there while a file has its name.
    std::fs::write(&workloads, "").unwrap();
    let before = coins(&mut grid.shell());
    let (mut s, id) = grid.killed_at("give up", &reserve);
    let refunded = id.clone();
    let mail = s.says(&format!("j.devnet.mail_wait('{id}')"));
    assert!(mail.contains("Reservation failed"), "{mail}");
    grid.wait_for_stage(&id, "refunded");
    some_blocks(&mut s);
    assert!((before - coins(&mut s) - 1.1).abs() < 1e-6);
    // Whatever was in the way has gone when it starts again.
    grid.kill();
    grid.start(Some("give up"));
    let _ = grid.shell().ask(&reserve);
    grid.killed();
    std::fs::remove_file(&workloads).unwrap();
    grid.start(None);
    let mut s = grid.shell();
    let mut ids = payments(&mut s);
    ids.retain(|id| *id != refunded);
    let id = ids.remove(0);
    let mail = s.says(&format!("j.devnet.mail_wait('{id}')"));
    assert!(mail.contains("Your virtual 0-OS is ready"), "{mail}");
    grid.wait_for_stage(&id, "deployed");
    some_blocks(&mut s);
    assert_eq!(mails(&mut s, &id).len(), 1);
}

#[test]
fn more_time_is_given_once_wherever_the_devnet_is_killed() {
    let mut grid = Grid::new();
    let mut s = grid.shell();
    s.says(&format!(
        "r = w.capacity.reserve_zdb_namespace('user@mail.com', '{BOT}', 'vienna.farm', size=2, duration=1)"
    ));
    let first = s.text("r.transaction.id");
    s.says(&format!("j.devnet.mail_wait('{first}')"));
    grid.wait_for_stage(&first, "deployed");
    let ends = |grid: &Grid| grid.job(&first).unwrap()["expiry"].as_u64().unwrap();
    for step in ["taken", "extend", "extended"] {
        let before = ends(&grid);
        let more = format!("w.capacity.reservation_extend('{first}', 'user@mail.com', duration=2)");
        let (mut s, id) = grid.killed_at(step, &more);
        s.says(&format!("j.devnet.mail_wait('{id}')"));
        grid.wait_for_stage(&id, "extended");
        some_blocks(&mut s);
        assert_eq!(mails(&mut s, &id), ["Reservation extended"], "{step}");
        let more = ends(&grid) - before;
        assert!(more.abs_diff(2 * 30 * 86_400) < 60, "{step}: {more}");
    }
}

#[test]
fn a_machine_whose_week_is_over_is_gone_wherever_the_devnet_is_killed() {
    let mut grid = Grid::new();
    for (step, ahead) in [("remove", 8), ("removed", 16)] {
        let mut s = grid.shell();
        s.says(&format!(
            "r = w.capacity.reserve_zos_vm('user@mail.com', '{BOT}', 'vienna.farm')"
        ));
        let id = s.text("r.transaction.id");
        let host = s.text(&format!("j.devnet.mail_wait('{id}').value('0-OS address')"));
        let (host, port) = host.split_once(':').unwrap();
        s.says(&format!(
            "vm = j.clients.zos.get('vm', host='{host}', port={port})"
        ));
        // It is in use: a process, and a container with one where this machine allows it.
        s.says("job = vm.client.bash('sleep 1000')");
        let folder = grid.machine(&id);
        let root = folder.join("fs/root");
        std::fs::create_dir_all(root.join("bin")).unwrap();
        if let Err(error) = s.ask("box = vm.containers.create(name='box', flist='/root')") {
            crate::devnet::zos_node::skipped(&format!("the half with a container: {error}"));
        }
        let mark = std::fs::read_to_string(folder.join("kosmos-zos-node")).unwrap();
        assert!(!processes(&mark).is_empty());
        grid.wait_for_stage(&id, "deployed");
        grid.kill();
        grid.start(Some(step));
        let mut s = grid.shell();
        let _ = s.ask(&format!(
            "o = j.devnet.clock_offset({})\nb = j.devnet.block_make()",
            ahead * 86_400
        ));
        grid.killed();
        grid.start(None);
        grid.wait_for_stage(&id, "over");
        assert!(!folder.exists(), "{step}");
        assert_eq!(processes(&mark), [""; 0], "{step}");
        assert_eq!(mounts_below(grid.dir.path()), [""; 0], "{step}");
        let mut s = grid.shell();
        assert_eq!(mails(&mut s, &id).len(), 1, "{step}");
        assert!(s.says("w.capacity.list()[0].state").len() > 2);
    }
}
