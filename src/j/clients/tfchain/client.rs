//! A client of the chain: `j.clients.tfchain.my_client`.
use std::sync::Arc;

use super::address_book::{AddressBook, resolve};
use super::amount::Currency;
use super::block::{BlockValue, ChainInfo};
use super::erc20::ClientErc20;
use super::explorers::{self, Check};
use super::faucet;
use super::lookup::Lookup;
use super::minter::ClientMinter;
use super::output::{BlockStakeOutput, CoinOutput};
use super::place::{ClientCore, random};
use super::recipient;
use super::send;
use super::threebot::ClientThreeBots;
use super::transaction::{TransactionValue, transaction};
use super::types::Types;
use super::wallet::Wallet;
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::print::text;
use crate::object::{Class, Default, Member, Needs, Param, Result, Stored, Ty, Value, class_of};
use crate::tfchain::explorer::{HttpFetch, HttpLimits, OutputInfo};
use crate::tfchain::wallet::{parse_address, submit};

/// The collection at `j.clients.tfchain`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<TfchainClient>> {
    Collection::top(world, "j.clients.tfchain")
}

/// A client of the chain.
pub struct TfchainClient {
    core: Arc<ClientCore>,
    wallets: Arc<Collection<Wallet>>,
}

impl TfchainClient {
    /// What it shares with its wallets.
    pub fn core(&self) -> &Arc<ClientCore> {
        &self.core
    }
}

impl Config for TfchainClient {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.tfchain.client
name* = "" (S)
network_type = "STD,TEST,DEV" (E)       # the network of the chain
explorer_nodes = (LS)                   # addresses used instead of the network's own
"#;
    const COLLECTION: &'static str = "tfchain";
    const COLLECTION_DOC: &'static str = "Clients of the ThreeFold chain, by name.";
    const COLLECTION_MEMBERS: &'static [Member<Collection<Self>>] = &[Member::child(
        "types",
        class_of::<Types>,
        "The chain's own types, from text, JSON and bytes.",
        "j.clients.tfchain.types",
        |clients, _| Ok(Types::value(clients.world())),
    )];

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        let core = ClientCore::new(base.clone());
        let wallets = Collection::new(
            &base.world,
            format!("{}.wallets", base.path()),
            base.location.clone(),
            Some(base.clone()),
        )
        .with_context(core.clone());
        Ok(TfchainClient { core, wallets })
    }
    fn base(&self) -> &Arc<Base> {
        &self.core.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        if name == "explorer_nodes" {
            let nodes: Vec<String> = match value {
                Value::List(nodes) => nodes.iter().map(text).collect(),
                // The same cuts as the type makes.
                Value::Str(nodes) => nodes
                    .split(',')
                    .map(|node| node.trim_matches(['[', ']', ' ', '\'', '"']).to_string())
                    .filter(|node| !node.is_empty())
                    .collect(),
                _ => Vec::new(),
            };
            // Opens nothing; it only looks at the addresses.
            HttpFetch::new(&nodes, random(), HttpLimits::default())?;
        }
        Ok(())
    }
}

const ID: Param = Param::required("id", Ty::Any("id"), "its id: 64 hex digits");

