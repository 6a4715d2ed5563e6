//! Hubs of flists, as a person uses them.
use std::path::Path;

use kosmos::flist::hub::pack_folder;
use kosmos::object::Kind;

use super::{Chain, Session};

/// A root file system, an archive of it, an image, and flists `web` and `data` on the hub.
pub fn prepare(s: &mut Session, dir: &Path) {
    let folder = dir.join("root");
    std::fs::create_dir_all(folder.join("etc")).unwrap();
    std::fs::write(folder.join("etc/name"), "web").unwrap();
    let archive = dir.join("web.tar.gz");
    pack_folder(&folder, &archive).unwrap();
    std::fs::copy(&archive, dir.join("data.tar.gz")).unwrap();
    std::fs::write(dir.join("image.tar"), image(&["tiny:1"])).unwrap();
    s.says(&format!(
        "folder = '{}'\narchive = '{}'\nimage = '{}'\n\
         hub = j.clients.zhub.new('my_hub', network_type='DEV')\n\
         p = hub.upload(archive)\np = hub.upload('{}')",
        folder.display(),
        archive.display(),
        dir.join("image.tar").display(),
        dir.join("data.tar.gz").display(),
    ));
}

fn hash(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

/// An image as `docker save` writes it: one layer with a file, and a command.
pub fn image(names: &[&str]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let add = |tar: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_561_000_000);
        tar.append_data(&mut header, path, content).unwrap();
    };
    let mut layer = tar::Builder::new(Vec::new());
    add(&mut layer, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n");
    let layer = layer.into_inner().unwrap();
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "created": "2019-06-20T03:06:40Z",
        "config": { "Cmd": ["nginx", "-g", "daemon off;"], "Env": ["PATH=/bin"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", hash(&layer))] },
    })
    .to_string();
    let file = format!("{}.json", hash(config.as_bytes()));
    let manifest = serde_json::json!([{
        "Config": file, "RepoTags": names, "Layers": ["layer/layer.tar"],
    }])
    .to_string();
    add(&mut tar, &file, config.as_bytes());
    add(&mut tar, "layer/layer.tar", &layer);
    add(&mut tar, "manifest.json", manifest.as_bytes());
    tar.into_inner().unwrap()
}

#[test]
fn an_archive_is_published_listed_linked_and_deleted() {
    let chain = Chain::start();
    let dir = tempfile::tempdir().unwrap();
    let mut s = Session::new(chain.settings());
    prepare(&mut s, dir.path());
    let url = s.text("j.devnet.hub_url");
    let made = s.says("p = hub.upload(archive); p");
    let lines: Vec<&str> = made.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Well done",
            "Your flist web.flist is available.",
            &format!("Source: {url}/Administrator/web.flist"),
        ]
    );
    assert!(lines[3].starts_with("Storage: zdb://127.0.0.1:"), "{made}");
    assert_eq!(s.text("p.source"), s.text("hub.url_get('web')"));
    assert_eq!(s.says("p.files.regular"), "1");
    assert_eq!(s.text("hub.authenticate()"), "Administrator");
    assert_eq!(s.says("len(hub.list())"), "2");
    assert_eq!(s.says("hub.symlink('web', 'latest')"), "True");
    assert_eq!(s.text("hub.list()[1].target"), "web.flist");
    assert_eq!(s.says("hub.get('Administrator', 'latest').regular"), "1");
    assert_eq!(s.says("hub.delete_flist('latest')"), "True");
    let merged = s.says("hub.merge('both', ['Administrator/web', 'Administrator/data'])");
    assert!(
        merged.contains("Your flist both.flist is available."),
        "{merged}"
    );
    let sandbox = s.says("hub.sandbox_upload('tools', folder)");
    assert!(
        sandbox.contains("Your flist tools.flist is available."),
        "{sandbox}"
    );
    let beside: Vec<_> = std::fs::read_dir(chain.settings().devnet_dir.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
}

