//! Blobs into files: taken up again where they broke off, checked at the end.
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use tokio::time::timeout;

use super::client::{Miss, Registry, plain_error};
use crate::flist::Error;
use crate::flist::image::blob::BUFFER;
use crate::flist::image::digest::{Digest, Hasher};
use crate::flist::image::error::{ImageError, Result};

/// Bytes that must have come for a break not to count against the attempts.
const WORTH: u64 = 1024 * 1024;

/// What is there of a blob.
struct Partial {
    path: PathBuf,
    file: File,
    hasher: Hasher,
    length: u64,
    /// Some of it was there before, or came in another answer.
    patched: bool,
}

/// Bytes of all blobs that are there.
pub(super) struct Counter {
    pub(super) done: AtomicU64,
    pub(super) total: u64,
}

impl Registry {
    fn count(&self, counter: &Counter, more: u64) {
        let done = counter.done.fetch_add(more, Ordering::Relaxed) + more;
        if let Some(progress) = &self.options.progress {
            progress(done, counter.total);
        }
    }

    fn uncount(counter: &Counter, less: u64) {
        counter.done.fetch_sub(less, Ordering::Relaxed);
    }

    /// Where a blob is kept.
    pub(super) fn place(&self, digest: &Digest) -> PathBuf {
        let folder = self.options.folder.join("blobs").join(digest.algorithm());
        folder.join(digest.hex())
    }

    /// Fetches a blob into its file, unless it is there.
    pub(super) async fn blob(&self, digest: &Digest, size: u64, counter: &Counter) -> Result<()> {
        let place = self.place(digest);
        if is_whole(&place, digest, size)? {
            self.count(counter, size);
            return Ok(());
        }
        let what = format!("blob {}", digest.short());
        let mut partial = Partial::open(place.with_extension("part"), digest, size)?;
        self.count(counter, partial.length);
        let mut failures = 0;
        while partial.length < size {
            let before = partial.length;
            match self
                .transfer(&mut partial, digest, size, &what, counter)
                .await
            {
                Ok(()) => {}
                Err(Miss::Never(error)) => return Err(error),
                Err(Miss::Later(error, pause)) => {
                    if partial.length.saturating_sub(before) >= WORTH {
                        failures = 0;
                    }
                    failures += 1;
                    if failures >= self.options.attempts {
                        return Err(error);
                    }
                    self.pause(failures, pause).await;
                }
            }
            if partial.length == size && partial.patched {
                // The pieces may be of two minds: one more try, in one piece.
                if partial.hasher.clone().finish() != *digest {
                    Self::uncount(counter, partial.length);
                    partial.restart(digest)?;
                    partial.patched = false;
                }
            }
        }
        let found = partial.hasher.clone().finish();
        if found != *digest {
            // It would be wrong again the next time.
            let _ = fs::remove_file(&partial.path);
            return Err(ImageError::Digest {
                what,
                expected: digest.clone(),
                found,
            });
        }
        partial
            .file
            .sync_all()
            .and_then(|()| fs::rename(&partial.path, &place))
            .map_err(|e| Error::file("write", &place)(e).into())
    }

