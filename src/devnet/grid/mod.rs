//! The grid behind a devnet's chain: capacity directory, notary, and a broker that deploys on this
//! machine what was reserved and paid.
//!
//! * [`directory`], [`farms`], [`page`]: what capacity there is. * [`notary`]: sealed reservations.
//! * [`broker`], [`identity`]: reads payments, deploys, refunds. * [`workloads`], [`robot`]: what
//!   runs. * [`mail`]: what it writes.
mod broker;
mod directory;
mod farms;
mod identity;
mod mail;
mod notary;
mod page;
mod robot;
mod workloads;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use broker::PAUSES;
pub use directory::{Directory, MOST_NODES, NewFarm};
pub use mail::{FROM, Mail, NETWORK, Outbox};
pub use notary::Notary;

use super::answers::GridAddresses;
use super::error::{Error, Result};
use super::faucet::Faucet;
use super::node::Node;
use super::token::new_token;
use super::{folder, gateway, http, zdb};
use broker::Broker;
use identity::Identity;
use workloads::Workloads;
use zeroize::Zeroizing;

/// How long one question for a mail waits; shorter than who asks waits for an answer.
const MAIL_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// What a grid needs.
pub(super) struct Settings {
    /// Its folder; made when it is missing.
    pub(super) folder: PathBuf,
    /// The directory's address, which something listens on already.
    pub(super) directory: SocketAddr,
    pub(super) notary: SocketAddr,
    pub(super) gateway: SocketAddr,
    pub(super) zdb: SocketAddr,
    pub(super) node: Arc<Node>,
    pub(super) node_addr: SocketAddr,
    pub(super) faucet: Arc<Faucet>,
    /// The program that is the first process of containers.
    pub(super) program: Option<PathBuf>,
    /// Pauses between the broker's tries to deploy.
    pub(super) deploy_pauses: [std::time::Duration; 3],
    /// Told each step of the broker before it is taken.
    pub(super) on_step: Option<fn(&str)>,
}

/// The grid of a devnet.
#[derive(Debug)]
pub struct Grid {
    directory: Arc<Directory>,
    notary: Arc<Notary>,
    identity: Arc<Identity>,
    outbox: Arc<Outbox>,
    addresses: GridAddresses,
    rounds: watch::Receiver<u64>,
}

impl Grid {
    /// Starts it; its tasks end when `stopping` says so.
    pub(super) async fn start(
        settings: Settings,
        stopping: watch::Receiver<bool>,
    ) -> Result<(Arc<Self>, Vec<JoinHandle<()>>)> {
        let Settings {
            folder,
            node,
            faucet,
            ..
        } = settings;
        folder::private_folder(&folder)?;
        let clock = node.clock().clone();
        let directory = Directory::open(folder.join("directory.json"))?;
        let directory = Arc::new(directory);
        let identity = Identity::open(
            &folder.join("broker.key"),
            Arc::clone(&node),
            Arc::clone(&faucet),
            settings.node_addr,
        )?;
        let identity = Arc::new(identity);
        let notary = Notary::open(
            folder.join("notary"),
            Arc::clone(&node),
            Arc::clone(&identity),
        )?;
        let notary = Arc::new(notary);
        let outbox = Arc::new(Outbox::open(folder.join("mails"))?);
        let fail = |source| Error::Listen {
            addr: settings.notary,
            source,
        };
        let gedis = TcpListener::bind(settings.notary).await.map_err(fail)?;
        let notary_addr = gedis.local_addr().map_err(fail)?;
        let gateway = gateway::start(settings.gateway).await?;
        let zdb = zdb::start(
            settings.zdb,
            &folder.join("zdb"),
            zdb::Settings {
                // Only the broker makes namespaces.
                password: Some(Zeroizing::new(new_token()?)),
                clock,
                ..zdb::Settings::default()
            },
        )
        .await?;
        let addresses = GridAddresses {
            directory: settings.directory,
            notary: notary_addr,
            gateway: gateway.addr(),
            zdb: zdb.addr(),
        };
        let workloads = Workloads::new(
            folder.join("workloads"),
            Arc::clone(&directory),
            gateway,
            zdb,
            settings.program,
        );
        let (rounds, seen) = watch::channel(0);
        let broker = Arc::new(Broker {
            node,
            faucet,
            identity: Arc::clone(&identity),
            notary: Arc::clone(&notary),
            workloads,
            outbox: Arc::clone(&outbox),
            file: folder.join("broker.json"),
            rounds,
            pauses: settings.deploy_pauses,
            on_step: settings.on_step,
            hands: Broker::hands(),
        });
        let tasks = vec![
            tokio::spawn(Arc::clone(&notary).listen(gedis, stopping.clone())),
            tokio::spawn(broker.run(stopping)),
        ];
        let grid = Self {
            directory,
            notary,
            identity,
            outbox,
            addresses,
            rounds: seen,
        };
        Ok((Arc::new(grid), tasks))
    }

    /// Where its parts listen.
    pub fn addresses(&self) -> GridAddresses {
        self.addresses
    }

    /// What capacity there is.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// The sealed reservations.
    pub fn notary(&self) -> &Arc<Notary> {
        &self.notary
    }

    /// The mails that the broker wrote, newest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.outbox.all()
    }

    /// The last mail about a payment. Waits for one, for some seconds.
    pub async fn mail_of(&self, transaction: &str) -> Option<Mail> {
        let find = || {
            let mut mails = self.mails().into_iter();
            mails.find(|mail| mail.key.split('-').next() == Some(transaction))
        };
        let mut rounds = self.rounds.clone();
        let wait = async {
            loop {
                rounds.borrow_and_update();
                if let Some(mail) = find() {
                    return Some(mail);
                }
                if rounds.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(MAIL_PATIENCE, wait)
            .await
            .ok()
            .flatten()
    }

    /// Makes the broker a 3bot of the chain, unless it is one.
    pub async fn ready(&self) {
        self.identity.ready().await;
    }

    /// Waits until the broker has dealt with the blocks up to a height.
    pub async fn settled(&self, height: u64) {
        let mut rounds = self.rounds.clone();
        // An error means that it stopped.
        let _ = rounds.wait_for(|seen| *seen >= height).await;
    }

    /// Answers an HTTP request.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        if path.starts_with("/api/") {
            self.identity.ready().await;
        }
        if head.method == Method::GET && path == "/mails" {
            return page::mails(&self.mails());
        }
        if let Some(answer) = self.directory.answer(&head.method, &head.uri) {
            return answer;
        }
        if let Some(answer) = self.notary.answer(&head.method, &head.uri, body).await {
            return answer;
        }
        http::answer(StatusCode::NOT_FOUND, http::TEXT, "there is no such page\n")
    }
}
