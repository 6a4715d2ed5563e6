//! What a client shares with its wallets: its network, whom it asks, and how errors are explained.
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::client::TfchainClient;
use super::errors;
use crate::devnet::DEFAULT_PORT;
use crate::j::devnet;
use crate::j::instances::Base;
use crate::j::world::World;
use crate::object::{Error, Kind, Result};
use crate::tfchain::Network;
use crate::tfchain::explorer::{Explorer, HttpFetch, HttpLimits, RandomSource};
use crate::tfchain::wallet::{Clock, WalletError};

/// The network of a client and the nodes it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The rules that hold there; those of the devnet when a test client means the devnet.
    pub network: Network,
    /// Addresses of explorer nodes.
    pub nodes: Vec<String>,
    /// Address of the faucet of a devnet.
    pub faucet: Option<String>,
}

impl Place {
    /// True when the coins are play money of this machine, so that nothing has to be confirmed.
    pub fn is_devnet(&self) -> bool {
        self.network == Network::Devnet
    }
}

/// What a client shares with its wallets.
pub struct ClientCore {
    /// Name, place and data of the client.
    pub base: Arc<Base>,
    explorer: Mutex<Option<(Place, Explorer)>>,
    client: OnceLock<Weak<TfchainClient>>,
}

impl ClientCore {
    /// The shared part of a client with these data.
    pub fn new(base: Arc<Base>) -> Arc<Self> {
        Arc::new(ClientCore {
            base,
            explorer: Mutex::new(None),
            client: OnceLock::new(),
        })
    }

    /// Remembers the client itself, for its wallets.
    pub fn belongs_to(&self, client: &Arc<TfchainClient>) {
        self.client.get_or_init(|| Arc::downgrade(client));
    }

    /// The client itself.
    pub fn client(&self) -> Option<Arc<TfchainClient>> {
        self.client.get().and_then(Weak::upgrade)
    }

    /// The network as the user named it: `STD`, `TEST` or `DEV`.
    pub fn network_type(&self) -> String {
        self.base.text("network_type")
    }

    /// The network and the nodes, as the data of the client say now.
    ///
    /// # Errors
    /// A network that is not known.
    pub fn place(&self) -> Result<Place> {
        let named: Network = self
            .network_type()
            .parse()
            .map_err(|e: crate::tfchain::network::NetworkError| Error::value(e.to_string()))?;
        let own = self.base.texts("explorer_nodes");
        let world = &self.base.world;
        let stand_in = named == Network::Testnet && world.settings.test_is_devnet && own.is_empty();
        let network = if stand_in { Network::Devnet } else { named };
        let (nodes, faucet) = match (own.first(), network == Network::Devnet) {
            (Some(node), true) => {
                let faucet = next_port(node);
                (own, faucet)
            }
            (Some(_), false) => (own, None),
            (None, true) => {
                let (node, faucet) = devnet_of(world);
                (vec![node], Some(faucet))
            }
            (None, false) => {
                let public = network.explorers().iter().map(ToString::to_string);
                (public.collect(), None)
            }
        };
        Ok(Place {
            network,
            nodes,
            faucet,
        })
    }

    /// The explorer of the place; connections are kept until the place changes.
    ///
    /// # Errors
    /// A node that is no HTTP address.
    pub fn explorer(&self) -> Result<Explorer> {
        let place = self.place()?;
        let mut kept = self.explorer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, explorer)) = kept.as_ref()
            && *at == place
        {
            return Ok(explorer.clone());
        }
        let fetch = HttpFetch::new(&place.nodes, random(), HttpLimits::default())
            .map_err(|error| self.explain(error.into()))?;
        let explorer = Explorer::new(place.network, Arc::new(fetch));
        *kept = Some((place, explorer.clone()));
        Ok(explorer)
    }

    /// Runs a question to the chain to its end.
    ///
    /// # Errors
    /// What it failed with, in the user's words; [`Kind::Interrupted`].
    pub fn ask<T, E: Into<WalletError>>(
        &self,
        question: impl Future<Output = std::result::Result<T, E>>,
    ) -> Result<T> {
        self.base
            .world
            .block_on(question)?
            .map_err(|error| self.explain(error.into()))
    }

    /// An error of the libraries in the user's words, with what to do about it here.
    pub fn explain(&self, error: WalletError) -> Error {
        let out_of_reach = errors::is_out_of_reach(&error);
        let error = Error::from(error);
        match (out_of_reach, self.place()) {
            (true, Ok(place)) => self.how_to_reach(error, &place),
            _ => error,
        }
    }

    fn how_to_reach(&self, error: Error, place: &Place) -> Error {
        let path = self.base.path();
        if place.is_devnet() {
            return error.hint(
                "start a devnet: `kosmos devnet start` in another terminal, or j.devnet.start()",
            );
        }
        error
            .hint("check the connection to the internet, or try again later")
            .hint(format!(
                "use nodes of your own: {path}.explorer_nodes = ['https://…']"
            ))
            .hint("practise without a network: j.devnet.start(), and a client with network_type='DEV'")
    }

    /// The clock of the user.
    pub fn clock(&self) -> Clock {
        clock(&self.base.world)
    }
}

/// The clock of the user: the time of the world, in the zone of this machine.
pub fn clock(world: &Arc<World>) -> Clock {
    let world = world.clone();
    let now = move || Timestamp::try_from(world.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    Clock::new(now, TimeZone::system())
}

/// Addresses of node and faucet: of the devnet that runs, else where one would be.
fn devnet_of(world: &World) -> (String, String) {
    if let Some((node, faucet)) = devnet::running(world) {
        return (format!("http://{node}"), format!("http://{faucet}"));
    }
    let port = match world.settings.devnet_port {
        0 => DEFAULT_PORT,
        port => port,
    };
    (
        format!("http://localhost:{port}"),
        format!("http://localhost:{}", port.saturating_add(1)),
    )
}

/// Random numbers of the system; without any the order of the nodes is fixed.
pub fn random() -> RandomSource {
    Box::new(|| getrandom::u64().unwrap_or(0))
}

/// `http://host:23110` becomes `http://host:23111`.
fn next_port(node: &str) -> Option<String> {
    let (scheme, rest) = node.trim().split_once("://")?;
    let authority = rest.split('/').next().filter(|part| !part.is_empty())?;
    // A colon inside brackets belongs to an address of version 6.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse::<u16>().ok()?),
        _ if scheme == "https" => (authority, 443),
        _ => (authority, 80),
    };
    Some(format!("{scheme}://{host}:{}", port.checked_add(1)?))
}

/// The error of a question that was stopped by the user while a transaction was under way.
pub fn is_interrupted(error: &Error) -> bool {
    error.kind == Kind::Interrupted
}

#[cfg(test)]
mod tests {
    use super::next_port;

    #[test]
    fn the_faucet_takes_the_next_port() {
        for (node, faucet) in [
            ("http://127.0.0.1:23110", Some("http://127.0.0.1:23111")),
            ("http://localhost:23110/", Some("http://localhost:23111")),
            ("http://[::1]:5", Some("http://[::1]:6")),
            ("http://[::1]", Some("http://[::1]:81")),
            ("https://a.b", Some("https://a.b:444")),
            ("http://a:65535", None),
            ("http://a:x", None),
            ("", None),
        ] {
            assert_eq!(next_port(node).as_deref(), faucet, "{node}");
        }
    }
}
