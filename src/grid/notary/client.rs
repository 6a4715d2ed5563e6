//! Asking a notary.
use std::sync::Arc;

use super::message::{EXISTS, GET, HASH, NOT_FOUND, REGISTER, Register, RestAnswer, STORED};
use super::message::{Stored, register_schema};
use crate::grid::gedis::{Client, GedisError, Value};
use crate::grid::sealed::notary_hash;
use crate::tfchain::Hash;
use crate::tfchain::explorer::{Fetch, FetchError, ServerText};

/// A notary, and the way to it.
pub enum Notary {
    /// Over gedis.
    Gedis(Box<Client>),
    /// Over its REST front.
    Rest(Arc<dyn Fetch>),
}

/// What can go wrong with a notary.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotaryError {
    /// Over gedis: out of reach, refused, or an answer that makes no sense.
    #[error("the notary: {0}")]
    Gedis(GedisError),
    /// The REST front could not be reached, or not read.
    #[error("the notary is out of reach: {0}")]
    OutOfReach(String),
    /// The notary refused, in its own words.
    #[error("the notary refuses: {0}")]
    Refused(ServerText),
    /// It has no reservation of this hash.
    #[error("the notary has no reservation {0}")]
    NotFound(Hash),
    /// It has another hash for what was registered.
    #[error(
        "the notary answers hash {answered} for a reservation whose hash is {ours}; nothing was paid"
    )]
    OtherHash {
        /// What it answered.
        answered: ServerText,
        /// What the hash is.
        ours: Hash,
    },
    /// It has something else under the hash.
    #[error("the notary has something else under hash {0}; it is not believed")]
    OtherContent(Hash),
    /// An answer that cannot be read.
    #[error("the answer of the notary makes no sense: {0}")]
    Answer(&'static str),
}

impl NotaryError {
    /// Returns whether the notary may have what was registered although no answer came.
    pub fn is_unclear(&self) -> bool {
        match self {
            NotaryError::Gedis(GedisError::Connection(error)) => {
                !matches!(error, crate::zos::Error::Connect { .. })
            }
            NotaryError::Gedis(GedisError::Answer { .. }) | NotaryError::Answer(_) => true,
            NotaryError::OutOfReach(_) => true,
            _ => false,
        }
    }
}

impl From<GedisError> for NotaryError {
    fn from(error: GedisError) -> Self {
        match error {
            GedisError::Refused { says, .. } => NotaryError::Refused(says),
            other => NotaryError::Gedis(other),
        }
    }
}

impl Notary {
    /// Registers a reservation of 3bot number `bot`, and returns its hash, which is the one that
    /// we compute ourselves. One that the notary has already is not registered twice.
    ///
    /// # Errors
    /// See [`NotaryError`].
    pub async fn register(&self, bot: u64, register: &Register) -> Result<Hash, NotaryError> {
        let ours = notary_hash(bot, &register.sealed.content);
        let answered = match self.register_now(register).await {
            Ok(answered) => answered,
            // Registered before, by a call whose answer did not come.
            Err(NotaryError::Refused(says)) if says == ServerText::new(EXISTS) => {
                let stored = self.get(ours).await?;
                return match stored.register.sealed == register.sealed {
                    true => Ok(ours),
                    false => Err(NotaryError::OtherContent(ours)),
                };
            }
            Err(error) => return Err(error),
        };
        match answered == ours.to_string() {
            true => Ok(ours),
            false => Err(NotaryError::OtherHash {
                answered: ServerText::new(&answered),
                ours,
            }),
        }
    }

    async fn register_now(&self, register: &Register) -> Result<String, NotaryError> {
        match self {
            Notary::Gedis(client) => {
                let answer = client
                    .call(REGISTER, register_schema(), &register.values(), &HASH)
                    .await?;
                answer
                    .into_iter()
                    .next()
                    .map(Value::into_text)
                    .ok_or(NotaryError::Answer("no hash in it"))
            }
            Notary::Rest(fetch) => {
                let body = serde_json::to_string(&register.rest()).unwrap_or_default();
                let answer = rest(fetch.post("/register", &body).await, None)?;
                answer.hash.ok_or(NotaryError::Answer("no hash in it"))
            }
        }
    }

    /// Returns the reservation of a hash.
    ///
    /// # Errors
    /// See [`NotaryError`].
    pub async fn get(&self, hash: Hash) -> Result<Stored, NotaryError> {
        let text = hash.to_string();
        let stored = match self {
            Notary::Gedis(client) => {
                let values = [Value::Text(text.clone())];
                match client.call(GET, &HASH, &values, &STORED).await {
                    Err(GedisError::Refused { says, .. }) if says == ServerText::new(NOT_FOUND) => {
                        return Err(NotaryError::NotFound(hash));
                    }
                    answer => Stored::from_values(answer?),
                }
            }
            Notary::Rest(fetch) => {
                let endpoint = format!("/get?hash={text}");
                let answer = rest(fetch.get(&endpoint).await, Some(hash))?;
                Register::from_rest(&answer).map(|register| Stored {
                    hash: answer.hash.unwrap_or_default(),
                    register,
                })
            }
        };
        match stored {
            None => Err(NotaryError::Answer("a field is missing")),
            Some(stored) if stored.hash != text => Err(NotaryError::OtherContent(hash)),
            Some(stored) => Ok(stored),
        }
    }
}

fn rest(
    answer: Result<crate::tfchain::explorer::Answer, FetchError>,
    hash: Option<Hash>,
) -> Result<RestAnswer, NotaryError> {
    let answer = answer.map_err(|error| NotaryError::OutOfReach(error.into_reason()))?;
    match (answer.status, hash) {
        (200..300, _) => serde_json::from_slice(&answer.body)
            .map_err(|_| NotaryError::Answer("it is no JSON object of texts")),
        (404, Some(hash)) => Err(NotaryError::NotFound(hash)),
        _ => {
            let says = ServerText::from_body(&answer.body);
            match hash {
                Some(hash) if says.as_str().contains("reservation not found") => {
                    Err(NotaryError::NotFound(hash))
                }
                _ => Err(NotaryError::Refused(says)),
            }
        }
    }
}
