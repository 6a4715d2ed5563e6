//! The argument `backend=`: a text like `zdb://host:9900/namespace`, and its password apart.
use std::sync::Arc;

use crate::flist::{Address, Backend, open_address};
use crate::object::{Args, Default, Param, Result, Ty};

/// Where chunks are.
pub const BACKEND: Param = Param::optional(
    "backend",
    Ty::Str,
    Default::None,
    "where the chunks are: zdb://host:9900/namespace, https://hub, or a folder",
);

/// The password of it.
pub const SECRET: Param = Param::optional(
    "secret",
    Ty::Str,
    Default::None,
    "password of the namespace, or token of the hub",
)
.secret();

/// The address in the arguments [`BACKEND`] and [`SECRET`], if there is one.
///
/// # Errors
/// A text that is no address.
pub fn address(args: &Args) -> Result<Option<Address>> {
    let Some(text) = args.opt_text("backend") else {
        return Ok(None);
    };
    let address = Address::parse(text)?;
    Ok(Some(address.with_secret(args.text("secret"))))
}

/// Opens the backend of an address.
///
/// # Errors
/// When it cannot be opened.
pub fn open(address: &Address) -> Result<Arc<dyn Backend>> {
    Ok(open_address(address)?)
}
