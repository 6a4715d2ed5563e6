//! From what a person asked for to a reservation (spec: capacity §2.2). The texts are those of
//! the original.
use std::future::Future;
use std::sync::LazyLock;

use regex::Regex;

use super::{DiskType, Kind, Mode, Password, Reservation, Wanted};
use crate::grid::webgateway::{check_domain, check_endpoint};

/// What an e-mail address looks like.
const EMAIL: &str = r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$";

/// What a person asked for. Fields that a kind does not have are not looked at.
#[derive(Debug, Clone)]
pub struct Request {
    /// What kind of capacity; not [`Kind::Extension`], see [`Request::extension`].
    pub kind: Kind,
    /// Where news go.
    pub email: String,
    /// Id of a node or a farmer.
    pub location: String,
    /// 1 or 2, gigabytes for a namespace.
    pub size: i64,
    /// `hdd` or `ssd`.
    pub disk_type: String,
    /// `seq`, `user` or `direct`.
    pub mode: String,
    /// Password of a namespace; empty for one that the broker makes.
    pub password: Password,
    /// The name that leads to the backends.
    pub domain: String,
    /// Where requests go; a text with commas is several.
    pub backend_urls: Vec<String>,
    /// Months; None for one week, as the first revision has it.
    pub duration: Option<i64>,
    /// Who may log in to the machine; needs no duration, but makes it one month.
    pub organization: Option<String>,
}

/// Why a request is no reservation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReservationError {
    /// No e-mail address.
    #[error("Invalid email :{0}")]
    Email(String),
    /// A word that is not one of those of `disk_type` or `mode`.
    #[error("could not find enum:'{value}' in 'UNKNOWN'")]
    Choice {
        /// The word.
        value: String,
        /// The words that there are.
        known: &'static str,
    },
    /// A field that must be given.
    #[error("field '{0}' cannot be empty")]
    Empty(&'static str),
    /// A size that there is not.
    #[error("reservation size can only be 1 or 2")]
    Size(i64),
    /// More than can be reserved at once, or less than nothing.
    #[error("reservation size has to be a positive number of GB that can be counted, not {0}")]
    Gigabytes(i64),
    /// Neither a farmer nor a node.
    #[error("location '{0}' is not valid")]
    Location(String),
    /// No domain. The original does not look; the coins would come back, less a fee.
    #[error("'{0}' is no domain: expected a name such as www.example.org")]
    Domain(String),
    /// A backend without scheme, host or port, which the gateway would refuse.
    #[error("wrong format for endpoint {0}")]
    Endpoint(String),
    /// No whole month.
    #[error("reservation duration has to be 1 month or more")]
    Duration(i64),
    /// More months than fit into a reservation.
    #[error("{0} months are more than a reservation can have")]
    Months(i64),
}

/// Who knows whether there is a farmer or node of an id.
pub trait Locations {
    /// Returns whether there is a farmer, or else a node, of this id (spec: capacity §1.5).
    fn is_valid(&self, location: &str) -> impl Future<Output = bool> + Send;
}

/// Whether the text is an e-mail address, after it was trimmed.
fn is_email(text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(EMAIL).ok());
    FORM.as_ref().is_some_and(|form| form.is_match(text))
}

/// The stored form of an address; an empty one is found out later.
fn email(text: &str) -> Result<String, ReservationError> {
    let trimmed = text.trim();
    if !trimmed.is_empty() && !is_email(trimmed) {
        return Err(ReservationError::Email(text.to_owned()));
    }
    Ok(trimmed.to_lowercase())
}

impl Request {
    /// A request of a kind, with the defaults of the calls.
    pub fn new(kind: Kind, email: &str) -> Self {
        Request {
            kind,
            email: email.to_owned(),
            location: String::new(),
            size: 1,
            disk_type: "ssd".to_owned(),
            mode: "seq".to_owned(),
            password: Password::default(),
            domain: String::new(),
            backend_urls: Vec::new(),
            duration: None,
            organization: None,
        }
    }

