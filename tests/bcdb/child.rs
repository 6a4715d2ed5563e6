//! A process that is killed while it writes: what it said was stored is there, indexes agree.
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{PERSON, create, database, found, good, open, person};

const FOLDER: &str = "KOSMOS_TEST_BCDB_FOLDER";
/// Objects that a child wants to write.
const MANY: i64 = 10_000;

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "child: {text}").unwrap();
    out.flush().unwrap();
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "bcdb::child::child_process",
            "--ignored",
            "--nocapture",
        ])
        .args(["--test-threads", "1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
#[ignore = "runs only as a child of the other tests"]
fn child_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let store = open(&folder);
    let model = database(&store, "db").model_from_url("my.person").unwrap();
    let start = i64::try_from(model.count_all().unwrap()).unwrap();
    let mut n = start * 100;
    while n < start * 100 + MANY {
        // One by one, and in batches.
        let size = if n % 3 == 0 { 1 } else { 50 };
        let mut batch: Vec<_> = (n..n + size)
            .map(|n| person(&model, &format!("n{}", n % 5), &format!("m{n}"), n))
            .collect();
        model.save_all(&mut batch).unwrap();
        say(&format!("{} {n} {size}", batch[0].id().unwrap()));
        n += size;
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    database(&store, "db").model_from_text(PERSON).unwrap();
    drop(store);
    let mut acknowledged: Vec<(u64, i64)> = Vec::new();
    for round in 0..6 {
        let mut child = start(folder.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines
            .map_while(Result::ok)
            .filter_map(|line| Some(line.split_once("child: ")?.1.to_owned()));
        let mut said = vec![lines.next().expect("the first batch")];
        let mut random = [0u8; 1];
        getrandom::fill(&mut random).unwrap();
        // The moment is the point here; nothing is awaited.
        std::thread::sleep(Duration::from_micros(u64::from(random[0]) * 800));
        child.kill().unwrap();
        child.wait().unwrap();
        said.extend(lines);
        for line in said {
            let numbers: Vec<i64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
            for at in 0..numbers[2] {
                acknowledged.push(((numbers[0] + at).cast_unsigned(), numbers[1] + at));
            }
        }
        let db = database(&open(folder.path()), "db");
        let model = db.model_from_url("my.person").unwrap();
        for (id, n) in &acknowledged {
            let object = model
                .get(*id)
                .unwrap_or_else(|e| panic!("round {round}: {e}"));
            assert_eq!(object.get("email").unwrap().text(), format!("m{n}"));
        }
        let (id, n) = acknowledged.last().unwrap();
        assert_eq!(found(&model, &[("email", format!("m{n}").into())]), [*id]);
        // At most one batch was stored and not said.
        let count = usize::try_from(model.count_all().unwrap()).unwrap();
        assert!(count <= acknowledged.len() + 50 * (round + 1));
        good(&db);
    }
}
