//! Root file systems for containers, made of programs of this machine and of some written here.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn output(program: &str, arguments: &[&str]) -> String {
    let out = Command::new(program).args(arguments).output();
    out.map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
        .unwrap_or_default()
}

/// Fills a folder with programs, those by name from this machine and those given as C text, and
/// with the libraries that they need.
pub fn fill(folder: &Path, programs: &[&str], written: &[(&str, &str)]) {
    for name in ["bin", "etc", "tmp", "dev"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let mut copied = Vec::new();
    let mut copy = |from: &Path, to: PathBuf| {
        if !copied.contains(&to) {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, &to).unwrap();
            copied.push(to);
        }
    };
    let built = tempfile::tempdir().unwrap();
    let written = written.iter().map(|(name, text)| {
        let source = built.path().join(format!("{name}.c"));
        fs::write(&source, text).unwrap();
        let program = built.path().join(name);
        let done = Command::new("cc")
            .args(["-w", "-o"])
            .args([&program, &source])
            .status();
        assert!(done.unwrap().success(), "cc is there wherever cargo links");
        (*name, program)
    });
    let found = programs.iter().map(|name| {
        let path = output("sh", &["-c", &format!("command -v {name}")]);
        // Builtins of the shell have no path of their own here.
        let path = Some(path.trim().to_owned()).filter(|p| p.starts_with('/'));
        (*name, path.unwrap_or_else(|| format!("/bin/{name}")).into())
    });
    for (name, path) in found.chain(written) {
        copy(&path, folder.join("bin").join(name));
        let libraries = output("ldd", &[path.to_str().unwrap()]);
        for word in libraries
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            let to = folder.join(word.trim_start_matches('/'));
            copy(Path::new(word), to);
        }
    }
    fs::write(folder.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
}

/// Fetches a page: `wget -q -O - http://address[:port]/path`.
pub const WGET: &str = r#"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
    char host[64] = "", path[256] = "/", all[65536];
    int port = 80, n = 0, got;
    const char *url = argv[argc - 1] + 7;
    size_t end = strcspn(url, ":/");
    memcpy(host, url, end);
    url += end;
    if (*url == ':') port = atoi(url + 1);
    if (strchr(url, '/')) strcpy(path, strchr(url, '/'));
    struct sockaddr_in to;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = inet_addr(host);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = {20, 0};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(s, (struct sockaddr *)&to, sizeof to)) { perror("wget"); return 1; }
    dprintf(s, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
    while ((got = read(s, all + n, sizeof all - 1 - n)) > 0) n += got;
    all[n] = 0;
    char *body = strstr(all, "\r\n\r\n");
    if (!body) { fprintf(stderr, "wget: no answer\n"); return 2; }
    write(1, body + 4, n - (body + 4 - all));
    return 0;
}
"#;

/// Serves files as the web server of the recordings does: `httpd -f -vv -p PORT -h FOLDER`.
pub const HTTPD: &str = r#"
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
    int port = 80, one = 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-p")) port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "-h")) chdir(argv[i + 1]);
    }
    struct sockaddr_in6 at;
    memset(&at, 0, sizeof at);
    at.sin6_family = AF_INET6;
    at.sin6_port = htons(port);
    int s = socket(AF_INET6, SOCK_STREAM, 0);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s, (struct sockaddr *)&at, sizeof at) || listen(s, 16)) return 1;
    for (;;) {
        struct sockaddr_in6 from;
        socklen_t length = sizeof from;
        int c = accept(s, (struct sockaddr *)&from, &length);
        char asked[4096], path[256], who[64], block[4096];
        int n = read(c, asked, sizeof asked - 1), got;
        if (n <= 0) { close(c); continue; }
        asked[n] = 0;
        if (sscanf(asked, "GET %255s", path) != 1) { close(c); continue; }
        inet_ntop(AF_INET6, &from.sin6_addr, who, sizeof who);
        fprintf(stderr, "[%s]:%d: url:%s\n", who, ntohs(from.sin6_port), path);
        int f = open(strcmp(path, "/") ? path + 1 : "index.html", O_RDONLY);
        dprintf(c, "HTTP/1.0 %s\r\n\r\n", f < 0 ? "404 Not Found" : "200 OK");
        while (f >= 0 && (got = read(f, block, sizeof block)) > 0) write(c, block, got);
        fprintf(stderr, "[%s]:%d: response:%d\n", who, ntohs(from.sin6_port), f < 0 ? 404 : 200);
        close(f);
        close(c);
    }
}
"#;
