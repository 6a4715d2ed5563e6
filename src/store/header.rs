//! The header record: the only part of a store in clear (tree `meta`, key `header`, JSON).
//!
//! It is authenticated by use: every slot binds the store id and its own parameters, every
//! record binds the store id.
use serde::{Deserialize, Serialize};

use super::error::{Result, StoreError};
use super::kdf::KdfCost;
use super::keys::{Keys, Secret32};
use super::slot::{Slot, SlotKind, Unlock, hex_array};

/// Format version.
const VERSION: u32 = 1;
/// A header is a few hundred bytes; more than this is not ours.
const MAX_BYTES: usize = 64 * 1024;
/// One slot per kind is made; more than this is not ours.
const MAX_SLOTS: usize = 8;

/// The header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    v: u32,
    #[serde(with = "hex_array")]
    pub(crate) store_id: [u8; 16],
    slots: Vec<Slot>,
    /// Seconds since 1970, informational.
    pub(crate) created: u64,
    /// Program that made the store, informational.
    pub(crate) app: String,
}

impl Header {
    /// A header without slots.
    pub(crate) fn new(store_id: [u8; 16], created: u64, app: &str) -> Self {
        Self {
            v: VERSION,
            store_id,
            slots: Vec::new(),
            created,
            app: app.to_owned(),
        }
    }

    /// Reads and checks a header.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(StoreError::Header(format!(
                "{} bytes are too many",
                bytes.len()
            )));
        }
        let header: Self = serde_json::from_slice(bytes)
            .map_err(|e| StoreError::Header(format!("it cannot be read: {e}")))?;
        if header.v != VERSION {
            return Err(StoreError::Header(format!(
                "version {} found, this program reads {VERSION}",
                header.v
            )));
        }
        if header.slots.len() > MAX_SLOTS {
            return Err(StoreError::Header(format!(
                "{} slots are too many",
                header.slots.len()
            )));
        }
        header.slots.iter().try_for_each(Slot::check)?;
        Ok(header)
    }

    /// JSON text.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|e| StoreError::Header(e.to_string()))
    }

    /// Kinds of the slots, in the order they were made.
    pub(crate) fn kinds(&self) -> Vec<SlotKind> {
        self.slots.iter().map(|slot| slot.kind).collect()
    }

    /// Adds a slot, or replaces the one of the same kind.
    pub(crate) fn set_slot(
        &mut self,
        master: &Secret32,
        how: Unlock<'_>,
        cost: KdfCost,
    ) -> Result<()> {
        let slot = Slot::wrap(&self.store_id, master, how, cost)?;
        self.slots.retain(|old| old.kind != slot.kind);
        self.slots.push(slot);
        Ok(())
    }

    /// Removes a slot; the last one stays.
    pub(crate) fn remove_slot(&mut self, kind: SlotKind) -> Result<()> {
        if !self.slots.iter().any(|slot| slot.kind == kind) {
            return Err(StoreError::NoSlot(kind));
        }
        if self.slots.iter().all(|slot| slot.kind == kind) {
            return Err(StoreError::LastSlot(kind));
        }
        self.slots.retain(|slot| slot.kind != kind);
        Ok(())
    }

    /// Forgets all slots: nobody can unlock any more.
    pub(crate) fn without_slots(&self) -> Self {
        Self {
            slots: Vec::new(),
            ..self.clone()
        }
    }

    /// Unwraps the master key and derives the sub keys.
    pub(crate) fn unlock(&self, how: Unlock<'_>) -> Result<Keys> {
        let kind = how.kind();
        let mut outcome = Err(StoreError::NoSlot(kind));
        for slot in self.slots.iter().filter(|slot| slot.kind == kind) {
            outcome = slot.unwrap(&self.store_id, how);
            if outcome.is_ok() {
                break;
            }
        }
        Ok(Keys::new(outcome?, self.store_id))
    }
}
