//! The calls of a hub.
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use zeroize::Zeroizing;

use super::body::{FileBody, Progress};
use super::error::{HubError, clean};
use super::model::{Contents, Facts, FileInfo, FlistFile, Promoted, Published, Repository};
use super::transport::{Answer, Effect, LONG, QUICK, Server};

/// Field of a form that asks for the command of an image behind its entry point.
const KEEP_CMD: (&str, &str) = ("keep_cmd", "1");
/// The path of the interface.
const API: &str = "api";
/// What every flist's name ends with.
const SUFFIX: &str = ".flist";
/// The longest name.
const LONGEST_NAME: usize = 255;

/// Who asks.
#[derive(Default)]
pub struct HubOptions {
    /// The token of the identity service; None asks without.
    pub token: Option<Zeroizing<String>>,
    /// The account to act as, where the token is good for several.
    pub account: Option<String>,
}

impl std::fmt::Debug for HubOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubOptions")
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("account", &self.account)
            .finish()
    }
}

/// A hub.
#[derive(Debug, Clone)]
pub struct Hub {
    server: Server,
}

impl Hub {
    /// Takes the address of a hub, with or without `/api`. Connects to nothing.
    ///
    /// # Errors
    /// An address that is none, or one to which the token cannot be sent.
    pub fn new(address: &str, options: &HubOptions) -> Result<Self, HubError> {
        let account = options.account.as_deref();
        let mut server = Server::new(address, options.token.as_ref(), account)?;
        if server.base.path() == "/" {
            server.base.set_path(API);
        }
        Ok(Self { server })
    }

    /// The address of its pages and downloads: the one of the interface without `/api`.
    pub fn site(&self) -> String {
        let base = self.server.base.as_str().trim_end_matches('/');
        let site = base.strip_suffix(API).unwrap_or(base);
        site.trim_end_matches('/').to_owned()
    }

    /// The address of an flist, which a container is created from.
    ///
    /// # Errors
    /// Names that are none.
    pub fn source(&self, user: &str, flist: &str) -> Result<String, HubError> {
        Ok(self.page(user, &with_suffix(flist)?)?.to_string())
    }

