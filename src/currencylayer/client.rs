//! Asking the service.
use std::time::Duration;

use tokio::time::timeout;

use super::answer::{Quotes, clean, garbage};
use super::error::RateError;
use crate::web::{self, is_this_machine};

/// Limits of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time for the whole request.
    pub time: Duration,
    /// Largest answer, in bytes.
    pub bytes: usize,
}

impl Default for Limits {
    /// 10 s and 1 MiB; an answer with 170 rates has 3 KB.
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(10),
            bytes: 1024 * 1024,
        }
    }
}

/// Asks one address for rates.
pub struct Client {
    address: reqwest::Url,
    limits: Limits,
}

impl Client {
    /// A client for an address like `https://api.currencylayer.com/live`. Opens nothing.
    ///
    /// # Errors
    /// [`RateError::Address`] for anything but `https`, or `http` on this machine.
    pub fn new(address: &str, limits: Limits) -> Result<Client, RateError> {
        let url = reqwest::Url::parse(address.trim()).ok();
        let sound = url.filter(|url| match url.scheme() {
            "https" => url.has_host(),
            "http" => url.host_str().is_some_and(is_this_machine),
            _ => false,
        });
        match sound {
            Some(address) => Ok(Client { address, limits }),
            None => Err(RateError::Address {
                address: clean(address.split('?').next().unwrap_or_default(), ""),
            }),
        }
    }

    /// Asks once for the rates of this moment.
    ///
    /// # Errors
    /// See [`RateError`]; the key is in none of its texts.
    pub async fn live(&self, key: &str) -> Result<Quotes, RateError> {
        let key = key.trim();
        if key.is_empty() {
            return Err(RateError::NoKey);
        }
        match timeout(self.limits.time, self.ask(key)).await {
            Ok(answer) => answer,
            Err(_) => Err(RateError::OutOfReach {
                reason: format!("no answer within {:.1} s", self.limits.time.as_secs_f32()),
            }),
        }
    }

    async fn ask(&self, key: &str) -> Result<Quotes, RateError> {
        let mut url = self.address.clone();
        url.query_pairs_mut().append_pair("access_key", key);
        let client = web::client(url.scheme() == "https").build();
        let client = client.map_err(|error| unreachable(error, key))?;
        let mut response = client
            .get(url)
            .send()
            .await
            .map_err(|error| unreachable(error, key))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| unreachable(error, key))?
        {
            if body.len().saturating_add(piece.len()) > self.limits.bytes {
                return Err(garbage(format!("more than {} bytes", self.limits.bytes)));
            }
            body.extend_from_slice(&piece);
        }
        Quotes::read(status, &body, key)
    }
}

fn unreachable(error: reqwest::Error, key: &str) -> RateError {
    RateError::OutOfReach {
        reason: clean(&web::cause(error), key),
    }
}
