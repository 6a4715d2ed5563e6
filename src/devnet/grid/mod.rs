//! The grid behind a devnet's chain: capacity directory, notary, and a broker that deploys on this
//! machine what was reserved and paid.
//!
//! * [`directory`], [`farms`], [`page`]: what capacity there is. * [`registration`],
//!   [`identity_service`]: what farmers tell of it. * [`notary`]: sealed reservations.
//! * [`broker`], [`identity`]: reads payments, deploys, refunds. * [`workloads`], [`robot`]: what
//!   runs. * [`mail`]: what it writes, and how that is sent.
mod broker;
mod directory;
mod farms;
mod identity;
mod identity_service;
mod mail;
mod notary;
mod page;
mod registration;
mod robot;
mod workloads;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use broker::PAUSES;
pub use directory::{Directory, MOST_NODES, NewFarm};
pub use mail::{
    Delivery, FROM, Letter, Mail, MailServer, NETWORK, Outbox, Smtp, SmtpOptions, TLS_WORDS, Tls,
};
pub use notary::Notary;

use super::answers::GridAddresses;
use super::error::{Error, Result};
use super::faucet::Faucet;
use super::node::Node;
use super::query::Query;
use super::token::{new_token, token_matches};
use super::{folder, gateway, http, zdb};
use broker::Broker;
use identity::Identity;
use identity_service::IdentityService;
use mail::Post;
use workloads::Workloads;
use zeroize::Zeroizing;

/// File with the settings of the mail server; it holds the password.
const SMTP: &str = "smtp.json";
/// File with the secret that opens the page of mails with everything in them.
const MAILS_TOKEN: &str = "mails.token";
/// Header that may carry that secret, in the place of the query's `token`.
const MAILS_HEADER: &str = "x-kosmos-token";
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
    pub(super) mail_server: MailServer,
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
    /// Host, port and encryption of the mail server.
    mail_server: Option<String>,
    mails_token: Zeroizing<String>,
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
        let service = IdentityService::open(&folder.join("identity.key"))?;
        let directory = Directory::open(folder.join("directory.json"), service, clock.clone())?;
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
        let smtp = mail_server(&folder.join(SMTP), settings.mail_server)?;
        let outbox = Arc::new(Outbox::open(folder.join("mails"), smtp.is_some())?);
        let mails_token = mails_token(&folder.join(MAILS_TOKEN))?;
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
        let mail_server = smtp.as_ref().map(Smtp::to_string);
        let post = smtp.map(|smtp| Post {
            outbox: Arc::clone(&outbox),
            smtp,
            node: Arc::clone(&node),
        });
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
        let mut tasks = vec![
            tokio::spawn(Arc::clone(&notary).listen(gedis, stopping.clone())),
            tokio::spawn(broker.run(stopping.clone())),
        ];
        tasks.extend(post.map(|post| tokio::spawn(post.run(stopping))));
        let grid = Self {
            directory,
            notary,
            identity,
            outbox,
            addresses,
            rounds: seen,
            mail_server,
            mails_token,
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

    /// The mails that the broker wrote, newest first, with everything in them.
    pub fn mails(&self) -> Vec<Letter> {
        self.outbox.all()
    }

    /// The mails themselves: what is written into it is sent like the broker's.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Host, port and encryption of the mail server; None when none is configured.
    pub fn mail_server(&self) -> Option<&str> {
        self.mail_server.as_deref()
    }

    /// Address of the page of mails that shows everything in them. It holds a secret.
    pub fn mails_page(&self) -> String {
        let (at, token) = (self.addresses.directory, self.mails_token.as_str());
        format!("http://{at}/mails?token={token}")
    }

    /// The last mail about a payment. Waits for one, for some seconds.
    pub async fn mail_of(&self, transaction: &str) -> Option<Letter> {
        let find = || {
            let mut letters = self.mails().into_iter();
            letters.find(|letter| letter.mail.key.split('-').next() == Some(transaction))
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

    /// The mails, as a page or as JSON; without secrets unless the request has the page's own.
    fn answer_mails(&self, head: &Parts) -> Response {
        let query = Query::parse(head.uri.query().unwrap_or_default());
        let header = head.headers.get(MAILS_HEADER).map(HeaderValue::as_bytes);
        let given = header.unwrap_or(query.get("token").as_bytes());
        let mut letters = self.mails();
        let opened = token_matches(given, &self.mails_token);
        if !opened {
            for letter in &mut letters {
                *letter = letter.without_secrets();
            }
        }
        match head.uri.path() {
            "/mails" => page::mails(&letters, opened),
            _ => {
                let json = serde_json::to_string(&letters).unwrap_or_default();
                let mut answer = http::answer(StatusCode::OK, http::JSON, json);
                let no_store = HeaderValue::from_static("no-store");
                answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
                answer
            }
        }
    }

    /// Answers an HTTP request.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        if path.starts_with("/api/") {
            self.identity.ready().await;
        }
        if head.method == Method::GET && matches!(path, "/mails" | "/api/mails") {
            return self.answer_mails(&head);
        }
        if directory::takes(path) {
            return self.directory.answer(&head, body).await;
        }
        if let Some(answer) = self.notary.answer(&head.method, &head.uri, body).await {
            return answer;
        }
        http::answer(StatusCode::NOT_FOUND, http::TEXT, "there is no such page\n")
    }
}

/// The mail server that is used from now on; it is kept with the devnet's state.
fn mail_server(file: &Path, wanted: MailServer) -> Result<Option<Smtp>> {
    match wanted {
        MailServer::AsBefore => match std::fs::read(file) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let smtp = serde_json::from_slice::<Smtp>(&bytes);
                // What serde says may quote the file.
                let smtp = smtp.map_err(|_| Error::Start {
                    reason: format!(
                        "{} is damaged: remove it, and tell the mail server again",
                        file.display()
                    ),
                })?;
                Ok(Some(smtp))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("cannot read", file)(error)),
        },
        MailServer::Nothing => match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file("cannot remove", file)(error))
            }
            _ => Ok(None),
        },
        MailServer::Smtp(smtp) => {
            smtp.check().map_err(|reason| Error::Refused { reason })?;
            let text = serde_json::to_vec_pretty(&*smtp).map_err(|e| Error::Start {
                reason: e.to_string(),
            })?;
            folder::replace_private(file, &Zeroizing::new(text))?;
            Ok(Some(*smtp))
        }
    }
}

/// The secret in a file, which is made when it is missing or damaged.
fn mails_token(file: &Path) -> Result<Zeroizing<String>> {
    let kept = std::fs::read_to_string(file).ok();
    let good = |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(kept) = kept.filter(good) {
        return Ok(Zeroizing::new(kept));
    }
    let token = Zeroizing::new(new_token()?);
    folder::replace_private(file, token.as_bytes())?;
    Ok(token)
}
