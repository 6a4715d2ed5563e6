//! The client of explorer nodes.
//!
//! [`Explorer`] asks typed questions through a [`Fetch`], which is HTTP over several nodes
//! ([`HttpFetch`]) or a replay in tests. What a node says is checked before it is returned: ids
//! are computed, not believed; texts of servers are cleaned and cut ([`ServerText`]).
mod client;
mod compare;
mod error;
mod facts;
mod fetch;
mod http;
mod model;
mod reading;
mod text;
mod verify;

pub use client::Explorer;
pub use compare::{NodeReport, SETTLED_DEPTH, TOLERATED_LAG, Verdict, compare};
pub use error::{ExplorerError, Unreachable};
pub use facts::{
    AddressInfo, Block, Erc20Info, ExplorerTransaction, MinerPayout, OutputInfo, newest_first,
};
pub use fetch::{Answer, Fetch, FetchError, FetchFuture};
pub use http::{HttpFetch, HttpLimits, RandomSource};
pub use text::{MAX_SERVER_TEXT, ServerText};
