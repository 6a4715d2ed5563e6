//! Archives with the S3 protocol: buckets, and objects from and to files.
//!
//! Requests are signed in their address (version 4 of the signatures), with buckets in the path.
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use instant_xml::FromXml;
use jiff::Timestamp;
use reqwest::{Method, Url};
use rusty_s3::actions::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateBucket, CreateMultipartUpload,
    DeleteBucket, DeleteObject, GetObject, ListObjectsV2, PutObject, UploadPart,
};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use super::web::{Limits, Reply, Web, WebError, address};
use crate::tfchain::explorer::ServerText;

/// The region that servers of their own have.
const REGION: &str = "us-east-1";
/// How long a signed address is good.
const SIGNED_FOR: Duration = Duration::from_secs(3600);
/// A file that is larger is sent in parts of this size.
const PART: usize = 32 * 1024 * 1024;
/// The most parts of an object.
const MOST_PARTS: u16 = 10_000;
/// The most pages of a list.
const MOST_PAGES: usize = 10_000;

/// An archive.
pub struct S3 {
    endpoint: Url,
    credentials: Credentials,
    clock: fn() -> SystemTime,
    web: Web,
}

/// An object of a list, or a folder of them when its size is None.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key; ends with a slash for a folder.
    pub key: String,
    /// Its bytes.
    pub size: Option<u64>,
    /// When it was written, as the server says it.
    pub modified: Option<String>,
}

/// What can go wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// Out of reach, or an address that is none.
    #[error("{0}")]
    Web(#[from] WebError),
    /// The server refused, in its own words.
    #[error("the archive refuses ({code}): {says}")]
    Refused {
        /// Its word for it, or the HTTP status.
        code: ServerText,
        /// Its words, cleaned and cut.
        says: ServerText,
    },
    /// There is no such bucket or object.
    #[error("the archive has no {0}")]
    NotFound(String),
    /// A name that no bucket can have.
    #[error("'{0}' is no name of a bucket: 3 to 63 small letters, digits, - and .")]
    Name(String),
    /// An answer that makes no sense.
    #[error("the answer of the archive makes no sense: {0}")]
    Answer(String),
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file with more parts than an object can have.
    #[error("{}: the file is too large for an object", .0.display())]
    TooLarge(PathBuf),
}

type Result<T> = std::result::Result<T, S3Error>;

#[derive(FromXml)]
#[xml(
    rename = "ListAllMyBucketsResult",
    ns("http://s3.amazonaws.com/doc/2006-03-01/")
)]
struct AllBuckets {
    buckets: Buckets,
}

#[derive(FromXml)]
#[xml(rename = "Buckets", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct Buckets {
    list: Vec<OneBucket>,
}

#[derive(FromXml)]
#[xml(rename = "Bucket", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct OneBucket {
    #[xml(rename = "Name")]
    name: String,
}

