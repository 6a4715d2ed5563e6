//! An S3 archive: objects in buckets on disk, behind one login and password.
//!
//! Protocol, signatures and storage are the crates `s3s` and `s3s-fs`. What is added here is the
//! size that was paid for, and that it runs inside the devnet.
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::error::{Error, Result};
use super::folder;
use super::http;
use super::serving::Serving;

/// Header of uploads in signed pieces: the length without what the signatures add.
const DECODED_LENGTH: &str = "x-amz-decoded-content-length";
const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// Who may use an archive, and how much of it.
#[derive(Clone)]
pub struct Settings {
    /// The access key.
    pub login: String,
    /// The secret key.
    pub password: Zeroizing<String>,
    /// Most bytes of all objects together; None is no limit.
    pub limit: Option<u64>,
}

/// Shows who, never the password.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("login", &self.login)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

struct Archive {
    service: S3Service,
    folder: PathBuf,
    limit: Option<u64>,
    usage: Mutex<Usage>,
}

/// What is in use. Two uploads side by side do not both take the last free place.
#[derive(Default)]
struct Usage {
    /// Bytes of what is stored; None when they must be counted again.
    stored: Option<u64>,
    /// Bytes of uploads that are under way.
    coming: u64,
}

/// Starts an archive on the tokio runtime that this is called on, with its objects in `folder`,
/// which is made when it is missing. Port 0 takes a free one.
///
/// # Errors
/// When the port is taken or the folder cannot be used.
pub async fn start(listen: SocketAddr, folder: &Path, settings: Settings) -> Result<Serving> {
    folder::private_folder(folder)?;
    let files = s3s_fs::FileSystem::new(folder).map_err(|error| Error::Start {
        reason: format!("the S3 archive in {}: {error:?}", folder.display()),
    })?;
    let mut builder = S3ServiceBuilder::new(files);
    let password = settings.password.as_str();
    builder.set_auth(SimpleAuth::from_single(settings.login.as_str(), password));
    let archive = Arc::new(Archive {
        service: builder.build(),
        folder: folder.to_owned(),
        limit: settings.limit,
        usage: Mutex::default(),
    });
    Serving::start(listen, Router::new().fallback(answer).with_state(archive)).await
}

async fn answer(State(archive): State<Arc<Archive>>, request: Request) -> Response<Body> {
    let writes = matches!(*request.method(), Method::PUT | Method::POST);
    let removes = *request.method() == Method::DELETE;
    let Some(limit) = archive.limit.filter(|_| writes || removes) else {
        return archive.call(request).await;
    };
    if removes {
        let answer = archive.call(request).await;
        archive.usage.lock().await.stored = None;
        return answer;
    }
    let length = match request.body().is_end_stream() {
        // A bucket is made without a body, and then clients need not say that it has no length.
        true => Some(0),
        false => length(request.headers()),
    };
    let Some(length) = length else {
        return refused(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "an upload must say its length",
        );
    };
    if let Err(used) = archive.take(length, limit).await {
        let text = format!(
            "{length} bytes do not fit: {used} of the {limit} bytes of this archive are in use"
        );
        return refused(StatusCode::INSUFFICIENT_STORAGE, "QuotaExceeded", &text);
    }
    let answer = archive.call(request).await;
    let mut usage = archive.usage.lock().await;
    usage.coming = usage.coming.saturating_sub(length);
    if answer.status().is_success() {
        // Where an object is replaced this counts too much; the files are counted again before
        // anything is refused.
        usage.stored = usage.stored.map(|stored| stored.saturating_add(length));
    }
    answer
}

impl Archive {
    /// Takes room for an upload, or answers how much is in use.
    async fn take(&self, length: u64, limit: u64) -> std::result::Result<(), u64> {
        let mut usage = self.usage.lock().await;
        let fits = |used: u64| used.saturating_add(length) <= limit;
        let known = usage
            .stored
            .map(|stored| stored.saturating_add(usage.coming));
        if !known.is_some_and(fits) {
            let folder = self.folder.clone();
            let counted = tokio::task::spawn_blocking(move || size_of(&folder)).await;
            let stored = counted.unwrap_or(u64::MAX);
            usage.stored = Some(stored);
            let used = stored.saturating_add(usage.coming);
            if !fits(used) {
                return Err(used);
            }
        }
        usage.coming = usage.coming.saturating_add(length);
        Ok(())
    }

    async fn call(&self, request: Request) -> Response<Body> {
        let request = request.map(s3s::Body::http_body_unsync);
        match self.service.call(request).await {
            Ok(answer) => answer.map(Body::new),
            Err(_) => refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "the archive could not read or write its files",
            ),
        }
    }
}

/// Length of an upload without what signatures add.
fn length(headers: &HeaderMap) -> Option<u64> {
    let decoded = headers.get(DECODED_LENGTH);
    let found = decoded.or_else(|| headers.get(header::CONTENT_LENGTH))?;
    found.to_str().ok()?.trim().parse().ok()
}

/// Bytes of all files below a folder.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size_of(&entry.path()),
        Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |data| data.len()),
        _ => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

/// An error as S3 clients read it. The texts are ours and need no escapes.
fn refused(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    http::answer(status, XML, body)
}
