//! `j.data.flist.open`.
use std::path::Path;
use std::sync::Arc;

use super::value::{FlistValue, Source};
use super::{Flists, errors};
use crate::flist::hub;
use crate::j::world::World;
use crate::object::{Complete, Default, Member, Needs, Param, Result, Ty, class_of};
use zeroize::Zeroizing;

/// Reads an flist from a file, or from a server.
///
/// # Errors
/// When it cannot be read or fetched, or is no flist.
pub fn open(world: &Arc<World>, place: &str, token: &str) -> Result<Arc<FlistValue>> {
    let is_remote = place.starts_with("http://") || place.starts_with("https://");
    match is_remote {
        false => FlistValue::from_file(world, Path::new(place)),
        true => {
            let token = Some(Zeroizing::new(token.to_owned())).filter(|token| !token.is_empty());
            let fetched = world.block_on(hub::fetch(place, token.as_ref()))?;
            let bytes = fetched.map_err(|error| errors::fetching(&error))?;
            FlistValue::from_bytes(world, Source::Address(place.to_owned()), &bytes)
        }
    }
}

pub(super) const MEMBERS: &[Member<Flists>] = &[Member::method(
    "open",
    &[
        Param::required(
            "place",
            Ty::Str,
            "the file, or its address (https://hub/user/name.flist)",
        )
        .completed_by(Complete::File),
        Param::optional(
            "token",
            Ty::Str,
            Default::None,
            "token for a server that asks for one",
        )
        .secret(),
    ],
    Ty::Object(class_of::<FlistValue>),
    "Opens an flist from a file or a server.",
    "f = j.data.flist.from_dir('examples', '/tmp/examples.flist')\n\
     j.data.flist.open('/tmp/examples.flist').list()",
    |flists: &Arc<Flists>, args| {
        open(flists.world(), args.text("place"), args.text("token")).map(Into::into)
    },
)
.needs(Needs::NETWORK)];
