//! The broker's mails on their way into the world, with mail servers of all kinds; and who may
//! read them on this machine.
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use kosmos::devnet::grid::{Delivery, Letter, Mail, MailServer, Smtp, SmtpOptions, Tls};
use kosmos::devnet::{Clock, Config, Control, Devnet, Handle};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::client::{get, request};

const PASSWORD: &str = "hunter2-never-shown";

/// How the server behaves in a conversation.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    /// Answers this to the recipient.
    Recipient(&'static str),
    /// Answers this to who signs in.
    SignIn(&'static str),
    /// Says nothing.
    Hangs,
    /// Says something that is no answer.
    Garbage,
    /// Never ends its first answer.
    Floods,
    /// Closes before it answers the mail.
    Leaves,
}

#[derive(Default)]
struct State {
    /// How it behaves in the next conversations; well after them.
    moods: Mutex<VecDeque<Mood>>,
    /// Every line that it heard.
    heard: Mutex<Vec<String>>,
    /// The mails that it took.
    mails: Mutex<Vec<String>>,
    tls: Mutex<Option<TlsAcceptor>>,
}

/// A mail server.
struct Server {
    port: u16,
    state: Arc<State>,
}

impl Server {
    async fn start(moods: &[Mood]) -> Server {
        Server::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), moods)
    }

    fn on(listener: TcpListener, moods: &[Mood]) -> Server {
        let state = Arc::new(State::default());
        state.moods.lock().unwrap().extend(moods);
        let (port, own) = (listener.local_addr().unwrap().port(), state.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = own.clone();
                tokio::spawn(async move {
                    let _ = talk(stream, &state).await;
                });
            }
        });
        Server { port, state }
    }

    fn heard(&self, start: &str) -> usize {
        let heard = self.state.heard.lock().unwrap();
        heard.iter().filter(|line| line.starts_with(start)).count()
    }

    fn mails(&self) -> Vec<String> {
        self.state.mails.lock().unwrap().clone()
    }
}

async fn talk(stream: TcpStream, state: &Arc<State>) -> std::io::Result<()> {
    let mood = state.moods.lock().unwrap().pop_front();
    let mood = mood.unwrap_or(Mood::Well);
    let mut stream = BufStream::new(stream);
    match mood {
        Mood::Hangs => std::future::pending().await,
        Mood::Garbage => return say(&mut stream, "what do you want?").await,
        Mood::Floods => loop {
            stream.write_all(&[b'x'; 4096]).await?;
        },
        _ => say(&mut stream, "220 mail.test").await?,
    }
    if !converse(&mut stream, state, mood, false).await? {
        return Ok(());
    }
    let acceptor = state.tls.lock().unwrap().clone().unwrap();
    let stream = acceptor.accept(stream.into_inner()).await?;
    converse(&mut BufStream::new(stream), state, mood, true).await?;
    Ok(())
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    line: &str,
) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Speaks until the other side leaves, or begins with TLS: then it returns true.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    state: &Arc<State>,
    mood: Mood,
    encrypted: bool,
) -> std::io::Result<bool> {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let heard = line.trim_end().to_owned();
        state.heard.lock().unwrap().push(heard.clone());
        let word = heard.split([' ', ':']).next().unwrap().to_uppercase();
        let answer = match word.as_str() {
            "EHLO" if state.tls.lock().unwrap().is_some() && !encrypted => {
                "250-mail.test\r\n250 STARTTLS"
            }
            "EHLO" => "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "STARTTLS" => {
                say(stream, "220 go ahead").await?;
                return Ok(true);
            }
            "AUTH" => match mood {
                Mood::SignIn(answer) => answer,
                _ => "235 welcome",
            },
            "RCPT" => match mood {
                Mood::Recipient(answer) => answer,
                _ => "250 ok",
            },
            "DATA" => {
                say(stream, "354 go ahead").await?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail).await? == 0 {
                        return Ok(false);
                    }
                }
                if mood == Mood::Leaves {
                    return Ok(false);
                }
                state.mails.lock().unwrap().push(mail);
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        say(stream, answer).await?;
    }
}

fn smtp(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        user: "broker".into(),
        password: PASSWORD.to_owned().into(),
        from: "The broker <broker@example.org>".into(),
        certificates: String::new(),
        patience: Duration::from_millis(500),
        first_pause: Duration::from_millis(20),
    }
}

fn to(smtp: Smtp) -> MailServer {
    MailServer::Smtp(Box::new(smtp))
}

async fn start(dir: &Path, mail_server: MailServer) -> Handle {
    let config = Config {
        port: 0,
        block_time: None,
        clock: Clock::from_source(|| 1_800_000_000),
        mail_server,
        ..Config::new(dir)
    };
    Devnet::start(config).await.unwrap()
}

