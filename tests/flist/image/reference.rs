//! Names of images, digests and platforms.
use kosmos::flist::image::{Digest, Platform, Reference, flist_name};

fn full(text: &str) -> String {
    text.parse::<Reference>().unwrap().to_string()
}

fn wrong(text: &str) -> String {
    text.parse::<Reference>().unwrap_err().to_string()
}

#[test]
fn names_in_full() {
    let digest = Digest::of(b"x").to_string();
    for (short, long) in [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginxdemos/hello", "docker.io/nginxdemos/hello:latest"),
        ("redis:5.0", "docker.io/library/redis:5.0"),
        ("docker.io/redis", "docker.io/library/redis:latest"),
        ("index.docker.io/a/b", "docker.io/a/b:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        ("localhost:5000/a/b/c:1", "localhost:5000/a/b/c:1"),
        ("[::1]:5000/x", "[::1]:5000/x:latest"),
        ("ghcr.io/a-b/c__d.e:V_1.x-y", "ghcr.io/a-b/c__d.e:V_1.x-y"),
        ("127.0.0.1:80/x", "127.0.0.1:80/x:latest"),
        ("a---b", "docker.io/library/a---b:latest"),
    ] {
        assert_eq!(full(short), long);
    }
    assert_eq!(
        full(&format!("a/b@{digest}")),
        format!("docker.io/a/b@{digest}")
    );
    let both: Reference = format!("a/b:1@{digest}").parse().unwrap();
    assert_eq!((both.tag(), both.manifest()), (Some("1"), digest));
    let nginx: Reference = "nginx".parse().unwrap();
    assert_eq!(
        (nginx.registry(), nginx.host()),
        ("docker.io", "registry-1.docker.io")
    );
    assert_eq!(nginx.manifest(), "latest");
}

#[test]
fn what_is_no_name() {
    assert!(wrong("").contains("empty"));
    assert!(wrong("https://docker.io/x").contains("leave out the protocol"));
    assert!(wrong("Nginx").contains("lower case"));
    assert!(wrong("a//b").contains("each part"));
    assert!(wrong("a/../b").contains("each part"));
    assert!(wrong("-a").contains("each part"));
    assert!(wrong("a_").contains("each part"));
    assert!(wrong("a..b").contains("each part"));
    assert!(wrong("a___b").contains("each part"));
    assert!(wrong("a b").contains("each part"));
    assert!(wrong("a:").contains("tag"));
    assert!(wrong("a:-1").contains("tag"));
    assert!(wrong("a\n").starts_with("'a\\n' names no image"));
    assert!(wrong("a@sha256:12").contains("no digest"));
    assert!(wrong("local.host:x/a").contains("no host"));
    assert!(wrong("host.:5/a").contains("no host"));
    assert!(wrong(&"a".repeat(300)).contains("longer than 255"));
    assert!(wrong(&format!("a:{}", "t".repeat(129))).contains("128 at"));
}

#[test]
fn another_registry_by_default() {
    let name = |text, registry| Reference::parse_for(text, Some(registry)).unwrap();
    let hello = name("nginxdemos/hello", "http://localhost:5000/");
    assert_eq!(hello.to_string(), "localhost:5000/nginxdemos/hello:latest");
    assert_eq!(hello.flist_name(), "nginxdemos-hello-latest.flist");
    let own = name("ghcr.io/a/b", "localhost:5000");
    assert_eq!(own.to_string(), "ghcr.io/a/b:latest");
    assert_eq!(
        name("hello", "r.example").to_string(),
        "r.example/hello:latest"
    );
}

#[test]
fn names_of_flists() {
    for (image, name) in [
        ("nginxdemos/hello", "nginxdemos-hello-latest.flist"),
        ("redis:5.0", "redis-5.0.flist"),
        ("nginx", "nginx-latest.flist"),
        ("localhost:5000/x", "localhost-5000-x.flist"),
    ] {
        assert_eq!(flist_name(image), name);
    }
}

#[test]
fn platforms() {
    let of = |text: &str| text.parse::<Platform>().unwrap();
    assert_eq!(Platform::default(), of("linux/amd64"));
    assert_eq!(of("Linux/x86_64").to_string(), "linux/amd64");
    assert_eq!(of("linux/arm/v7").to_string(), "linux/arm/v7");
    assert!(of("linux/arm").accepts(&of("linux/arm/v7")));
    assert!(!of("linux/arm/v7").accepts(&of("linux/arm/v6")));
    assert!(of("linux/arm64/v8").accepts(&of("linux/arm64")));
    assert!(!of("linux/amd64").accepts(&of("windows/amd64")));
    for text in ["", "linux", "linux/", "a/b/c/d", "li nux/amd64"] {
        assert!(text.parse::<Platform>().is_err(), "{text}");
    }
}
