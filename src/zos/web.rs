//! Asking the web services beside a node: the identity service, the capacity directory.
//!
//! Tokens and secrets travel in headers and bodies only, over `https` (or to this machine), and are
//! never carried on by a redirect; no error holds them.
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::{Error, Result};
use super::plain;
use crate::web::{self, is_this_machine};

/// Longest time for a whole request.
const TIME: Duration = Duration::from_secs(10);
/// Largest answer: a token has 1 KB, a node of the directory as well.
const LARGEST: usize = 1024 * 1024;

/// What a service answered.
#[derive(Debug)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Its body.
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The body as a line for people: cleaned and cut.
    pub fn words(&self) -> String {
        plain::line(&String::from_utf8_lossy(&self.body), 200)
    }
}

/// What is asked.
#[derive(Debug)]
pub enum Question {
    /// GET.
    Get,
    /// GET with a token in the header.
    Bearer(Zeroizing<String>),
    /// POST with these fields as a form.
    Form(Zeroizing<String>),
}

/// A form of names and values, encoded.
pub fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        for (at, part) in [name, value].into_iter().enumerate() {
            if at > 0 {
                text.push('=');
            }
            for byte in part.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                        text.push(char::from(byte));
                    }
                    other => text.push_str(&format!("%{other:02X}")),
                }
            }
        }
    }
    text
}

/// An address of a service with a path below it.
///
/// # Errors
/// Anything but `https`, or `http` on this machine.
pub fn below(base: &str, path: &[&str]) -> Result<reqwest::Url> {
    let url = reqwest::Url::parse(base.trim()).ok();
    let sound = url.filter(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host_str().is_some_and(is_this_machine),
        _ => false,
    });
    let wrong = || Error::Service {
        service: plain::line(base, 80),
        reason: "expected an address like https://host".into(),
    };
    let mut url = sound.ok_or_else(wrong)?;
    url.set_query(None);
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

/// Asks a service.
///
/// # Errors
/// When it is out of reach, too slow, or says too much.
pub async fn ask(url: reqwest::Url, question: Question) -> Result<Answer> {
    let service = url.host_str().unwrap_or_default().to_string();
    let failed = |reason: String| Error::Service {
        service: service.clone(),
        reason,
    };
    match tokio::time::timeout(TIME, ask_now(url, question)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(reason)) => Err(failed(reason)),
        Err(_) => Err(failed(format!("no answer within {} s", TIME.as_secs()))),
    }
}

async fn ask_now(url: reqwest::Url, question: Question) -> std::result::Result<Answer, String> {
    let client = web::client(url.scheme() == "https").build();
    let client = client.map_err(cause)?;
    let request = match question {
        Question::Get => client.get(url),
        Question::Bearer(token) => {
            let text = Zeroizing::new(format!("bearer {}", token.as_str()));
            let mut value = reqwest::header::HeaderValue::from_str(&text)
                .map_err(|_| "the token has characters that no token has".to_string())?;
            value.set_sensitive(true);
            client.get(url).header("Authorization", value)
        }
        Question::Form(fields) => client
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(fields.as_str().to_owned()),
    };
    let mut response = request.send().await.map_err(cause)?;
    let status = response.status().as_u16();
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.map_err(cause)? {
        if body.len().saturating_add(piece.len()) > LARGEST {
            return Err(format!("it answers more than {LARGEST} bytes"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status, body })
}

/// What happened, as a line for people.
fn cause(error: reqwest::Error) -> String {
    plain::line(&web::cause(error), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        let text = form(&[("a", "x y&z"), ("b", "user:memberof:f")]);
        assert_eq!(text.as_str(), "a=x%20y%26z&b=user%3Amemberof%3Af");
    }

    #[test]
    fn secrets_go_over_tls_or_stay_here() {
        let url = |base: &str| below(base, &["v1", "x/y"]).map(|url| url.to_string());
        assert_eq!(
            url("https://itsyou.online/").unwrap(),
            "https://itsyou.online/v1/x%2Fy"
        );
        assert!(url("http://127.0.0.1:8000").is_ok() && url("http://[::1]:1/api").is_ok());
        for base in [
            "http://itsyou.online",
            "ftp://x",
            "",
            "itsyou.online",
            "file:///etc",
        ] {
            assert!(url(base).is_err(), "{base}");
        }
    }
}
