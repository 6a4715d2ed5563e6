//! OCI image layouts: `index.json`, manifests and blobs by their digests.
use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::blob::Parts;
use super::config::ConfigFile;
use super::digest::Digest;
use super::error::{ImageError, Result};
use super::limits::Limits;
use super::open::{Found, Layer, OpenOptions};
use super::platform::Platform;
use super::reference::Reference;

pub(super) const INDEX: &str = "index.json";
/// Indexes within indexes.
const MAX_DEPTH: usize = 8;
/// Images of an index.
const MAX_IMAGES: usize = 1000;
/// Annotations that name an image; the first is the full name.
const NAMES: [&str; 2] = [
    "io.containerd.image.name",
    "org.opencontainers.image.ref.name",
];

/// A blob by its digest, with what is known about it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    #[serde(default)]
    platform: Option<DescribedPlatform>,
    #[serde(default)]
    annotations: Option<HashMap<String, String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct DescribedPlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// An index, or the manifest of an image: which one is told by what is in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(default)]
    schema_version: u32,
    #[serde(default)]
    pub(super) media_type: Option<String>,
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
}

impl Document {
    pub(super) fn parse(what: &str, bytes: &[u8]) -> Result<Self> {
        let wrong = |reason: String| ImageError::Document {
            what: what.to_owned(),
            reason,
        };
        let document: Self = serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))?;
        match document.schema_version {
            1 => Err(wrong(
                "it is of schema 1, which is not supported any more: push the image again with a \
                 newer tool"
                    .into(),
            )),
            _ if document.manifests.is_none() && document.config.is_none() => {
                Err(wrong("it is neither an index nor a manifest".into()))
            }
            _ => Ok(document),
        }
    }
}

impl Descriptor {
    pub(super) fn platform(&self) -> Option<Platform> {
        let platform = self.platform.as_ref()?;
        Some(Platform {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            variant: platform.variant.clone().filter(|text| !text.is_empty()),
        })
    }

    /// Returns true for what accompanies an image, such as the attestation of a build.
    pub(super) fn is_no_image(&self) -> bool {
        let note = "vnd.docker.reference.type";
        let annotated = self.annotations.as_ref();
        self.platform()
            .is_some_and(|platform| platform.is_unknown())
            || annotated.is_some_and(|annotations| annotations.contains_key(note))
    }

    fn name(&self) -> Option<String> {
        let annotations = self.annotations.as_ref()?;
        NAMES.iter().find_map(|key| annotations.get(*key)).cloned()
    }
}

/// The blob of a descriptor, with the size that it is said to have.
fn blob(parts: &Parts, what: &str, descriptor: &Descriptor) -> Result<super::blob::Blob> {
    let blob = parts
        .blob(&descriptor.digest)?
        .ok_or_else(|| ImageError::Document {
            what: what.to_owned(),
            reason: format!("its blob {} is not there", descriptor.digest),
        })?;
    match blob.size == descriptor.size {
        true => Ok(blob),
        false => Err(ImageError::Size {
            what: format!("blob {}", descriptor.digest),
            expected: descriptor.size,
            found: blob.size,
        }),
    }
}

/// A manifest of an image, with what led to it.
struct Candidate {
    descriptor: Descriptor,
    document: Document,
    config: ConfigFile,
    name: Option<String>,
}

/// Finds the image that is meant.
pub(super) fn find(parts: &Parts, options: &OpenOptions) -> Result<Option<Found>> {
    let Some(index) = parts.get(INDEX)? else {
        return Ok(None);
    };
    let bytes = index.read(INDEX, &options.limits)?;
    let index = Document::parse(INDEX, &bytes)?;
    let mut candidates = Vec::new();
    gather(parts, index, None, 0, &options.limits, &mut candidates)?;
    let named: Vec<&Candidate> = match &options.image {
        None => candidates.iter().collect(),
        Some(name) => candidates
            .iter()
            .filter(|one| one.is_called(name))
            .collect(),
    };
    if named.is_empty() {
        return match &options.image {
            Some(name) if !candidates.is_empty() => Err(ImageError::Unnamed {
                name: name.clone(),
                there: names(&candidates.iter().collect::<Vec<_>>()),
            }),
            _ => Err(ImageError::Document {
                what: INDEX.into(),
                reason: "there is no image in it".into(),
            }),
        };
    }
    let fits = |one: &&Candidate| options.platform.accepts(&one.platform());
    let mut fitting: Vec<&Candidate> = named.iter().copied().filter(fits).collect();
    let Some(first) = fitting.first().copied() else {
        let there: BTreeSet<String> = named.iter().map(|one| one.platform().to_string()).collect();
        return Err(ImageError::Platform {
            wanted: options.platform.to_string(),
            there: there.into_iter().collect(),
        });
    };
    // Several names of one image, or variants of one platform, are no question.
    fitting.retain(|one| {
        one.descriptor.digest != first.descriptor.digest
            && (one.name != first.name || one.platform() == first.platform())
    });
    if !fitting.is_empty() {
        fitting.insert(0, first);
        return Err(ImageError::Several(names(&fitting)));
    }
    let digest = first.document.config.as_ref().map(|config| &config.digest);
    Ok(Some(Found {
        // Some tools write the tag only, which is no name.
        names: first
            .name
            .clone()
            .filter(|name| name.contains([':', '/']))
            .into_iter()
            .collect(),
        digest: digest.unwrap_or(&first.descriptor.digest).clone(),
        layers: layers(parts, &first.document, &first.config)?,
        config: first.config.clone(),
    }))
}