    fn page(&self, user: &str, file: &str) -> Result<reqwest::Url, HubError> {
        check("an account", user)?;
        let mut url = self.server.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().pop().extend([user, file]);
        }
        Ok(url)
    }

    async fn get(&self, parts: &[&str]) -> Result<Answer, HubError> {
        let url = self.server.url(parts.iter().copied());
        let request = || self.server.request(Method::GET, url.clone());
        self.server.ask(Effect::None, QUICK, request).await
    }

    async fn change(&self, method: Method, parts: &[&str]) -> Result<Answer, HubError> {
        let url = self.server.url(parts.iter().copied());
        let request = || self.server.request(method.clone(), url.clone());
        self.server.ask(Effect::Changes, QUICK, request).await
    }

    /// Asks who the token is for.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn me(&self) -> Result<String, HubError> {
        #[derive(serde::Deserialize)]
        struct Me {
            username: String,
        }
        let answer = self.get(&["flist", "me"]).await?;
        Ok(clean(&self.server.payload::<Me>(&answer)?.username))
    }

    /// Lists the accounts that have flists.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn repositories(&self) -> Result<Vec<Repository>, HubError> {
        self.server.read(&self.get(&["repositories"]).await?)
    }

    /// Lists all flists, as `user/name.flist`.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn flists(&self) -> Result<Vec<String>, HubError> {
        self.server.read(&self.get(&["flist"]).await?)
    }

    /// Lists the flists of every account.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn files(&self) -> Result<BTreeMap<String, Vec<FlistFile>>, HubError> {
        self.server.read(&self.get(&["fileslist"]).await?)
    }

    /// Lists the flists of an account.
    ///
    /// # Errors
    /// See [`HubError`]; a refusal with `user not found`.
    pub async fn list(&self, user: &str) -> Result<Vec<FlistFile>, HubError> {
        check("an account", user)?;
        match self.get(&["flist", user]).await {
            // Here the hub answers with a page instead of its usual words.
            Err(HubError::Failed { hub, status: 404 }) => Err(HubError::Refused {
                hub,
                status: 404,
                message: "user not found".into(),
                reason: String::new(),
            }),
            answer => self.server.read(&answer?),
        }
    }

    /// Tells what is in an flist.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn contents(&self, user: &str, flist: &str) -> Result<Contents, HubError> {
        check("an account", user)?;
        let flist = with_suffix(flist)?;
        let answer = self.get(&["flist", user, &flist]).await?;
        self.server.read(&answer)
    }

    /// Tells size and checksum of an flist. Links are followed by no hub here.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn info(&self, user: &str, flist: &str) -> Result<FileInfo, HubError> {
        check("an account", user)?;
        let flist = with_suffix(flist)?;
        let url = self.server.url(["flist", user, &flist]);
        let method = Method::from_bytes(b"INFO").unwrap_or(Method::GET);
        let request = || self.server.request(method.clone(), url.clone());
        let answer = self.server.ask(Effect::None, QUICK, request).await?;
        self.server.read(&answer)
    }

    /// Tells where an flist is, and where its chunks are.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn facts(&self, user: &str, flist: &str) -> Result<Facts, HubError> {
        let url = self.page(user, &format!("{}.txt", with_suffix(flist)?))?;
        let request = || self.server.request(Method::GET, url.clone());
        let answer = self.server.ask(Effect::None, QUICK, request).await?;
        Facts::parse(&String::from_utf8_lossy(&answer.body))
            .ok_or_else(|| self.server.garbage("it names no source"))
    }

    /// Fetches an flist into a file, as a whole or not at all.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn download(
        &self,
        user: &str,
        flist: &str,
        to: &Path,
        progress: Option<Progress>,
    ) -> Result<u64, HubError> {
        let url = self.page(user, &with_suffix(flist)?)?;
        let request = self.server.request(Method::GET, url);
        let mut response = self.server.send(Effect::None, request).await?;
        if !response.status().is_success() {
            self.server.judge(&response, Vec::new())?;
        }
        let total = response.content_length();
        let temporary = Temporary::beside(to)?;
        let mut out = File::create(&temporary.0).map_err(failed("write", &temporary.0))?;
        let mut done = 0_u64;
        let broken = |reason: String| HubError::Broken {
            hub: self.server.name(),
            reason,
        };
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => {
                    out.write_all(&piece).map_err(failed("write", to))?;
                    done = done.saturating_add(piece.len() as u64);
                    if let Some(progress) = &progress {
                        progress(done, total.unwrap_or(done));
                    }
                }
                Ok(None) => break,
                Err(error) => return Err(broken(super::transport::cause(error))),
            }
        }
        if total.is_some_and(|total| total != done) {
            return Err(broken(format!("{done} bytes came of {total:?}")));
        }
        out.sync_all().map_err(failed("write", to))?;
        fs::rename(&temporary.0, to).map_err(failed("write", to))?;
        Ok(done)
    }

    /// Uploads an archive of a root file system (`.tar.gz`), which becomes an flist, or an flist
    /// whose chunks the hub has (`.flist`).
    ///
    /// # Errors
    /// See [`HubError`]; another file is not sent.
    pub async fn upload(
        &self,
        file: &Path,
        progress: Option<Progress>,
    ) -> Result<Published, HubError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let call = if name.ends_with(".tar.gz") {
            "upload"
        } else if name.ends_with(SUFFIX) {
            "upload-flist"
        } else {
            return Err(HubError::Kind {
                path: file.to_owned(),
                expected: "a .tar.gz archive or a .flist",
            });
        };
        let answer = self.send_file(call, &[], file, progress).await?;
        self.server.payload(&answer)
    }

    /// Has an image of a registry converted. `keep_cmd` asks for the image's `Cmd` behind the
    /// arguments of its entry point, which hubs drop; that of a devnet knows this.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn docker(&self, image: &str, keep_cmd: bool) -> Result<Published, HubError> {
        check_image(image)?;
        let url = self.server.url(["flist", "me", "docker"]);
        let mut form = url.clone();
        form.query_pairs_mut().append_pair("image", image.trim());
        if keep_cmd {
            let (name, value) = KEEP_CMD;
            form.query_pairs_mut().append_pair(name, value);
        }
        let body = form.query().unwrap_or_default().to_owned();
        let request = || {
            self.server
                .request(Method::POST, url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone())
        };
        let answer = self.server.ask(Effect::Changes, LONG, request).await?;
        self.server.payload(&answer)
    }

    /// Has an archive of an image (`docker save`, OCI) converted; `image` is the name it gets, None
    /// takes the one in the archive. Only the hub of a devnet takes archives. `keep_cmd` as for
    /// [`Hub::docker`].
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn docker_archive(
        &self,
        image: Option<&str>,
        archive: &Path,
        keep_cmd: bool,
        progress: Option<Progress>,
    ) -> Result<Published, HubError> {
        let image = image.map(str::trim).filter(|image| !image.is_empty());
        image.map_or(Ok(()), check_image)?;
        let image = image.map(|image| ("image", image));
        let keep_cmd = keep_cmd.then_some(KEEP_CMD);
        let fields: Vec<(&str, &str)> = image.into_iter().chain(keep_cmd).collect();
        let answer = self.send_file("docker", &fields, archive, progress).await?;
        self.server.payload(&answer)
    }

    /// Makes one flist of several, named `user/name`; where a path is in several, the first wins.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn merge(&self, target: &str, sources: &[String]) -> Result<(), HubError> {
        check("an flist", target)?;
        let url = self.server.url(["flist", "me", "merge", target]);
        let request = || self.server.request(Method::POST, url.clone()).json(sources);
        let answer = self.server.ask(Effect::Changes, LONG, request).await?;
        self.done(&answer)
    }

    /// Copies an flist of another account into the own one.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn promote(&self, user: &str, flist: &str, name: &str) -> Result<Promoted, HubError> {
        check("an account", user)?;
        check("an flist", flist)?;
        check("an flist", name)?;
        let parts = ["flist", "me", "promote", user, flist, name];
        let answer = self.change(Method::GET, &parts).await?;
        self.server.payload(&answer)
    }

    /// Gives an flist of the own account another name.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn rename(&self, flist: &str, name: &str) -> Result<(), HubError> {
        self.own("rename", flist, name).await
    }

    /// Makes a link to an flist of the own account; a link of that name is replaced.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn link(&self, flist: &str, name: &str) -> Result<(), HubError> {
        self.own("link", flist, name).await
    }

    async fn own(&self, call: &str, flist: &str, name: &str) -> Result<(), HubError> {
        check("an flist", flist)?;
        check("an flist", name)?;
        let parts = ["flist", "me", flist, call, name];
        let answer = self.change(Method::GET, &parts).await?;
        self.done(&answer)
    }

    /// Deletes an flist or link of the own account.
    ///
    /// # Errors
    /// See [`HubError`].
    pub async fn delete(&self, flist: &str) -> Result<(), HubError> {
        let flist = with_suffix(flist)?;
        let parts = ["flist", "me", flist.as_str()];
        let answer = self.change(Method::DELETE, &parts).await?;
        self.done(&answer)
    }

    fn done(&self, answer: &Answer) -> Result<(), HubError> {
        #[derive(serde::Deserialize)]
        struct Status {
            status: String,
        }
        match self.server.read::<Status>(answer)?.status.as_str() {
            "success" => Ok(()),
            other => Err(self.server.garbage(format!("its status is '{other}'"))),
        }
    }

    /// Sends a file as the field `file` of a form.
    async fn send_file(
        &self,
        call: &str,
        fields: &[(&str, &str)],
        path: &Path,
        progress: Option<Progress>,
    ) -> Result<Answer, HubError> {
        let url = self.server.url(["flist", "me", call]);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = check("a file", &name).map(|()| name.into_owned())?;
        let mut pauses = 0;
        loop {
            let file = File::open(path).map_err(failed("read", path))?;
            let about = file.metadata().map_err(failed("read", path))?;
            if !about.is_file() {
                return Err(failed("read", path)(
                    std::io::ErrorKind::IsADirectory.into(),
                ));
            }
            let boundary = format!("kosmos-{:016x}", getrandom::u64().unwrap_or_default());
            let (head, tail) = form_around(&boundary, fields, &name);
            let sent = Arc::new(AtomicU64::new(0));
            let total = about.len();
            let around = (head.len() + tail.len()) as u64;
            let count = counted(&sent, progress.clone(), around);
            let body = FileBody::new(head, file, total, tail, Some(count));
            let request = self
                .server
                .request(Method::POST, url.clone())
                .header(
                    CONTENT_TYPE,
                    format!("multipart/form-data; boundary={boundary}"),
                )
                .body(reqwest::Body::wrap(body));
            let error = match self.server.once(Effect::Changes, LONG, request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let sent = sent.load(Ordering::Relaxed);
            match error {
                // Nothing went out: it is safe to try again.
                HubError::OutOfReach { .. } if pauses < 2 => {
                    pauses += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(200 * pauses)).await;
                }
                HubError::Unclear { reason, .. } if sent < total + around => {
                    return Err(HubError::Upload {
                        path: path.to_owned(),
                        sent: sent.min(total),
                        total,
                        reason,
                    });
                }
                error => return Err(error),
            }
        }
    }
}

