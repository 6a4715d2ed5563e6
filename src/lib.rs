//! Kosmos: the shell in which a person runs their own cloud on the ThreeFold Grid.
//!
//! The house, room by room (left may import right, nothing else; `tests/house` checks it):
//!
//! | room | holds | may import |
//! |---|---|---|
//! | [`cli`], `main` | command line, exit codes | `cli`, `shell`, `j`, `devnet` |
//! | [`shell`] | a person at a terminal: editor, completion, hints, `?`, history, printing, scripts | `cli`, `engine`, `object`, `store`, `dialect`, `j` (to open the tree), `devnet` (for its commands) |
//! | [`dialect`] | text to Rhai text, position map, completeness; pure | nothing of ours |
//! | [`engine`] | the only room that knows rhai | `dialect`, `object` |
//! | [`object`] | what a thing in the tree is: classes, members, binding, values, printing, errors | nothing of ours |
//! | [`j`] | the tree; the path a user types is the path of the file | `object`, `store`, every library room, `devnet` |
//! | [`store`] | encrypted named records and databases on sled | nothing of ours |
//! | [`web`] | library: what every HTTP client of the house has in common | nothing of ours |
//! | [`tfchain`] | library: the chain's encodings, crypto, transactions, explorer client, wallet | `web` |
//! | [`schema`] | library: schema language, types, money, dates, objects, databases against a small trait | nothing of ours |
//! | [`currencylayer`] | library: live rates of currencies from their service | `web` |
//! | [`zos`] | library: Zero-OS protocol and client | `web` |
//! | [`capnp`] | library: Cap'n Proto messages, plain and packed | nothing of ours |
//! | [`zdb`] | library: client of 0-DB | nothing of ours |
//! | [`flist`] | library: the flist format, chunks and where they are kept, trees of folders, merging, extraction | `zdb`, `capnp`, `web` |
//! | [`grid`] | library: capacity directory, reservations, notary, what one gets | `tfchain`, `zos`, `capnp`, `web` |
//! | [`devnet`] | the grid on one laptop: chain node, explorer API, faucet, hub, 0-DB, capacity directory, notary, broker, Zero-OS nodes | every library room |
//!
//! A library room never prints, never prompts, never reads the environment, and knows neither
//! rhai nor the terminal nor the store. Time, randomness and the network are passed in.
pub mod capnp;
pub mod cli;
pub mod currencylayer;
pub mod devnet;
pub mod dialect;
pub mod engine;
pub mod flist;
pub mod grid;
pub mod j;
pub mod object;
pub mod schema;
pub mod shell;
pub mod store;
pub mod tfchain;
pub mod web;
pub mod zdb;
pub mod zos;
