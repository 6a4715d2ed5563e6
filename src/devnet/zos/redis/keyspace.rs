//! Keys, their values and lifetimes, and who waits for them.
//!
//! Everything happens under one short lock; nothing is awaited inside it. Who waits for a list
//! stands in a queue of that key and is served, first come first served, by whoever pushes. A
//! waiter that goes away takes nothing with it: what it was just given goes back to the list.
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

pub use crate::devnet::resp::Bytes;

/// Bytes that one entry costs beside its own.
const OVERHEAD: usize = 64;

/// Why an operation was refused, with Redis' own texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The key holds a text and a list was wanted, or the other way round.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    /// The server holds as much as it may.
    #[error("OOM command not allowed when used memory > 'maxmemory'.")]
    Full,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first element.
    Left,
    /// The last element.
    Right,
}

#[derive(Debug)]
enum Value {
    List(VecDeque<Bytes>),
    Text(Bytes),
}

#[derive(Debug)]
struct Entry {
    value: Value,
    /// What its values cost together.
    bytes: usize,
    expires: Option<Instant>,
}

#[derive(Clone, Debug)]
enum Want {
    Pop(End),
    /// Takes the last element and puts it first on another list.
    Move(Bytes),
}

struct Waiter {
    want: Want,
    /// Key and value; gone once served.
    give: Mutex<Option<oneshot::Sender<(Bytes, Bytes)>>>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Bytes, Entry>,
    waiting: HashMap<Bytes, VecDeque<Arc<Waiter>>>,
    used: usize,
}

/// How much of a list of the node stays when nobody reads it: the oldest values go once there are
/// more of them **and** they take more bytes, or the server is half full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// So many values always stay.
    pub values: usize,
    /// More of them stay while all together take no more than this.
    pub bytes: usize,
}

/// The server's data.
pub struct Keyspace {
    inner: Mutex<Inner>,
    /// Bytes that clients may store.
    limit: usize,
}

impl std::fmt::Debug for Keyspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyspace")
            .field("keys", &self.len())
            .finish()
    }
}

fn cost(value: &[u8]) -> usize {
    value.len() + OVERHEAD
}

impl Inner {
    /// Throws the key away if its time is over; true if something is there.
    fn fresh(&mut self, key: &[u8]) -> bool {
        match self.entries.get(key) {
            None => false,
            Some(entry) if entry.expires.is_some_and(|at| at <= Instant::now()) => {
                self.remove(key);
                false
            }
            Some(_) => true,
        }
    }

    fn remove(&mut self, key: &[u8]) -> bool {
        let Some((key, entry)) = self.entries.remove_entry(key) else {
            return false;
        };
        self.used = self.used.saturating_sub(entry.bytes + cost(&key));
        true
    }

    /// Values of a key are gone that took so many bytes.
    fn freed(&mut self, key: &[u8], bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
        if let Some(entry) = self.entries.get_mut(key) {
            entry.bytes = entry.bytes.saturating_sub(bytes);
        }
    }

    /// True if a list holds more than it shall keep: no more than the sure number of values when
    /// the server holds `crowded` bytes.
    fn overflows(&mut self, key: &[u8], keep: Keep, crowded: usize) -> bool {
        let more = matches!(self.list(key), Ok(Some(list)) if list.len() > keep.values);
        let bytes = match self.entries.get(key) {
            Some(entry) if self.used < crowded => entry.bytes,
            _ => usize::MAX,
        };
        more && bytes > keep.bytes
    }

    fn list(&mut self, key: &[u8]) -> Result<Option<&mut VecDeque<Bytes>>, Refused> {
        if !self.fresh(key) {
            return Ok(None);
        }
        match self.entries.get_mut(key).map(|entry| &mut entry.value) {
            Some(Value::List(list)) => Ok(Some(list)),
            Some(Value::Text(_)) => Err(Refused::WrongType),
            None => Ok(None),
        }
    }

    fn push(&mut self, key: &[u8], end: End, values: Vec<Bytes>) -> Result<usize, Refused> {
        let added: usize = values.iter().map(|value| cost(value)).sum();
        if self.list(key)?.is_none() && !values.is_empty() {
            self.used += cost(key);
            let entry = Entry {
                value: Value::List(VecDeque::new()),
                bytes: 0,
                expires: None,
            };
            self.entries.insert(key.into(), entry);
        }
        let Some(list) = self.list(key)? else {
            return Ok(0);
        };
        for value in values {
            match end {
                End::Left => list.push_front(value),
                End::Right => list.push_back(value),
            }
        }
        let length = list.len();
        self.used += added;
        if let Some(entry) = self.entries.get_mut(key) {
            entry.bytes += added;
        }
        Ok(length)
    }

