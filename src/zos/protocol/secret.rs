//! Texts that are sent to a node and never shown.
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret text, such as the identity of a zerotier network. It is overwritten in memory when it
/// goes, and printing it prints `***`. On the wire it is the text itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Returns the text; whoever asks for it keeps it from logs and errors.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "***" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::CreateArguments;

    #[test]
    fn an_identity_is_sent_and_never_shown() {
        let sent = r#"{"root":"/x","identity":"9bee8941b5:0:abcdef"}"#;
        let arguments: CreateArguments = serde_json::from_str(sent).unwrap();
        assert_eq!(
            arguments.identity.as_ref().unwrap().reveal(),
            "9bee8941b5:0:abcdef"
        );
        assert!(!format!("{arguments:?}").contains("abcdef"));
        assert!(
            serde_json::to_string(&arguments)
                .unwrap()
                .contains("abcdef")
        );
    }
}