fn mail(key: &str) -> Mail {
    Mail {
        key: key.into(),
        number: 0,
        time: 1_800_000_000,
        from: "broker@grid.tf".into(),
        to: "user@mail.com".into(),
        subject: "Your virtual 0-OS is ready".into(),
        text: "0-OS address: 127.3.0.1:6379\nPassword: open sesame\n".into(),
    }
}

/// Waits until a mail's delivery is as wanted.
async fn until(devnet: &Handle, key: &str, wanted: impl Fn(&Delivery) -> bool) -> Letter {
    let mut changes = devnet.grid().outbox().changes();
    let wait = async {
        loop {
            changes.borrow_and_update();
            let letters = devnet.grid().mails();
            let found = letters.into_iter().find(|one| one.mail.key == key);
            if let Some(letter) = found.filter(|one| wanted(&one.delivery)) {
                return letter;
            }
            changes.changed().await.unwrap();
        }
    };
    match tokio::time::timeout(Duration::from_secs(60), wait).await {
        Ok(letter) => letter,
        Err(_) => panic!("{:?}", devnet.grid().mails()),
    }
}

fn sent(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Sent { .. })
}

fn tried(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Waiting { tries: 1.., .. })
}

#[tokio::test]
async fn a_mail_goes_out_once_and_stays_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[]).await;
    let devnet = start(dir.path(), to(smtp(server.port))).await;
    let shown = devnet.status().mail_server.unwrap();
    assert_eq!(shown, format!("127.0.0.1:{} (not encrypted)", server.port));
    devnet.grid().outbox().send(&mail("a-ready")).unwrap();
    until(&devnet, "a-ready", sent).await;
    // The same again is the same mail.
    devnet.grid().outbox().send(&mail("a-ready")).unwrap();
    let told = &server.mails()[0];
    for part in [
        "<broker@example.org>",
        "To: user@mail.com",
        "Subject: Your virtual 0-OS is ready",
        "Message-ID: <a-ready@example.org>",
        "Date: Fri, 15 Jan 2027 08:00:00",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "0-OS address: 127.3.0.1:6379",
        "Password: open sesame",
        "<li>0-OS address: 127.3.0.1:6379</li>",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert_eq!(server.heard("MAIL FROM:<broker@example.org>"), 1);
    assert_eq!(server.heard("RCPT TO:<user@mail.com>"), 1);
    devnet.stop().await;
    // The server is remembered, and so is what it took.
    let devnet = start(dir.path(), MailServer::AsBefore).await;
    devnet.grid().outbox().send(&mail("b-ready")).unwrap();
    until(&devnet, "b-ready", sent).await;
    assert_eq!(server.mails().len(), 2);
    devnet.stop().await;
    // The password lies in a file of its owner, and nowhere else.
    let settings = dir.path().join("grid/smtp.json");
    let text = std::fs::read_to_string(&settings).unwrap();
    assert!(text.contains(PASSWORD));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&settings).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let log = std::fs::read_to_string(dir.path().join("node.log")).unwrap();
    assert!(!log.contains(PASSWORD), "{log}");
    assert!(!format!("{:?}", smtp(1)).contains(PASSWORD));
    assert!(!format!("{:?}", to(smtp(1))).contains(PASSWORD));
}

#[tokio::test]
async fn a_refused_recipient_is_not_tried_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let refusal = Mood::Recipient("550 5.1.1 no such \u{1b}[2Juser");
    let server = Server::start(&[refusal]).await;
    let devnet = start(dir.path(), to(smtp(server.port))).await;
    devnet.grid().outbox().send(&mail("a-ready")).unwrap();
    let failed = |delivery: &Delivery| matches!(delivery, Delivery::Failed { .. });
    let letter = until(&devnet, "a-ready", failed).await;
    let reason = letter.delivery.reason().unwrap();
    assert!(
        reason.contains("5.1.1 no such") && !reason.contains('\u{1b}'),
        "{reason}"
    );
    // An address that is none is never offered.
    let nobody = Mail {
        to: "nobody\r\nRCPT TO:<x@y.zz>".into(),
        ..mail("b-ready")
    };
    devnet.grid().outbox().send(&nobody).unwrap();
    until(&devnet, "b-ready", failed).await;
    devnet.stop().await;
    let devnet = start(dir.path(), MailServer::AsBefore).await;
    devnet.grid().outbox().send(&mail("c-ready")).unwrap();
    until(&devnet, "c-ready", sent).await;
    assert_eq!(server.heard("RCPT"), 2);
    assert_eq!(server.mails().len(), 1);
    devnet.stop().await;
}

