//! The map of a reservation as MessagePack, which the broker reads by key (spec: capacity §3.2).
use serde::{Deserialize, Serialize};

use super::{DiskType, Kind, Mode, NOT_SET, Password, Reservation, Wanted};

/// Lists and maps inside each other: the map, and a list of texts.
const MAX_DEPTH: usize = 8;

/// Why bytes are no reservation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// No map of texts and numbers.
    #[error("these bytes are no packed reservation: {0}")]
    Form(String),
    /// A kind that is not known.
    #[error("a reservation of type '{0}' is not known")]
    Kind(String),
    /// A field that is not there.
    #[error("the reservation has no {0}")]
    Missing(&'static str),
    /// A number that cannot be.
    #[error("{field} of the reservation is {value}; {expected} is expected")]
    Value {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: i64,
        /// What it may hold.
        expected: &'static str,
    },
}

#[derive(Serialize)]
struct Common<'a> {
    r#type: &'a str,
    duration: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    email: &'a str,
    created: u64,
    location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_urls: Option<&'a [String]>,
}

#[derive(Serialize)]
struct Extension<'a> {
    r#type: &'a str,
    duration: u32,
    transaction_id: &'a str,
    email: &'a str,
}

/// Every field that any kind has.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields {
    r#type: String,
    duration: Option<i64>,
    size: Option<i64>,
    email: String,
    created: Option<i64>,
    location: String,
    organization: Option<String>,
    disk_type: Option<i64>,
    mode: Option<i64>,
    password: Option<String>,
    domain: String,
    backend_urls: Vec<String>,
    transaction_id: String,
}

impl Reservation {
    /// Packs the reservation, keys in the order of its schema.
    pub fn pack(&self) -> Vec<u8> {
        let kind = self.kind().as_str();
        let duration = self.duration.unwrap_or(NOT_SET);
        let mut common = Common {
            r#type: kind,
            duration,
            size: self.size(),
            email: &self.email,
            created: self.created,
            location: self.location(),
            organization: None,
            disk_type: None,
            mode: None,
            password: None,
            domain: None,
            backend_urls: None,
        };
        match &self.wanted {
            Wanted::Vm { organization, .. } => common.organization = organization.as_deref(),
            Wanted::S3 { .. } => {}
            Wanted::Namespace {
                disk_type,
                mode,
                password,
                ..
            } => {
                common.disk_type = Some(*disk_type as u8);
                common.mode = Some(*mode as u8);
                common.password = Some(password.reveal());
            }
            Wanted::ReverseProxy {
                domain,
                backend_urls,
            } => {
                common.domain = Some(domain);
                common.backend_urls = Some(backend_urls);
            }
            Wanted::Extension { transaction_id } => {
                return bytes(&Extension {
                    r#type: kind,
                    duration,
                    transaction_id,
                    email: &self.email,
                });
            }
        }
        bytes(&common)
    }

    /// Reads who is to be told about a packed reservation, also about one that is none of ours.
    /// None when these bytes are no map of texts and numbers.
    pub fn addressee(packed: &[u8]) -> Option<String> {
        Fields::read(packed).ok().map(|fields| fields.email)
    }

    /// Reads a packed reservation, its keys in any order; keys that are not known are ignored.
    ///
    /// # Errors
    /// See [`UnpackError`].
    pub fn unpack(packed: &[u8]) -> Result<Reservation, UnpackError> {
        Fields::read(packed)?.reservation()
    }
}

/// Writing to memory does not fail.
fn bytes(value: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

impl Fields {
    fn read(packed: &[u8]) -> Result<Fields, UnpackError> {
        // A list with the fields in order would be read as well.
        if !matches!(packed.first(), Some(0x80..=0x8f | 0xde | 0xdf)) {
            return Err(UnpackError::Form("it is no map".into()));
        }
        let mut rest = packed;
        let mut reader = rmp_serde::Deserializer::new(&mut rest);
        reader.set_max_depth(MAX_DEPTH);
        let fields =
            Fields::deserialize(&mut reader).map_err(|e| UnpackError::Form(e.to_string()))?;
        if !rest.is_empty() {
            return Err(UnpackError::Form(format!("{} bytes behind", rest.len())));
        }
        Ok(fields)
    }

    fn reservation(self) -> Result<Reservation, UnpackError> {
        let kind = Kind::parse(&self.r#type)
            .ok_or_else(|| UnpackError::Kind(self.r#type.chars().take(40).collect()))?;
        let duration = match self.duration {
            None => None,
            Some(months) if months == i64::from(NOT_SET) => None,
            Some(months) => Some(number("duration", months, "1 month or more")?),
        };
        let created = self.created.unwrap_or(0);
        let created = u64::try_from(created).map_err(|_| UnpackError::Value {
            field: "created",
            value: created,
            expected: "a time after 1970",
        })?;
        let size = || -> Result<u32, UnpackError> {
            let size = self.size.ok_or(UnpackError::Missing("size"))?;
            let size = number("size", size, "1 or more")?;
            match kind {
                Kind::Vm | Kind::S3 if size > 2 => Err(UnpackError::Value {
                    field: "size",
                    value: i64::from(size),
                    expected: "1 or 2",
                }),
                _ => Ok(size),
            }
        };
        let wanted = match kind {
            Kind::Vm => Wanted::Vm {
                size: size()?,
                location: self.location,
                organization: self.organization,
            },
            Kind::S3 => Wanted::S3 {
                size: size()?,
                location: self.location,
            },
            Kind::Namespace => Wanted::Namespace {
                size: size()?,
                disk_type: disk_type(self.disk_type)?,
                mode: mode(self.mode)?,
                password: Password::new(self.password.unwrap_or_default()),
                location: self.location,
            },
            Kind::ReverseProxy => Wanted::ReverseProxy {
                domain: self.domain,
                backend_urls: self.backend_urls,
            },
            Kind::Extension => Wanted::Extension {
                transaction_id: self.transaction_id,
            },
        };
        Ok(Reservation {
            duration,
            email: self.email,
            created,
            wanted,
        })
    }
}

fn number(field: &'static str, value: i64, expected: &'static str) -> Result<u32, UnpackError> {
    let number = u32::try_from(value).ok().filter(|number| *number > 0);
    number.ok_or(UnpackError::Value {
        field,
        value,
        expected,
    })
}

fn disk_type(number: Option<i64>) -> Result<DiskType, UnpackError> {
    match number {
        Some(1) => Ok(DiskType::Hdd),
        Some(2) => Ok(DiskType::Ssd),
        None => Err(UnpackError::Missing("disk_type")),
        Some(value) => Err(UnpackError::Value {
            field: "disk_type",
            value,
            expected: "1 (hdd) or 2 (ssd)",
        }),
    }
}

fn mode(number: Option<i64>) -> Result<Mode, UnpackError> {
    match number {
        Some(1) => Ok(Mode::Seq),
        Some(2) => Ok(Mode::User),
        Some(3) => Ok(Mode::Direct),
        None => Err(UnpackError::Missing("mode")),
        Some(value) => Err(UnpackError::Value {
            field: "mode",
            value,
            expected: "1 (seq), 2 (user) or 3 (direct)",
        }),
    }
}
