//! TLS by hand, passwords, and what is too large.
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use kosmos::devnet::zos::guard::Guard;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use serde_json::json;

use super::Running;
use super::wire::{Client, encode};

/// Takes any certificate, as clients of a node do.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::RSA_PSS_SHA256,
        ]
    }
}

pub struct Tls {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl Tls {
    pub fn connect(addr: SocketAddr) -> Tls {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        let name = ServerName::try_from("zero-os.gig.tech").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(addr).unwrap();
        Tls {
            stream: BufReader::new(StreamOwned::new(connection, stream)),
        }
    }

    /// Sends bytes and reads one answer as text.
    pub fn ask(&mut self, sent: &[u8]) -> String {
        use std::io::BufRead;
        self.stream.get_mut().write_all(sent).unwrap();
        let mut text = String::new();
        self.stream.read_line(&mut text).unwrap();
        let mut parts = match text.as_bytes()[0] {
            b'*' => text[1..].trim_end().parse::<usize>().unwrap(),
            b'$' => 0,
            _ => return text,
        };
        if text.starts_with('$') {
            let body = self.bulk(&text);
            return format!("{text}{body}");
        }
        while parts > 0 {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            text.push_str(&line);
            text.push_str(&self.bulk(&line));
            parts -= 1;
        }
        text
    }

    fn bulk(&mut self, line: &str) -> String {
        let length: i64 = line[1..].trim_end().parse().unwrap();
        let Ok(length) = usize::try_from(length) else {
            return String::new();
        };
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

#[test]
fn a_password_comes_first() {
    let node =
        Running::with(|config| config.guard = Guard::Password("secret word".to_string().into()));
    let mut client = node.client();
    let refused = json!({"error": "permission denied, please call AUTH first with a valid JWT"});
    assert_eq!(client.ask(&["PING"]), refused);
    assert_eq!(client.ask(&["HELLO", "3"]), refused);
    assert_eq!(
        client.ask(&["AUTH"]),
        json!({"error": "invalid number of arguments"})
    );
    assert_eq!(
        client.ask(&["AUTH", "wrong"]),
        json!({"error": "invalid password"})
    );
    assert_eq!(client.ask(&["EXISTS", "x"]), refused);
    assert_eq!(client.ask(&["AUTH", "secret word"]), json!("OK"));
    assert_eq!(client.ask(&["PING"]), json!("PONG"));
    // Nobody else is let in by it.
    assert_eq!(node.client().ask(&["PING"]), refused);
    // A stranger cannot make the node keep much.
    let mut stranger = node.client();
    stranger.raw(b"*2\r\n$4\r\nAUTH\r\n$100000\r\n");
    let answer = stranger.read();
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .starts_with("ERR Protocol error"),
        "{answer}"
    );
}

#[test]
fn a_node_for_everybody_listens_here_only() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut config = super::config(dir.path());
    config.listen = "0.0.0.0:0".parse().unwrap();
    let refused = runtime
        .block_on(kosmos::devnet::zos::ZosNode::start(config))
        .unwrap_err();
    assert!(refused.to_string().contains("password"), "{refused}");
}

#[test]
fn a_hundred_megabytes_are_refused_before_they_are_kept() {
    let node = Running::start();
    let mut client = node.client();
    client.raw(b"*3\r\n$5\r\nRPUSH\r\n$1\r\na\r\n$104857600\r\n");
    let answer = client.read();
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("invalid bulk length"),
        "{answer}"
    );
    // The rest of it may still be sent; others are not held up.
    let block = vec![b'x'; 1024 * 1024];
    for _ in 0..100 {
        if client.stream.get_mut().write_all(&block).is_err() {
            break;
        }
    }
    assert_eq!(node.client().ask(&["PING"]), json!("PONG"));
}

#[test]
fn fifty_megabytes_pass() {
    let node = Running::start();
    let mut client = node.client();
    let large = vec![b'y'; 50 * 1024 * 1024];
    client.raw(&encode(&[b"RPUSH", b"large", &large]));
    assert_eq!(client.read(), json!(1));
    let got = client.ask(&["LPOP", "large"]);
    assert_eq!(got.as_str().unwrap().len(), large.len());
}

#[test]
fn newer_libraries_say_hello() {
    let node = Running::start();
    let mut client: Client = node.client();
    client.send(&["HELLO", "3"]);
    let mut first = [0; 4];
    client.stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"%5\r\n");
}
