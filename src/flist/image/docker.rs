//! What `docker save` writes: `manifest.json`, configurations and layers, in an archive.
use std::collections::BTreeSet;

use serde::Deserialize;

use super::blob::Parts;
use super::config::ConfigFile;
use super::digest::Digest;
use super::error::{ImageError, Result};
use super::open::{Found, Layer, OpenOptions};
use super::reference::Reference;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Vec<String>,
}

pub(super) const MANIFEST: &str = "manifest.json";

/// Finds the image that is meant.
pub(super) fn find(parts: &Parts, options: &OpenOptions) -> Result<Option<Found>> {
    let limits = &options.limits;
    let Some(manifest) = parts.get(MANIFEST)? else {
        return Ok(None);
    };
    let document = |reason: String| ImageError::Document {
        what: MANIFEST.into(),
        reason,
    };
    let bytes = manifest.read(MANIFEST, limits)?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&bytes).map_err(|e| document(e.to_string()))?;
    if entries.is_empty() {
        return Err(document("there is no image in it".into()));
    }
    let entries: Vec<Entry> = match &options.image {
        Some(name) => {
            let meant = entries.iter().filter(|entry| is_called(entry, name));
            let meant: Vec<Entry> = meant.cloned().collect();
            if meant.is_empty() {
                return Err(ImageError::Unnamed {
                    name: name.clone(),
                    there: names(&entries),
                });
            }
            meant
        }
        None => entries,
    };
    let mut fitting = Vec::new();
    let mut there = BTreeSet::new();
    for entry in entries {
        let part = parts.get(&entry.config)?.ok_or_else(|| {
            document(format!(
                "the configuration {} is not in the archive",
                entry.config.escape_debug()
            ))
        })?;
        let bytes = part.read("the configuration", limits)?;
        // Its name is its digest: with an ending, or as the name of a blob.
        let name = entry.config.rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(".json").unwrap_or(name);
        if let Ok(digest) = format!("sha256:{name}").parse::<Digest>() {
            super::blob::check("the configuration", &digest, &bytes)?;
        }
        let config = ConfigFile::parse(&bytes)?;
        let platform = config.platform();
        match options.platform.accepts(&platform) {
            true => fitting.push((entry, config, Digest::of(&bytes))),
            false => {
                there.insert(platform.to_string());
            }
        }
    }
    if fitting.len() > 1 {
        let entries: Vec<Entry> = fitting.into_iter().map(|(entry, ..)| entry).collect();
        return Err(ImageError::Several(names(&entries)));
    }
    let Some((entry, config, digest)) = fitting.pop() else {
        return Err(ImageError::Platform {
            wanted: options.platform.to_string(),
            there: there.into_iter().collect(),
        });
    };
    let diff_ids = &config.rootfs.diff_ids;
    if diff_ids.len() != entry.layers.len() {
        return Err(document(format!(
            "it names {} layers, the configuration {}",
            entry.layers.len(),
            diff_ids.len()
        )));
    }
    let mut layers = Vec::with_capacity(entry.layers.len());
    for (name, diff_id) in entry.layers.iter().zip(diff_ids) {
        let blob = parts.get(name)?.ok_or_else(|| {
            document(format!(
                "the layer {} is not in the archive",
                name.escape_debug()
            ))
        })?;
        // In the newer form, a layer is a blob and goes by the digest of its bytes.
        let digest = name.strip_prefix("blobs/sha256/");
        layers.push(Layer {
            digest: digest.and_then(|hex| format!("sha256:{hex}").parse().ok()),
            diff_id: Some(diff_id.clone()),
            blob,
        });
    }
    Ok(Some(Found {
        names: entry.repo_tags.unwrap_or_default(),
        config,
        digest,
        layers,
    }))
}

fn is_called(entry: &Entry, name: &str) -> bool {
    let tags = entry.repo_tags.iter().flatten();
    let wanted = name.parse::<Reference>().ok().map(|name| name.to_string());
    let same = |tag: &String| {
        let full = || tag.parse::<Reference>().ok().map(|tag| tag.to_string());
        tag == name || (wanted.is_some() && full() == wanted)
    };
    tags.clone().any(same) || entry.config.starts_with(name) && name.len() >= 12
}

fn names(entries: &[Entry]) -> Vec<String> {
    let name = |entry: &Entry| match entry.repo_tags.iter().flatten().next() {
        Some(tag) => tag.clone(),
        None => entry.config.clone(),
    };
    entries.iter().map(name).collect()
}
