//! `kosmos devnet …`: a chain of its own in the background.
use super::{Kosmos, outcome};

/// Stops what a test started, also when the test fails.
struct Stopped<'k>(&'k Kosmos, &'k [&'k str]);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.run(self.1, "");
    }
}

#[test]
fn a_devnet_is_started_asked_stopped_and_deleted() {
    let kosmos = Kosmos::new();
    let run = |args: &[&str]| outcome(&kosmos.run(args, ""));
    let (code, out, err) = run(&["devnet", "status"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("No devnet runs on") && err.contains("kosmos devnet start"),
        "{out}{err}"
    );
    let _stopped = Stopped(&kosmos, &["devnet", "stop"]);
    let (code, out, err) = run(&["devnet", "start", "--port", "0", "--block-time", "0.05"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.starts_with("devnet on http://127.0.0.1:")
            && out.contains("every 0.05 s")
            && out.contains("\npages: http://127.0.0.1:"),
        "{out}"
    );
    let (code, status, _) = run(&["devnet", "status"]);
    assert_eq!((code, status.lines().next()), (0, out.lines().next()));
    // A second one on the same folder is refused, and says why.
    let (code, _, err) = run(&["devnet", "start", "--port", "0"]);
    assert!(code == 1 && err.contains("run"), "{err}");
    assert_eq!(
        run(&["devnet", "stop"]).1,
        "The devnet is stopped; its chain is kept.\n"
    );
    assert_eq!(run(&["devnet", "stop"]).1, "No devnet was running.\n");
    assert_eq!(
        run(&["devnet", "reset"]).1,
        "The devnet's chain is deleted.\n"
    );
    assert_eq!(run(&["devnet", "reset"]).1, "There was no devnet.\n");
}

#[test]
fn a_devnet_that_was_started_elsewhere_is_the_one_that_is_used() {
    let kosmos = Kosmos::new();
    let dir = kosmos.path("elsewhere");
    let named = dir.display().to_string();
    let stop = ["devnet", "stop", "--dir", &named];
    let _stopped = Stopped(&kosmos, &stop);
    let script = format!(
        "d = j.devnet.start(port=0, dir='{}')\nprint(j.devnet.status().dir)\n\
         print(j.devnet.block_make().height > 1)\nprint(j.devnet.stop())\n",
        dir.display()
    );
    let (code, out, err) = outcome(&kosmos.run(&["--strict"], &script));
    let wanted = format!("{}\nTrue\nTrue\n", dir.display());
    assert_eq!((code, out.as_str()), (0, wanted.as_str()), "{err}");
    assert!(!kosmos.home().join("devnet").exists());
}

#[test]
fn a_devnet_in_the_foreground_ends_with_ctrl_c() {
    let kosmos = Kosmos::new();
    let mut t = kosmos.terminal(&["devnet", "start", "--foreground", "--port", "0"]);
    t.see("devnet on http://127.0.0.1:");
    t.see("state in ");
    t.keys("\x03");
    assert_eq!(t.end().1, 0);
}

#[test]
fn wrong_options_are_refused() {
    let kosmos = Kosmos::new();
    for args in [
        ["--block-time", "-1"],
        ["--block-time", "x"],
        ["--block-time", "0.001"],
        ["--port", "70000"],
    ] {
        let args = [["devnet", "start"].as_slice(), &args].concat();
        assert_eq!(kosmos.run(&args, "").status.code(), Some(2), "{args:?}");
    }
    let (code, _, err) = outcome(&kosmos.run(
        &["devnet", "start", "--import", "none.json", "--port", "0"],
        "",
    ));
    assert!(code == 1 && err.contains("none.json"), "{err}");
}