const MEMBERS: &[Member<TfchainClient>] = &[
    Member::child(
        "wallets",
        class_of::<Collection<Wallet>>,
        "The wallets of this client.",
        "j.clients.tfchain.my_client.wallets",
        |client: &Arc<TfchainClient>, _| {
            client.core.belongs_to(client);
            Ok(client.wallets.clone().into())
        },
    ),
    Member::child(
        "threebot",
        class_of::<ClientThreeBots>,
        "The 3bots that the chain knows.",
        "c.threebot",
        |client: &Arc<TfchainClient>, _| Ok(ClientThreeBots::value(&client.core)),
    ),
    Member::child(
        "erc20",
        class_of::<ClientErc20>,
        "The addresses to which coins come back from the Ethereum chain.",
        "c.erc20",
        |client: &Arc<TfchainClient>, _| Ok(ClientErc20::value(&client.core)),
    ),
    Member::child(
        "minter",
        class_of::<ClientMinter>,
        "Who may create coins.",
        "c.minter",
        |client: &Arc<TfchainClient>, _| Ok(ClientMinter::value(&client.core)),
    ),
    Member::child(
        "address_book",
        class_of::<AddressBook>,
        "Labels for addresses.",
        "c.address_book",
        |client: &Arc<TfchainClient>, _| Ok(AddressBook::new(client.core.clone()).into()),
    ),
    Member::property(
        "network",
        Ty::Str,
        "The network of the chain: STD, TEST or DEV.",
        "c.network",
        |client: &Arc<TfchainClient>, _| Ok(client.core.network_type().into()),
    ),
    Member::property(
        "explorer_addresses",
        Ty::List,
        "The addresses of the explorer nodes that are asked.",
        "c.explorer_addresses",
        |client: &Arc<TfchainClient>, _| {
            Ok(client
                .core
                .place()?
                .nodes
                .into_iter()
                .map(Value::from)
                .collect())
        },
    ),
    Member::property(
        "minimum_miner_fee",
        Ty::Object(class_of::<Currency>),
        "The least fee of a transaction.",
        "c.minimum_miner_fee",
        |client: &Arc<TfchainClient>, _| {
            Ok(Currency::value(
                client.core.place()?.network.minimum_miner_fee(),
            ))
        },
    ),
    Member::method(
        "explorers_check",
        &[],
        Ty::Object(class_of::<Check>),
        "Asks every explorer node, and compares what they say. A node that lags or lies is named,\n\
         and asked only when no other one answers.",
        "c.explorers_check()",
        |client: &Arc<TfchainClient>, _| explorers::check(&client.core),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "blockchain_info_get",
        &[],
        Ty::Object(class_of::<ChainInfo>),
        "Asks for the newest block of the chain.",
        "c.blockchain_info_get()",
        |client: &Arc<TfchainClient>, _| {
            let explorer = client.core.explorer()?;
            Ok(ChainInfo::value(client.core.ask(explorer.chain_info())?))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "block_get",
        &[Param::required(
            "value",
            Ty::Any("int or id"),
            "its height, or its id",
        )],
        Ty::Object(class_of::<BlockValue>),
        "Asks for a block by its height or id.",
        "c.block_get(0)",
        |client: &Arc<TfchainClient>, args| {
            let explorer = client.core.explorer()?;
            let block = match args.get("value") {
                Value::Int(height) => {
                    let height = u64::try_from(*height)
                        .map_err(|_| args.error("value", "must be a height from 0 on, or an id"))?;
                    client.core.ask(explorer.block_by_height(height))?
                }
                id => client.core.ask(explorer.block_by_id(recipient::id(id)?))?,
            };
            Ok(BlockValue::value(Arc::new(block)))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "transaction_get",
        &[Param::required(
            "txid",
            Ty::Any("id"),
            "its id: 64 hex digits",
        )],
        Ty::Object(class_of::<TransactionValue>),
        "Asks for a transaction, also one that waits for its block.",
        "c.transaction_get(w.transactions[0].id)",
        |client: &Arc<TfchainClient>, args| {
            let explorer = client.core.explorer()?;
            let id = recipient::id(args.get("txid"))?;
            let found = client.core.ask(explorer.transaction(id))?;
            Ok(TransactionValue::seen(Arc::new(found)))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "transaction_put",
        &[Param::required(
            "txn",
            Ty::Any("transaction, JSON or file"),
            "the signed transaction: a value, a dict, JSON text, or a file that holds it",
        )],
        Ty::Str,
        "Submits a transaction that is signed already, and returns its id.\n\
         Submitting the same one twice is harmless.",
        "c.transaction_put(w.coins_send(w.address, 1).transaction)",
        |client: &Arc<TfchainClient>, args| {
            let explorer = client.core.explorer()?;
            let transaction = transaction(args.get("txn"))?;
            let submission = client.core.ask(submit(&explorer, &transaction))?;
            send::outcome(&client.core, submission).map(|id| id.to_string().into())
        },
    )
    .needs(Needs::NETWORK.and(Needs::MONEY)),
    Member::method(
        "unlockhash_get",
        &[Param::required(
            "target",
            Ty::Any("recipient"),
            "an address, a list of addresses, a list and a number, or None (free for all)",
        )],
        Ty::Object(class_of::<Lookup>),
        "Asks what the chain knows of an address.",
        "c.unlockhash_get(w.address)",
        |client: &Arc<TfchainClient>, args| {
            let explorer = client.core.explorer()?;
            let address =
                recipient::recipient(&resolve(&client.core, args.get("target"))?)?.unlock_hash()?;
            let info = client.core.ask(explorer.address(address))?;
            Ok(Lookup::value(client.core.clone(), info))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "coin_output_get",
        &[ID],
        Ty::List,
        "Asks for an output of coins: answers it, the transaction that made it, and the one that\n\
         spent it (None while it is not spent).",
        "output, creation, spend = c.coin_output_get(w.balance.outputs_available[0].id)",
        |client: &Arc<TfchainClient>, args| {
            let explorer = client.core.explorer()?;
            let id = recipient::id(args.get("id"))?;
            let info = client.core.ask(explorer.coin_output(id))?;
            Ok(output_found(info, CoinOutput::value))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "blockstake_output_get",
        &[ID],
        Ty::List,
        "Asks for an output of block stakes: answers it, the transaction that made it, and the\n\
         one that spent it (None while it is not spent).",
        "b = c.block_get(0).transactions[0].blockstake_outputs[0]\nc.blockstake_output_get(b.id)",
        |client: &Arc<TfchainClient>, args| {
            let explorer = client.core.explorer()?;
            let id = recipient::id(args.get("id"))?;
            let info = client.core.ask(explorer.blockstake_output(id))?;
            Ok(output_found(info, BlockStakeOutput::value))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "faucet_request",
        &[
            Param::required("address", Ty::Str, "who receives"),
            Param::optional("amount", Ty::Int, Default::None, "whole TFT; 300 without"),
        ],
        Ty::Str,
        "Asks the faucet of the devnet for coins, and returns the id of its transaction.",
        "c.faucet_request(w.address)",
        |client: &Arc<TfchainClient>, args| {
            let address = parse_address(args.text("address"))?;
            let id = faucet::request(&client.core, address, args.opt_int("amount"))?;
            Ok(id.to_string().into())
        },
    )
    .needs(Needs::NETWORK),
];

fn output_found(
    info: OutputInfo,
    value: fn(Option<crate::tfchain::Hash>, crate::tfchain::Output) -> Value,
) -> Value {
    Value::List(vec![
        value(Some(info.id), info.output),
        info.creation.map(TransactionValue::seen).into(),
        info.spend.map(TransactionValue::seen).into(),
    ])
}

impl Class for TfchainClient {
    const NAME: &'static str = "TFChainClient";
    const DOC: &'static str = "A client of the chain on one network.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
