//! Errors of the Zero-OS library as the one error a user meets.
use crate::object::{Error, Kind};
use crate::zos::protocol::result::codes;
use crate::zos::{self, plain};

impl From<zos::Error> for Error {
    fn from(error: zos::Error) -> Self {
        let text = error.to_string();
        match error {
            zos::Error::Connect { .. }
            | zos::Error::Closed { .. }
            | zos::Error::Unreadable { .. }
            | zos::Error::NotJson { .. } => Error::new(Kind::Network, text),
            zos::Error::NoAnswer { .. } => Error::new(Kind::Network, text)
                .hint("the node may be overloaded, or out of reach by now"),
            zos::Error::Tls { .. } => Error::new(Kind::Network, text)
                .hint("a development node may be without TLS: set ssl = False"),
            zos::Error::Garbage { .. } => Error::new(Kind::Network, text)
                .hint("check host and port; nodes want TLS: ssl = True"),
            zos::Error::CertificateChanged { .. } => Error::new(Kind::Refused, text)
                .hint("a node makes a new certificate at every start"),
            zos::Error::Password {
                expired,
                organizations,
                ..
            } => {
                let error = Error::new(Kind::Refused, text);
                match expired.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
                    Some(at) => error.hint(format!("the token ended at {at}: set a new password")),
                    None => error.hint(hint_of(organizations.as_deref())),
                }
            }
            zos::Error::JobNotFound { .. } => Error::new(Kind::NotFound, text)
                .hint("it never was, ended more than 300 s ago, or the node was restarted"),
            zos::Error::NotAccepted { .. } => Error::new(Kind::Network, text)
                .hint("its Redis answers but nobody takes jobs: is it a Zero-OS node?"),
            zos::Error::Timeout { id, .. } => Error::new(Kind::Network, text).hint(format!(
                "it goes on: ask again with client.response_for('{}').get()",
                plain::line(&id, 80)
            )),
            zos::Error::Failed { code, .. } if code == codes::NOT_FOUND => {
                Error::new(Kind::NotFound, text)
            }
            zos::Error::Service { .. } => Error::new(Kind::Network, text),
            zos::Error::NoSuchNode { .. } => Error::new(Kind::NotFound, text),
            zos::Error::Local { .. } => Error::new(Kind::Io, text),
            zos::Error::Argument { .. } | zos::Error::NodeOnly { .. } => Error::value(text),
            _ => Error::new(Kind::Refused, text),
        }
    }
}

/// Why a node may not take a password: it wants a token of a member of its own organization.
fn hint_of(organizations: Option<&[String]>) -> String {
    match organizations {
        None => "set password to a token for the node's organization".into(),
        Some([]) => "the token speaks for no organization: ask for one with the scope \
                     user:memberof:<the node's organization>"
            .into(),
        Some(names) => format!(
            "the token speaks for {}: the node wants another organization, or another identity \
             service",
            plain::line(&names.join(", "), 120)
        ),
    }
}
