//! How an image is fetched from a registry.
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::flist::image::limits::Limits;
use crate::flist::image::platform::Platform;

/// Layers that are fetched at once.
const PARALLEL: usize = 4;
/// How often a transfer is begun or taken up again.
const ATTEMPTS: u32 = 5;
/// The pause after the first break; it doubles each time.
const PAUSE: Duration = Duration::from_millis(300);
/// How long a registry may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// Who asks.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password, or a token of the registry.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Is told how many bytes are there, of how many; the first number is 0 at the beginning.
pub type PullProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// How an image is fetched.
#[derive(Clone)]
pub struct PullOptions {
    /// Where its blobs are kept, as an OCI layout. What is there already is not fetched again.
    pub folder: PathBuf,
    /// The registry of names that have none in them: `localhost:5000`, `http://localhost:5000`.
    pub registry: Option<String>,
    /// What it is to run on.
    pub platform: Platform,
    /// Who asks; nobody for public images.
    pub login: Option<Login>,
    /// Asks registries over plain HTTP, too. Those of this machine are always asked so.
    pub insecure: bool,
    /// Layers that are fetched at once.
    pub parallel: usize,
    /// How often a transfer is begun or taken up again.
    pub attempts: u32,
    /// The pause after the first break; it doubles each time.
    pub pause: Duration,
    /// How long a registry may be silent.
    pub silence: Duration,
    /// How much is taken.
    pub limits: Limits,
    /// Is told what is there.
    pub progress: Option<PullProgress>,
}

impl PullOptions {
    /// Options to fetch a public image for `linux/amd64` into a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            registry: None,
            platform: Platform::default(),
            login: None,
            insecure: false,
            parallel: PARALLEL,
            attempts: ATTEMPTS,
            pause: PAUSE,
            silence: SILENCE,
            limits: Limits::default(),
            progress: None,
        }
    }
}