#[tokio::test]
async fn what_goes_wrong_for_a_while_is_tried_again() {
    for mood in [
        Mood::Recipient("450 4.2.1 later"),
        Mood::SignIn("535 5.7.8 wrong: hunter2-never-shown"),
        Mood::Hangs,
        Mood::Garbage,
        Mood::Floods,
        Mood::Leaves,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&[mood]).await;
        // The second try waits until the first was seen.
        let slow = Smtp {
            first_pause: Duration::from_secs(3600),
            ..smtp(server.port)
        };
        let devnet = start(dir.path(), to(slow)).await;
        devnet.grid().outbox().send(&mail("a-ready")).unwrap();
        let letter = until(&devnet, "a-ready", tried).await;
        let reason = letter.delivery.reason().unwrap().to_owned();
        let wanted = match mood {
            Mood::Recipient(_) => "4.2.1 later",
            Mood::SignIn(_) => "wrong: ***",
            Mood::Hangs => "no answer within 0.5 s",
            Mood::Floods => "says too much",
            _ => "",
        };
        assert!(reason.contains(wanted), "{reason}");
        assert!(server.mails().is_empty());
        devnet.stop().await;
        // After a restart it is tried at once, and goes on from there.
        let devnet = start(dir.path(), MailServer::AsBefore).await;
        until(&devnet, "a-ready", sent).await;
        assert_eq!(server.mails().len(), 1, "{reason}");
        devnet.stop().await;
    }
}

#[tokio::test]
async fn pauses_pass_and_it_is_tried_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let later = Mood::Recipient("451 4.3.0 later");
    let server = Server::start(&[later, later, later]).await;
    let devnet = start(dir.path(), to(smtp(server.port))).await;
    devnet.grid().outbox().send(&mail("a-ready")).unwrap();
    until(&devnet, "a-ready", sent).await;
    assert_eq!(server.heard("RCPT"), 4);
    assert_eq!(server.mails().len(), 1);
    devnet.stop().await;
}

#[tokio::test]
async fn a_server_that_is_down_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let devnet = start(dir.path(), to(smtp(port))).await;
    for key in ["a-ready", "b-ready", "c-ready"] {
        devnet.grid().outbox().send(&mail(key)).unwrap();
    }
    until(&devnet, "a-ready", tried).await;
    // The rest of the devnet goes on.
    let before = devnet.status().height;
    devnet.block_make().await.unwrap();
    assert_eq!(devnet.status().height, before + 1);
    let at = devnet.grid().addresses().directory;
    assert!(get(at, "/mails").await.body.contains("waiting"));
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let server = Server::on(listener, &[]);
    for key in ["a-ready", "b-ready", "c-ready"] {
        until(&devnet, key, sent).await;
    }
    assert_eq!(server.mails().len(), 3);
    devnet.stop().await;
}

#[tokio::test]
async fn without_a_server_mails_are_kept_and_not_sent_later() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path(), MailServer::AsBefore).await;
    assert_eq!(devnet.status().mail_server, None);
    devnet.grid().outbox().send(&mail("a-ready")).unwrap();
    assert_eq!(devnet.grid().mails()[0].delivery, Delivery::Kept);
    devnet.stop().await;
    let server = Server::start(&[]).await;
    let devnet = start(dir.path(), to(smtp(server.port))).await;
    devnet.grid().outbox().send(&mail("b-ready")).unwrap();
    until(&devnet, "b-ready", sent).await;
    assert_eq!(server.mails().len(), 1);
    devnet.stop().await;
    let devnet = start(dir.path(), MailServer::Nothing).await;
    assert!(!dir.path().join("grid/smtp.json").exists());
    devnet.grid().outbox().send(&mail("c-ready")).unwrap();
    assert_eq!(devnet.grid().mails()[0].delivery, Delivery::Kept);
    devnet.stop().await;
}

/// Makes a server speak TLS; the certificate.
fn with_tls(server: &Server) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    *server.state.tls.lock().unwrap() = Some(TlsAcceptor::from(Arc::new(config)));
    let base64 = base64::engine::general_purpose::STANDARD.encode(made.cert.der());
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

#[tokio::test]
async fn passwords_go_to_trusted_servers_only() {
    // A server without encryption, one whose certificate nobody knows, and one that is trusted.
    for (tls, trusted) in [(false, false), (true, false), (true, true)] {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&[]).await;
        let certificate = if tls {
            with_tls(&server)
        } else {
            String::new()
        };
        let settings = Smtp {
            host: "localhost".into(),
            tls: Tls::StartTls,
            certificates: if trusted { certificate } else { String::new() },
            ..smtp(server.port)
        };
        let devnet = start(dir.path(), to(settings)).await;
        devnet.grid().outbox().send(&mail("a-ready")).unwrap();
        match trusted {
            true => drop(until(&devnet, "a-ready", sent).await),
            false => drop(until(&devnet, "a-ready", tried).await),
        }
        assert_eq!(server.heard("AUTH"), usize::from(trusted));
        assert_eq!(server.heard("MAIL"), usize::from(trusted));
        devnet.stop().await;
    }
}

