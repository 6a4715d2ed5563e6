//! Currencies and their rates: permanent ids, replaceable rates.
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::NumericError;
use super::table::TABLE;
use crate::schema::text;

/// Permanent number of a currency: 1 to 170 in the table, 171 is TFT, 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CurrencyId(u8);

impl CurrencyId {
    /// The US dollar.
    pub const USD: Self = Self(151);
    /// The ThreeFold token, which has no rate until the user sets one.
    pub const TFT: Self = Self(171);

    /// The currency of a stored id.
    pub fn from_u8(id: u8) -> Option<Self> {
        (1..=Self::TFT.0).contains(&id).then_some(Self(id))
    }

    /// The id as stored.
    pub fn as_u8(self) -> u8 {
        self.0
    }

    /// Lower-case code.
    pub fn code(self) -> &'static str {
        match TABLE.get(usize::from(self.0).wrapping_sub(1)) {
            Some((code, _)) => code,
            None => "tft",
        }
    }

    fn of_place(place: usize) -> Option<Self> {
        u8::try_from(place + 1).ok().map(Self)
    }
}

/// Units of every currency for one usd.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    per_usd: Vec<Option<f64>>,
}

static IDS: LazyLock<HashMap<&'static str, CurrencyId>> = LazyLock::new(|| {
    let table = TABLE.iter().enumerate();
    let ids = table.filter_map(|(i, (code, _))| Some((*code, CurrencyId::of_place(i)?)));
    ids.chain([("tft", CurrencyId::TFT)]).collect()
});

static BUILTIN: LazyLock<Arc<Rates>> = LazyLock::new(|| {
    let rates = TABLE.iter().map(|(_, rate)| Some(*rate));
    Arc::new(Rates {
        per_usd: rates.chain([None]).collect(),
    })
});

impl Rates {
    /// The built-in table; TFT has no rate in it.
    pub fn builtin() -> &'static Arc<Self> {
        &BUILTIN
    }

    /// Replaces or sets the rate of one currency, in units for one usd.
    ///
    /// # Errors
    /// When the code is unknown or the rate is not a positive number.
    pub fn set(&mut self, code: &str, per_usd: f64) -> Result<(), NumericError> {
        let id = Self::known_id(code)?;
        if !(per_usd.is_finite() && per_usd > 0.0) {
            return Err(NumericError::OutOfRange);
        }
        if let Some(rate) = self.per_usd.get_mut(usize::from(id.0) - 1) {
            *rate = Some(per_usd);
        }
        Ok(())
    }

    /// Units of a currency for one usd.
    ///
    /// # Errors
    /// When the currency has no rate.
    pub fn rate(&self, id: CurrencyId) -> Result<f64, NumericError> {
        let rate = self
            .per_usd
            .get(usize::from(id.0).wrapping_sub(1))
            .copied()
            .flatten();
        rate.ok_or_else(|| NumericError::NoRate {
            code: id.code().to_uppercase(),
        })
    }

    /// Finds a currency that has a rate, by its code in any case.
    ///
    /// # Errors
    /// When there is no such code, with near misses, or when it has no rate.
    pub fn find(&self, code: &str) -> Result<CurrencyId, NumericError> {
        let id = Self::known_id(code)?;
        self.rate(id).map(|_| id)
    }

    /// True for the code of a currency that has a rate. Unlike [`Rates::find`] it looks for no
    /// near misses, which takes twenty times as long as all the rest of reading a number.
    pub(super) fn has(&self, code: &str) -> bool {
        let lowered = code.trim().to_ascii_lowercase();
        let id = IDS.get(lowered.as_str());
        id.is_some_and(|id| self.rate(*id).is_ok())
    }

    /// All currencies with a rate: code, id, units for one usd; in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, CurrencyId, f64)> {
        self.per_usd.iter().enumerate().filter_map(|(place, rate)| {
            let id = CurrencyId::of_place(place)?;
            Some((id.code(), id, (*rate)?))
        })
    }

    fn known_id(code: &str) -> Result<CurrencyId, NumericError> {
        let lowered = code.trim().to_ascii_lowercase();
        IDS.get(lowered.as_str()).copied().ok_or_else(|| {
            let near: Vec<String> = IDS
                .keys()
                .filter(|known| text::nearest(&lowered, std::iter::once(**known)).is_some())
                .map(|known| known.to_uppercase())
                .collect();
            unknown(code, near)
        })
    }
}

fn unknown(code: &str, mut near: Vec<String>) -> NumericError {
    near.sort();
    near.truncate(5);
    NumericError::UnknownCurrency {
        code: code.trim().chars().take(20).collect(),
        near: (!near.is_empty()).then(|| near.join(", ")),
    }
}
