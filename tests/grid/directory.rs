//! Recorded answers of a directory; answers that are wrong.
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kosmos::grid::directory::{
    Directory, DirectoryError, Farmer, Filter, ListOrder, Node, farmer_body, farmers_body,
    node_body, nodes_body,
};
use kosmos::grid::reservation::Locations;
use kosmos::tfchain::explorer::{Answer, Fetch, FetchError, FetchFuture};

use super::{load, text, wait};

/// Answers as recorded, or as told.
#[derive(Default)]
struct Recorded {
    asked: AtomicUsize,
    paths: Mutex<Vec<String>>,
    instead: Mutex<Option<Result<(u16, String), FetchError>>>,
}

impl Fetch for Recorded {
    fn get<'a>(&'a self, endpoint: &'a str) -> FetchFuture<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.paths.lock().unwrap().push(endpoint.to_owned());
        let instead = self.instead.lock().unwrap().clone();
        let answer = match instead {
            Some(answer) => answer,
            None => Ok(load("directory_http.json")
                .iter()
                .find(|case| text(case, "path") == endpoint)
                .map_or((404, "{}\n".into()), |case| {
                    let status = case["status"].as_u64().unwrap();
                    (u16::try_from(status).unwrap(), text(case, "body").into())
                })),
        };
        Box::pin(async move {
            answer.map(|(status, body)| Answer {
                status,
                body: body.into_bytes(),
                node: None,
            })
        })
    }

    fn post<'a>(&'a self, _: &'a str, _: &'a str) -> FetchFuture<'a> {
        unreachable!()
    }

    fn addresses(&self) -> Vec<String> {
        vec!["http://directory".into()]
    }
}

fn setup() -> (Arc<Recorded>, Arc<AtomicU64>, Directory) {
    let recorded = Arc::new(Recorded::default());
    let clock = Arc::new(AtomicU64::new(1000));
    let tick = clock.clone();
    let directory = Directory::new(
        recorded.clone(),
        Arc::new(move || tick.load(Ordering::Relaxed)),
    );
    (recorded, clock, directory)
}

#[test]
fn recorded_bodies_are_written_byte_for_byte() {
    for case in load("directory_http.json") {
        let (path, body) = (text(&case, "path"), text(&case, "body"));
        if case["status"] != 200 {
            continue;
        }
        let written = match path.split('?').next().unwrap() {
            "/api/nodes" => nodes_body(&serde_json::from_str::<Vec<Node>>(body).unwrap()),
            "/api/farmers" => farmers_body(&serde_json::from_str::<Vec<Farmer>>(body).unwrap()),
            other if other.starts_with("/api/nodes/") => {
                node_body(&serde_json::from_str(body).unwrap())
            }
            _ => farmer_body(&serde_json::from_str(body).unwrap()),
        };
        assert_eq!(written, body, "{path}");
    }
}

