//! The hub of a devnet: it keeps flists of accounts, makes them of archives and images, and serves
//! them with their chunks.
//!
//! | path | what | file |
//! |---|---|---|
//! | `/api/…` | the interface for programs | `api` |
//! | `/{user}/{name}.flist`, and with `.md5`, `.txt`, `.md` behind | downloads | here |
//! | `/`, `/{user}`, `/search`, `/upload`, … | pages for a browser | `pages` |
//! | `/exists`, `/insert`, `/chunk/{id}` | chunks | `direct` |
//!
//! Answers are those of the hub of June 2019, run without authentication (spec: flist §9), byte for
//! byte where they were recorded.
mod access;
mod api;
mod direct;
mod docker;
mod form;
mod images;
mod names;
mod pages;
mod reply;
mod serve;
mod shelf;
mod work;

pub use access::{Access, EVERYBODY};
pub use docker::DockerImages;
pub use images::{ConvertedImage, ImageFault, Images};
pub use serve::start;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use md5::{Digest, Md5};
use tokio::sync::Semaphore;

use access::NotIn;
use reply::{Refusal, TEXT};
use shelf::Shelf;

use super::http;
use super::query::percent_decode;
use crate::flist::hub::FileBody;
use crate::flist::{Backend, Metadata};

/// Conversions, uploads and merges that are worked at side by side.
const TURNS: usize = 2;
/// Content type of flists and chunks.
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// Where somebody without a token is sent.
const LOGIN: &str = "/login";

/// How a hub is run.
pub struct HubConfig {
    /// Folder of the flists; made when it is missing.
    pub dir: PathBuf,
    /// Address that is told as the source of flists, without a slash at the end; None tells the one
    /// it listens on.
    pub site: Option<String>,
    /// Address that is told as the storage of chunks; None tells the hub's own.
    pub storage: Option<String>,
    /// Rows that every flist made here gets, such as its backend.
    pub metadata: Metadata,
    /// Who may change what.
    pub access: Access,
    /// Where chunks are kept.
    pub chunks: Arc<dyn Backend>,
    /// Where images come from.
    pub images: Arc<dyn Images>,
}

/// A hub.
pub struct Hub {
    shelf: Shelf,
    chunks: Arc<dyn Backend>,
    images: Arc<dyn Images>,
    access: Access,
    site: String,
    storage: String,
    metadata: Metadata,
    turns: Semaphore,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("site", &self.site).finish()
    }
}

impl Hub {
    /// Opens a hub on its folder, to listen on an address.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(config: HubConfig, addr: SocketAddr) -> std::io::Result<Arc<Self>> {
        let own = format!("http://{addr}");
        Ok(Arc::new(Self {
            shelf: Shelf::open(&config.dir)?,
            chunks: config.chunks,
            images: config.images,
            access: config.access,
            storage: config.storage.unwrap_or_else(|| own.clone()),
            site: config.site.unwrap_or(own),
            metadata: config.metadata,
            turns: Semaphore::new(TURNS),
        }))
    }

    /// Answers an HTTP request.
    pub async fn answer(self: Arc<Self>, request: Request) -> Response {
        if access::is_foreign(request.headers()) {
            return http::answer(
                StatusCode::FORBIDDEN,
                http::TEXT,
                "pages of other sites may not use this hub\n",
            );
        }
        let path = request.uri().path().to_owned();
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(percent_decode)
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["api", path @ ..] => self.api(path, request).await,
            ["exists" | "insert" | "chunk", ..] => self.direct(&parts, request).await,
            [user, file] if is_read(request.method()) => self.download(user, file).await,
            _ => self.page(&parts, request).await,
        }
    }

    fn not_in(&self, why: NotIn) -> Response {
        match why {
            NotIn::Forbidden => http::answer(
                StatusCode::FORBIDDEN,
                TEXT,
                "Could not authorize this request!",
            ),
            NotIn::Login => {
                let mut response = http::answer(StatusCode::FOUND, TEXT, Body::empty());
                let to = HeaderValue::from_static(LOGIN);
                response.headers_mut().insert(header::LOCATION, to);
                response
            }
        }
    }

    /// The MD5 of a file, in hex.
    async fn md5(&self, path: PathBuf) -> Result<String, Refusal> {
        let summed = tokio::task::spawn_blocking(move || md5_of(&path)).await;
        match summed {
            Ok(sum) => Ok(sum?),
            Err(e) => Err(Refusal::new(e.to_string())),
        }
    }

    fn source_url(&self, user: &str, name: &str) -> String {
        format!("{}/{user}/{name}", self.site)
    }

    /// An flist, or what is told about it.
    async fn download(self: &Arc<Self>, user: &str, file: &str) -> Response {
        let missing = || reply::bare(StatusCode::NOT_FOUND, "There is no such flist.");
        let (name, about) = match file.rsplit_once('.') {
            Some((name, about)) if name.ends_with(names::SUFFIX) => (name, about),
            _ => (file, ""),
        };
        let found = names::flist(name).filter(|kept| kept == name);
        let Some(path) = found.and_then(|name| self.shelf.file(user, &name)) else {
            return missing();
        };
        match about {
            "" => match File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file))) {
                Ok((size, file)) => {
                    let body = FileBody::new(Vec::new(), file, size, Vec::new(), None);
                    let mut response = http::answer(StatusCode::OK, BYTES, Body::new(body));
                    let size = HeaderValue::from(size);
                    response.headers_mut().insert(header::CONTENT_LENGTH, size);
                    response
                }
                // It was deleted a moment ago.
                Err(_) => missing(),
            },
            "md5" | "txt" => {
                let sum = match self.md5(path).await {
                    Ok(sum) => sum,
                    Err(_) => return missing(),
                };
                let text = match about {
                    "md5" => format!("{sum}\n"),
                    _ => format!(
                        "File:     {name}\nUploader: {user}\nSource:   {}\nStorage:  {}\n\
                         Checksum: {sum}\n",
                        self.source_url(user, name),
                        self.storage
                    ),
                };
                http::answer(StatusCode::OK, TEXT, text)
            }
            "md" => self.preview(user, name, path).await,
            // Broken in the hub of June 2019.
            "json" => reply::bare(
                StatusCode::INTERNAL_SERVER_ERROR,
                "This page never worked: ask /api/flist/ for the contents.",
            ),
            _ => missing(),
        }
    }
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn md5_of(path: &Path) -> std::io::Result<String> {
    let mut sum = Md5::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            read => sum.update(buffer.get(..read).unwrap_or_default()),
        }
    }
    Ok(hex::encode(sum.finalize()))
}
