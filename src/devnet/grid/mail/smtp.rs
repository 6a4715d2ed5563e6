//! A mail server, and giving it a mail.
//!
//! Errors are told apart by when they come: what goes wrong before a mail is offered is the
//! server's affair, and every mail waits; what the server says to a mail is about that mail.
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::{FROM, Mail};
use crate::tfchain::explorer::ServerText;

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the server may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(1);
/// The time before the second try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The most that a server may say in one conversation, in bytes.
const MOST_SAID: usize = 64 * 1024;
/// The largest file with a password or a certificate.
const LARGEST_FILE: u64 = 64 * 1024;

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Begins plain and must be encrypted before anything else is said (port 587).
    #[default]
    StartTls,
    /// Encrypted from the first byte (port 465).
    Tls,
    /// Not at all (port 25).
    None,
}

/// The words for [`Tls`].
pub const TLS_WORDS: [&str; 3] = ["starttls", "tls", "none"];

impl Tls {
    /// Reads one of [`TLS_WORDS`].
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "starttls" => Some(Tls::StartTls),
            "tls" => Some(Tls::Tls),
            "none" => Some(Tls::None),
            _ => None,
        }
    }

    /// The usual port.
    pub fn port(self) -> u16 {
        match self {
            Tls::StartTls => 587,
            Tls::Tls => 465,
            Tls::None => 25,
        }
    }
}

/// A mail server that takes the broker's mails.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// Who signs in; empty for nobody.
    #[serde(default)]
    pub user: String,
    /// The password; empty without a user.
    #[serde(default, with = "secret")]
    pub password: Zeroizing<String>,
    /// Who mails are from, for example `Broker <broker@example.org>`.
    pub from: String,
    /// Certificates (PEM) that are trusted besides those of the system; empty for none.
    #[serde(default)]
    pub certificates: String,
    /// How long one try may take.
    #[serde(default = "patience")]
    pub patience: Duration,
    /// The time before the second try; it doubles with each, up to an hour.
    #[serde(default = "first_pause")]
    pub first_pause: Duration,
}

fn patience() -> Duration {
    PATIENCE
}

fn first_pause() -> Duration {
    FIRST_PAUSE
}

/// The password in the file with the settings, which only its owner may read.
mod secret {
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub fn serialize<S: Serializer>(text: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(from).map(Zeroizing::new)
    }
}

/// Shows where it is, never the password.
impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.to_string())
            .field("from", &self.from)
            .field("password", &"***")
            .finish_non_exhaustive()
    }
}

/// Host, port and encryption, for people.
impl std::fmt::Display for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match self.tls {
            Tls::StartTls => "STARTTLS",
            Tls::Tls => "TLS",
            Tls::None => "not encrypted",
        };
        write!(f, "{}:{} ({how})", self.host, self.port)
    }
}

/// What was said on the command line or in `j.devnet.start(…)` about a mail server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SmtpOptions {
    /// Its name or address; empty for: none any more. None says nothing: as it was before.
    pub host: Option<String>,
    /// Its port; that of the encryption without.
    pub port: Option<u16>,
    /// One of [`TLS_WORDS`]; `starttls` without.
    pub tls: Option<String>,
    /// Who signs in.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<std::path::PathBuf>,
    /// Who mails are from; the broker's usual address without.
    pub from: Option<String>,
    /// File with certificates (PEM) that are trusted besides those of the system.
    pub ca_file: Option<std::path::PathBuf>,
}

/// Which mail server a devnet uses from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MailServer {
    /// The one it used before.
    #[default]
    AsBefore,
    /// None: mails stay in the outbox.
    Nothing,
    /// This one.
    Smtp(Box<Smtp>),
}

impl SmtpOptions {
    /// Returns whether anything was said.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }

