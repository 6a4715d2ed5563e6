//! The 0-robot of a machine: its home page and what it tells of itself. Blueprints and services
//! are not run on a devnet.
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::error::{Error, Result};
use super::super::http::{self, HTML, JSON, LimitedListener};

const HOME: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<title>0-Robot</title>\n</head>\n<body>\n<h1>0-Robot</h1>\n\
<p><a href=\"/apidocs/index.html?raml=api.raml\">API documentation</a></p>\n</body>\n</html>\n";
const INFO: &str = "{\"repositories\":{\"config\":{\"url\":\"\"},\"data\":{\"url\":\"\"}},\
\"storage_healthy\":true}\n";

/// A robot that runs in this process, until it is stopped or dropped.
#[derive(Debug)]
pub(super) struct Handle {
    stop: watch::Sender<bool>,
    runner: Option<JoinHandle<()>>,
}

/// Starts a robot.
pub(super) async fn start(listen: SocketAddr) -> Result<Handle> {
    let fail = |source| Error::Listen {
        addr: listen,
        source,
    };
    let listener = LimitedListener::bind(listen).await.map_err(fail)?;
    let (stop, mut stopping) = watch::channel(false);
    let app = Router::new().fallback(answer);
    let runner = tokio::spawn(async move {
        let stopped = async move {
            // The sender going away is a stop too.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        // Serving ends when it is told to, never with an error of its own.
        let _ = axum::serve(listener, app)
            .with_graceful_shutdown(stopped)
            .await;
    });
    Ok(Handle {
        stop,
        runner: Some(runner),
    })
}

impl Handle {
    pub(super) async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(runner) = self.runner.take() {
            // An open connection does not hold the devnet up.
            let _ = tokio::time::timeout(Duration::from_secs(1), runner).await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

async fn answer(request: Request) -> Response {
    let path = request.uri().path().trim_end_matches('/');
    match (request.method(), path) {
        (&Method::GET, "") => http::answer(StatusCode::OK, HTML, HOME),
        (&Method::GET, "/robot/info") => http::answer(StatusCode::OK, JSON, INFO),
        (&Method::GET, "/services" | "/templates") => http::answer(StatusCode::OK, JSON, "[]\n"),
        _ => http::answer(
            StatusCode::NOT_IMPLEMENTED,
            JSON,
            "{\"code\":501,\"message\":\"the robot of a devnet runs no services\",\
             \"stack_trace\":\"\"}\n",
        ),
    }
}
