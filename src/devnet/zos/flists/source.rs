//! Finds an flist: its bytes, checked where the hub offers it, and where its chunks are.
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use md5::{Digest, Md5};

/// Longest flist that is taken: that of some million files.
const LONGEST: u64 = 256 << 20;
/// Longest answer to a small question.
const LONGEST_ANSWER: u64 = 64 << 10;
/// Time to be let in, and between two pieces of an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Downloaded flists that are kept.
const LISTS: usize = 64;

/// An flist as it was found.
pub struct Source {
    /// Its address, for people.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// Where its hub says that its chunks are.
    pub storage: Option<String>,
}

/// Downloaded flists by their MD5, as hubs name it.
pub struct Kept {
    dir: PathBuf,
}

impl Kept {
    /// Keeps them in a folder.
    pub fn new(dir: PathBuf) -> Self {
        Kept { dir }
    }

    fn get(&self, md5: &str) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.dir.join(md5)).ok()?;
        (digest(&bytes) == md5).then_some(bytes)
    }

    /// A disk that is full or cannot be written to makes it slower, nothing else.
    fn put(&self, md5: &str, bytes: &[u8]) {
        let _ = std::fs::create_dir_all(&self.dir);
        let fresh = self.dir.join(format!(".new-{md5}-{}", std::process::id()));
        if std::fs::write(&fresh, bytes).is_err()
            || std::fs::rename(&fresh, self.dir.join(md5)).is_err()
        {
            let _ = std::fs::remove_file(&fresh);
        }
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut all: Vec<_> = entries
            .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path())))
            .collect();
        all.sort();
        let over = all.len().saturating_sub(LISTS);
        for (_, path) in all.into_iter().take(over) {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Md5::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Downloads an flist. The hub's MD5 of it is asked first: what is known need not be fetched, and
/// what comes is compared.
///
/// # Errors
/// A text for people.
pub async fn download(url: &str, kept: &Kept) -> Result<Source, String> {
    let failed = |reason: String| format!("failed to download flist: {reason}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // Another part of the program may have installed it before: one is as good as the other.
    let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
    let http = reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .build()
        .map_err(|e| failed(cause(&e)))?;
    let name = shown(url);
    // A server that is no hub offers neither; that is no error.
    let beside = |end: &str| {
        let (http, url) = (http.clone(), format!("{url}{end}"));
        async move {
            let bytes = get(&http, &url, LONGEST_ANSWER).await.ok()?;
            String::from_utf8(bytes).ok()
        }
    };
    let md5 = beside(".md5").await.and_then(|text| {
        let text = text.trim().to_ascii_lowercase();
        (text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(text)
    });
    let known = md5.as_deref().and_then(|md5| kept.get(md5));
    let bytes = match known {
        Some(bytes) => bytes,
        None => get(&http, url, LONGEST).await.map_err(failed)?,
    };
    if let Some(md5) = &md5 {
        let is = digest(&bytes);
        if is != *md5 {
            return Err(failed(format!(
                "its MD5 is {is}, the hub says {md5}: it was changed or cut off on its way"
            )));
        }
        kept.put(md5, &bytes);
    }
    let storage = beside(".txt").await.and_then(|text| storage(&text));
    Ok(Source {
        name,
        bytes,
        storage,
    })
}

/// Reads an flist of this machine.
///
/// # Errors
/// A text for people.
pub async fn read(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display().to_string();
    let path = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let length = std::fs::metadata(&path)?.len();
        if length > LONGEST {
            let text = format!("it has {length} bytes, an flist has {LONGEST} at most");
            return Err(std::io::Error::other(text));
        }
        std::fs::read(&path)
    });
    let read = reading.await.map_err(|e| e.to_string())?;
    read.map_err(|e| format!("read {shown}: {e}"))
}

/// The line `Storage:` of a hub's page about an flist.
fn storage(page: &str) -> Option<String> {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("Storage:"))?;
    let text = line.trim();
    (!text.is_empty() && text.contains("://")).then(|| text.to_owned())
}

/// An address without what may be secret in it.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    match plain.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => plain.to_owned(),
    }
}

async fn get(http: &reqwest::Client, url: &str, longest: u64) -> Result<Vec<u8>, String> {
    let fail = |e: reqwest::Error| cause(&e);
    let mut response = http.get(url).send().await.map_err(fail)?;
    if !response.status().is_success() {
        return Err(response.status().to_string());
    }
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(fail)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > longest {
            return Err(format!("the answer is longer than {longest} bytes"));
        }
    }
    Ok(bytes)
}

/// The reason stands at the end of the chain of causes.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_hubs_tell_where_chunks_are() {
        let page = "File:      a.flist\nStorage:   zdb://hub.grid.tf:9900\nChecksum:  x\n";
        assert_eq!(storage(page).as_deref(), Some("zdb://hub.grid.tf:9900"));
        assert_eq!(storage("<html>Storage: x</html>"), None);
        assert_eq!(shown("http://me:pw@h:1/a.flist?t=1"), "http://h:1/a.flist");
        assert_eq!(digest(b""), "d41d8cd98f00b204e9800998ecf8427e");
    }
}