#[test]
fn the_command_of_an_image_may_be_kept() {
    let chain = Chain::start();
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let mut s = Session::new(chain.settings());
    s.says("hub = j.clients.zhub.new('my_hub', network_type='DEV')");
    s.says(&format!(
        "id = j.data.flist.image_new('examples', '{at}/i.tar', 'me/app', ['/bin/app', '-v'], cmd=['x'])"
    ));
    let starts = |s: &mut Session, call: &str| {
        s.says(&format!("p = hub.{call}\nf = j.data.flist.open(p.source)"));
        s.says("f.cat('/.startup.toml')")
    };
    let dropped = starts(&mut s, &format!("docker_upload('{at}/i.tar')"));
    assert!(dropped.contains("args = [\"-v\"]"), "{dropped}");
    for call in [
        format!("docker_upload('{at}/i.tar', keep_cmd=True)"),
        format!("docker_convert('me/other', archive='{at}/i.tar', keep_cmd=True)"),
    ] {
        let kept = starts(&mut s, &call);
        assert!(kept.contains("args = [\"-v\", \"x\"]"), "{kept}");
    }
}

#[test]
fn what_a_hub_refuses_says_what_to_do() {
    let chain = Chain::start();
    let dir = tempfile::tempdir().unwrap();
    let mut s = Session::new(chain.settings());
    prepare(&mut s, dir.path());
    for (input, kind, said, hint) in [
        (
            "hub.list('nobody')",
            Kind::NotFound,
            "user not found",
            "repositories",
        ),
        (
            "hub.get('Administrator', 'none')",
            Kind::NotFound,
            "source not found",
            ".list()",
        ),
        (
            "hub.upload('/etc/hostname')",
            Kind::Value,
            "expected a .tar.gz",
            "",
        ),
        (
            "hub.upload('/nowhere/x.tar.gz')",
            Kind::Io,
            "/nowhere/x.tar.gz",
            "",
        ),
        (
            "hub.symlink('web', 'data')",
            Kind::Refused,
            "already a file",
            "another name",
        ),
        (
            "hub.symlink('web', '../x')",
            Kind::Value,
            "holds a slash",
            "",
        ),
        (
            "hub.merge('x', ['web'])",
            Kind::Refused,
            "malformed source",
            "user/name.flist",
        ),
        ("hub.merge('x', [1])", Kind::Type, "expected texts", ""),
        (
            "hub.docker_convert('no/image')",
            Kind::Refused,
            "could not pull",
            "docker_upload",
        ),
        (
            "hub.docker_convert('no image')",
            Kind::Value,
            "'no image'",
            "",
        ),
        (
            "hub.docker_upload(archive)",
            Kind::Refused,
            "not allowed",
            "",
        ),
        ("hub.exists(['x'])", Kind::Value, "32 hex digits", ""),
        (
            "hub.sandbox_upload('../x', folder)",
            Kind::Value,
            "expected letters",
            "",
        ),
        ("hub.url = 'ftp://x'", Kind::Value, "expected https://", ""),
    ] {
        let error = s.fails(input);
        assert!(error.message.contains(said), "{input}: {error}");
        assert!(
            error.hints.iter().any(|h| h.contains(hint)) || hint.is_empty(),
            "{input}: {error:?}"
        );
        if !(kind == Kind::Type && error.kind == Kind::Value) {
            assert_eq!(error.kind, kind, "{input}: {error}");
        }
    }
}

#[test]
fn a_token_stays_secret_and_is_sent_by_https_only() {
    let mut s = Session::new(Default::default());
    s.says("hub = j.clients.zhub.new('far', url='http://hub.example/api', token_='s3cr3t')");
    assert!(!s.says("hub").contains("s3cr3t"));
    let error = s.fails("hub.repositories()");
    assert!(error.message.contains("https"), "{error}");
    assert!(!format!("{error:?}").contains("s3cr3t"));
    let error = s.fails("j.clients.zhub.new('dev', network_type='DEV').repositories()");
    assert!(error.hints[0].contains("j.devnet.start()"), "{error:?}");
}
