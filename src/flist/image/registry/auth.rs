//! How a registry wants to be asked: the challenge of its refusal.
use std::collections::HashMap;

/// What a registry wants before it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A user and a password, with every request.
    Basic,
    /// A token, which another server gives.
    Bearer {
        /// The address of that server.
        realm: String,
        /// The registry as it knows it.
        service: Option<String>,
        /// What is asked for.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads the header `www-authenticate`; None for what is neither of the two.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        let (scheme, rest) = header
            .split_once(char::is_whitespace)
            .unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut values = parameters(rest);
        Some(Self::Bearer {
            realm: values.remove("realm")?,
            service: values.remove("service"),
            scope: values.remove("scope"),
        })
    }
}

/// `name="value",name=value`, where commas and escapes may stand within the quotes.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut values = HashMap::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let mut value = String::new();
        let mut chars = after.char_indices();
        let mut end = after.len();
        if after.starts_with('"') {
            chars.next();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => value.extend(chars.next().map(|(_, c)| c)),
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    c => value.push(c),
                }
            }
        } else {
            end = after.find(',').unwrap_or(after.len());
            value.push_str(after.get(..end).unwrap_or_default().trim());
        }
        values.insert(name.trim().to_ascii_lowercase(), value);
        rest = after.get(end..).unwrap_or_default();
        rest = rest.trim_start_matches([',', ' ', '\t']);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| {
            Some(Challenge::Bearer {
                realm: realm.into(),
                service: service.map(str::to_owned),
                scope: scope.map(str::to_owned),
            })
        };
        assert_eq!(
            Challenge::parse(
                r#"Bearer realm="https://a.example/token",service="r.example",scope="repository:x/y:pull,push""#
            ),
            bearer(
                "https://a.example/token",
                Some("r.example"),
                Some("repository:x/y:pull,push")
            )
        );
        assert_eq!(
            Challenge::parse(r#"bearer service=plain, realm="https://\"q\"/""#),
            bearer("https://\"q\"/", Some("plain"), None)
        );
        assert_eq!(
            Challenge::parse("Basic realm=\"x\""),
            Some(Challenge::Basic)
        );
        assert_eq!(Challenge::parse("Bearer service=\"x\""), None);
        assert_eq!(Challenge::parse("Negotiate"), None);
        assert_eq!(Challenge::parse(""), None);
        assert_eq!(
            Challenge::parse("Bearer realm=\"open"),
            bearer("open", None, None)
        );
    }
}