    /// The same as arguments of `kosmos devnet start`. Files are named, not read: no password gets
    /// into the list of processes.
    pub fn line(&self) -> Vec<String> {
        let text = |value: &Option<String>| value.clone();
        let file = |value: &Option<std::path::PathBuf>| {
            let absolute = value
                .as_ref()
                .and_then(|file| std::path::absolute(file).ok());
            absolute.map(|file| file.display().to_string())
        };
        [
            ("--smtp-host", text(&self.host)),
            ("--smtp-port", self.port.map(|port| port.to_string())),
            ("--smtp-tls", text(&self.tls)),
            ("--smtp-user", text(&self.user)),
            ("--smtp-password-file", file(&self.password_file)),
            ("--smtp-from", text(&self.from)),
            ("--smtp-ca-file", file(&self.ca_file)),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
        .collect()
    }

    /// Reads the files and checks everything.
    ///
    /// # Errors
    /// The value that is wrong, what was expected, and what to do.
    pub fn read(&self) -> Result<MailServer, String> {
        let host = match self.host.as_deref().map(str::trim) {
            None if self.is_given() => {
                return Err("a mail server needs its host: give smtp_host, too".into());
            }
            None => return Ok(MailServer::AsBefore),
            Some("") => return Ok(MailServer::Nothing),
            Some(host) => host.to_owned(),
        };
        let tls = match self.tls.as_deref() {
            None => Tls::default(),
            Some(word) => Tls::parse(word).ok_or_else(|| {
                format!(
                    "'{}' is no encryption of a mail server: expected {}",
                    ServerText::new(word),
                    TLS_WORDS.join(", ")
                )
            })?,
        };
        let password = match &self.password_file {
            None => Zeroizing::default(),
            Some(file) => {
                let text = Zeroizing::new(read_file(file)?);
                let line = text.lines().next().unwrap_or_default();
                if line.is_empty() {
                    return Err(format!("{} holds no password", file.display()));
                }
                Zeroizing::new(line.to_owned())
            }
        };
        let certificates = self.ca_file.as_deref().map(read_file).transpose()?;
        let smtp = Smtp {
            host,
            port: self.port.unwrap_or(tls.port()),
            tls,
            user: self.user.clone().unwrap_or_default(),
            password,
            from: self.from.clone().unwrap_or_else(|| FROM.to_owned()),
            certificates: certificates.unwrap_or_default(),
            patience: PATIENCE,
            first_pause: FIRST_PAUSE,
        };
        smtp.check()?;
        Ok(MailServer::Smtp(Box::new(smtp)))
    }
}

fn read_file(file: &Path) -> Result<String, String> {
    let fail = |reason: String| format!("cannot read {}: {reason}", file.display());
    let about = std::fs::metadata(file).map_err(|e| fail(e.to_string()))?;
    if about.len() > LARGEST_FILE {
        return Err(fail(format!("it has more than {LARGEST_FILE} bytes")));
    }
    std::fs::read_to_string(file).map_err(|e| fail(e.to_string()))
}

/// What went wrong with a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server cannot be used now; this concerns every mail.
    Server(String),
    /// The server does not take this mail now.
    Later(String),
    /// The server will not take this mail.
    Never(String),
}

/// The end of a conversation in which a mail was taken.
pub(super) struct Farewell(AsyncSmtpConnection);

impl Farewell {
    /// Says good-bye; how that ends concerns nobody.
    pub(super) async fn say(mut self) {
        let _ = tokio::time::timeout(FAREWELL, self.0.quit()).await;
    }
}

impl Smtp {
    /// Checks what can be checked without the server.
    ///
    /// # Errors
    /// The value that is wrong, what was expected, and what to do.
    pub fn check(&self) -> Result<(), String> {
        let bad = |c: char| c.is_control() || c.is_whitespace() || c == '/' || c == '@';
        if self.host.is_empty() || self.host.contains(bad) {
            return Err(format!(
                "'{}' is no name or address of a mail server: expected for example \
                 mail.example.org",
                ServerText::new(&self.host)
            ));
        }
        if self.port == 0 {
            return Err("port 0 of the mail server: expected 1 to 65535".into());
        }
        if self.from.parse::<Mailbox>().is_err() {
            return Err(format!(
                "'{}' is no sender: expected an address such as broker@example.org",
                ServerText::new(&self.from)
            ));
        }
        match (self.user.is_empty(), self.password.is_empty()) {
            (true, false) => return Err("a password without a user: give smtp_user, too".into()),
            (false, true) => {
                return Err(format!(
                    "the user '{}' needs a password: give smtp_password_file, too",
                    ServerText::new(&self.user)
                ));
            }
            _ => {}
        }
        if self.tls == Tls::None && !self.user.is_empty() && !self.is_here() {
            return Err(format!(
                "a password is not sent to {} without encryption: choose starttls or tls",
                self.host
            ));
        }
        // A text without any is taken for an empty list of them.
        let pem = self.certificates.as_str();
        let holds = pem.contains("-----BEGIN CERTIFICATE-----")
            && Certificate::from_pem(pem.as_bytes()).is_ok();
        if !pem.is_empty() && !holds {
            return Err("the file with certificates holds none in PEM form".into());
        }
        Ok(())
    }

