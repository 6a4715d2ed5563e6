//! Keys and values of a namespace, one after the other.
use std::collections::VecDeque;
use std::sync::Arc;

use super::client::ZdbClient;
use super::key;
use crate::object::{Class, Member, Paint, Result, Stream, Ty, Value};

/// Keys and values, read when they are needed.
pub struct Entries {
    client: Arc<ZdbClient>,
    start: Option<Vec<u8>>,
    reverse: bool,
}

impl Entries {
    /// From a key on, or all.
    pub fn new(client: Arc<ZdbClient>, start: Option<Vec<u8>>, reverse: bool) -> Self {
        Entries {
            client,
            start,
            reverse,
        }
    }

    fn walk(&self) -> Result<Walk> {
        let client = self.client.client();
        let mut waiting = VecDeque::new();
        let cursor = match &self.start {
            None => None,
            Some(start) => {
                let cursor = self.client.ask(client.cursor_of(start))?;
                waiting.push_back(start.clone());
                Some(cursor)
            }
        };
        Ok(Walk {
            client: self.client.clone(),
            waiting,
            cursor,
            reverse: self.reverse,
            has_ended: false,
        })
    }

    /// All keys.
    ///
    /// # Errors
    /// When the server fails.
    pub fn keys(&self) -> Result<Value> {
        let mode = self.client.mode();
        let mut walk = self.walk()?;
        let mut keys = Vec::new();
        while let Some(key) = walk.next_key()? {
            keys.push(key::value(mode, key));
        }
        Ok(Value::List(keys))
    }
}

/// Where a walk through the keys is.
struct Walk {
    client: Arc<ZdbClient>,
    waiting: VecDeque<Vec<u8>>,
    cursor: Option<Vec<u8>>,
    reverse: bool,
    has_ended: bool,
}

impl Walk {
    fn next_key(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(key) = self.waiting.pop_front() {
                return Ok(Some(key));
            }
            if self.has_ended {
                return Ok(None);
            }
            let page = self
                .client
                .client()
                .scan(self.cursor.as_deref(), self.reverse);
            match self.client.ask(page)? {
                None => self.has_ended = true,
                Some(page) => {
                    // A server that does not move on would be asked for ever.
                    self.has_ended = self.cursor.as_ref() == Some(&page.cursor);
                    self.cursor = Some(page.cursor);
                    self.waiting
                        .extend(page.entries.into_iter().map(|entry| entry.key));
                }
            }
        }
    }

    fn next_entry(&mut self) -> Result<Option<Value>> {
        while let Some(key) = self.next_key()? {
            // One that was deleted in the meantime is left out.
            if let Some(data) = self.client.ask(self.client.client().get(&key))? {
                let key = key::value(self.client.mode(), key);
                return Ok(Some(Value::List(vec![key, Value::Bytes(data)])));
            }
        }
        Ok(None)
    }
}

impl Class for Entries {
    const NAME: &'static str = "zdb_entries";
    const DOC: &'static str =
        "Keys and values of a namespace: for key, data in cl.iterate() { print(key) }";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "list",
        &[],
        Ty::List,
        "Reads them all and answers a list.",
        "cl.iterate().list()",
        |entries: &Arc<Entries>, _| {
            let mut walk = entries.walk()?;
            std::iter::from_fn(|| walk.next_entry().transpose())
                .collect::<Result<Vec<Value>>>()
                .map(Value::List)
        },
    )]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "entries of {}",
            Class::repr(self.client.as_ref(), Paint::Plain)
        )
    }
    fn stream(self: &Arc<Self>) -> Option<Result<Stream>> {
        Some(self.walk().map(|mut walk| -> Stream {
            Box::new(std::iter::from_fn(move || walk.next_entry().transpose()))
        }))
    }
}
