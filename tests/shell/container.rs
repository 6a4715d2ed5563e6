//! `site.shell()` typed in a real terminal: a person works inside a container of a node.
use std::process::Child;

use super::Kosmos;
use crate::devnet::image;
use crate::devnet::zos_node::{faults, skipped};

/// Programs of the container; those after the first three may be missing on a machine.
const PROGRAMS: &[&str] = &["sh", "cat", "sleep", "mkfifo", "rm", "mkdir", "env"];
/// What gives the shell a terminal of its own.
const TERMINAL: &[&str] = &["script", "stty", "tty"];

/// A node in a process of its own, ended with the test.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Works in the shell of a container that has these programs.
fn work(programs: &[&str], own_terminal: bool) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("node");
    let (child, addr) = faults::spawn(&root);
    let _node = Node(child);
    image::fill(&root.join("fs/image"), programs, &[]);
    let kosmos = Kosmos::with_store();
    let mut t = kosmos.terminal(&[]);
    t.prompt();
    let port = addr.port();
    t.line(&format!("vm = j.clients.zos.new('vm', port={port})"));
    let made = t.line("site = vm.containers.create('site', '/image', hostname='inside')");
    if made.contains("not on this node") {
        return skipped(&format!("a shell in a container: {}", made.trim()));
    }
    assert!(!made.to_lowercase().contains("error"), "{made}");
    t.keys("site.shell()\r");
    // Said by the shell that runs there: the host name, and that what is typed is read.
    t.see("# ");
    t.keys("cat /etc/hostname; echo; echo [$((40 + 2))]\r");
    t.see("inside");
    t.see("[42]");
    if own_terminal {
        t.keys("tty\r");
        t.see("/dev/pts/");
        // Ctrl-C is for what runs there, not for the shell here.
        t.keys("sleep 1000; echo [$((6 * 7))a]\r");
        t.see("sleep 1000");
        t.keys("\x03");
        t.keys("echo [$((6 * 7))b]\r");
        t.see("[42b]");
    }
    t.keys("exit\r");
    t.prompt();
    // Nothing stays there, and the terminal is as it was.
    let jobs = t.line("len(site.client.job.list())");
    assert_eq!(jobs.trim(), "1");
    let left = t.line("len(site.client.filesystem.list('/tmp'))");
    assert_eq!(left.trim(), "0");
    t.line("site.stop()");
    t.keys("\x04");
    assert_eq!(t.end().1, 0);
}

#[test]
fn a_container_gives_a_shell_with_a_terminal_of_its_own() {
    if let Some(missing) = TERMINAL.iter().find(|program| !is_here(program)) {
        return skipped(&format!("a terminal in a container: no {missing} here"));
    }
    work(&[PROGRAMS, TERMINAL].concat(), true);
}

#[test]
fn a_container_without_terminals_takes_whole_lines() {
    work(PROGRAMS, false);
}
