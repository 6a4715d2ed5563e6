//! What several clients need of the grid: where directory, notary and broker are, the directories
//! that were asked, and errors in the user's words.
mod errors;

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::gedis::GedisServer;
use super::tfchain::place::random;
use super::threefold_directory::ThreefoldDirectory;
use crate::grid::directory::Directory;
use crate::grid::gedis::Settings;
use crate::grid::notary::Notary;
use crate::grid::{BROKER, DIRECTORY_URL, NOTARY_HOST, NOTARY_PORT, gedis};
use crate::j::instances::Collection;
use crate::j::world::World;
use crate::object::Result;
use crate::tfchain::explorer::{HttpFetch, HttpLimits};

pub use errors::pay_hint;

/// Name of the directory that reservations ask, and of the one that is asked without a name.
pub const MAIN: &str = "main";
/// Name of the gedis client that is the notary, when there is one (spec: capacity §4).
pub const TFNOTARY: &str = "tfnotary";
/// The most directories whose answers are remembered.
const MOST_DIRECTORIES: usize = 8;
/// The largest answer of a directory, in bytes: far more than all nodes of the grid.
const LARGEST_LIST: usize = 16 * 1024 * 1024;

/// What the tree knows of the grid.
#[derive(Default)]
pub struct Grid {
    directories: OnceLock<Weak<Collection<ThreefoldDirectory>>>,
    servers: OnceLock<Weak<Collection<GedisServer>>>,
    asked: Mutex<Vec<(String, Arc<Directory>)>>,
}

/// Where the parts of the grid are.
pub struct Place {
    /// Address of the capacity directory.
    pub directory: String,
    /// The notary's gedis server.
    pub notary: Settings,
    /// Name of the 3bot that deploys.
    pub broker: String,
}

impl Place {
    /// The notary.
    pub fn notary(&self) -> Notary {
        Notary::Gedis(Box::new(gedis::Client::new(self.notary.clone())))
    }
}

impl Grid {
    /// Remembers the collections in which a user may say where the grid is.
    pub fn belongs_to(
        &self,
        directories: &Arc<Collection<ThreefoldDirectory>>,
        servers: &Arc<Collection<GedisServer>>,
    ) {
        self.directories.get_or_init(|| Arc::downgrade(directories));
        self.servers.get_or_init(|| Arc::downgrade(servers));
    }

    /// Where the grid is: as the user's `j.clients.threefold_directory.main` and
    /// `j.clients.gedis.tfnotary` say, else that of the devnet or of the public network.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn place(&self, world: &World, is_devnet: bool) -> Result<Place> {
        let devnet = is_devnet.then(|| crate::j::devnet::grid::grid(world));
        let (mut directory, mut broker) = (String::new(), String::new());
        if let Some(all) = self.directories.get().and_then(Weak::upgrade)
            && let Some(main) = all.find_one(MAIN)?
        {
            directory = main.base_uri();
            broker = main.broker();
        }
        if directory.is_empty() {
            let own = devnet.as_ref().map(|devnet| devnet.directory.clone());
            directory = own.unwrap_or_else(|| DIRECTORY_URL.to_owned());
        }
        if broker.is_empty() {
            broker = BROKER.to_owned();
        }
        let named = match self.servers.get().and_then(Weak::upgrade) {
            Some(all) => all.find_one(TFNOTARY)?,
            None => None,
        };
        let notary = match (named, devnet) {
            (Some(server), _) => server.settings(),
            (None, Some(devnet)) => Settings::new(&devnet.notary.0, devnet.notary.1),
            (None, None) => Settings::new(NOTARY_HOST, NOTARY_PORT),
        };
        Ok(Place {
            directory,
            notary,
            broker,
        })
    }

    /// The directory of an address, with what it answered a while ago.
    ///
    /// # Errors
    /// An address that is none.
    pub fn directory(&self, world: &World, address: &str) -> Result<Arc<Directory>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = asked.iter().find(|(at, _)| at == address) {
            return Ok(known.clone());
        }
        let limits = HttpLimits {
            bytes: LARGEST_LIST,
            ..HttpLimits::default()
        };
        let fetch = HttpFetch::new(&[address], random(), limits)?;
        let directory = Arc::new(Directory::new(Arc::new(fetch), world.seconds_clock()));
        if asked.len() >= MOST_DIRECTORIES {
            asked.remove(0);
        }
        asked.push((address.to_owned(), directory.clone()));
        Ok(directory)
    }
}
