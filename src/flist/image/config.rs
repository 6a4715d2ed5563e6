//! The configuration of an image: what it is for, and how it starts.
use serde::Deserialize;

use super::digest::Digest;
use super::error::{ImageError, Result};
use super::platform::Platform;

/// What the configuration says about the process to start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageConfig {
    /// The program with its first arguments.
    pub entrypoint: Option<Vec<String>>,
    /// Further arguments, or the program where there is no entry point.
    pub cmd: Option<Vec<String>>,
    /// `NAME=value`.
    pub env: Option<Vec<String>>,
    /// The directory that it is started in.
    pub working_dir: Option<String>,
    /// The user that it runs as. A container of the grid does not know of it.
    pub user: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RootFs {
    pub(super) diff_ids: Vec<Digest>,
}

/// The document of a configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfigFile {
    os: String,
    architecture: String,
    variant: Option<String>,
    created: Option<String>,
    config: Option<ImageConfig>,
    pub(super) rootfs: RootFs,
}

impl ConfigFile {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|e| ImageError::Document {
            what: "the configuration".into(),
            reason: e.to_string(),
        })
    }

    pub(super) fn platform(&self) -> Platform {
        Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone().filter(|text| !text.is_empty()),
        }
    }

    /// When the image was made, Unix seconds; 0 when it does not say.
    pub(super) fn created(&self) -> u32 {
        let time = self.created.as_deref().unwrap_or_default();
        let time: Option<jiff::Timestamp> = time.parse().ok();
        time.and_then(|time| u32::try_from(time.as_second()).ok())
            .unwrap_or(0)
    }

    pub(super) fn into_config(self) -> ImageConfig {
        self.config.unwrap_or_default()
    }
}
