//! Answers that never change.

use super::json::Json;
use crate::devnet::chain::{
    BLOCK_STAKES, CHAIN_VERSION, CONSTANTS, NETWORK, PROTOCOL_VERSION, ROOT_DEPTH, root_target,
};
use crate::tfchain::constants::{COIN_UNIT, MAX_BLOCK_BYTES, ONE_COIN};

/// `/erc20/downloader/status` of a node without Ethereum.
pub const ERC20_STATUS: &str =
    "{\"status\":{\"startingblock\":0,\"currentblock\":0,\"highestblock\":0}}\n";
/// `/erc20/account/balance` of a node without Ethereum.
pub const ERC20_BALANCE: &str = concat!(
    "{\"balanceinfo\":{\"balance\":null,",
    "\"address\":\"0x0000000000000000000000000000000000000000\"}}\n"
);

/// Writes `/daemon/version`.
pub fn version() -> String {
    let mut json = Json::default();
    json.raw(r#"{"version":"#).plain(CHAIN_VERSION);
    json.raw(r#","protocolVersion":"#)
        .plain(PROTOCOL_VERSION)
        .raw("}");
    json.into_body()
}

/// Writes the chain constants. The order of the plugins is random in the reference.
pub fn constants() -> String {
    let mut json = Json::default();
    json.raw(r#"{"chaininfo":{"Name":"tfchain","NetworkName":"#)
        .plain(NETWORK.chain_name())
        .raw(r#","CoinUnit":"#)
        .plain(COIN_UNIT)
        .raw(r#","ChainVersion":"#)
        .plain(CHAIN_VERSION)
        .raw(r#","ProtocolVersion":"#)
        .plain(PROTOCOL_VERSION)
        .raw(r#"},"consensusplugins":["threebot","minting","erc20"],"genesistimestamp":"#)
        .number(CONSTANTS.genesis_timestamp)
        .raw(r#","blocksizelimit":"#)
        .number(MAX_BLOCK_BYTES)
        .raw(r#","blockfrequency":"#)
        .number(CONSTANTS.block_frequency)
        .raw(r#","futurethreshold":"#)
        .number(CONSTANTS.future_threshold)
        .raw(r#","extremefuturethreshold":"#)
        .number(CONSTANTS.extreme_future_threshold)
        .raw(r#","blockstakecount":"#)
        .plain(BLOCK_STAKES)
        .raw(r#","blockstakeaging":"#)
        .number(CONSTANTS.block_stake_aging)
        .raw(r#","blockcreatorfee":"#)
        .plain(CONSTANTS.block_creator_fee)
        .raw(r#","minimumtransactionfee":"#)
        .plain(CONSTANTS.minimum_miner_fee)
        // The nil condition: fees go to the block's creator.
        .raw(r#","transactionfeebeneficiary":{},"maturitydelay":"#)
        .number(CONSTANTS.maturity_delay)
        .raw(r#","mediantimestampwindow":"#)
        .number(CONSTANTS.median_timestamp_window)
        .raw(r#","roottarget":"#)
        .list(root_target(), |j, byte| _ = j.number(byte))
        .raw(r#","rootdepth":"#)
        .list(ROOT_DEPTH, |j, byte| _ = j.number(byte))
        .raw(r#","targetwindow":"#)
        .number(CONSTANTS.target_window)
        .raw(r#","maxadjustmentup":"#)
        .plain(CONSTANTS.max_adjustment_up)
        .raw(r#","maxadjustmentdown":"#)
        .plain(CONSTANTS.max_adjustment_down)
        .raw(r#","onecoin":"#)
        .plain(ONE_COIN)
        .raw(r#","deftransactionversion":1}"#);
    json.into_body()
}