#[test]
fn settings_that_cannot_be_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let host = |name: &str| SmtpOptions {
        host: Some(name.into()),
        ..SmtpOptions::default()
    };
    let password = file("password", "secret\r\n");
    let told = |options: SmtpOptions| options.read().unwrap_err();
    assert_eq!(SmtpOptions::default().read(), Ok(MailServer::AsBefore));
    assert_eq!(host("").read(), Ok(MailServer::Nothing));
    let signs_in = |tls: &str| SmtpOptions {
        user: Some("me".into()),
        password_file: password.clone(),
        tls: Some(tls.into()),
        ..host("mail.example.org")
    };
    match signs_in("tls").read().unwrap() {
        MailServer::Smtp(smtp) => {
            assert_eq!((smtp.port, smtp.password.as_str()), (465, "secret"));
            assert_eq!(smtp.from, "broker@grid.tf");
        }
        other => panic!("{other:?}"),
    }
    // What is passed on to a process names files, never what is in them.
    let line = signs_in("tls").line().join(" ");
    assert!(
        line.contains("--smtp-password-file=") && !line.contains("secret"),
        "{line}"
    );
    assert!(told(signs_in("none")).contains("without encryption"));
    assert!(told(signs_in("ssl")).contains("expected starttls, tls, none"));
    assert!(told(host("mail example")).contains("'mail example' is no name"));
    assert!(
        told(SmtpOptions {
            port: Some(0),
            ..host("h")
        })
        .contains("1 to 65535")
    );
    assert!(
        told(SmtpOptions {
            from: Some("nobody".into()),
            ..host("h")
        })
        .contains("'nobody' is no sender")
    );
    assert!(
        told(SmtpOptions {
            user: Some("me".into()),
            ..host("h")
        })
        .contains("needs a password")
    );
    assert!(
        told(SmtpOptions {
            user: Some("me".into()),
            ..SmtpOptions::default()
        })
        .contains("smtp_host")
    );
    for (path, why) in [
        (Some(dir.path().join("nowhere")), "cannot read"),
        (file("empty", "\n"), "holds no password"),
        (file("large", &"x".repeat(100_000)), "more than"),
    ] {
        let options = SmtpOptions {
            user: Some("me".into()),
            password_file: path,
            ..host("h")
        };
        assert!(told(options).contains(why), "{why}");
    }
    let options = SmtpOptions {
        ca_file: file("ca", "no certificate"),
        ..host("h")
    };
    assert!(told(options).contains("holds none"));
}

#[tokio::test]
async fn secrets_are_shown_to_the_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path(), MailServer::AsBefore).await;
    devnet.grid().outbox().send(&mail("a-ready")).unwrap();
    let at = devnet.grid().addresses().directory;
    let control = Control::open(dir.path()).unwrap();
    let link = control.mails_page().await.unwrap();
    let path = link.strip_prefix(&format!("http://{at}")).unwrap();
    let token = path.split_once("token=").unwrap().1;
    let wrong = format!("/mails?token={}", "0".repeat(64));
    for hidden in ["/mails", "/mails?token=", &wrong, "/api/mails"] {
        let page = get(at, hidden).await;
        assert_eq!(page.status, 200, "{hidden}");
        assert!(
            page.body.contains("127.3.0.1:6379"),
            "{hidden}: {}",
            page.body
        );
        assert!(
            !page.body.contains("open sesame"),
            "{hidden}: {}",
            page.body
        );
        assert!(!page.body.contains(token), "{hidden}");
    }
    assert!(
        get(at, "/mails")
            .await
            .body
            .contains("j.devnet.mails_page()")
    );
    let page = get(at, path).await;
    assert!(page.body.contains("Password: open sesame"), "{}", page.body);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let data = request(at, "GET", "/api/mails", &[("x-kosmos-token", token)], b"").await;
    let letters: Vec<Letter> = serde_json::from_str(&data.body).unwrap();
    assert_eq!(letters[0].mail.value("Password"), Some("open sesame"));
    // The owner's tools have them without more ado; the control itself is no page.
    let letters = control.mails().await.unwrap();
    assert_eq!(letters[0].mail.value("Password"), Some("open sesame"));
    assert_eq!(get(at, "/kosmos/devnet/mails").await.status, 404);
    // The link goes on working after a restart; its file is the owner's.
    devnet.stop().await;
    let devnet = start(dir.path(), MailServer::AsBefore).await;
    let page = get(devnet.grid().addresses().directory, path).await;
    assert!(page.body.contains("open sesame"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = dir.path().join("grid/mails.token");
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    devnet.stop().await;
}
