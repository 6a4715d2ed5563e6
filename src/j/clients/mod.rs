//! `j.clients`: clients of the grid's services.
pub mod currencylayer;
pub mod gedis;
pub mod grid;
pub mod s3;
pub mod tfchain;
pub mod threefold_directory;
pub mod webgateway;
pub mod zdb;
pub mod zerotier;
pub mod zhub;
pub mod zhubdirect;
pub mod zos;

use std::sync::Arc;

use super::instances::Collection;
use super::world::World;
use crate::object::{Class, Member, class_of};
use currencylayer::CurrencyLayer;
use gedis::GedisServer;
use s3::S3Client;
use tfchain::TfchainClient;
use threefold_directory::ThreefoldDirectory;
use webgateway::WebGateway;
use zdb::ZdbFactory;
use zerotier::ZeroTierClient;
use zhub::ZhubClient;
use zhubdirect::ZhubDirect;
use zos::ZosInstance;

/// `j.clients`.
pub struct Clients {
    currencylayer: Arc<Collection<CurrencyLayer>>,
    gedis: Arc<Collection<GedisServer>>,
    s3: Arc<Collection<S3Client>>,
    tfchain: Arc<Collection<TfchainClient>>,
    threefold_directory: Arc<Collection<ThreefoldDirectory>>,
    webgateway: Arc<Collection<WebGateway>>,
    zerotier: Arc<Collection<ZeroTierClient>>,
    zdb: Arc<ZdbFactory>,
    zhub: Arc<Collection<ZhubClient>>,
    zhubdirect: Arc<Collection<ZhubDirect>>,
    zos: Arc<Collection<ZosInstance>>,
}

impl Clients {
    /// All clients.
    pub fn open(world: &Arc<World>) -> Arc<Clients> {
        let gedis = gedis::collection(world);
        let threefold_directory = threefold_directory::collection(world);
        world.grid.belongs_to(&threefold_directory, &gedis);
        Arc::new(Clients {
            currencylayer: currencylayer::collection(world),
            gedis,
            s3: s3::collection(world),
            tfchain: tfchain::collection(world),
            threefold_directory,
            webgateway: webgateway::collection(world),
            zerotier: zerotier::collection(world),
            zdb: ZdbFactory::open(world),
            zhub: zhub::collection(world),
            zhubdirect: zhubdirect::collection(world),
            zos: zos::collection(world),
        })
    }
}

impl Class for Clients {
    const NAME: &'static str = "clients";
    const DOC: &'static str = "Clients of the grid's services.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "currencylayer",
            class_of::<Collection<CurrencyLayer>>,
            "Rates of currencies: the built-in table, or live ones.",
            "j.clients.currencylayer",
            |clients, _| Ok(clients.currencylayer.clone().into()),
        ),
        Member::child(
            "gedis",
            class_of::<Collection<GedisServer>>,
            "Gedis servers, and their actors.",
            "j.clients.gedis",
            |clients, _| Ok(clients.gedis.clone().into()),
        ),
        Member::child(
            "s3",
            class_of::<Collection<S3Client>>,
            "Archives with the S3 protocol.",
            "j.clients.s3",
            |clients, _| Ok(clients.s3.clone().into()),
        ),
        Member::child(
            "tfchain",
            class_of::<Collection<TfchainClient>>,
            "Clients of the ThreeFold chain, and the wallets below them.",
            "j.clients.tfchain",
            |clients, _| Ok(clients.tfchain.clone().into()),
        ),
        Member::child(
            "threefold_directory",
            class_of::<Collection<ThreefoldDirectory>>,
            "The capacity of the grid: nodes and farmers.",
            "j.clients.threefold_directory",
            |clients, _| Ok(clients.threefold_directory.clone().into()),
        ),
        Member::child(
            "webgateway",
            class_of::<Collection<WebGateway>>,
            "Web gateways: domains that lead to services of one's own.",
            "j.clients.webgateway",
            |clients, _| Ok(clients.webgateway.clone().into()),
        ),
        Member::child(
            "zerotier",
            class_of::<Collection<ZeroTierClient>>,
            "ZeroTier: the daemon of this machine, and accounts of the controller.",
            "j.clients.zerotier",
            |clients, _| Ok(clients.zerotier.clone().into()),
        ),
        Member::child(
            "zhub",
            class_of::<Collection<ZhubClient>>,
            "Hubs of flists: upload, convert, merge, publish.",
            "j.clients.zhub",
            |clients, _| Ok(clients.zhub.clone().into()),
        ),
        Member::child(
            "zhubdirect",
            class_of::<Collection<ZhubDirect>>,
            "Doors of hubs for chunks.",
            "j.clients.zhubdirect",
            |clients, _| Ok(clients.zhubdirect.clone().into()),
        ),
        Member::child(
            "zdb",
            class_of::<ZdbFactory>,
            "0-DB: values by keys in namespaces.",
            "j.clients.zdb",
            |clients, _| Ok(clients.zdb.clone().into()),
        ),
        Member::child(
            "zos",
            class_of::<Collection<ZosInstance>>,
            "Zero-OS nodes, and their containers.",
            "j.clients.zos",
            |clients, _| Ok(clients.zos.clone().into()),
        ),
    ]];

    fn location(&self) -> String {
        "j.clients".into()
    }
}
