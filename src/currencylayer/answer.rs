//! The JSON of the service.
use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::RateError;

/// The most characters of the service's words that are kept.
const LONGEST: usize = 200;
/// Fewer currencies than this are no table of rates.
const FEWEST: usize = 2;

/// Rates of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Quotes {
    /// When they were collected, in seconds since 1970; 0 when the service does not say.
    pub time: i64,
    /// Units of a currency for one usd, by lower-case code of three letters.
    pub per_usd: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Answer {
    success: Option<bool>,
    #[serde(default)]
    timestamp: i64,
    source: Option<String>,
    #[serde(default)]
    quotes: BTreeMap<String, serde_json::Value>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    info: String,
}

impl Quotes {
    /// Reads an answer. Pairs that are no rate of the usd are left out.
    ///
    /// # Errors
    /// [`RateError::Refused`] when the service refused, else [`RateError::Garbage`].
    pub fn read(status: u16, body: &[u8], key: &str) -> Result<Quotes, RateError> {
        let answer: Answer = match serde_json::from_slice(body) {
            Ok(answer) => answer,
            Err(_) if !(200..300).contains(&status) => {
                return Err(RateError::Refused {
                    code: i64::from(status),
                    says: clean(&String::from_utf8_lossy(body), key),
                });
            }
            // The message of the parser repeats no text of the answer but its place.
            Err(error) => return Err(garbage(format!("no JSON of rates ({error})"))),
        };
        if let Some(error) = answer.error {
            return Err(RateError::Refused {
                code: error.code,
                says: clean(&error.info, key),
            });
        }
        if answer.success == Some(false) || !(200..300).contains(&status) {
            return Err(RateError::Refused {
                code: i64::from(status),
                says: "without a reason".into(),
            });
        }
        if let Some(source) = answer.source.filter(|source| source != "USD") {
            let source = clean(&source, key);
            return Err(garbage(format!("rates of '{source}', not of 'USD'")));
        }
        let per_usd: BTreeMap<String, f64> = answer
            .quotes
            .iter()
            .filter_map(|(pair, rate)| {
                let code = pair.strip_prefix("USD")?;
                let sound = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
                let rate = rate.as_f64().filter(|r| r.is_finite() && *r > 0.0)?;
                sound.then(|| (code.to_ascii_lowercase(), rate))
            })
            .collect();
        if per_usd.len() < FEWEST {
            return Err(garbage(format!("{} rates in it", per_usd.len())));
        }
        Ok(Quotes {
            time: answer.timestamp,
            per_usd,
        })
    }
}

pub(super) fn garbage(reason: String) -> RateError {
    RateError::Garbage { reason }
}

/// Words of a server: one line without control characters, cut, and without the key.
pub(super) fn clean(text: &str, key: &str) -> String {
    let text: String = text.chars().take(10 * LONGEST).collect();
    let text = match key.is_empty() {
        true => text,
        false => text.replace(key, "***"),
    };
    let printable = |c: char| {
        let direction = matches!(u32::from(c), 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f);
        if c.is_control() || direction { ' ' } else { c }
    };
    let text: String = text.chars().map(printable).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}