    /// Whether the server is on this machine.
    fn is_here(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Gives the server a mail. It has it when this returns.
    pub(super) async fn deliver(&self, mail: &Mail) -> Result<Farewell, Trouble> {
        let message = self.message(mail).map_err(Trouble::Never)?;
        let seconds = self.patience.as_secs_f64();
        let late = |_| Trouble::Server(format!("no answer within {seconds} s"));
        let conversation = async {
            let mut connection = self.connect().await.map_err(Trouble::Server)?;
            let sent = connection
                .send(message.envelope(), &message.formatted())
                .await;
            match sent {
                Ok(_) => Ok(Farewell(connection)),
                Err(error) => {
                    let text = self.said(&error);
                    Err(if error.is_permanent() || error.is_client() {
                        Trouble::Never(text)
                    } else if error.is_transient() {
                        Trouble::Later(text)
                    } else {
                        Trouble::Server(text)
                    })
                }
            }
        };
        tokio::time::timeout(self.patience, conversation)
            .await
            .map_err(late)?
    }

    /// A connection on which mails may be offered.
    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let text = |error: SmtpError| self.said(&error);
        let hello = ClientId::default();
        let mut connection = match self.tls {
            Tls::Tls => {
                let place = (self.host.as_str(), self.port);
                let tls = self.tls_parameters().map_err(text)?;
                AsyncSmtpConnection::connect_tokio1(place, None, &hello, Some(tls), None).await
            }
            Tls::StartTls | Tls::None => {
                let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
                let stream = stream.map_err(|e| ServerText::new(&e.to_string()).to_string())?;
                let stream = Box::new(Limited::new(stream));
                AsyncSmtpConnection::connect_with_transport(stream, &hello).await
            }
        }
        .map_err(text)?;
        if self.tls == Tls::StartTls {
            let tls = self.tls_parameters().map_err(text)?;
            connection.starttls(tls, &hello).await.map_err(text)?;
        }
        if !self.user.is_empty() {
            let credentials = Credentials::new(self.user.clone(), self.password.to_string());
            let ways = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&ways, &credentials).await.map_err(text)?;
        }
        Ok(connection)
    }

    fn tls_parameters(&self) -> Result<TlsParameters, SmtpError> {
        let mut parameters = TlsParameters::builder(self.host.clone());
        if !self.certificates.is_empty() {
            let certificate = Certificate::from_pem(self.certificates.as_bytes())?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build_rustls()
    }

    /// What an error says: one clean line, without the password should the server repeat it.
    fn said(&self, error: &SmtpError) -> String {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            source = inner.source();
        }
        if !self.password.is_empty() {
            text = text.replace(self.password.as_str(), "***");
        }
        ServerText::new(&text).to_string()
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let from = self.from.parse::<Mailbox>().map_err(|e| e.to_string())?;
        let to = mail.to.parse::<Address>();
        let to = to.map_err(|e| format!("'{}' is no address: {e}", ServerText::new(&mail.to)))?;
        // The same at every try, so that a server can tell a repetition.
        let id = format!("<{}@{}>", mail.key, from.email.domain());
        let written = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(mail.time));
        Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .date(written.unwrap_or(SystemTime::UNIX_EPOCH))
            .message_id(Some(id))
            .multipart(MultiPart::alternative_plain_html(
                mail.text.clone(),
                mail.html(),
            ))
            .map_err(|e| e.to_string())
    }
}

/// A connection on which the other side may say only so much.
#[derive(Debug)]
struct Limited {
    stream: TcpStream,
    left: usize,
}

impl Limited {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            left: MOST_SAID,
        }
    }
}

impl AsyncTokioStream for Limited {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for Limited {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before);
        match self.left.checked_sub(read) {
            Some(left) => {
                self.left = left;
                polled
            }
            None => Poll::Ready(Err(io::Error::other("the server says too much"))),
        }
    }
}

impl AsyncWrite for Limited {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
