//! Making, opening, restoring and destroying a store.
use std::fs;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::backend::{Backend, Batch, Commit, Tree};
use super::error::{Result, StoreError};
use super::files::{self, Warning};
use super::header::Header;
use super::keys::Keys;
use super::lock::FolderLock;
use super::manifest::{HEADER_KEY, MANIFEST_KEY, Manifest, seal_generation};
use super::memory::Memory;
use super::mirror::Raw;
use super::on_sled::{OnSled, Tuning};
use super::site::{GENERATION_FILE, Site};
use super::slot::{SlotKind, Unlock};
use super::store::{Options, Store};
use super::vault::{self, copy::NAME};
use super::words::RecoveryWords;
use super::{backup, keyfile, seal};

/// How a new store, or a changed one, is unlocked from now on; recovery words always come with it.
#[derive(Clone, Copy)]
pub enum NewLock<'a> {
    /// A passphrase, not empty.
    Passphrase(&'a str),
    /// A key file that is made now (mode 0600) and must not exist.
    NewKeyFile(&'a Path),
    /// A key file that exists.
    KeyFile(&'a Path),
}

impl<'a> NewLock<'a> {
    /// Makes the key file if one is asked for, and says how to unlock.
    pub(crate) fn settle(self) -> Result<Unlock<'a>> {
        match self {
            Self::Passphrase("") => Err(StoreError::EmptyPassphrase),
            Self::Passphrase(text) => Ok(Unlock::Passphrase(text)),
            Self::NewKeyFile(path) => {
                keyfile::create(path)?;
                Ok(Unlock::KeyFile(path))
            }
            Self::KeyFile(path) => Ok(Unlock::KeyFile(path)),
        }
    }
}

/// A store on disk that was found but not unlocked yet.
pub struct Locked {
    site: Site,
    options: Options,
    header: Header,
    warnings: Vec<Warning>,
    /// What was read together with the header, so that unlocking need not open the engine again.
    raw: Mutex<Option<Raw>>,
}

impl Locked {
    /// Ways to unlock, in the order they were set up.
    pub fn slots(&self) -> Vec<SlotKind> {
        self.header.kinds()
    }

    /// When the store was made, in seconds since 1970.
    pub fn created(&self) -> u64 {
        self.header.created
    }

    /// What should be shown, for example corrected permissions.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Unlocks. May be tried again after [`StoreError::WrongKey`], which says nothing more.
    ///
    /// A damaged store unlocks, read-only: see [`Store::health`].
    pub fn unlock(&self, how: Unlock<'_>) -> Result<Store> {
        let keys = self.header.unlock(how)?;
        let kept = self.raw.lock().unwrap_or_else(|e| e.into_inner()).take();
        let raw = match kept {
            Some(raw) => raw,
            None => {
                let session = self.site.enter(self.options.lock_wait)?;
                let raw = Raw::read(&self.site, session.backend.as_ref());
                session.leave();
                raw?.ok_or(StoreError::Replaced)?
            }
        };
        Store::assemble(
            self.site.clone(),
            self.options.clone(),
            keys,
            raw,
            self.warnings.clone(),
        )
    }
}

impl Store {
    /// Whether a folder holds a store. Reads nothing of it.
    pub fn is_at(dir: &Path) -> bool {
        OnSled::exists(&dir.join(OnSled::FOLDER))
    }

    /// Makes a store in an empty or missing folder. It appears whole or not at all.
    ///
    /// The words are to be shown once; see [`Store::confirm_words`].
    pub fn create(
        dir: &Path,
        lock: NewLock<'_>,
        options: Options,
    ) -> Result<(Self, RecoveryWords)> {
        if !files::is_empty_dir(dir)? {
            return Err(StoreError::NotEmpty(dir.to_path_buf()));
        }
        let how = lock.settle()?;
        let keys = Keys::fresh()?;
        let mut header = Header::new(*keys.store_id(), (options.clock)(), &options.app);
        let words = RecoveryWords::random()?;
        header.set_slot(keys.master(), how, options.kdf)?;
        header.set_slot(keys.master(), Unlock::Words(&words), options.kdf)?;
        let raw = empty_raw(&header, &keys)?;
        place(dir, &raw, &keys, |_| Ok(()))?;
        let mut raw = raw;
        raw.generation = files::read_if_exists(&dir.join(GENERATION_FILE))?;
        let site = Site::Disk(dir.to_path_buf());
        let store = Self::assemble(site, options, keys, raw, Vec::new())?;
        Ok((store, words))
    }

    /// A store in memory with a fresh key: nothing on disk, nothing to unlock, gone at exit.
    pub fn ephemeral(options: Options) -> Result<Self> {
        let keys = Keys::fresh()?;
        let header = Header::new(*keys.store_id(), (options.clock)(), &options.app);
        let raw = empty_raw(&header, &keys)?;
        let memory = Memory::default();
        fill(&memory, &raw)?;
        Self::assemble(Site::Memory(memory), options, keys, raw, Vec::new())
    }

    /// Finds the store in a folder, corrects its permissions (with a warning) and reads it.
    ///
    /// # Errors
    /// [`StoreError::NotAStore`], [`StoreError::Locked`], [`StoreError::Refused`] when the system
    /// lets nobody open it now, or [`StoreError::Unreadable`] with the backups to restore from.
    pub fn open(dir: &Path, options: Options) -> Result<Locked> {
        if !Self::is_at(dir) {
            return Err(StoreError::NotAStore(dir.to_path_buf()));
        }
        let mut warnings = Vec::new();
        files::make_private(dir, &mut warnings)?;
        let site = Site::Disk(dir.to_path_buf());
        let session = site.enter(options.lock_wait)?;
        let raw = Raw::read(&site, session.backend.as_ref());
        files::sweep(dir);
        files::sweep(&dir.join(backup::FOLDER));
        session.leave();
        let unreadable = |reason: String| StoreError::not_opened(dir, reason);
        let raw = match raw {
            Ok(Some(raw)) => raw,
            Ok(None) => return Err(unreadable("its header is lost".to_owned())),
            Err(StoreError::Engine { text, .. }) => return Err(unreadable(text)),
            Err(other) => return Err(other),
        };
        let header = Header::decode(&raw.header)?;
        Ok(Locked {
            site,
            options,
            header,
            warnings,
            raw: Mutex::new(Some(raw)),
        })
    }

    /// Opens a store that [`StoreError::Unreadable`] refused, without the engine's snapshot: its
    /// log is read again up to the first damage. A copy of the folder as it was is made first and
    /// returned. Unlocked, the store says by [`Store::health`] what is missing; it can then be
    /// exported, or continued with [`Store::accept_damage`].
    pub fn salvage(dir: &Path, options: Options) -> Result<(Locked, PathBuf)> {
        if !Self::is_at(dir) {
            return Err(StoreError::NotAStore(dir.to_path_buf()));
        }
        let copy = sibling(dir, "damaged")?;
        let lock = FolderLock::acquire(dir, options.lock_wait)?;
        copy_private(dir, &copy)?;
        let engine = dir.join(OnSled::FOLDER);
        for entry in fs::read_dir(&engine).map_err(StoreError::io("read the folder", &engine))? {
            let path = entry
                .map_err(StoreError::io("read the folder", &engine))?
                .path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Both are made again from the log; neither holds records.
            if name == "conf" || name.starts_with("snap.") {
                fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            }
        }
        drop(lock);
        Ok((Self::open(dir, options)?, copy))
    }

    /// Restores a backup into an empty or missing folder; it appears whole or not at all.
    pub fn restore(file: &Path, how: Unlock<'_>, dir: &Path, options: Options) -> Result<Self> {
        if !files::is_empty_dir(dir)? {
            return Err(StoreError::NotEmpty(dir.to_path_buf()));
        }
        let keys = backup::unlock(file, how)?;
        backup::inspect(file, &keys)?;
        let (mut raw, _) = backup::read(file, &keys)?;
        place(dir, &raw, &keys, |building| {
            backup::restore_databases(file, &keys, building)
        })?;
        raw.generation = files::read_if_exists(&dir.join(GENERATION_FILE))?;
        Self::assemble(
            Site::Disk(dir.to_path_buf()),
            options,
            keys,
            raw,
            Vec::new(),
        )
    }

    /// Restores a backup in place of a store, which is moved aside first and never deleted.
    /// Returns the restored store and where the old one is now. When anything fails, the old
    /// store stays or is put back.
    pub fn restore_over(
        file: &Path,
        how: Unlock<'_>,
        dir: &Path,
        options: Options,
    ) -> Result<(Self, PathBuf)> {
        let lock = FolderLock::acquire(dir, options.lock_wait)?;
        // Everything that can fail is done beside the old store first.
        let fresh = sibling(dir, "restored")?;
        let databases = Self::restore(file, how, &fresh, options.clone())?.vault_folders()?;
        let aside = sibling(dir, "aside")?;
        let moved = fs::rename(dir, &aside)
            .map_err(StoreError::io("move aside", dir))
            .and_then(|()| {
                fs::rename(&fresh, dir).map_err(|e| {
                    let _ = fs::rename(&aside, dir);
                    StoreError::io("move into place", dir)(e)
                })
            });
        // Databases that the backup knows and does not hold, as automatic ones, stay as they are.
        let moved = moved.and_then(|()| keep_databases(&databases, &aside, dir));
        drop(lock);
        if let Err(e) = moved {
            let _ = fs::remove_dir_all(&fresh);
            return Err(e);
        }
        let store = Self::open(dir, options)?.unlock(how)?;
        Ok((store, aside))
    }

    /// Destroys a store: overwrites its header without slots, fills its files with zeros and
    /// removes them, so that nobody can unlock what may survive on the medium. Needs no key.
    /// Automatic backups can be unlocked with the same secrets: they go too, unless kept.
    pub fn reset(dir: &Path, keep_backups: bool, options: &Options) -> Result<()> {
        let lock = FolderLock::acquire(dir, options.lock_wait)?;
        let path = dir.join(OnSled::FOLDER);
        // A damaged engine may not open; its files are zeroed all the same.
        if OnSled::exists(&path)
            && let Ok(engine) = OnSled::open(&path, options.lock_wait, Tuning::SMALL)
        {
            let _ = forget_slots(&engine);
            let _ = Box::new(engine).close();
        }
        destroy(&path)?;
        let generation = dir.join(GENERATION_FILE);
        if generation.exists() {
            destroy(&generation)?;
        }
        destroy(&dir.join(vault::FOLDER))?;
        if !keep_backups {
            for file in backup::list(dir) {
                destroy(&file)?;
            }
        }
        drop(lock);
        // What is left is the lock file, and possibly an empty folder of backups.
        let _ = fs::remove_file(dir.join(super::lock::LOCK_FILE));
        let _ = fs::remove_dir(dir.join(backup::FOLDER));
        Ok(())
    }
}

/// Content of a store without records.
fn empty_raw(header: &Header, keys: &Keys) -> Result<Raw> {
    Ok(Raw {
        header: header.encode()?,
        manifest: Some(Manifest::empty().seal(keys)?),
        ..Raw::default()
    })
}

/// Writes content into an empty engine.
fn fill(backend: &dyn Backend, raw: &Raw) -> Result<()> {
    let mut batch = Batch::default();
    batch.require(Tree::Meta, HEADER_KEY, None);
    batch.put(Tree::Meta, HEADER_KEY, raw.header.clone());
    if let Some(manifest) = &raw.manifest {
        batch.put(Tree::Meta, MANIFEST_KEY, manifest.clone());
    }
    for (tree, pairs) in [
        (Tree::Objects, &raw.objects),
        (Tree::Index, &raw.index),
        (Tree::Schemas, &raw.schemas),
    ] {
        for (key, value) in pairs {
            batch.put(tree, key, value.clone());
        }
    }
    match backend.transact(&batch)? {
        Commit::Done => backend.flush(),
        Commit::Refused => Err(StoreError::Engine {
            what: "commit",
            text: "a new store was not empty".to_owned(),
        }),
    }
}

/// Moves those of the databases that only the folder `from` holds.
fn keep_databases(names: &[[u8; NAME]], from: &Path, to: &Path) -> Result<()> {
    let (here, there) = (vault::copy::names(from)?, vault::copy::names(to)?);
    for name in names {
        if here.contains(name) && !there.contains(name) {
            files::create_private_dir(&to.join(vault::FOLDER))?;
            let folder = Path::new(vault::FOLDER).join(hex::encode(name));
            fs::rename(from.join(&folder), to.join(&folder))
                .map_err(StoreError::io("move into place", &from.join(&folder)))?;
        }
    }
    Ok(())
}

/// Makes a store folder beside its place, adds what else belongs there, and renames it there.
fn place(dir: &Path, raw: &Raw, keys: &Keys, add: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let building = sibling(dir, "new")?;
    files::create_private_dir(&building)?;
    let made = (|| {
        let manifest = raw
            .manifest
            .as_ref()
            .and_then(|sealed| Manifest::open(keys, sealed))
            .ok_or(StoreError::Replaced)?;
        let path = building.join(OnSled::FOLDER);
        files::create_private_dir(&path)?;
        let engine = OnSled::open(&path, std::time::Duration::ZERO, Tuning::SMALL)?;
        let filled = fill(&engine, raw);
        let closed = Box::new(engine).close();
        filled?;
        closed?;
        files::write_bytes(
            &building.join(GENERATION_FILE),
            &seal_generation(keys, &manifest)?,
        )?;
        add(&building)?;
        // An empty folder in its place is replaced; anything else makes this fail.
        fs::rename(&building, dir).map_err(StoreError::io("move into place", dir))?;
        let parent = parent_of(dir);
        fs::File::open(parent)
            .and_then(|folder| folder.sync_all())
            .map_err(StoreError::io("sync", parent))
    })();
    if made.is_err() {
        // Ours, unfinished and without a user's data.
        let _ = fs::remove_dir_all(&building);
    }
    made
}

fn parent_of(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A free name beside a folder.
fn sibling(dir: &Path, purpose: &str) -> Result<PathBuf> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let unique = u32::from_le_bytes(seal::random()?);
    Ok(parent_of(dir).join(format!("{name}.{purpose}-{unique:08x}")))
}

/// Copies a folder with private permissions.
fn copy_private(from: &Path, to: &Path) -> Result<()> {
    files::create_private_dir(to)?;
    for entry in fs::read_dir(from).map_err(StoreError::io("read the folder", from))? {
        let path = entry
            .map_err(StoreError::io("read the folder", from))?
            .path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_private(&path, &target)?;
        } else {
            let mut source = fs::File::open(&path).map_err(StoreError::io("read", &path))?;
            files::write_whole(&target, |file| std::io::copy(&mut source, file).map(|_| ()))?;
        }
    }
    Ok(())
}

