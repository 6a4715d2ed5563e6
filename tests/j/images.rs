//! `j.data.flist` and images of containers, as a person types it.
use kosmos::object::Kind;

use super::Session;

#[test]
fn an_image_of_a_folder_becomes_an_flist() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::fs::write(root.join("bin/hello"), "x").unwrap();
    let mut s = Session::new(Default::default());
    let id = s.text(&format!(
        "j.data.flist.image_new('{at}/root', '{at}/hello.tar', 'me/hello:1.0', \
         ['/bin/hello', '-v'], cmd=['world'], env={{'MODE': 'quiet'}}, workdir='/bin')"
    ));
    assert!(id.starts_with("sha256:"), "{id}");
    s.says(&format!(
        "f = j.data.flist.from_docker_archive('{at}/hello.tar', '{at}/hello.flist', backend='{at}/chunks')"
    ));
    assert_eq!(
        s.notes(),
        format!("2 chunks brought to {at}/chunks, 0 were there")
    );
    assert_eq!(s.says(&format!("f.check('{at}/chunks')['missing']")), "[]");
    let toml = s.says(&format!("f.cat('/.startup.toml', '{at}/chunks')"));
    assert!(
        toml.contains("name = \"/bin/hello\"") && toml.contains("args = [\"-v\"]"),
        "{toml}"
    );
    assert!(
        toml.contains("MODE = \"quiet\"") && toml.contains("dir = \"/bin\""),
        "{toml}"
    );
    s.says(&format!(
        "f = j.data.flist.from_oci_layout('{at}/hello.tar', '{at}/2.flist', backend='{at}/chunks', keep_cmd=True)"
    ));
    let toml = s.says(&format!("f.cat('/.startup.toml', '{at}/chunks')"));
    assert!(toml.contains("args = [\"-v\", \"world\"]"), "{toml}");
}

#[test]
fn what_goes_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let mut s = Session::new(Default::default());
    let error = s.fails("j.data.flist.from_docker_archive('gone.tar')");
    assert_eq!(error.kind, Kind::Io);
    std::fs::write(folder.path().join("no.tar"), "no archive").unwrap();
    let error = s.fails(&format!("j.data.flist.from_docker_archive('{at}/no.tar')"));
    assert!(
        error.message.ends_with("is no image: it is no tar archive"),
        "{error}"
    );
    let error = s.fails("j.data.flist.from_docker_archive('x.tar', platform='linux')");
    assert!(error.message.contains("'linux' is no platform"), "{error}");
    s.says(&format!(
        "j.data.flist.image_new('examples', '{at}/a.tar', 'a', platform='linux/arm64')"
    ));
    let error = s.fails(&format!(
        "j.data.flist.from_docker_archive('{at}/a.tar', '{at}/a.flist')"
    ));
    assert_eq!(
        error.message,
        "there is no image for linux/amd64; there is one for linux/arm64"
    );
    let error = s.fails("j.data.flist.from_registry('Bad')");
    assert!(error.message.contains("lower case"), "{error}");
    let error = s.fails("j.data.flist.from_registry('x', user='me')");
    assert!(error.message.contains("is needed with user="), "{error}");
    let error = s.fails(&format!(
        "j.data.flist.from_registry('x', '{at}/x.flist', registry='127.0.0.1:1')"
    ));
    assert_eq!(error.kind, Kind::Network);
    assert!(
        error
            .message
            .starts_with("registry 127.0.0.1:1 cannot be reached"),
        "{error}"
    );
}
