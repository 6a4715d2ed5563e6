//! The web gateway: domains, backends in turn, what is passed on and what is not.
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use kosmos::devnet::gateway::{self, RouteError};

use super::client;

/// A web server that says who it is and what it was asked.
async fn backend(name: &'static str) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = Router::new().fallback(async move |request: Request| {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 10_000_000).await.unwrap();
        let header = |name: &str| {
            let value = parts.headers.get(name);
            value.map_or("-".to_owned(), |value| value.to_str().unwrap().to_owned())
        };
        let text = format!(
            "{name} {} {} host={} for={} via={} te={} secret={} body={}",
            parts.method,
            parts.uri,
            header("host"),
            header("x-forwarded-for"),
            header("via"),
            header("te"),
            header("x-secret"),
            body.len()
        );
        Response::builder()
            .status(StatusCode::ACCEPTED)
            .header("x-from", name)
            .header("connection", "x-private")
            .header("x-private", "1")
            .body(Body::from(text))
            .unwrap()
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    addr
}

async fn ask(gateway: &gateway::Handle, host: &str, path: &str, body: &[u8]) -> client::Answer {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let headers = [
        ("Host", host),
        ("X-Forwarded-For", "10.1.1.1"),
        ("TE", "trailers"),
        ("X-Secret", "1"),
    ];
    client::request(gateway.addr(), method, path, &headers, body).await
}

fn urls(of: &[SocketAddr]) -> Vec<String> {
    of.iter().map(|addr| format!("http://{addr}")).collect()
}

#[tokio::test]
async fn backends_of_a_domain_take_turns() {
    let gateway = gateway::start("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let (a, b) = (backend("a").await, backend("b").await);
    gateway
        .serve("www.example.org", &urls(&[a, b]), false)
        .unwrap();
    assert_eq!(gateway.domains(), ["www.example.org"]);
    let mut names = Vec::new();
    for _ in 0..4 {
        let answer = ask(&gateway, "WWW.example.org:80", "/x/y?z=1", b"").await;
        assert_eq!(answer.status, 202);
        assert_eq!(answer.header("x-private"), None);
        assert_eq!(answer.header("x-from"), answer.body.split(' ').next());
        let rest = answer.body.split_once(' ').unwrap().1;
        assert_eq!(
            rest,
            "GET /x/y?z=1 host=WWW.example.org:80 for=10.1.1.1, 127.0.0.1 via=1.1 kosmos-gateway \
             te=- secret=1 body=0"
        );
        names.push(answer.header("x-from").unwrap().to_owned());
    }
    assert_eq!(names[0], names[2]);
    assert_eq!(names[1], names[3]);
    assert_ne!(names[0], names[1]);
    let answer = ask(&gateway, "www.example.org", "/", &vec![7; 3_000_000]).await;
    assert!(answer.body.ends_with("body=3000000"), "{}", answer.body);
    gateway.stop().await;
}

#[tokio::test]
async fn a_backend_that_is_down_is_passed_over() {
    let gateway = gateway::start("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (down, up) = (gone.local_addr().unwrap(), backend("up").await);
    drop(gone);
    gateway
        .serve("a.example", &urls(&[down, up]), false)
        .unwrap();
    gateway.serve("b.example", &urls(&[down]), false).unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&gateway, "a.example", "/", b"").await.status, 202);
    }
    let answer = ask(&gateway, "b.example", "/", b"").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (502, "no backend of this domain can be reached\n")
    );
    let answer = ask(&gateway, "c.example", "/", b"").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, "no reverse proxy is reserved for 'c.example'\n")
    );
}

#[tokio::test]
async fn a_circle_ends() {
    let gateway = gateway::start("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    gateway
        .serve("a.example", &urls(&[gateway.addr()]), false)
        .unwrap();
    assert_eq!(ask(&gateway, "a.example", "/", b"").await.status, 508);
}

#[tokio::test]
async fn domains_belong_to_who_came_first() {
    let gateway = gateway::start("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let good = ["http://127.0.0.1:81".to_owned()];
    gateway.serve("a.example", &good, false).unwrap();
    let taken = RouteError::Taken("a.example".into());
    assert_eq!(gateway.serve("A.example.", &good, false), Err(taken));
    gateway.serve("a.example", &good, true).unwrap();
    let bad = ["127.0.0.1:81".to_owned()];
    let error = gateway.serve("b.example", &bad, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "wrong format for endpoint 127.0.0.1:81: expected http://host:port"
    );
    assert!(gateway.serve("b.example", &[], false).is_err());
    assert!(gateway.serve("no domain", &good, false).is_err());
    assert!(gateway.remove("a.example"));
    assert!(!gateway.remove("a.example"));
    assert!(gateway.domains().is_empty());
}