fn forget_slots(engine: &OnSled) -> Result<()> {
    let Some(bytes) = engine.get(Tree::Meta, HEADER_KEY)? else {
        return Ok(());
    };
    let mut batch = Batch::default();
    batch.put(
        Tree::Meta,
        HEADER_KEY,
        Header::decode(&bytes)?.without_slots().encode()?,
    );
    engine.transact(&batch)?;
    engine.flush()
}

/// How often a folder is emptied that does not stay empty.
const DESTROY_TRIES: usize = 5;

/// Fills files with zeros, syncs and removes them; folders with everything below.
pub(crate) fn destroy(path: &Path) -> Result<()> {
    let fail = |e| StoreError::io("destroy", path)(e);
    let meta = match fs::symlink_metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(fail)?,
    };
    if meta.is_dir() {
        // An engine that another thread has open may write a file meanwhile.
        for _ in 0..DESTROY_TRIES {
            for entry in fs::read_dir(path).map_err(fail)? {
                destroy(&entry.map_err(fail)?.path())?;
            }
            match fs::remove_dir(path) {
                Err(e) if e.kind() == std::io::ErrorKind::DirectoryNotEmpty => {}
                other => return other.map_err(fail),
            }
        }
        return fs::remove_dir(path).map_err(fail);
    }
    if meta.is_file() {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(fail)?;
        let zeros = [0u8; 64 * 1024];
        let mut left = meta.len();
        file.rewind().map_err(fail)?;
        while left > 0 {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
            file.write_all(zeros.split_at(part).0).map_err(fail)?;
            left = left.saturating_sub(u64::try_from(part).unwrap_or(u64::MAX));
        }
        file.sync_all().map_err(fail)?;
    }
    fs::remove_file(path).map_err(fail)
}
