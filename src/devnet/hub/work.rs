//! What a hub does with what it gets: archives, flists and images become flists of an account.
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use axum::http::StatusCode;

use super::form::Upload;
use super::images::{ConvertedImage, ImageFault};
use super::reply::Refusal;
use super::{Hub, names};
use crate::flist::hub::Account;
use crate::flist::{
    self, BLOCK_SIZE, BuildOptions, Flist, Format, Kind, Metadata, TarLimits, Tree, from_tar,
};

/// Files are not of the sort that is asked for.
const NOT_ALLOWED: &str = "this file is not allowed";
/// Suffix of archives of root file systems.
const ARCHIVE: &str = ".tar.gz";
/// Most flists that are merged.
const MOST_SOURCES: usize = 256;

/// What became an flist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub name: String,
    /// How many of what are in it.
    pub files: Account,
}

impl Hub {
    /// Runs long work on a thread of its own; only some of it at the same time.
    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Hub) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let hub = Arc::clone(self);
        let _turn = self.turns.acquire().await;
        match tokio::task::spawn_blocking(move || work(&hub)).await {
            Ok(done) => done,
            Err(e) => Err(Refusal::new(e.to_string())),
        }
    }

    /// Writes a tree as an flist of an account.
    fn publish(
        &self,
        user: &str,
        name: &str,
        tree: &Tree,
        metadata: Metadata,
        failures: u64,
    ) -> Result<Done, Refusal> {
        let incoming = self.shelf.incoming();
        let out = File::create(incoming.path())?;
        let metadata: Metadata = metadata.into_iter().chain(self.metadata.clone()).collect();
        // Owners are told by number too, so that two of one name stay two.
        flist::write(tree, &metadata, Format::Y2023, out)
            .map_err(|e| Refusal::new(e.to_string()))?;
        self.shelf.publish(user, name, incoming)?;
        Ok(Done {
            name: name.to_owned(),
            files: count(tree, failures),
        })
    }

    /// Makes an flist of an uploaded archive of a root file system.
    pub(super) async fn take_archive(
        self: &Arc<Self>,
        user: String,
        upload: Option<Upload>,
    ) -> Result<Done, Refusal> {
        let upload = named(upload)?;
        let name = names::of_file(&upload.name, ARCHIVE).ok_or(Refusal::new(NOT_ALLOWED))?;
        self.work(move |hub| {
            let file = File::open(upload.file.path())?;
            let (backend, limits) = (Some(hub.chunks.as_ref()), TarLimits::default());
            let built = from_tar(file, backend, &limits, &BuildOptions::default())
                .map_err(|e| unfit(&e.to_string()))?;
            if built.tree.len() == 1 {
                return Err(unfit(&match built.skipped.first() {
                    Some((path, why)) => format!("nothing of it can be taken: {path}: {why}"),
                    None => "the archive is empty".to_owned(),
                }));
            }
            let failures = built.skipped.len() as u64;
            hub.publish(&user, &name, &built.tree, Metadata::new(), failures)
        })
        .await
    }

    /// Takes an flist whose chunks are here.
    pub(super) async fn take_flist(
        self: &Arc<Self>,
        user: String,
        upload: Option<Upload>,
    ) -> Result<Done, Refusal> {
        let upload = named(upload)?;
        let name = names::of_file(&upload.name, names::SUFFIX).ok_or(Refusal::new(NOT_ALLOWED))?;
        self.work(move |hub| {
            let tree = hub.read(upload.file.path())?;
            hub.all_present(&tree)?;
            hub.shelf.publish(&user, &name, upload.file)?;
            let files = count(&tree, 0);
            Ok(Done { name, files })
        })
        .await
    }

    /// Reads the tree of an flist.
    pub(super) fn read(&self, path: &Path) -> Result<Tree, Refusal> {
        let flist = Flist::open(path).map_err(|e| unfit(&e.to_string()))?;
        flist.tree().map_err(|e| unfit(&e.to_string()))
    }

    fn all_present(&self, tree: &Tree) -> Result<(), Refusal> {
        let absent = |why: String| {
            Refusal::new("unauthorized upload, contents is not fully present on backend")
                .because(why)
        };
        for (location, node) in tree.iter() {
            let Kind::File { size, blocks } = &node.kind else {
                continue;
            };
            let path = || flist::display(location);
            if blocks.len() as u64 != size.div_ceil(BLOCK_SIZE as u64) {
                return Err(absent(format!("{} has not all its chunks", path())));
            }
            for block in blocks {
                match self.chunks.has(&block.id) {
                    Ok(true) => {}
                    Ok(false) => {
                        return Err(absent(format!("{} needs chunk {}", path(), block.id)));
                    }
                    Err(e) => return Err(Refusal::new(e.to_string())),
                }
            }
        }
        Ok(())
    }

    /// Makes one flist of several.
    pub(super) async fn merge(
        self: &Arc<Self>,
        user: String,
        target: String,
        sources: Vec<String>,
    ) -> Result<Done, Refusal> {
        if sources.is_empty() {
            return Err(Refusal::new("no source found"));
        }
        if sources.len() > MOST_SOURCES {
            return Err(Refusal::new(format!("more than {MOST_SOURCES} sources")));
        }
        let mut pairs = Vec::new();
        for source in &sources {
            let pair = source.split_once('/');
            pairs.push(pair.ok_or(Refusal::new("malformed source filename"))?);
        }
        let mut files = Vec::new();
        for (account, name) in pairs {
            let file = names::flist(name).and_then(|name| self.shelf.file(account, &name));
            files.push(file.ok_or_else(|| {
                let whole = name.strip_suffix(names::SUFFIX).unwrap_or(name);
                let suffix = names::SUFFIX;
                Refusal::new(format!("{account}/{whole}{suffix} does not exists"))
            })?);
        }
        if target.trim().is_empty() {
            return Err(Refusal::new("missing build (target) name"));
        }
        let name = names::flist(&target).ok_or(Refusal::new("build name not allowed"))?;
        self.work(move |hub| {
            let mut trees = Vec::new();
            for file in &files {
                trees.push(hub.read(file)?);
            }
            let merged = flist::merge(trees).ok_or(Refusal::new("no source found"))?;
            hub.publish(&user, &name, &merged, Metadata::new(), 0)
        })
        .await
    }

    /// Converts an image: of the archive that came, else of the registry.
    pub(super) async fn docker(
        self: &Arc<Self>,
        user: String,
        image: String,
        keep_cmd: bool,
        upload: Option<Upload>,
    ) -> Result<Done, Refusal> {
        let image = image.trim().to_owned();
        // A browser sends a field without a file for a file that was not chosen.
        let upload = upload.filter(|upload| !upload.name.is_empty() || upload.size > 0);
        if image.is_empty() && upload.is_none() {
            let missing = Refusal::new("missing docker image name");
            return Err(missing.with(StatusCode::BAD_REQUEST));
        }
        let is_one = names::of_image(&names::image(&image)).is_some();
        if !image.is_empty() && !is_one {
            return Err(Refusal::new("docker image not found").because("this is no name of one"));
        }
        self.work(move |hub| {
            let converted = match &upload {
                Some(upload) => {
                    let archive = upload.file.path();
                    hub.images.open(archive, keep_cmd, hub.chunks.as_ref())
                }
                None => {
                    let image = names::image(&image);
                    hub.images.pull(&image, keep_cmd, hub.chunks.as_ref())
                }
            };
            let ConvertedImage { tree, name } = converted.map_err(|fault| match fault {
                ImageFault::NotFound => Refusal::new("docker image not found"),
                ImageFault::NotPulled(why) if why.is_empty() => {
                    Refusal::new("could not pull this image")
                }
                ImageFault::NotPulled(why) => {
                    Refusal::new("could not pull this image").because(why)
                }
                ImageFault::Damaged(why) => unfit(&why),
            })?;
            // The name that was given counts, then the one in the archive, then that of the file.
            let given = Some(image).filter(|image| !image.is_empty()).or(name);
            let of_archive = || {
                let file = upload.as_ref().map(|upload| upload.name.clone())?;
                let suffixes = [".tar.gz", ".tgz", ".tar", ""];
                suffixes
                    .iter()
                    .find_map(|suffix| names::of_file(&file, suffix))
            };
            let name = given
                .and_then(|image| names::of_image(&names::image(&image)))
                .or_else(of_archive)
                .ok_or(Refusal::new("missing docker image name").with(StatusCode::BAD_REQUEST))?;
            hub.publish(&user, &name, &tree, Metadata::new(), 0)
        })
        .await
    }
}

fn named(upload: Option<Upload>) -> Result<Upload, Refusal> {
    let upload = upload.ok_or(Refusal::new("no file found"))?;
    match upload.name.is_empty() {
        true => Err(Refusal::new("no file selected")),
        false => Ok(upload),
    }
}

/// What came is not what it should be; the original says nothing of this.
fn unfit(why: &str) -> Refusal {
    Refusal::new(NOT_ALLOWED).because(why)
}

/// Counts what is in a tree, the root not counted.
fn count(tree: &Tree, failure: u64) -> Account {
    let mut files = Account {
        failure,
        ..Account::default()
    };
    for (location, node) in tree.iter() {
        match &node.kind {
            Kind::Dir if location.is_empty() => {}
            Kind::Dir => files.directory += 1,
            Kind::File { .. } => files.regular += 1,
            Kind::Link { .. } => files.symlink += 1,
            Kind::Special { .. } => files.special += 1,
        }
    }
    files
}
