//! What an operation costs. Printed, not asserted: run with `--ignored --nocapture`.
use std::io::Write;
use std::time::Instant;

use kosmos::store::{Expect, Unlock};

use super::env::{CLIENTS, Env, PASS, record};

fn report(what: &str, start: Instant, times: u32) {
    let each = start.elapsed() / times;
    let _ = writeln!(std::io::stderr(), "{what:32} {each:>12?}");
}

#[test]
#[ignore = "a measurement, not a test"]
fn speed_of_operations() {
    for count in [50u32, 1000, 10_000] {
        let env = Env::new();
        let store = env.create();
        let data = vec![0xa5; 340];
        let start = Instant::now();
        {
            let _hold = store.hold();
            for n in 0..count {
                store
                    .put(&record(&format!("n{n}"), &data), Expect::New)
                    .unwrap();
            }
        }
        report(&format!("{count}: save in a burst"), start, count);
        let start = Instant::now();
        for n in 0..20 {
            store
                .put(&record(&format!("m{n}"), &data), Expect::New)
                .unwrap();
        }
        report(&format!("{count}: save"), start, 20);
        drop(store);
        let start = Instant::now();
        let locked = env.locked().unwrap();
        report(&format!("{count}: open"), start, 1);
        let start = Instant::now();
        let store = locked.unlock(Unlock::Passphrase(PASS)).unwrap();
        report(&format!("{count}: unlock, cheapest kdf"), start, 1);
        let start = Instant::now();
        assert_eq!(
            store.list(CLIENTS, None).unwrap().len(),
            (count + 20) as usize
        );
        report(&format!("{count}: first list (decrypts)"), start, 1);
        let start = Instant::now();
        store.list(CLIENTS, None).unwrap();
        report(&format!("{count}: list"), start, 1);
        let start = Instant::now();
        store.get(CLIENTS, None, "n7").unwrap().unwrap();
        report(&format!("{count}: get"), start, 1);
        let start = Instant::now();
        store.backup(&env.path("b")).unwrap();
        report(&format!("{count}: backup and verify"), start, 1);
        let size: u64 = super::env::files(&env.dir())
            .iter()
            .map(|file| file.metadata().unwrap().len())
            .sum();
        let _ = writeln!(std::io::stderr(), "{count}: {} KiB on disk", size / 1024);
    }
}