/// Counts what goes out, and tells it in bytes of the file.
fn counted(sent: &Arc<AtomicU64>, progress: Option<Progress>, around: u64) -> Progress {
    let sent = sent.clone();
    Arc::new(move |done, total| {
        sent.store(done, Ordering::Relaxed);
        if let Some(progress) = &progress {
            progress(done.saturating_sub(around), total.saturating_sub(around));
        }
    })
}

/// What stands before and behind the bytes of a file in a form.
fn form_around(boundary: &str, fields: &[(&str, &str)], name: &str) -> (Vec<u8>, Vec<u8>) {
    let mut head = String::new();
    for (field, value) in fields {
        head += &format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
        );
    }
    // As browsers escape names in forms.
    let name = name.replace('"', "%22");
    head += &format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    (
        head.into_bytes(),
        format!("\r\n--{boundary}--\r\n").into_bytes(),
    )
}

/// A temporary file that goes when it was not put in place.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(file: &Path) -> Result<Self, HubError> {
        let Some(name) = file.file_name().filter(|_| !file.is_dir()) else {
            return Err(failed("write", file)(
                std::io::ErrorKind::IsADirectory.into(),
            ));
        };
        let unique = getrandom::u64().unwrap_or_default();
        let name = format!(".{}.{unique:016x}.tmp", name.to_string_lossy());
        Ok(Self(file.with_file_name(name)))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is gone already when it was put in place.
        let _ = fs::remove_file(&self.0);
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> HubError {
    let path = path.to_owned();
    move |source| HubError::File { what, path, source }
}

fn with_suffix(flist: &str) -> Result<String, HubError> {
    check("an flist", flist)?;
    Ok(match flist.ends_with(SUFFIX) {
        true => flist.to_owned(),
        false => format!("{flist}{SUFFIX}"),
    })
}

/// Refuses names that would be another path; what else they hold is escaped.
fn check(what: &'static str, name: &str) -> Result<(), HubError> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name == "." || name == ".." {
        "it is a path"
    } else if name.contains(['/', '\\']) {
        "it holds a slash"
    } else if name.chars().any(char::is_control) {
        "it holds control characters"
    } else if name.len() > LONGEST_NAME {
        "it is too long"
    } else {
        return Ok(());
    };
    Err(HubError::Name {
        what,
        name: clean(name),
        reason,
    })
}

fn check_image(image: &str) -> Result<(), HubError> {
    let reason = match image.trim() {
        "" => "it is empty",
        image if image.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            "it holds spaces or control characters"
        }
        image if image.len() > LONGEST_NAME => "it is too long",
        _ => return Ok(()),
    };
    Err(HubError::Name {
        what: "an image",
        name: clean(image),
        reason,
    })
}
