//! Ordered indexes: in memory only, made at first use, because an order on disk would tell others
//! about the values.
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, PoisonError};

use super::condition::Op;
use super::error::DbError;
use super::label::{self, Order};
use super::model::{Current, Model};
use crate::schema::{Object, Rates, Schema};

/// Entries read at once when the indexes are made.
const STEP: usize = 10_000;
/// How often making them starts again because somebody wrote meanwhile.
const ATTEMPTS: usize = 3;

/// The ordered indexes of a model, as of one generation of its shelf.
pub(super) struct Ranges {
    generation: u64,
    sid: u32,
    rates: Arc<Rates>,
    by_property: HashMap<String, BTreeSet<(Order, u64)>>,
}

/// True when a schema has ordered indexes.
pub(super) fn has_any(schema: &Schema) -> bool {
    schema.properties_index_sql().next().is_some()
}

/// What a write changed: per object what was stored before, and what is now.
pub(super) struct Change {
    sid: u32,
    before: u64,
    after: u64,
    items: Vec<(u64, Option<Object>, Option<Object>)>,
}

impl Change {
    pub(super) fn new(
        current: &Current,
        before: u64,
        after: u64,
        items: Vec<(u64, Option<Object>, Option<Object>)>,
    ) -> Self {
        Self {
            sid: current.sid,
            before,
            after,
            items,
        }
    }

    /// Generation after the change.
    pub(super) fn after(&self) -> u64 {
        self.after
    }
}

impl Ranges {
    fn empty(current: &Current, rates: Arc<Rates>) -> Self {
        let properties = current.schema.properties_index_sql();
        Self {
            generation: 0,
            sid: current.sid,
            rates,
            by_property: properties
                .map(|property| (property.name.clone(), BTreeSet::new()))
                .collect(),
        }
    }

    fn toggle(&mut self, id: u64, object: &Object, present: bool) {
        for (property, value) in object.iter().filter(|(property, _)| property.index) {
            let Some(order) = label::order(&property.kind, value, &self.rates) else {
                continue;
            };
            if let Some(index) = self.by_property.get_mut(&property.name) {
                match present {
                    true => index.insert((order, id)),
                    false => index.remove(&(order, id)),
                };
            }
        }
    }

    /// Numbers of the objects whose value stands in a relation to a bound; None when this index
    /// cannot tell.
    fn find(&self, property: &str, op: Op, bound: &Order) -> Option<Vec<u64>> {
        let index = self.by_property.get(property)?;
        let (low, high) = ((bound.clone(), 0), (bound.clone(), u64::MAX));
        let range = match op {
            Op::Equal => (Bound::Included(low), Bound::Included(high)),
            Op::Less => (Bound::Unbounded, Bound::Excluded(low)),
            Op::LessOrEqual => (Bound::Unbounded, Bound::Included(high)),
            Op::Greater => (Bound::Excluded(high), Bound::Unbounded),
            Op::GreaterOrEqual => (Bound::Included(low), Bound::Unbounded),
            _ => return None,
        };
        Some(index.range(range).map(|(_, id)| *id).collect())
    }
}

impl Model {
    /// Takes a change over, when nobody else changed anything since the indexes were made.
    pub(super) fn note(&self, change: Change) {
        let mut slot = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = slot
            .as_ref()
            .is_some_and(|r| r.generation == change.before && r.sid == change.sid);
        if !fits {
            *slot = None;
            return;
        }
        if let Some(ranges) = slot.as_mut() {
            for (id, old, new) in &change.items {
                if let Some(old) = old {
                    ranges.toggle(*id, old, false);
                }
                if let Some(new) = new {
                    ranges.toggle(*id, new, true);
                }
            }
            ranges.generation = change.after;
        }
    }

    /// Numbers found by an ordered index; None when it cannot tell.
    pub(super) fn ranged(
        &self,
        property: &str,
        op: Op,
        bound: &Order,
    ) -> Result<Option<Vec<u64>>, DbError> {
        let rates = self.context().rates();
        let (generation, sid) =
            self.reading(|reader, current| Ok((reader.shelf_generation(self.url()), current.sid)))?;
        {
            let slot = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ranges) = slot.as_ref()
                && (ranges.generation, ranges.sid) == (generation, sid)
                && Arc::ptr_eq(&ranges.rates, &rates)
            {
                return Ok(ranges.find(property, op, bound));
            }
        }
        let made = self.ranges_made(&rates)?;
        let found = made.find(property, op, bound);
        *self.ranges.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(found)
    }

    fn ranges_made(&self, rates: &Arc<Rates>) -> Result<Ranges, DbError> {
        for attempt in 1..=ATTEMPTS {
            // The last attempt keeps others out until it is done.
            let step = if attempt == ATTEMPTS {
                usize::MAX
            } else {
                STEP
            };
            if let Some(made) = self.ranges_tried(rates, step)? {
                return Ok(made);
            }
        }
        Err(DbError::Keeper(
            "others write all the time: try again".into(),
        ))
    }

    /// None when somebody wrote meanwhile.
    fn ranges_tried(&self, rates: &Arc<Rates>, step: usize) -> Result<Option<Ranges>, DbError> {
        let mut made: Option<Ranges> = None;
        let mut after = 0;
        loop {
            let going = self.reading(|reader, current| {
                let generation = reader.shelf_generation(self.url());
                let ranges = made.get_or_insert_with(|| {
                    let mut fresh = Ranges::empty(current, Arc::clone(rates));
                    fresh.generation = generation;
                    fresh
                });
                if (ranges.generation, ranges.sid) != (generation, current.sid) {
                    return Ok(None);
                }
                let mut left = step;
                while left > 0 {
                    let few = left.min(super::CHUNK);
                    let entries = reader.entries(self.url(), after, few);
                    let entries = entries.map_err(DbError::Keeper)?;
                    for kept in &entries {
                        after = kept.id;
                        // A damaged object is in no index; reading it says so.
                        if let Ok(object) = self.decoded(current, kept) {
                            ranges.toggle(kept.id, &object, true);
                        }
                    }
                    if entries.len() < few {
                        return Ok(Some(false));
                    }
                    left -= few;
                }
                Ok(Some(true))
            })?;
            match going {
                None => return Ok(None),
                Some(true) => {}
                Some(false) => return Ok(made),
            }
        }
    }
}
