//! The 0-robot of a machine: its home page and what it tells of itself. Blueprints and services
//! are not run on a devnet.
use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::super::error::Result;
use super::super::http::{self, HTML, JSON};
use super::super::serving::Serving;

const HOME: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<title>0-Robot</title>\n</head>\n<body>\n<h1>0-Robot</h1>\n\
<p><a href=\"/apidocs/index.html?raml=api.raml\">API documentation</a></p>\n</body>\n</html>\n";
const INFO: &str = "{\"repositories\":{\"config\":{\"url\":\"\"},\"data\":{\"url\":\"\"}},\
\"storage_healthy\":true}\n";

/// Starts a robot.
pub(super) async fn start(listen: SocketAddr) -> Result<Serving> {
    Serving::start(listen, Router::new().fallback(answer)).await
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