    fn pop(&mut self, key: &[u8], end: End) -> Result<Option<Bytes>, Refused> {
        let Some(list) = self.list(key)? else {
            return Ok(None);
        };
        let value = match end {
            End::Left => list.pop_front(),
            End::Right => list.pop_back(),
        };
        let empty = list.is_empty();
        if let Some(value) = &value {
            self.freed(key, cost(value));
        }
        if empty {
            self.remove(key);
        }
        Ok(value)
    }

    /// Moves the last element of a list to the front of another, or of itself.
    fn shift(&mut self, from: &[u8], to: &[u8]) -> Result<Option<Bytes>, Refused> {
        if from == to {
            let Some(list) = self.list(from)? else {
                return Ok(None);
            };
            list.rotate_right(1);
            return Ok(list.front().cloned());
        }
        self.list(to)?;
        let Some(value) = self.pop(from, End::Right)? else {
            return Ok(None);
        };
        self.push(to, End::Left, vec![value.clone()])?;
        Ok(Some(value))
    }

    /// Gives what a list has to who waits for it, in order of arrival.
    fn serve(&mut self, key: &[u8]) {
        let mut touched: VecDeque<Bytes> = VecDeque::from([Bytes::from(key)]);
        while let Some(key) = touched.pop_front() {
            while matches!(self.list(&key), Ok(Some(_))) {
                let Some(queue) = self.waiting.get_mut(&key) else {
                    break;
                };
                let Some(waiter) = queue.pop_front() else {
                    break;
                };
                let give = waiter
                    .give
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                let Some(give) = give.filter(|give| !give.is_closed()) else {
                    continue;
                };
                let taken = match &waiter.want {
                    Want::Pop(end) => self.pop(&key, *end),
                    Want::Move(to) => {
                        let moved = self.shift(&key, to);
                        if *to != key && matches!(moved, Ok(Some(_))) {
                            touched.push_back(to.clone());
                        }
                        moved
                    }
                };
                let Ok(Some(value)) = taken else { continue };
                // A receiver that went away in this very moment gives it back itself, or gets it
                // here.
                if let Err((_, value)) = give.send((key.clone(), value))
                    && let Want::Pop(end) = waiter.want
                {
                    let _ = self.push(&key, end, vec![value]);
                }
            }
            if self.waiting.get(&key).is_some_and(VecDeque::is_empty) {
                self.waiting.remove(&key);
            }
        }
    }
}

/// A place in the queues of some keys, left when it is dropped.
struct Place<'a> {
    keyspace: &'a Keyspace,
    keys: Vec<Bytes>,
    waiter: Arc<Waiter>,
    receive: oneshot::Receiver<(Bytes, Bytes)>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut inner = self.keyspace.lock();
        self.receive.close();
        let unread = self.receive.try_recv().ok();
        for key in &self.keys {
            if let Some(queue) = inner.waiting.get_mut(key) {
                queue.retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
                if queue.is_empty() {
                    inner.waiting.remove(key);
                }
            }
        }
        if let Some((key, value)) = unread
            && let Want::Pop(end) = self.waiter.want
        {
            let _ = inner.push(&key, end, vec![value]);
            inner.serve(&key);
        }
    }
}