    async fn transfer(
        &self,
        partial: &mut Partial,
        digest: &Digest,
        size: u64,
        what: &str,
        counter: &Counter,
    ) -> std::result::Result<(), Miss> {
        let mut headers = HeaderMap::new();
        if partial.length > 0 {
            let range = HeaderValue::from_str(&format!("bytes={}-", partial.length));
            headers.extend(range.ok().map(|range| (RANGE, range)));
        }
        let mut response = self.get(&format!("blobs/{digest}"), what, headers).await?;
        let continues = response.status() == StatusCode::PARTIAL_CONTENT
            && response
                .headers()
                .get(CONTENT_RANGE)
                .and_then(|value| value.to_str().ok()?.strip_prefix("bytes "))
                .is_some_and(|range| range.starts_with(&format!("{}-", partial.length)));
        match (partial.length > 0, continues) {
            (true, true) => partial.patched = true,
            (false, false) if response.status() == StatusCode::OK => {}
            (true, false) => {
                // It sends all of it, or another part than the one that is missing.
                Self::uncount(counter, partial.length);
                partial.restart(digest)?;
                if response.status() != StatusCode::OK {
                    return Err(Miss::Later(
                        self.answer(what, "it does not continue where it broke off"),
                        None,
                    ));
                }
            }
            (false, _) => {
                return Err(self
                    .answer(what, "it sends a part that nobody asked for")
                    .into());
            }
        }
        // What is told is what is left, so it is looked at before anything is read.
        let announced = response.content_length();
        if let Some(length) = announced.filter(|length| !continues && *length > size) {
            return Err(too_long(what, size, length).into());
        }
        while partial.length < size {
            match timeout(self.options.silence, response.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    let length = partial.length.saturating_add(piece.len() as u64);
                    if length > size {
                        return Err(too_long(what, size, length).into());
                    }
                    partial.append(&piece)?;
                    self.count(counter, piece.len() as u64);
                }
                Ok(Ok(None)) => {
                    let reason = format!("it ends after {} of {size} bytes", partial.length);
                    return Err(Miss::Later(self.answer(what, reason), None));
                }
                Ok(Err(e)) => {
                    let reason = format!(
                        "it breaks off after {} of {size} bytes: {}",
                        partial.length,
                        plain_error(e)
                    );
                    return Err(Miss::Later(self.answer(what, reason), None));
                }
                Err(_) => {
                    let reason = format!("it stalls after {} of {size} bytes", partial.length);
                    return Err(Miss::Later(self.answer(what, reason), None));
                }
            }
        }
        Ok(())
    }
}

fn too_long(what: &str, expected: u64, found: u64) -> ImageError {
    ImageError::Size {
        what: what.to_owned(),
        expected,
        found,
    }
}

/// Returns true when the blob is there already, and is what it is called.
fn is_whole(place: &PathBuf, digest: &Digest, size: u64) -> Result<bool> {
    let Ok(mut file) = File::open(place) else {
        return Ok(false);
    };
    let (length, hasher) =
        hash(&mut file, digest).map_err(|e| ImageError::from(Error::file("read", place)(e)))?;
    if length == size && hasher.finish() == *digest {
        return Ok(true);
    }
    fs::remove_file(place).map_err(Error::file("replace", place))?;
    Ok(false)
}

fn hash(file: &mut File, digest: &Digest) -> std::io::Result<(u64, Hasher)> {
    let mut hasher = digest.hasher();
    let mut buffer = vec![0; BUFFER];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((length, hasher)),
            read => {
                hasher.update(buffer.get(..read).unwrap_or_default());
                length += read as u64;
            }
        }
    }
}

impl Partial {
    /// Opens what is there of a blob; when another process writes it now, begins one of its own.
    fn open(path: PathBuf, digest: &Digest, size: u64) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::file("make", folder))?;
        }
        let open = |path: &PathBuf| {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            let locked = file.try_lock().is_ok();
            Ok::<_, std::io::Error>((file, locked))
        };
        let failed = |path: &PathBuf| Error::file("write", path.clone());
        let (mut path, (mut file, locked)) = {
            let opened = open(&path).map_err(failed(&path))?;
            (path, opened)
        };
        if !locked {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let own = NEXT.fetch_add(1, Ordering::Relaxed);
            path.set_extension(format!("{}.{own}.part", std::process::id()));
            (file, _) = open(&path).map_err(failed(&path))?;
        }
        let (length, hasher) = hash(&mut file, digest).map_err(failed(&path))?;
        let mut partial = Self {
            path,
            file,
            hasher,
            length,
            patched: length > 0,
        };
        // A whole one would have its name by now, so more than that is something else.
        if length >= size && (length > size || partial.hasher.clone().finish() != *digest) {
            partial.restart(digest)?;
            partial.patched = false;
        }
        Ok(partial)
    }

    fn restart(&mut self, digest: &Digest) -> Result<()> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(Error::file("write", &self.path))?;
        self.hasher = digest.hasher();
        self.length = 0;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(Error::file("write", &self.path))?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }
}