#[test]
fn letters_beyond_ascii_are_escaped() {
    let farmer = Farmer {
        iyo_organization: "f".into(),
        location: None,
        name: "Café 🌍".into(),
        wallet_addresses: vec![],
    };
    let body = farmer_body(&farmer);
    assert!(body.contains(r#""Caf\u00e9 \ud83c\udf0d""#), "{body}");
    assert_eq!(serde_json::from_str::<Farmer>(&body).unwrap(), farmer);
}

#[test]
fn filters_ask_and_select_as_recorded() {
    let (recorded, _, directory) = setup();
    let all = wait(directory.nodes(&Filter::default())).unwrap();
    assert_eq!((all.items.len(), all.unreadable), (3, 0));
    for case in load("directory_http.json") {
        let Some(query) = text(&case, "path").strip_prefix("/api/nodes?") else {
            continue;
        };
        let mut filter = Filter::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            match name {
                "cru" => filter.cru = value.parse().ok(),
                "mru" => filter.mru = value.parse().ok(),
                "country" => filter.country = Some(value.into()),
                "farmer" => filter.farmer = Some(value.into()),
                other => panic!("{other}"),
            }
        }
        let nodes = wait(directory.nodes(&filter)).unwrap().items;
        assert_eq!(
            recorded.paths.lock().unwrap().last().unwrap(),
            text(&case, "path")
        );
        let selected: Vec<Node> = all
            .items
            .iter()
            .filter(|n| filter.takes(n))
            .cloned()
            .collect();
        assert_eq!(nodes, selected, "{query}");
    }
    let node = &all.items[0];
    assert_eq!(node.free().mru, 64.0 - 3.25);
    assert_eq!(node.free().cru, 15.0);
    let mut nodes = all.items.clone();
    ListOrder::Hru.sort(&mut nodes);
    assert_eq!(nodes[0].node_id, "ac1f6b84a330");
    ListOrder::Node.sort(&mut nodes);
    assert_eq!(nodes[0].node_id, "544546f60261");
    let units = wait(directory.resource_units()).unwrap();
    assert_eq!((units.cru, units.hru, units.sru), (22.0, 13313.0, 360.0));
}

#[test]
fn a_farmer_is_looked_for_before_a_node() {
    let (recorded, _, directory) = setup();
    for (location, valid) in [
        ("freefarm.s3-storage", true),
        ("ac1f6b84a330", true),
        ("nobody", false),
        ("", false),
        ("..", false),
        ("a/../../nodes", false),
    ] {
        assert_eq!(wait(directory.is_valid(location)), valid, "{location}");
    }
    let paths = recorded.paths.lock().unwrap();
    assert_eq!(
        paths[..3],
        [
            "/api/farmers/freefarm.s3-storage",
            "/api/farmers/ac1f6b84a330",
            "/api/nodes/ac1f6b84a330",
        ]
    );
    assert!(
        paths
            .iter()
            .any(|p| p == "/api/farmers/a%2F..%2F..%2Fnodes"),
        "{paths:?}"
    );
    drop(paths);
    let error = wait(directory.node("unknown")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the capacity directory has no node 'unknown'"
    );
}

#[test]
fn lists_are_remembered_for_ten_minutes() {
    let (recorded, clock, directory) = setup();
    let asked = || recorded.asked.load(Ordering::Relaxed);
    wait(directory.farmers()).unwrap();
    clock.store(1599, Ordering::Relaxed);
    wait(directory.farmers()).unwrap();
    assert_eq!(asked(), 1);
    clock.store(1600, Ordering::Relaxed);
    wait(directory.farmers()).unwrap();
    assert_eq!(asked(), 2);
    // A clock that goes back does not keep an answer for ever.
    clock.store(10, Ordering::Relaxed);
    wait(directory.farmers()).unwrap();
    assert_eq!(asked(), 3);
    directory.forget();
    wait(directory.farmers()).unwrap();
    assert_eq!(asked(), 4);
}

#[test]
fn answers_that_are_wrong_are_told() {
    let (recorded, _, directory) = setup();
    let say = |status: u16, body: &str| {
        *recorded.instead.lock().unwrap() = Some(Ok((status, body.to_owned())));
        directory.forget();
        wait(directory.nodes(&Filter::default()))
    };
    assert!(matches!(say(200, "<html>"), Err(DirectoryError::Answer(_))));
    assert!(matches!(say(200, "{}"), Err(DirectoryError::Answer(_))));
    assert!(matches!(
        say(503, "<title>\u{1b}[31mmaintenance</title>"),
        Err(DirectoryError::Refused { status: 503, .. })
    ));
    // One bad entry does not hide the others; hostile texts are cleaned.
    let units = r#"{"cru":1,"mru":2.5,"hru":0,"sru":0}"#;
    let node = |id: &str, units: &str| {
        format!(
            r#"{{"node_id":"{id}","os_version":"v","robot_address":"r","total_resources":{units}}}"#
        )
    };
    let bad = r#"{"cru":-1,"mru":1e300,"hru":0,"sru":0}"#;
    let body = format!(
        "[{},{},null,{}]",
        node(r"a\u001b[2Jb", units),
        node("x", bad),
        node("y", r#"{"cru":1}"#)
    );
    let listing = say(200, &body).unwrap();
    assert_eq!((listing.items.len(), listing.unreadable), (1, 3));
    assert_eq!(listing.items[0].node_id, "ab");
    // A directory that forgets the filter is not believed.
    *recorded.instead.lock().unwrap() = Some(Ok((200, format!("[{}]", node("z", units)))));
    let many = Filter {
        cru: Some(2),
        ..Filter::default()
    };
    assert!(wait(directory.nodes(&many)).unwrap().items.is_empty());
    *recorded.instead.lock().unwrap() = Some(Err(FetchError::Broken {
        reason: "cut".into(),
    }));
    directory.forget();
    let error = wait(directory.farmers()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the capacity directory is out of reach: cut"
    );
    assert!(!wait(directory.is_valid("freefarm.s3-storage")));
}