impl Keyspace {
    /// An empty one in which clients may store so many bytes.
    pub fn new(limit: usize) -> Self {
        Keyspace {
            inner: Mutex::default(),
            limit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends values for a client; answers the new length.
    ///
    /// # Errors
    /// The key holds a text, or the server is full.
    pub fn push(&self, key: &[u8], end: End, values: Vec<Bytes>) -> Result<usize, Refused> {
        let mut inner = self.lock();
        let added: usize = values.iter().map(|value| cost(value)).sum();
        if inner.used.saturating_add(added) > self.limit {
            return Err(Refused::Full);
        }
        let length = inner.push(key, end, values)?;
        inner.serve(key);
        Ok(length)
    }

    /// Appends a value for the node itself: never refused for want of room. With `keep`, the oldest
    /// values beyond it go; with `life`, the key is gone that long after this moment.
    pub fn append(&self, key: &str, value: &str, keep: Option<Keep>, life: Option<Duration>) {
        let key = key.as_bytes();
        let value = Bytes::from(value.as_bytes());
        let mut inner = self.lock();
        if inner.push(key, End::Right, vec![value.clone()]).is_err() {
            // A client put a text there: the node's list is what the key is for.
            inner.remove(key);
            let _ = inner.push(key, End::Right, vec![value]);
        }
        inner.serve(key);
        if let Some(keep) = keep {
            while inner.overflows(key, keep, self.limit / 2) {
                let _ = inner.pop(key, End::Left);
            }
        }
        if let (Some(life), Some(entry)) = (life, inner.entries.get_mut(key)) {
            entry.expires = Some(Instant::now() + life);
        }
    }

    /// Takes an element from an end of a list.
    ///
    /// # Errors
    /// The key holds a text.
    pub fn pop(&self, key: &[u8], end: End) -> Result<Option<Bytes>, Refused> {
        self.lock().pop(key, end)
    }

    /// Takes an element from the first of the lists that has one; waits for it if none has.
    /// None when the time is over; waits for ever without one.
    ///
    /// # Errors
    /// One of the keys holds a text.
    pub async fn pop_waiting(
        &self,
        keys: Vec<Bytes>,
        end: End,
        timeout: Option<Duration>,
    ) -> Result<Option<(Bytes, Bytes)>, Refused> {
        let place = {
            let mut inner = self.lock();
            for key in &keys {
                if let Some(value) = inner.pop(key, end)? {
                    return Ok(Some((key.clone(), value)));
                }
            }
            self.queue(&mut inner, keys, Want::Pop(end))
        };
        Ok(wait(place, timeout).await)
    }

    /// Moves the last element of a list to the front of another, or of the same one, and answers
    /// it; waits for it if there is none. None when the time is over.
    ///
    /// # Errors
    /// One of the keys holds a text.
    pub async fn shift_waiting(
        &self,
        from: Bytes,
        to: Bytes,
        timeout: Option<Duration>,
    ) -> Result<Option<Bytes>, Refused> {
        let place = {
            let mut inner = self.lock();
            if let Some(value) = inner.shift(&from, &to)? {
                inner.serve(&to);
                return Ok(Some(value));
            }
            self.queue(&mut inner, vec![from], Want::Move(to))
        };
        Ok(wait(place, timeout).await.map(|(_, value)| value))
    }

    fn queue(&self, inner: &mut Inner, keys: Vec<Bytes>, want: Want) -> Place<'_> {
        let (give, receive) = oneshot::channel();
        let waiter = Arc::new(Waiter {
            want,
            give: Mutex::new(Some(give)),
        });
        for key in &keys {
            let queue = inner.waiting.entry(key.clone()).or_default();
            queue.push_back(Arc::clone(&waiter));
        }
        Place {
            keyspace: self,
            keys,
            waiter,
            receive,
        }
    }

    /// Length of a list, 0 when there is none.
    ///
    /// # Errors
    /// The key holds a text.
    pub fn list_len(&self, key: &[u8]) -> Result<usize, Refused> {
        Ok(self.lock().list(key)?.map_or(0, |list| list.len()))
    }

    /// Elements from one position to another, both counted in; negative ones from the end.
    ///
    /// # Errors
    /// The key holds a text.
    pub fn range(&self, key: &[u8], from: i64, to: i64) -> Result<Vec<Bytes>, Refused> {
        let mut inner = self.lock();
        let Some(list) = inner.list(key)? else {
            return Ok(Vec::new());
        };
        let (from, count) = span(list.len(), from, to);
        Ok(list.iter().skip(from).take(count).cloned().collect())
    }

    /// Keeps the elements from one position to another only.
    ///
    /// # Errors
    /// The key holds a text.
    pub fn trim(&self, key: &[u8], from: i64, to: i64) -> Result<(), Refused> {
        let mut inner = self.lock();
        let Some(list) = inner.list(key)? else {
            return Ok(());
        };
        let (from, count) = span(list.len(), from, to);
        let kept: VecDeque<Bytes> = list.iter().skip(from).take(count).cloned().collect();
        let gone: usize = list.iter().map(|item| cost(item)).sum::<usize>()
            - kept.iter().map(|item| cost(item)).sum::<usize>();
        *list = kept;
        let empty = list.is_empty();
        inner.freed(key, gone);
        if empty {
            inner.remove(key);
        }
        Ok(())
    }

    /// True if the key is there.
    pub fn exists(&self, key: &[u8]) -> bool {
        self.lock().fresh(key)
    }

    /// Removes a key; true if it was there.
    pub fn remove(&self, key: &[u8]) -> bool {
        let mut inner = self.lock();
        inner.fresh(key) && inner.remove(key)
    }

    /// Lets a key live for a time from now on; true if it is there.
    pub fn expire(&self, key: &[u8], life: Duration) -> bool {
        let mut inner = self.lock();
        if !inner.fresh(key) {
            return false;
        }
        // Further away than the clock reaches is for ever.
        let at = Instant::now().checked_add(life);
        match inner.entries.get_mut(key) {
            Some(entry) => entry.expires = at,
            None => return false,
        }
        true
    }

    /// Lets a key live for ever; true if it is there.
    pub fn persist(&self, key: &[u8]) -> bool {
        let mut inner = self.lock();
        if !inner.fresh(key) {
            return false;
        }
        if let Some(entry) = inner.entries.get_mut(key) {
            entry.expires = None;
        }
        true
    }

    /// How long a key will live: None when it is not there, Some(None) when for ever.
    pub fn life(&self, key: &[u8]) -> Option<Option<Duration>> {
        let mut inner = self.lock();
        if !inner.fresh(key) {
            return None;
        }
        let entry = inner.entries.get(key)?;
        Some(
            entry
                .expires
                .map(|at| at.saturating_duration_since(Instant::now())),
        )
    }

    /// The text of a key.
    ///
    /// # Errors
    /// The key holds a list.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Refused> {
        let mut inner = self.lock();
        if !inner.fresh(key) {
            return Ok(None);
        }
        match inner.entries.get(key).map(|entry| &entry.value) {
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(Value::List(_)) => Err(Refused::WrongType),
            None => Ok(None),
        }
    }

