//! What others must not see: permissions of files, names and values in them.
use std::os::unix::fs::PermissionsExt;

use kosmos::store::{Expect, Store, Warning};

use super::env::{Env, PASS, below, files, record};

/// Whether bytes occur in any file below a folder.
fn occurs(dir: &std::path::Path, needle: &[u8]) -> bool {
    files(dir).iter().any(|file| {
        std::fs::read(file)
            .unwrap()
            .windows(needle.len())
            .any(|w| w == needle)
    })
}

#[test]
fn names_values_and_secrets_are_in_no_file() {
    let env = Env::new();
    let store = env.create();
    let owner = store
        .put(&record("visible_client", b""), Expect::New)
        .unwrap()
        .id;
    let seed = b"bullet absurd cabin dose void wink";
    let saved = store
        .put(&below(Some(owner), "pocket_money", seed), Expect::New)
        .unwrap();
    store.backup(&env.path("b.backup")).unwrap();
    store
        .export(&env.path("e.export"), "travel passphrase")
        .unwrap();
    store.delete(saved.id).unwrap();
    let folder = env.path("");
    for needle in [
        b"visible_client".as_slice(),
        b"pocket_money",
        seed,
        b"absurd",
        b"j.clients",
        PASS.as_bytes(),
        b"travel passphrase",
        owner.to_string().as_bytes(),
    ] {
        assert!(
            !occurs(&folder, needle),
            "{:?}",
            String::from_utf8_lossy(needle)
        );
    }
    // The search works: the schema text is kept in clear.
    assert!(occurs(&env.dir(), b"@url = jumpscale"));
}

#[test]
fn debug_texts_show_no_secrets() {
    let env = Env::new();
    let (_, words) = Store::create(
        &env.dir(),
        kosmos::store::NewLock::Passphrase(PASS),
        env.options(),
    )
    .unwrap();
    assert_eq!(format!("{words:?}"), "***");
    let text = format!("{:?}", record("n", b"marker-data"));
    assert!(text.contains("***") && !text.contains("marker"), "{text}");
}

#[test]
fn files_that_others_can_read_are_corrected_with_a_warning() {
    let env = Env::new();
    env.create().put(&record("a", b"1"), Expect::New).unwrap();
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&env.dir(), 0o755);
    set(&env.dir().join("sled/db"), 0o644);
    let locked = env.locked().unwrap();
    let mut modes: Vec<_> = locked
        .warnings()
        .iter()
        .map(|warning| match warning {
            Warning::WasOpen { mode, .. } => *mode,
            other => panic!("{other}"),
        })
        .collect();
    modes.sort();
    assert_eq!(modes, [0o644, 0o755]);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&env.dir()), mode(&env.dir().join("sled/db"))),
        (0o700, 0o600)
    );
    assert!(env.locked().unwrap().warnings().is_empty());
}
