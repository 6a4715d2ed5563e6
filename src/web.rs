//! What every HTTP client of the house has in common.
//!
//! Requests carry tokens, keys and signatures, so a client goes only where it is sent: no redirect
//! takes them elsewhere, no proxy of the environment sees them, and no error repeats an address.
use std::net::IpAddr;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

/// Begins a client that follows no redirect, sends no `Referer`, and asks no proxy of the
/// environment. Where nobody that it will ask speaks TLS, the time to load the machine's
/// certificates is not spent.
pub fn client(tls: bool) -> ClientBuilder {
    // An error only says that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy();
    match tls {
        true => builder,
        false => builder.tls_certs_only([]),
    }
}

/// The innermost cause of an error, which says what happened (`Connection refused`); the outer
/// ones repeat the address, which may hold a secret. It may hold words of a server: clean it before
/// it is shown.
pub fn cause(error: reqwest::Error) -> String {
    if error.is_timeout() && error.is_connect() {
        return "no connection in time".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Whether a host, as an address names it, is this machine: what is sent there needs no TLS.
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_by_all_its_names() {
        for host in ["localhost", "127.0.0.1", "127.3.4.5", "[::1]", "::1"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "localhost.example.org",
            "10.0.0.1",
            "[::2]",
            "1270.0.0.1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[tokio::test]
    async fn an_error_says_what_happened_and_not_where() {
        // Port 1 of this machine: nobody listens there.
        let asked = client(false).build().unwrap();
        let error = asked.get("http://127.0.0.1:1/?key=secret").send().await;
        let cause = cause(error.unwrap_err());
        assert!(cause.contains("refused"), "{cause}");
        assert!(!cause.contains("secret"), "{cause}");
    }
}
