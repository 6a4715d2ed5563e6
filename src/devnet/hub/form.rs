//! Forms: fields, and at most one file, which is written to disk as it comes.
use std::fs::File;
use std::io::Write;

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use tokio::sync::mpsc;

use super::reply::Refusal;
use super::shelf::{Incoming, Shelf};
use crate::devnet::http;
use crate::devnet::query::Query;

/// Most bytes of an uploaded file.
const LARGEST_FILE: u64 = 8 << 30;
/// Most bytes of a field.
const LARGEST_FIELD: usize = 64 * 1024;
/// Most fields and files.
const MOST_FIELDS: usize = 1024;
/// Most bytes of all chunks that come at once.
const LARGEST_CHUNKS: usize = 256 << 20;
/// Pieces of a file that wait to be written.
const WAITING: usize = 4;

/// A form as it came.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// The file of the field `file`; None when there is no such field.
    pub file: Option<Upload>,
}

/// A file that came.
#[derive(Debug)]
pub struct Upload {
    /// Its name there.
    pub name: String,
    /// Where it is.
    pub file: Incoming,
    /// Its bytes.
    pub size: u64,
}

impl Form {
    /// The first value of a field; None when it is not there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter();
        fields
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Reads the form of a request; one of another kind has no fields.
    ///
    /// # Errors
    /// When it is damaged, cut off or too large.
    pub async fn read(shelf: &Shelf, mut request: Request) -> Result<Self, Refusal> {
        match kind(&request) {
            "multipart/form-data" => {}
            "application/x-www-form-urlencoded" => {
                let body = http::read_body(request.into_body()).await;
                let body = body.map_err(|_| cut_off("its fields cannot be read"))?;
                let text = String::from_utf8_lossy(&body);
                return Ok(Self {
                    fields: Query::parse(&text).into_pairs(),
                    file: None,
                });
            }
            _ => return Ok(Self::default()),
        }
        DefaultBodyLimit::disable().apply(&mut request);
        let form = Multipart::from_request(request, &()).await;
        let mut form = form.map_err(|e| cut_off(e.body_text()))?;
        let mut read = Self::default();
        for _ in 0..MOST_FIELDS {
            let Some(field) = form.next_field().await.map_err(damaged)? else {
                return Ok(read);
            };
            match (field.name(), field.file_name()) {
                (Some("file"), Some(name)) if read.file.is_none() => {
                    let name = name.to_owned();
                    read.file = Some(keep(shelf, name, field).await?);
                }
                (Some(name), None) => {
                    let name = name.to_owned();
                    let value = limited(field, LARGEST_FIELD).await?;
                    let value = String::from_utf8_lossy(&value).into_owned();
                    read.fields.push((name, value));
                }
                // Other files are read over.
                _ => drop(pass(field, |_| Ok(())).await?),
            }
        }
        Err(too_large(format!("more than {MOST_FIELDS} fields")))
    }
}

/// Reads the chunks of a form: the name of each file, and its bytes.
///
/// # Errors
/// When it is damaged, cut off or too large.
pub async fn chunks(mut request: Request) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
    if kind(&request) != "multipart/form-data" {
        return Err(cut_off("multipart/form-data is expected"));
    }
    DefaultBodyLimit::max(LARGEST_CHUNKS).apply(&mut request);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|e| cut_off(e.body_text()))?;
    let mut chunks = Vec::new();
    while let Some(field) = form.next_field().await.map_err(damaged)? {
        if field.name() != Some("files[]") {
            continue;
        }
        let key = field.file_name().unwrap_or_default().to_owned();
        // A chunk is at most a little longer than a piece of a file.
        let bytes = limited(field, 2 * crate::flist::BLOCK_SIZE).await?;
        chunks.push((key, bytes));
    }
    Ok(chunks)
}

fn kind(request: &Request) -> &'static str {
    let value = request.headers().get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default().split(';').next();
    let kinds = ["multipart/form-data", "application/x-www-form-urlencoded"];
    let value = value.unwrap_or_default().trim().to_ascii_lowercase();
    kinds.into_iter().find(|kind| *kind == value).unwrap_or("")
}

fn cut_off(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(format!("malformed form: {why}")).with(StatusCode::BAD_REQUEST)
}

fn too_large(what: String) -> Refusal {
    Refusal::new(format!("the upload is too large: {what}")).with(StatusCode::PAYLOAD_TOO_LARGE)
}

fn damaged(error: MultipartError) -> Refusal {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(error.body_text()),
        _ => cut_off(error.body_text()),
    }
}

async fn limited(field: Field<'_>, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    pass(field, |piece| {
        if bytes.len() + piece.len() > limit {
            return Err(too_large(format!("a field of more than {limit} bytes")));
        }
        bytes.extend_from_slice(&piece);
        Ok(())
    })
    .await?;
    Ok(bytes)
}

/// Reads a field to its end; answers how long it was.
async fn pass(
    mut field: Field<'_>,
    mut each: impl FnMut(Bytes) -> Result<(), Refusal>,
) -> Result<u64, Refusal> {
    let mut size = 0_u64;
    while let Some(piece) = field.chunk().await.map_err(damaged)? {
        size += piece.len() as u64;
        if size > LARGEST_FILE {
            return Err(too_large(format!(
                "a file of more than {LARGEST_FILE} bytes"
            )));
        }
        each(piece)?;
    }
    Ok(size)
}

/// Writes a file as it comes; a thread of its own writes, so that no other connection waits.
async fn keep(shelf: &Shelf, name: String, mut field: Field<'_>) -> Result<Upload, Refusal> {
    let file = shelf.incoming();
    let (send, mut pieces) = mpsc::channel::<Bytes>(WAITING);
    // Made here, so that an upload that breaks off at once removes it and not the other way round.
    let mut out = File::create(file.path())?;
    let writer = tokio::task::spawn_blocking(move || {
        while let Some(piece) = pieces.blocking_recv() {
            out.write_all(&piece)?;
        }
        out.flush()
    });
    let mut size = 0_u64;
    while let Some(piece) = field.chunk().await.map_err(damaged)? {
        size += piece.len() as u64;
        if size > LARGEST_FILE {
            return Err(too_large(format!(
                "a file of more than {LARGEST_FILE} bytes"
            )));
        }
        // The writer gave up: it says why below.
        if send.send(piece).await.is_err() {
            break;
        }
    }
    drop(send);
    match writer.await {
        Ok(written) => written?,
        Err(e) => return Err(Refusal::new(e.to_string())),
    }
    Ok(Upload { name, file, size })
}
