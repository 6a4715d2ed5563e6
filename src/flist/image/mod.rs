//! Images of containers, as docker and others keep them, and how they become flists.
//!
//! | step | call |
//! |---|---|
//! | read | [`Image::open`]: an archive of `docker save`, an OCI layout as a folder or an archive |
//! | fetch | [`pull`]: from a registry, into a folder |
//! | make | [`make`]: an archive of a folder, which docker takes, too |
//! | convert | [`Image::convert`]: a [`Tree`](super::Tree) with its chunks in a backend, and `/.startup.toml` |
//! | write | [`Converted::to_flist`] |
//!
//! Nothing of an image is run, and none of its files is made on this machine: layers are read as
//! streams, twice. The first time everything is checked (digests, names, limits) and the tree is
//! made; the second time the contents that are left of it become chunks.
//!
//! Source of the formats: the image and distribution specifications of the Open Container
//! Initiative, and what `docker save` writes (spec: flist §§10–11).
mod blob;
mod config;
mod content;
mod convert;
mod digest;
mod docker;
mod error;
mod layers;
mod limits;
mod make;
mod members;
mod oci;
mod open;
mod plan;
mod platform;
mod reference;
mod registry;
mod startup;

pub use config::ImageConfig;
pub use convert::{ConvertOptions, Converted};
pub use digest::{Digest, Hashed, Hasher};
pub use error::{ImageError, Result};
pub use limits::Limits;
pub use make::{Made, MakeOptions, make};
pub use open::{Image, OpenOptions};
pub use platform::Platform;
pub use reference::{Reference, flist_name};
pub use registry::{Login, PullOptions, PullProgress, pull};
pub use startup::Startup;