impl S3 {
    /// An archive at an address like `http://10.244.1.2:9000`. Opens nothing.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(
        endpoint: &str,
        access_key: &str,
        secret_key: &str,
        clock: fn() -> SystemTime,
    ) -> Result<S3> {
        Ok(S3 {
            endpoint: address(endpoint)?,
            credentials: Credentials::new(access_key, secret_key),
            clock,
            web: Web::new(Limits::default())?,
        })
    }

    fn bucket(&self, name: &str) -> Result<Bucket> {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if !(3..=63).contains(&name.len()) || !name.chars().all(letters) || name.contains("..") {
            return Err(S3Error::Name(ServerText::new(name).to_string()));
        }
        Bucket::new(
            self.endpoint.clone(),
            UrlStyle::Path,
            name.to_owned(),
            REGION,
        )
        .map_err(|_| S3Error::Name(name.to_owned()))
    }

    fn now(&self) -> Timestamp {
        Timestamp::try_from((self.clock)()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn sign<'a>(&self, action: &impl S3Action<'a>) -> Url {
        action.sign_with_time(SIGNED_FOR, &self.now())
    }

    async fn ask(
        &self,
        method: Method,
        url: Url,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        what: &str,
    ) -> Result<Reply> {
        let reply = self.web.ask(method, url, headers, body).await?;
        match reply.status {
            200..300 => Ok(reply),
            status => Err(refused(status, &reply.body, what)),
        }
    }

    /// Lists the names of the buckets.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn buckets(&self) -> Result<Vec<String>> {
        let none = std::iter::empty::<(&str, &str)>;
        let mut url = self.endpoint.clone();
        if url.path().is_empty() {
            url.set_path("/");
        }
        let url = rusty_s3::signing::sign(
            &self.now(),
            rusty_s3::Method::Get,
            url,
            self.credentials.key(),
            self.credentials.secret(),
            None,
            REGION,
            SIGNED_FOR.as_secs(),
            none(),
            none(),
        );
        let reply = self.ask(Method::GET, url, &[], Vec::new(), "list").await?;
        let all: AllBuckets = xml(&text(&reply.body)?)?;
        Ok(all.buckets.list.into_iter().map(|one| one.name).collect())
    }

    /// Makes a bucket; one that is there already is left as it is.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn make_bucket(&self, name: &str) -> Result<()> {
        let bucket = self.bucket(name)?;
        let url = self.sign(&CreateBucket::new(&bucket, &self.credentials));
        match self.ask(Method::PUT, url, &[], Vec::new(), name).await {
            Err(S3Error::Refused { code, .. }) if code.as_str() == "BucketAlreadyOwnedByYou" => {
                Ok(())
            }
            done => done.map(drop),
        }
    }

    /// Removes an empty bucket.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn remove_bucket(&self, name: &str) -> Result<()> {
        let bucket = self.bucket(name)?;
        let url = self.sign(&DeleteBucket::new(&bucket, &self.credentials));
        let what = format!("bucket '{name}'");
        self.ask(Method::DELETE, url, &[], Vec::new(), &what)
            .await
            .map(drop)
    }

    /// Lists objects whose keys begin with `prefix`; without `recursive`, what lies behind the
    /// next slash is one folder.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn objects(
        &self,
        bucket: &str,
        prefix: &str,
        recursive: bool,
    ) -> Result<Vec<Object>> {
        let what = format!("bucket '{bucket}'");
        let bucket = self.bucket(bucket)?;
        let mut objects = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut action = ListObjectsV2::new(&bucket, Some(&self.credentials));
            if !prefix.is_empty() {
                action.with_prefix(prefix);
            }
            if !recursive {
                action.with_delimiter("/");
            }
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
            let url = self.sign(&action);
            let reply = self.ask(Method::GET, url, &[], Vec::new(), &what).await?;
            let page = ListObjectsV2::parse_response(&text(&reply.body)?)
                .map_err(|e| S3Error::Answer(e.to_string()))?;
            objects.extend(page.common_prefixes.into_iter().map(|folder| Object {
                key: folder.prefix,
                size: None,
                modified: None,
            }));
            objects.extend(page.contents.into_iter().map(|object| Object {
                key: object.key,
                size: object.size,
                modified: object.last_modified,
            }));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(objects);
            }
        }
        Err(S3Error::Answer("its list does not end".into()))
    }

    /// Stores a file as an object; what was stored under the key is replaced.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn upload(
        &self,
        bucket: &str,
        key: &str,
        path: &Path,
        content_type: &str,
        meta: &[(String, String)],
    ) -> Result<()> {
        let failed = |source| S3Error::File {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let first = part(&mut file).map_err(failed)?;
        let names: Vec<(String, &str)> = meta
            .iter()
            .map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                (format!("x-amz-meta-{name}"), value.as_str())
            })
            .collect();
        let mut headers = vec![("content-type", content_type)];
        headers.extend(names.iter().map(|(name, value)| (name.as_str(), *value)));
        let what = format!("bucket '{bucket}'");
        let bucket = self.bucket(bucket)?;
        if first.len() < PART {
            let mut action = PutObject::new(&bucket, Some(&self.credentials), key);
            for (name, value) in &headers {
                action.headers_mut().insert(*name, *value);
            }
            let url = self.sign(&action);
            return self
                .ask(Method::PUT, url, &headers, first, &what)
                .await
                .map(drop);
        }
        let mut action = CreateMultipartUpload::new(&bucket, Some(&self.credentials), key);
        for (name, value) in &headers {
            action.headers_mut().insert(*name, *value);
        }
        let url = self.sign(&action);
        let reply = self
            .ask(Method::POST, url, &headers, Vec::new(), &what)
            .await?;
        let made = CreateMultipartUpload::parse_response(&text(&reply.body)?)
            .map_err(|e| S3Error::Answer(e.to_string()))?;
        let id = made.upload_id();
        let sent = self
            .parts((&bucket, key, id), (path, &mut file), first)
            .await;
        if sent.is_err() {
            // What was sent so far would cost room for ever.
            let action = AbortMultipartUpload::new(&bucket, Some(&self.credentials), key, id);
            let url = self.sign(&action);
            let _ = self.ask(Method::DELETE, url, &[], Vec::new(), &what).await;
        }
        sent
    }

    async fn parts(
        &self,
        (bucket, key, id): (&Bucket, &str, &str),
        (path, file): (&Path, &mut File),
        first: Vec<u8>,
    ) -> Result<()> {
        let mut tags = Vec::new();
        let mut bytes = first;
        let mut number: u16 = 1;
        while !bytes.is_empty() {
            if number > MOST_PARTS {
                return Err(S3Error::TooLarge(path.to_owned()));
            }
            let action = UploadPart::new(bucket, Some(&self.credentials), key, number, id);
            let url = self.sign(&action);
            let reply = self.ask(Method::PUT, url, &[], bytes, key).await?;
            let tag = reply.etag.unwrap_or_default();
            tags.push(tag.trim_matches('"').to_owned());
            bytes = part(file).map_err(|source| S3Error::File {
                path: path.to_owned(),
                source,
            })?;
            number += 1;
        }
        let tags = tags.iter().map(String::as_str);
        let action = CompleteMultipartUpload::new(bucket, Some(&self.credentials), key, id, tags);
        let url = self.sign(&action);
        let body = action.body().into_bytes();
        let reply = self.ask(Method::POST, url, &[], body, key).await?;
        // The status is sent before the parts are joined: the error comes in the body.
        match text(&reply.body)?.contains("<Error>") {
            true => Err(refused(500, &reply.body, key)),
            false => Ok(()),
        }
    }

    /// Writes an object into a file. A file that was there stays as it is until all is read.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn download(&self, bucket: &str, key: &str, path: &Path) -> Result<u64> {
        let what = format!("object '{key}' in bucket '{bucket}'");
        let failed = |source| S3Error::File {
            path: path.to_owned(),
            source,
        };
        let bucket = self.bucket(bucket)?;
        let url = self.sign(&GetObject::new(&bucket, Some(&self.credentials), key));
        let mut incoming = self.web.begin(Method::GET, url, &[], Vec::new()).await?;
        let status = incoming.status();
        if !(200..300).contains(&status) {
            let reply = incoming.whole().await?;
            return Err(refused(status, &reply.body, &what));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let partial = Partial(path.with_file_name(name));
        let mut file = File::create(&partial.0).map_err(failed)?;
        let mut size = 0_u64;
        while let Some(piece) = incoming.piece().await? {
            file.write_all(&piece).map_err(failed)?;
            size = size.saturating_add(u64::try_from(piece.len()).unwrap_or(0));
        }
        file.sync_all().map_err(failed)?;
        std::fs::rename(&partial.0, path).map_err(failed)?;
        Ok(size)
    }

    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// See [`S3Error`].
    pub async fn remove_object(&self, bucket: &str, key: &str) -> Result<()> {
        let what = format!("bucket '{bucket}'");
        let bucket = self.bucket(bucket)?;
        let url = self.sign(&DeleteObject::new(&bucket, Some(&self.credentials), key));
        self.ask(Method::DELETE, url, &[], Vec::new(), &what)
            .await
            .map(drop)
    }
}

/// A file that is being written; what is left of it goes, also when the download is stopped.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // After the last step it has another name.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The next bytes of a file, as many as fit into a part.
fn part(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(u64::try_from(PART).unwrap_or(0))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(body: &[u8]) -> Result<String> {
    String::from_utf8(body.to_vec()).map_err(|_| S3Error::Answer("it is no text".into()))
}

fn xml<T>(text: &str) -> Result<T>
where
    T: for<'xml> FromXml<'xml>,
{
    instant_xml::from_str(text).map_err(|e| S3Error::Answer(e.to_string()))
}

/// The text of an element without elements inside.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let rest = body.split_once(&format!("<{name}>"))?.1;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

fn refused(status: u16, body: &[u8], what: &str) -> S3Error {
    let body = String::from_utf8_lossy(body);
    let code = element(&body, "Code").map_or_else(|| status.to_string(), String::from);
    if matches!(code.as_str(), "NoSuchKey" | "NoSuchBucket" | "404") {
        return S3Error::NotFound(what.to_owned());
    }
    let says = element(&body, "Message").unwrap_or("without a reason");
    S3Error::Refused {
        code: ServerText::new(&code),
        says: ServerText::new(says),
    }
}