    /// Sets a key to a text, whatever it held, with a life or for ever.
    ///
    /// # Errors
    /// The server is full.
    pub fn set(&self, key: &[u8], value: &[u8], life: Option<Duration>) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.remove(key);
        if inner.used.saturating_add(cost(value)) > self.limit {
            return Err(Refused::Full);
        }
        inner.used += cost(value) + cost(key);
        let entry = Entry {
            value: Value::Text(value.into()),
            bytes: cost(value),
            expires: life.and_then(|life| Instant::now().checked_add(life)),
        };
        inner.entries.insert(key.into(), entry);
        Ok(())
    }

    /// `list`, `string` or `none`.
    pub fn kind(&self, key: &[u8]) -> &'static str {
        let mut inner = self.lock();
        if !inner.fresh(key) {
            return "none";
        }
        match inner.entries.get(key).map(|entry| &entry.value) {
            Some(Value::List(_)) => "list",
            Some(Value::Text(_)) => "string",
            None => "none",
        }
    }

    /// All keys, sorted.
    pub fn keys(&self) -> Vec<Bytes> {
        self.sweep();
        let mut keys: Vec<Bytes> = self.lock().entries.keys().cloned().collect();
        keys.sort();
        keys
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.sweep();
        self.lock().entries.len()
    }

    /// True without any key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.lock().used
    }

    /// Removes every key.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.entries.clear();
        inner.used = 0;
    }

    /// Throws away what nobody will ask for any more: called now and then.
    pub fn sweep(&self) {
        let mut inner = self.lock();
        let now = Instant::now();
        let over: Vec<Bytes> = inner
            .entries
            .iter()
            .filter(|(_, entry)| entry.expires.is_some_and(|at| at <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in over {
            inner.remove(&key);
        }
    }
}

async fn wait(mut place: Place<'_>, timeout: Option<Duration>) -> Option<(Bytes, Bytes)> {
    match timeout {
        None => (&mut place.receive).await.ok(),
        Some(timeout) => tokio::time::timeout(timeout, &mut place.receive)
            .await
            .ok()?
            .ok(),
    }
}

/// First position and count of a range of Redis.
fn span(length: usize, from: i64, to: i64) -> (usize, usize) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let absolute = |at: i64| {
        if at < 0 {
            at.saturating_add(length)
        } else {
            at
        }
    };
    let from = absolute(from).max(0);
    let to = absolute(to).min(length - 1);
    if from > to {
        return (0, 0);
    }
    let count = to - from + 1;
    (
        usize::try_from(from).unwrap_or(usize::MAX),
        usize::try_from(count).unwrap_or(usize::MAX),
    )
}
