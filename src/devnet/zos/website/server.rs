//! The server: answers GET with the files of one folder.
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A visitor that sends or takes nothing for this long is let go.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of a request, with its headers.
const LONGEST: u64 = 16 * 1024;

/// Serves a folder until the process ends. `told` gets a line for each answer.
///
/// # Errors
/// When the listener fails for good.
pub fn serve(
    listener: &TcpListener,
    folder: &Path,
    told: impl Fn(&str) + Send + Sync + 'static,
) -> io::Result<()> {
    let folder: Arc<Path> = std::fs::canonicalize(folder)?.into();
    let told = Arc::new(told);
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            // A visitor that went away before it was greeted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        let (folder, told) = (Arc::clone(&folder), Arc::clone(&told));
        // A browser opens connections that it may never use: each has a thread.
        let thread = std::thread::Builder::new().spawn(move || {
            if let Ok(Some(line)) = answer(&stream, &folder) {
                told(&line);
            }
        });
        // Without a thread the visitor is let go.
        drop(thread);
    }
}

/// Answers one request; returns what was asked for and how it was answered.
fn answer(stream: &TcpStream, folder: &Path) -> io::Result<Option<String>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let found = match method {
        "GET" | "HEAD" => file(folder, path).map_or(Err("404 Not Found"), Ok),
        _ => Err("405 Method Not Allowed"),
    };
    let mut to = stream;
    let status = match found {
        Ok((mut file, length, kind)) => {
            let status = "200 OK";
            head(to, status, kind, length)?;
            if method == "GET" {
                io::copy(&mut file, &mut to)?;
            }
            status
        }
        Err(status) => {
            let text = format!("{status}\n");
            head(to, status, "text/plain", text.len() as u64)?;
            to.write_all(text.as_bytes())?;
            status
        }
    };
    let number = status.split(' ').next().unwrap_or_default();
    let shown: String = format!("{method} {path}")
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    Ok(Some(format!("{shown} {number}")))
}

fn head(mut to: &TcpStream, status: &str, kind: &str, length: u64) -> io::Result<()> {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    to.write_all(text.as_bytes())
}

/// Opens the file of a path; None when there is none in the folder.
fn file(folder: &Path, path: &str) -> Option<(File, u64, &'static str)> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut wanted: PathBuf = folder.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        wanted.push(part);
    }
    if path.ends_with('/') || wanted.is_dir() {
        wanted.push("index.html");
    }
    // Wherever links and dots lead: out of the folder they do not.
    let wanted = std::fs::canonicalize(wanted).ok()?;
    if !wanted.starts_with(folder) {
        return None;
    }
    let file = File::open(&wanted).ok()?;
    let about = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let kind = match wanted.extension().and_then(|end| end.to_str()) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    Some((file, about.len(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn ask(addr: std::net::SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_of_the_folder_are_served_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("www");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("index.html"), "<p>hello</p>").unwrap();
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../secret", folder.join("link")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (said, says) = mpsc::channel();
        std::thread::spawn(move || {
            serve(&listener, &folder, move |line: &str| {
                let _ = said.send(line.to_owned());
            })
        });
        let page = ask(addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(page.ends_with("\r\n\r\n<p>hello</p>"), "{page}");
        assert_eq!(says.recv().unwrap(), "GET / 200");
        for path in ["/none", "/link", "/../secret", "//../../etc/passwd"] {
            let answer = ask(addr, &format!("GET {path} HTTP/1.1\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        }
        let answer = ask(addr, "POST / HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    }
}
