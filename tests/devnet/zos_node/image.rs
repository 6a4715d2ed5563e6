//! A node with containers, and roots with a service, made from the programs of this machine.
use std::path::{Path, PathBuf};
use std::process::Command;

use kosmos::devnet::zos::Config;

use super::{Running, skipped};
use crate::devnet::zos_container::roots;

/// Listens on the port after `-p` and answers every connection with a page; says so on stderr.
const HTTPD: &str = r#"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
    int port = 80;
    for (int i = 1; i + 1 < argc; i++) if (!strcmp(argv[i], "-p")) port = atoi(argv[i + 1]);
    struct sockaddr_in to;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&to, sizeof to) || listen(s, 16)) return 1;
    for (int n = 0;; n++) {
        int c = accept(s, 0, 0);
        char b[1024];
        if (read(c, b, sizeof b) > 0) {
            const char *page = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
            if (write(c, page, strlen(page)) < 0) return 2;
            fprintf(stderr, "request %d\n", n);
        }
        close(c);
    }
}
"#;

/// Roots of containers beside a node: folders `tools` and `simple-web`.
pub struct Images {
    pub dir: tempfile::TempDir,
}

impl Images {
    pub fn new() -> Images {
        let dir = tempfile::tempdir().unwrap();
        let images = Images { dir };
        let web = images.copy("simple-web");
        let source = images.dir.path().join("httpd.c");
        std::fs::write(&source, HTTPD).unwrap();
        let built = Command::new("cc")
            .args(["-w", "-static", "-o"])
            .arg(web.join("bin/httpd"))
            .arg(&source)
            .status();
        assert!(built.unwrap().success(), "cc is there wherever cargo links");
        std::fs::create_dir(web.join("www")).unwrap();
        images.service(
            "simple-web",
            "core.system",
            &[
                ("name", "\"httpd\""),
                ("args", r#"["-f", "-vv", "-p", "80", "-h", "/www"]"#),
                ("dir", "\"/\""),
                ("env", r#"{ NGINX_VERSION = "1.13.8" }"#),
            ],
        );
        images.copy("tools");
        images
    }

    /// A fresh root with the programs of the tests.
    pub fn copy(&self, name: &str) -> PathBuf {
        let root = self.path(name);
        let copied = Command::new("cp")
            .arg("-a")
            .arg(&roots().folder)
            .arg(&root)
            .status();
        assert!(copied.unwrap().success());
        root
    }

    /// Gives a root the service `entry`.
    pub fn service(&self, name: &str, command: &str, arguments: &[(&str, &str)]) {
        let mut text = format!("[startup.entry]\nname = \"{command}\"\n[startup.entry.args]\n");
        for (key, value) in arguments {
            text.push_str(&format!("{key} = {value}\n"));
        }
        std::fs::write(self.path(name).join(".startup.toml"), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// A node that has containers and reaches the images; None, with the reason printed, where the
/// machine forbids them.
pub fn node(images: &Path) -> Option<Running> {
    let shared = images.to_path_buf();
    let node = Running::with(move |config: &mut Config| {
        config.program = Some(env!("CARGO_BIN_EXE_kosmos").into());
        config.shared.push(shared);
    });
    let notices = node.handle.as_ref().unwrap().notices();
    let refused = notices
        .iter()
        .find(|text| text.contains("no containers"))
        .cloned();
    if let Some(why) = refused {
        skipped(&why);
        return None;
    }
    Some(node)
}