    /// Checks the request, in the order of the original; `created` is now, in seconds since 1970.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub async fn check(
        self,
        locations: &impl Locations,
        created: u64,
    ) -> Result<Reservation, ReservationError> {
        // A duration is of the later revision, which knows no `direct` any more.
        let later = self.duration.is_some() || self.organization.is_some();
        let email = email(&self.email)?;
        let (disk_type, mode) = match self.kind {
            Kind::Namespace => (disk_type(&self.disk_type)?, mode(&self.mode, later)?),
            _ => (DiskType::Ssd, Mode::Seq),
        };
        let backend_urls: Vec<String> = self
            .backend_urls
            .iter()
            .flat_map(|urls| urls.split(','))
            .map(|url| url.trim().to_owned())
            .filter(|url| !url.is_empty())
            .collect();
        let size = match self.kind {
            Kind::Vm | Kind::S3 => small(self.size)?,
            Kind::Namespace => gigabytes(self.size)?,
            Kind::ReverseProxy | Kind::Extension => 1,
        };
        let wanted = match self.kind {
            Kind::Vm | Kind::S3 | Kind::Namespace => {
                if !locations.is_valid(&self.location).await {
                    return Err(ReservationError::Location(self.location));
                }
                let location = self.location;
                match self.kind {
                    Kind::Vm => Wanted::Vm {
                        size,
                        location,
                        organization: later.then(|| self.organization.unwrap_or_default()),
                    },
                    Kind::S3 => Wanted::S3 { size, location },
                    _ => Wanted::Namespace {
                        size,
                        location,
                        disk_type,
                        mode,
                        password: self.password,
                    },
                }
            }
            Kind::ReverseProxy | Kind::Extension => {
                if self.domain.is_empty() {
                    return Err(ReservationError::Empty("domain"));
                }
                if backend_urls.is_empty() {
                    return Err(ReservationError::Empty("backend_urls"));
                }
                Wanted::ReverseProxy {
                    domain: self.domain,
                    backend_urls,
                }
            }
        };
        if email.is_empty() {
            return Err(ReservationError::Empty("email"));
        }
        if let Wanted::ReverseProxy {
            domain,
            backend_urls,
        } = &wanted
        {
            check_domain(domain).map_err(|_| ReservationError::Domain(domain.clone()))?;
            let mut urls = backend_urls.iter();
            if let Some(wrong) = urls.find(|url| check_endpoint(url).is_err()) {
                return Err(ReservationError::Endpoint(wrong.clone()));
            }
        }
        let duration = match self.duration {
            None => later.then_some(1),
            Some(months) => Some(whole_months(months)?),
        };
        Ok(Reservation {
            duration,
            email,
            created,
            wanted,
        })
    }

    /// Makes an extension of the reservation that was paid by a transaction.
    ///
    /// # Errors
    /// An address or a duration that is none.
    pub fn extension(
        transaction_id: &str,
        address: &str,
        months: i64,
    ) -> Result<Reservation, ReservationError> {
        let email = email(address)?;
        if email.is_empty() {
            return Err(ReservationError::Empty("email"));
        }
        Ok(Reservation {
            duration: Some(whole_months(months)?),
            email,
            created: 0,
            wanted: Wanted::Extension {
                transaction_id: transaction_id.to_owned(),
            },
        })
    }
}

/// The longest duration that fits what is packed for one that is not set.
fn whole_months(months: i64) -> Result<u32, ReservationError> {
    let fits = |months: &u32| (1..super::NOT_SET).contains(months);
    let number = u32::try_from(months).ok().filter(fits);
    number.ok_or(match months {
        ..=0 => ReservationError::Duration(months),
        _ => ReservationError::Months(months),
    })
}

fn small(size: i64) -> Result<u32, ReservationError> {
    match size {
        0 => Err(ReservationError::Empty("size")),
        1 => Ok(1),
        2 => Ok(2),
        other => Err(ReservationError::Size(other)),
    }
}

fn gigabytes(size: i64) -> Result<u32, ReservationError> {
    if size == 0 {
        return Err(ReservationError::Empty("size"));
    }
    let fits = |size: &u32| (1..super::NOT_SET).contains(size);
    let number = u32::try_from(size).ok().filter(fits);
    number.ok_or(ReservationError::Gigabytes(size))
}

fn disk_type(word: &str) -> Result<DiskType, ReservationError> {
    match word.to_ascii_lowercase().as_str() {
        "hdd" => Ok(DiskType::Hdd),
        "ssd" => Ok(DiskType::Ssd),
        _ => Err(ReservationError::Choice {
            value: word.to_owned(),
            known: "hdd, ssd",
        }),
    }
}

fn mode(word: &str, later: bool) -> Result<Mode, ReservationError> {
    match word.to_ascii_lowercase().as_str() {
        "seq" => Ok(Mode::Seq),
        "user" => Ok(Mode::User),
        "direct" if !later => Ok(Mode::Direct),
        _ => Err(ReservationError::Choice {
            value: word.to_owned(),
            known: if later {
                "seq, user"
            } else {
                "seq, user, direct"
            },
        }),
    }
}