/// The image of one manifest.
pub(super) fn of_manifest(parts: &Parts, document: &Document, limits: &Limits) -> Result<Found> {
    let Some(described) = &document.config else {
        return Err(ImageError::Document {
            what: "the manifest".into(),
            reason: "it names no configuration".into(),
        });
    };
    let found = blob(parts, "the manifest", described)?;
    let bytes = found.read_checked("the configuration", &described.digest, limits)?;
    let config = ConfigFile::parse(&bytes)?;
    Ok(Found {
        names: Vec::new(),
        digest: described.digest.clone(),
        layers: layers(parts, document, &config)?,
        config,
    })
}

impl Candidate {
    /// What it is for: as its descriptor says, else its configuration.
    fn platform(&self) -> Platform {
        let said = self.descriptor.platform();
        let said = said.filter(|platform| !platform.architecture.is_empty());
        said.unwrap_or_else(|| self.config.platform())
    }

    fn is_called(&self, name: &str) -> bool {
        let full = |name: &str| name.parse::<Reference>().ok().map(|name| name.to_string());
        let digest = self.descriptor.digest.to_string();
        match &self.name {
            _ if digest == name => true,
            Some(own) => own == name || (full(own).is_some() && full(own) == full(name)),
            None => false,
        }
    }
}

fn names(candidates: &[&Candidate]) -> Vec<String> {
    let name = |one: &&Candidate| match &one.name {
        Some(name) => name.clone(),
        None => one.descriptor.digest.to_string(),
    };
    let mut names: Vec<String> = candidates.iter().map(name).collect();
    names.dedup();
    names
}

fn gather(
    parts: &Parts,
    index: Document,
    name: Option<String>,
    depth: usize,
    limits: &Limits,
    out: &mut Vec<Candidate>,
) -> Result<()> {
    let too_many = |what: &str| ImageError::Document {
        what: INDEX.into(),
        reason: what.to_owned(),
    };
    if depth > MAX_DEPTH {
        return Err(too_many("its indexes are nested too deeply"));
    }
    for descriptor in index.manifests.unwrap_or_default() {
        if descriptor.is_no_image() {
            continue;
        }
        if out.len() >= MAX_IMAGES {
            return Err(too_many("there are too many images in it"));
        }
        let name = descriptor.name().or_else(|| name.clone());
        let what = format!("the manifest {}", descriptor.digest);
        // A layout may hold the images of one platform only, of an index that names more.
        if parts.blob(&descriptor.digest)?.is_none() && depth > 0 {
            continue;
        }
        let found = blob(parts, &what, &descriptor)?;
        let bytes = found.read_checked(&what, &descriptor.digest, limits)?;
        let document = Document::parse(&what, &bytes)?;
        if document.manifests.is_some() {
            gather(parts, document, name, depth + 1, limits, out)?;
            continue;
        }
        let Some(described) = &document.config else {
            continue;
        };
        let Some(found) = parts.blob(&described.digest)? else {
            continue;
        };
        // What is no image, such as a chart or a signature, has another kind of configuration.
        let bytes = found.read_checked("the configuration", &described.digest, limits)?;
        let config = match ConfigFile::parse(&bytes) {
            Ok(config) => config,
            Err(_) if !described.media_type.contains("image") => continue,
            Err(error) => return Err(error),
        };
        out.push(Candidate {
            descriptor,
            document,
            config,
            name,
        });
    }
    Ok(())
}

fn layers(parts: &Parts, manifest: &Document, config: &ConfigFile) -> Result<Vec<Layer>> {
    let diff_ids = &config.rootfs.diff_ids;
    if !diff_ids.is_empty() && diff_ids.len() != manifest.layers.len() {
        return Err(ImageError::Document {
            what: "the manifest".into(),
            reason: format!(
                "it names {} layers, the configuration {}",
                manifest.layers.len(),
                diff_ids.len()
            ),
        });
    }
    let mut layers = Vec::with_capacity(manifest.layers.len());
    for (place, descriptor) in manifest.layers.iter().enumerate() {
        if descriptor.media_type.contains("encrypted") {
            return Err(ImageError::Layer {
                layer: format!("layer {}", place + 1),
                reason: "it is encrypted".into(),
            });
        }
        layers.push(Layer {
            blob: blob(parts, "the manifest", descriptor)?,
            digest: Some(descriptor.digest.clone()),
            diff_id: diff_ids.get(place).cloned(),
        });
    }
    Ok(layers)
}
