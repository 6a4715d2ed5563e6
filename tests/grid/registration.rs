//! Telling a directory about nodes and farms: what is sent, and answers of all kinds.
use std::sync::{Arc, Mutex};

use kosmos::grid::directory::{DirectoryError, FarmChange, Node, Registrar, Units};
use serde_json::{Value, json};

use super::{http, wait};

type Seen = Arc<Mutex<Vec<http::Request>>>;

/// A directory that answers the same to everything.
fn serve(status: u16, headers: &[(&'static str, &str)], body: &str) -> (Registrar, Seen) {
    let seen = Seen::default();
    let (own, body) = (seen.clone(), body.as_bytes().to_vec());
    let headers: Vec<(&'static str, String)> = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let port = http::serve(move |request| {
        own.lock().unwrap().push(request);
        (status, headers.clone(), body.clone())
    });
    let registrar = Registrar::new(&format!("http://127.0.0.1:{port}/")).unwrap();
    (registrar, seen)
}

fn node() -> Node {
    serde_json::from_value(json!({
        "node_id": "0cc47a000001", "os_version": "v", "robot_address": "",
        "total_resources": {"cru": 1, "mru": 2, "hru": 3, "sru": 4},
    }))
    .unwrap()
}

const UNITS: Units = Units {
    cru: 1.0,
    hru: 0.5,
    mru: 2.0,
    sru: 3.0,
};

#[test]
fn requests_are_those_of_the_original() {
    let answer = serde_json::to_string(&node()).unwrap();
    let (registrar, seen) = serve(201, &[], &answer);
    assert_eq!(
        wait(registrar.node_register(&node(), "a token")),
        Ok(node())
    );
    {
        let seen = seen.lock().unwrap();
        let request = &seen[0];
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "/api/nodes")
        );
        assert_eq!(request.headers["content-type"], "application/json");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["farmer_id"], "a token");
        assert_eq!(body["total_resources"]["sru"], 4.0);
    }
    let (registrar, seen) = serve(204, &[], "");
    wait(registrar.reserved_update("0cc47a000001", UNITS)).unwrap();
    wait(registrar.actual_update("a/../b", UNITS, "a token")).unwrap();
    let seen = seen.lock().unwrap();
    let body = |at: usize| -> Value { serde_json::from_slice(&seen[at].body).unwrap() };
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("PUT", "/api/nodes/0cc47a000001/reserved")
    );
    assert_eq!(
        body(0),
        json!({"cru": 1.0, "mru": 2.0, "hru": 0.5, "sru": 3.0})
    );
    assert_eq!(seen[1].path, "/api/nodes/a%2F..%2Fb/actual");
    assert_eq!(body(1)["farmer_id"], "a token");
}

#[test]
fn farms_are_done_when_the_answer_leads_to_the_page_that_says_so() {
    let farm = FarmChange {
        organization: "my.farm".into(),
        name: "Mine & yours".into(),
        place: Some((48.2, -16.5)),
        ..FarmChange::default()
    };
    let (registrar, seen) = serve(302, &[("location", "http://x/farm_registered")], "");
    wait(registrar.farmer_create(&farm, "a token")).unwrap();
    {
        let seen = seen.lock().unwrap();
        assert_eq!(
            seen[0].path,
            "/api/farmer_create?organization=my.farm&name=Mine+%26+yours&farmAddress=48.2%2C-16.5"
        );
        assert_eq!(seen[0].headers["authorization"], "bearer a token");
    }
    let (registrar, _) = serve(302, &[("location", "https://itsyou.online/v1/oauth")], "");
    let error = wait(registrar.farmer_update(&farm, "t")).unwrap_err();
    assert!(error.to_string().contains("sign in first"), "{error}");
    let (registrar, _) = serve(404, &[], "{\"code\":404,\"message\":\"not found\"}");
    let error = wait(registrar.farmer_update(&farm, "t")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the capacity directory has no farmer 'my.farm'"
    );
}

#[test]
fn refusals_are_told_in_the_directorys_words() {
    let (registrar, _) = serve(403, &[], "{\"errors\":\"Unauthorized\\u001b[2J farmer\"}\n");
    let error = wait(registrar.node_register(&node(), "wrong")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the capacity directory answers with status 403: Unauthorized farmer"
    );
    assert!(!error.to_string().contains("wrong"));
    let (registrar, _) = serve(500, &[], "<html>oops");
    let error = wait(registrar.reserved_update("x", UNITS)).unwrap_err();
    assert!(
        matches!(error, DirectoryError::Refused { status: 500, .. }),
        "{error}"
    );
    let (registrar, _) = serve(404, &[], "{}\n");
    let error = wait(registrar.actual_update("x", UNITS, "t")).unwrap_err();
    assert_eq!(error.to_string(), "the capacity directory has no node 'x'");
    for id in ["", " ", ".", ".."] {
        assert!(wait(registrar.reserved_update(id, UNITS)).is_err(), "{id}");
    }
    let (registrar, _) = serve(201, &[], "[]");
    let error = wait(registrar.node_register(&node(), "t")).unwrap_err();
    assert!(matches!(error, DirectoryError::Answer(_)), "{error}");
    let nobody = Registrar::new("http://127.0.0.1:1").unwrap();
    let error = wait(nobody.reserved_update("x", UNITS)).unwrap_err();
    assert!(matches!(error, DirectoryError::OutOfReach(_)), "{error}");
    assert!(Registrar::new("no address").is_err());
}
