//! Registries: images fetched by the OCI distribution protocol.
mod auth;
mod client;
mod options;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use options::{Login, PullOptions, PullProgress};

use super::blob::{Parts, check};
use super::digest::Digest;
use super::error::{ImageError, Result};
use super::oci::{Descriptor, Document, INDEX};
use super::open::Image;
use super::reference::Reference;
use crate::flist::Error;
use client::{Registry, accepted};
use transfer::Counter;

/// Indexes within indexes.
const MAX_DEPTH: usize = 4;
/// The annotation that names an image in a layout.
const NAME: &str = "org.opencontainers.image.ref.name";
/// The header in which a registry says the digest of a manifest.
const CONTENT_DIGEST: &str = "docker-content-digest";

/// Fetches an image from its registry: `nginxdemos/hello`, `localhost:5000/x:1.0`. It is kept as
/// an OCI layout in the folder of the options; what is there of it already is not fetched again.
///
/// # Errors
/// When the name is none, the registry cannot be reached, refuses, or sends what has another
/// digest or size than it says.
pub async fn pull(reference: &str, options: &PullOptions) -> Result<Image> {
    let reference = Reference::parse_for(reference, options.registry.as_deref())?;
    let registry = Arc::new(Registry::new(&reference, options)?);
    let (document, digest, bytes) = find(&registry, &reference).await?;
    let blobs = blobs(&document, options)?;
    let total = blobs.values().sum();
    let counter = Arc::new(Counter {
        done: AtomicU64::new(0),
        total,
    });
    if let Some(progress) = &options.progress {
        progress(0, total);
    }
    let gate = Arc::new(Semaphore::new(options.parallel.max(1)));
    let mut transfers = JoinSet::new();
    for (digest, size) in blobs {
        let (registry, counter) = (registry.clone(), counter.clone());
        let gate = gate.clone();
        transfers.spawn(async move {
            // The gate is never closed.
            let _turn = gate.acquire().await;
            registry.blob(&digest, size, &counter).await
        });
    }
    // When one fails, the others are given up with the set.
    while let Some(done) = transfers.join_next().await {
        done.map_err(|e| ImageError::Unreachable {
            registry: reference.registry().to_owned(),
            reason: e.to_string(),
        })??;
    }
    note(&options.folder, &reference, &document, &digest, &bytes)?;
    let parts = Parts::Folder(options.folder.clone());
    let image = Image::of_manifest(&parts, &document, options)?;
    Ok(image.called(reference.text().to_owned()))
}

/// Finds the manifest of the image: its document, its digest, its bytes.
async fn find(registry: &Registry, reference: &Reference) -> Result<(Document, Digest, Vec<u8>)> {
    let mut wanted = reference.manifest();
    let mut digest = reference.digest().cloned();
    let mut size = None;
    for _ in 0..MAX_DEPTH {
        let what = match &digest {
            Some(digest) => format!("manifest {}", digest.short()),
            None => format!("{}:{wanted}", reference.repository()),
        };
        let (bytes, said) = manifest(registry, &wanted, &what).await?;
        let digest_of = match (&digest, &said) {
            (Some(digest), _) | (None, Some(digest)) => {
                check(&what, digest, &bytes)?;
                digest.clone()
            }
            (None, None) => Digest::of(&bytes),
        };
        if let Some(size) = size.filter(|size| *size != bytes.len() as u64) {
            return Err(ImageError::Size {
                what,
                expected: size,
                found: bytes.len() as u64,
            });
        }
        let document = Document::parse(&what, &bytes)?;
        let Some(manifests) = &document.manifests else {
            return Ok((document, digest_of, bytes));
        };
        let next = choose(manifests, registry)?;
        wanted = next.digest.to_string();
        digest = Some(next.digest.clone());
        size = Some(next.size);
    }
    Err(registry.answer(reference.repository(), "its indexes are nested too deeply"))
}

async fn manifest(
    registry: &Registry,
    wanted: &str,
    what: &str,
) -> Result<(Vec<u8>, Option<Digest>)> {
    registry
        .patiently(|| async {
            let path = format!("manifests/{wanted}");
            let response = registry.get(&path, what, accepted()).await?;
            let said = response.headers().get(CONTENT_DIGEST);
            let said: Option<Digest> = said.and_then(|value| value.to_str().ok()?.parse().ok());
            let most = registry.options.limits.document;
            Ok((registry.body(response, what, most).await?, said))
        })
        .await
}

/// The manifest of an index that is for the platform.
fn choose<'a>(manifests: &'a [Descriptor], registry: &Registry) -> Result<&'a Descriptor> {
    let wanted = &registry.options.platform;
    let images = || manifests.iter().filter(|one| !one.is_no_image());
    let fits = |one: &&Descriptor| one.platform().is_none_or(|there| wanted.accepts(&there));
    images().find(fits).ok_or_else(|| {
        let there: BTreeSet<String> = images()
            .filter_map(|one| one.platform())
            .map(|platform| platform.to_string())
            .collect();
        ImageError::Platform {
            wanted: wanted.to_string(),
            there: there.into_iter().collect(),
        }
    })
}

/// All blobs of an image with their sizes.
fn blobs(document: &Document, options: &PullOptions) -> Result<BTreeMap<Digest, u64>> {
    let limits = &options.limits;
    let too_large = |what: &str, most: u64, unit: &'static str| ImageError::Limit {
        what: what.to_owned(),
        most,
        unit,
    };
    if document.layers.len() > limits.layers {
        return Err(too_large("the image", limits.layers as u64, "layers"));
    }
    let mut blobs = BTreeMap::new();
    let mut total = 0_u64;
    if let Some(config) = &document.config {
        if config.size > limits.document {
            return Err(too_large("the configuration", limits.document, "bytes"));
        }
        blobs.insert(config.digest.clone(), config.size);
    }
    for layer in &document.layers {
        total = total.saturating_add(layer.size);
        blobs.insert(layer.digest.clone(), layer.size);
    }
    match total > limits.unpacked {
        true => Err(too_large("the image", limits.unpacked, "bytes")),
        false => Ok(blobs),
    }
}

/// Writes down what the folder holds, so that it is a layout.
fn note(
    folder: &Path,
    reference: &Reference,
    document: &Document,
    digest: &Digest,
    bytes: &[u8],
) -> Result<()> {
    let place = |name: &str| folder.join(name);
    let write = |name: &str, bytes: &[u8]| {
        let path = place(name);
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
        written.map_err(Error::file("write", path))
    };
    fs::create_dir_all(place("blobs").join(digest.algorithm()))
        .map_err(Error::file("make", folder))?;
    let blob = format!("blobs/{}/{}", digest.algorithm(), digest.hex());
    write(&blob, bytes)?;
    write("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let there: Option<Value> = fs::read(place(INDEX))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let there = there.and_then(|index| index.get("manifests")?.as_array().cloned());
    let name = reference.to_string();
    let named = |one: &Value| {
        one.pointer("/annotations")
            .and_then(|all| all.get(NAME)?.as_str())
            == Some(&name)
    };
    let mut manifests: Vec<Value> = there.unwrap_or_default();
    manifests.retain(|one| !named(one));
    let kind = document.media_type.as_deref();
    manifests.push(json!({
        "mediaType": kind.unwrap_or("application/vnd.oci.image.manifest.v1+json"),
        "digest": digest.to_string(),
        "size": bytes.len(),
        "annotations": { NAME: name },
    }));
    let index = json!({ "schemaVersion": 2, "manifests": manifests });
    write(INDEX, index.to_string().as_bytes())?;
    Ok(())
}
