//! What an unlocked store keeps between operations, and how it notices that others changed it.
use super::backend::{Backend, Tree};
use super::backup;
use super::error::{Result, StoreError};
use super::files::{self, Warning};
use super::header::Header;
use super::health::{DamageReport, Health};
use super::keys::Keys;
use super::manifest::{self, HEADER_KEY, MANIFEST_KEY, Manifest};
use super::mirror::{Mirror, Mismatch, Raw};
use super::site::{GENERATION_FILE, Session, Site};

/// What changes while the store is open.
pub(crate) struct State {
    pub(crate) keys: Keys,
    pub(crate) header: Header,
    pub(crate) header_bytes: Vec<u8>,
    pub(crate) mirror: Option<Mirror>,
    /// Content of the generation file that belongs to the mirror.
    pub(crate) generation_seen: Option<Vec<u8>>,
    /// The generation file must be written at the next operation under the lock.
    generation_stale: bool,
    pub(crate) health: Health,
    pub(crate) warnings: Vec<Warning>,
    /// Time of the newest automatic backup, once known.
    pub(crate) last_backup: Option<u64>,
    pub(crate) session: Option<Session>,
    pub(crate) holds: usize,
}

impl State {
    /// A state without content.
    pub(crate) fn new(
        keys: Keys,
        header: Header,
        header_bytes: Vec<u8>,
        warnings: Vec<Warning>,
    ) -> Self {
        Self {
            keys,
            header,
            header_bytes,
            mirror: None,
            generation_seen: None,
            generation_stale: false,
            health: Health::Good,
            warnings,
            last_backup: None,
            session: None,
            holds: 0,
        }
    }

    /// Mirror and keys.
    pub(crate) fn parts(&mut self) -> Result<(&mut Mirror, &Keys)> {
        let mirror = self.mirror.as_mut().ok_or_else(|| StoreError::Engine {
            what: "read",
            text: "the content was not read".to_owned(),
        })?;
        Ok((mirror, &self.keys))
    }

    /// Refuses when the store is damaged.
    pub(crate) fn check_writable(&self) -> Result<()> {
        match &self.health {
            Health::Good => Ok(()),
            Health::ReadOnly(report) => Err(StoreError::ReadOnly(report.clone())),
        }
    }

    /// Reads the engine again when somebody changed it.
    pub(crate) fn refresh(&mut self, site: &Site, backend: &dyn Backend) -> Result<()> {
        let sealed = backend.get(Tree::Meta, MANIFEST_KEY)?;
        let header = backend.get(Tree::Meta, HEADER_KEY)?;
        let same_header = header.as_deref() == Some(self.header_bytes.as_slice());
        let same = same_header
            && self
                .mirror
                .as_ref()
                .is_some_and(|mirror| Some(mirror.manifest_sealed.as_slice()) == sealed.as_deref());
        if same {
            if self.generation_stale {
                self.note_generation(site);
            }
            return Ok(());
        }
        let raw = Raw::read(site, backend)?.ok_or(StoreError::Replaced)?;
        if !same_header {
            let header = Header::decode(&raw.header)?;
            let known = raw
                .manifest
                .as_ref()
                .is_some_and(|sealed| Manifest::open(&self.keys, sealed).is_some());
            if header.store_id != self.header.store_id || !known {
                return Err(StoreError::Replaced);
            }
            self.header = header;
            self.header_bytes = raw.header.clone();
        }
        self.take_over(site, raw)?;
        if self.generation_stale {
            self.note_generation(site);
        }
        Ok(())
    }

    /// Verifies what was read and makes it the mirror.
    pub(crate) fn take_over(&mut self, site: &Site, raw: Raw) -> Result<()> {
        let mut raw = raw;
        let seen = raw.generation.take();
        let (mirror, mut mismatch) = Mirror::verify(raw, &self.keys);
        let mut expected_generation = mirror.manifest.generation;
        let mut rewrite = false;
        if site.dir().is_some() {
            let noted = seen
                .as_ref()
                .and_then(|sealed| manifest::open_generation(&self.keys, sealed));
            match noted {
                Some((generation, count)) if generation > mirror.manifest.generation => {
                    expected_generation = generation;
                    mismatch = Some(Mismatch {
                        reason: "it lost its last changes or was put back to an old state"
                            .to_owned(),
                        expected: Some(count),
                    });
                }
                // Behind by one: the last shell stopped between commit and this file.
                Some((generation, _)) => rewrite = generation < mirror.manifest.generation,
                None if mirror.manifest.generation == 0 && seen.is_none() => rewrite = true,
                None => {
                    let reason = if seen.is_some() {
                        "unreadable"
                    } else {
                        "missing"
                    };
                    self.warnings.push(Warning::GenerationFile {
                        reason: reason.to_owned(),
                    });
                    rewrite = true;
                }
            }
        }
        self.health = match mismatch {
            None => Health::Good,
            Some(Mismatch { reason, expected }) => {
                rewrite = false;
                Health::ReadOnly(Box::new(DamageReport {
                    reason,
                    expected,
                    found: u64::try_from(mirror.objects.len()).unwrap_or(u64::MAX),
                    expected_generation,
                    found_generation: mirror.manifest.generation,
                    backups: site.dir().map(backup::list).unwrap_or_default(),
                }))
            }
        };
        // Written when the lock is held next, so that it never replaces a newer one.
        self.generation_stale = rewrite;
        self.generation_seen = if rewrite { None } else { seen };
        self.mirror = Some(mirror);
        Ok(())
    }

    /// Writes the generation file. A failure is a warning: the change itself is committed.
    pub(crate) fn note_generation(&mut self, site: &Site) {
        let (Some(dir), Some(mirror)) = (site.dir(), &self.mirror) else {
            return;
        };
        let written = manifest::seal_generation(&self.keys, &mirror.manifest).and_then(|sealed| {
            files::write_bytes(&dir.join(GENERATION_FILE), &sealed).map(|()| sealed)
        });
        match written {
            Ok(sealed) => {
                self.generation_seen = Some(sealed);
                self.generation_stale = false;
            }
            Err(e) => self.warnings.push(Warning::GenerationNotWritten {
                reason: e.to_string(),
            }),
        }
    }
}
