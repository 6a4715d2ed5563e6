//! What nodes and farmers tell the directory, who may, and how it is shown.
use kosmos::devnet::grid::NewFarm;
use kosmos::devnet::{Control, Handle};
use kosmos::grid::directory::{Filter, Location, Units};
use serde_json::{Value, json};

use super::client::{Answer, get, request};
use super::faucet::start;

const NODE: &str = "0cc47a000001";

async fn tell(devnet: &Handle, method: &str, path: &str, body: &Value) -> Answer {
    let at = devnet.grid().addresses().directory;
    let json = [("Content-Type", "application/json")];
    request(at, method, path, &json, body.to_string().as_bytes()).await
}

/// A request that a person makes who has signed in as a member of an organization.
async fn ask(devnet: &Handle, token: &str, path: &str) -> Answer {
    let at = devnet.grid().addresses().directory;
    let bearer = format!("Bearer {token}");
    request(at, "GET", path, &[("Authorization", &bearer)], b"").await
}

fn token(devnet: &Handle, farmer: &str) -> String {
    devnet.grid().directory().token(farmer).unwrap().to_string()
}

fn node(token: &str) -> Value {
    json!({
        "farmer_id": token,
        "node_id": NODE,
        "os_version": "master 1",
        "robot_address": "http://10.0.0.1:6600",
        "location": {"continent": "?", "country": "Nowhere", "city": "?", "latitude": 1.0, "longitude": 1.0},
        "total_resources": {"cru": 8, "mru": 32, "hru": 0, "sru": 500},
        "uptime": 10,
        "hardware": {"is": "ignored"},
    })
}

#[tokio::test]
async fn a_node_registers_itself_and_tells_what_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let farmer = token(&devnet, "vienna.farm");
    let answer = tell(&devnet, "POST", "/api/nodes", &node(&farmer)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(told["farmer_id"], "vienna.farm");
    assert_eq!(told["location"]["city"], "Vienna", "the farm knows better");
    assert_eq!(told["updated"], "Fri, 15 Jan 2027 08:00:00 GMT");
    let units = json!({"cru": 1, "mru": 2.5, "hru": 0, "sru": 10});
    let path = format!("/api/nodes/{NODE}/reserved");
    let answer = tell(&devnet, "PUT", &path, &units).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let mut used = units.clone();
    used["cru"] = json!(3);
    used["farmer_id"] = json!(farmer);
    let path = format!("/api/nodes/{NODE}/actual");
    let answer = tell(&devnet, "PUT", &path, &used).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    // Registered again: what is reserved and used stays.
    let mut again = node(&farmer);
    again["os_version"] = json!("master 2");
    assert_eq!(
        tell(&devnet, "POST", "/api/nodes", &again).await.status,
        201
    );
    let before = devnet.grid().directory().node(NODE).unwrap();
    assert_eq!(before.os_version, "master 2");
    assert_eq!((before.free().cru, before.free().mru), (5.0, 29.5));
    let at = devnet.grid().addresses().directory;
    let page = get(at, "/?cru=8&sort=updated").await.body;
    assert!(page.contains(NODE) && page.contains("5 of 8"), "{page}");
    devnet.stop().await;
    let devnet = start(dir.path()).await;
    assert_eq!(devnet.grid().directory().node(NODE), Some(before));
    devnet.stop().await;
}

#[tokio::test]
async fn bodies_and_farmers_that_are_wrong_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let (vienna, cairo) = (token(&devnet, "vienna.farm"), token(&devnet, "cairo.farm"));
    let unauthorized = (403, "{\"errors\":\"Unauthorized farmer\"}\n");
    let other = tempfile::tempdir().unwrap();
    let foreign = start(other.path()).await;
    let forged = token(&foreign, "vienna.farm");
    foreign.stop().await;
    for bad in [
        "",
        "vienna.farm",
        "a.b.c",
        &forged,
        &token(&devnet, "no.farm"),
    ] {
        let answer = tell(&devnet, "POST", "/api/nodes", &node(bad)).await;
        assert_eq!((answer.status, answer.body.as_str()), unauthorized, "{bad}");
    }
    let change = |name: &str, value: Value| {
        let mut node = node(&vienna);
        node[name] = value;
        node
    };
    for (body, why) in [
        (json!([]), "no JSON object"),
        (change("node_id", json!("../x")), "hardware address"),
        (change("node_id", json!("AC1F6B84A330")), "hardware address"),
        (change("node_id", json!(7)), "expected a string"),
        (
            change("total_resources", json!({"cru": 1})),
            "missing field",
        ),
        (
            change(
                "total_resources",
                json!({"cru": -1, "mru": 1, "hru": 1, "sru": 1}),
            ),
            "units that cannot be",
        ),
        (change("location", json!({"city": "x"})), "missing field"),
    ] {
        let answer = tell(&devnet, "POST", "/api/nodes", &body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        let text = told["errors"].as_str().unwrap();
        assert!(
            text.starts_with("bad request body: ") && text.contains(why),
            "{text}"
        );
    }
    assert!(devnet.grid().directory().node(NODE).is_none());
    // A node stays with its farm.
    assert_eq!(
        tell(&devnet, "POST", "/api/nodes", &node(&vienna))
            .await
            .status,
        201
    );
    let answer = tell(&devnet, "POST", "/api/nodes", &node(&cairo)).await;
    assert_eq!((answer.status, answer.body.as_str()), unauthorized);
    let mut used = json!({"cru": 1, "mru": 1, "hru": 1, "sru": 1, "farmer_id": cairo});
    let path = format!("/api/nodes/{NODE}/actual");
    let answer = tell(&devnet, "PUT", &path, &used).await;
    assert_eq!((answer.status, answer.body.as_str()), unauthorized);
    used["farmer_id"] = json!(vienna);
    used["mru"] = json!("much");
    let answer = tell(&devnet, "PUT", &path, &used).await;
    let bad_body = (400, "{\"errors\":\"bad request body\"}\n");
    assert_eq!((answer.status, answer.body.as_str()), bad_body);
    let path = format!("/api/nodes/{NODE}/reserved");
    let answer = tell(&devnet, "PUT", &path, &json!({"cru": 1})).await;
    assert_eq!((answer.status, answer.body.as_str()), bad_body);
    let units = json!({"cru": 1, "mru": 1, "hru": 1, "sru": 1});
    let answer = tell(&devnet, "PUT", "/api/nodes/unknown/reserved", &units).await;
    assert_eq!((answer.status, answer.body.as_str()), (404, "{}\n"));
    let at = devnet.grid().addresses().directory;
    for (method, path) in [
        ("DELETE", "/api/nodes"),
        ("POST", "/"),
        ("PUT", "/api/farmers/x"),
    ] {
        assert_eq!(
            request(at, method, path, &[], b"{}").await.status,
            405,
            "{path}"
        );
    }
    devnet.stop().await;
}

#[tokio::test]
async fn a_farm_registers_and_changes() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let own = token(&devnet, "north.farm");
    let at = devnet.grid().addresses().directory;
    let create = "/api/farmer_create?organization=north.farm&name=North%20%3Cb%3E";
    let wallet = "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";
    let full = format!("{create}&walletAddress={wallet}&farmAddress=48.3,%2016.4");
    // Nobody else may.
    assert_eq!(get(at, &full).await.status, 403);
    let vienna = token(&devnet, "vienna.farm");
    assert_eq!(ask(&devnet, &vienna, &full).await.status, 403);
    for (more, why) in [
        ("&farmAddress=north", "incorrect farm address north"),
        ("&farmAddress=91,0", "incorrect farm address"),
        ("&walletAddress=01ab", "is no address"),
    ] {
        let answer = ask(&devnet, &own, &format!("{create}{more}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains(why), "{}", answer.body);
    }
    let nameless = ask(&devnet, &own, "/api/farmer_create?organization=north.farm").await;
    assert_eq!(nameless.status, 400);
    let answer = ask(&devnet, &own, &full).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    assert_eq!(answer.header("location"), Some("/farm_registered"));
    let page = get(at, "/farm_registered").await;
    assert!(page.status == 200 && page.body.contains("is registered"));
    let farm = devnet.grid().directory().farmer("north.farm").unwrap();
    assert_eq!(
        (farm.name.as_str(), farm.wallet_addresses.len()),
        ("North <b>", 1)
    );
    let place = farm.location.unwrap();
    assert_eq!((place.city.as_str(), place.latitude), ("Vienna", 48.3));
    let page = get(at, "/farmers").await.body;
    assert!(page.contains("North &lt;b&gt;") && !page.contains("North <b>"));
    // Its nodes come next, and stand where it stands.
    let answer = tell(&devnet, "POST", "/api/nodes", &node(&own)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let update = "/api/farmer_update?organization=north.farm&name=South&farmAddress=-54.8,-68.3\
                  &city=Ushuaia&country=Argentina&continent=South%20America";
    let answer = ask(&devnet, &own, update).await;
    assert_eq!(answer.header("location"), Some("/farm_updated"));
    let node = devnet.grid().directory().node(NODE).unwrap();
    assert_eq!(node.location.unwrap().city, "Ushuaia");
    let unknown = token(&devnet, "no.farm");
    let answer = ask(
        &devnet,
        &unknown,
        "/api/farmer_update?organization=no.farm&name=x",
    )
    .await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.body,
        "{\"code\":404,\"message\":\"itsyou.online organization: no.farm not found.\"}\n"
    );
    devnet.stop().await;
    // All of it is kept; a token of before counts on, a day long.
    let devnet = start(dir.path()).await;
    let farm = devnet.grid().directory().farmer("north.farm").unwrap();
    assert_eq!(
        (farm.name.as_str(), farm.wallet_addresses.len()),
        ("South", 1)
    );
    assert_eq!(ask(&devnet, &own, update).await.status, 302);
    devnet.clock_offset_set(86_400).await.unwrap();
    assert_eq!(ask(&devnet, &own, update).await.status, 403);
    let control = Control::open(dir.path()).unwrap();
    let fresh = control.farmer_token("north.farm").await.unwrap();
    assert_eq!(ask(&devnet, &fresh, update).await.status, 302);
    assert!(control.farmer_token("a/b").await.is_err());
    devnet.stop().await;
}

#[tokio::test]
async fn hostile_queries_get_pages() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let at = devnet.grid().addresses().directory;
    for bad in [
        "many",
        "-1",
        "2.5",
        "99999999999999999999999",
        "1%00",
        "%ff",
        "%3Cscript%3E",
    ] {
        let page = get(at, &format!("/?cru={bad}")).await;
        assert_eq!(page.status, 400, "{bad}");
        assert!(page.body.contains("is no whole number"), "{}", page.body);
        assert!(page.body.contains("type=\"range\"") && !page.body.contains("<script"));
        assert_eq!(get(at, &format!("/api/nodes?hru={bad}")).await.status, 400);
    }
    for good in [
        "/?page=0",
        "/?page=99999999999",
        "/?page=-1&pre_page=0",
        "/?pre_page=4000000000&sort=size",
        "/?country=%3Cscript%3E&farmer=%22%3E",
        "/?cru=18446744073709551615",
        "/?cru=&mru=&sru=&hru=&country=&farmer=",
        "/?a=b",
    ] {
        let page = get(at, good).await;
        assert_eq!(page.status, 200, "{good}");
        assert!(!page.body.contains("<script"), "{good}");
    }
    // What was asked for stays in the form, also beyond the ends of sliders and lists.
    let page = get(at, "/?cru=100&country=Atlantis").await.body;
    assert!(page.contains("at least 100 CPU cores"), "{page}");
    assert!(
        page.contains("max=\"100\"") && page.contains("value=\"100\""),
        "{page}"
    );
    assert!(
        page.contains("<option selected>Atlantis</option>"),
        "{page}"
    );
    assert!(page.contains("0 nodes"), "{page}");
    devnet.stop().await;
}

fn ids(page: &str) -> Vec<String> {
    let parts = page.split("<summary class=\"id\">").skip(1);
    let ids = parts.map(|part| part.split('<').next().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn many_nodes_are_filtered_sorted_and_turned() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path()).await.stop().await;
    // A directory of ten thousand nodes in a hundred farms.
    let place = |farm: usize| {
        json!({"city": "C", "continent": "X", "country": format!("Land {}", farm % 10),
               "latitude": 1.0, "longitude": 1.0})
    };
    let farmers: Vec<Value> = (0..100)
        .map(|farm| {
            json!({"iyo_organization": format!("farm.{farm}"), "name": "F",
                   "location": place(farm), "wallet_addresses": []})
        })
        .collect();
    let nodes: Vec<Value> = (0..10_000)
        .map(|n: usize| {
            json!({"farmer_id": format!("farm.{}", n % 100), "node_id": format!("{n:012x}"),
                   "os_version": "v", "robot_address": "", "location": place(n % 100),
                   "total_resources": {"cru": n % 64, "mru": 8, "hru": 0, "sru": n},
                   "updated": format!("Fri, 15 Jan 2027 {:02}:00:00 GMT", n % 24)})
        })
        .collect();
    let data = json!({"farmers": farmers, "nodes": nodes});
    std::fs::write(dir.path().join("grid/directory.json"), data.to_string()).unwrap();
    let devnet = start(dir.path()).await;
    let at = devnet.grid().addresses().directory;
    let all: Vec<Value> = serde_json::from_str(&get(at, "/api/nodes").await.body).unwrap();
    assert_eq!(all.len(), 10_000);
    let filter = Filter {
        cru: Some(60),
        country: Some("Land 3".into()),
        ..Filter::default()
    };
    let wanted = devnet.grid().directory().nodes(&filter);
    let body = get(at, "/api/nodes?cru=60&country=Land+3").await.body;
    let some: Vec<Value> = serde_json::from_str(&body).unwrap();
    assert_eq!(some.len(), wanted.len());
    assert!(!some.is_empty());
    let page = get(at, "/?cru=60&country=Land+3").await.body;
    assert!(
        page.contains(&format!("{} nodes, page 1 of", wanted.len())),
        "{page}"
    );
    // The newest first unless said otherwise; every page is another.
    let page = get(at, "/?page=1").await.body;
    assert_eq!(ids(&page).len(), 20);
    assert!(
        page.contains("15 Jan 2027 23:00:00") && !page.contains("22:00:00"),
        "{page}"
    );
    let page = get(at, "/?sort=sru&pre_page=2&page=2").await.body;
    assert_eq!(ids(&page), ["00000000270d", "00000000270c"]);
    assert!(
        page.contains("page=1&#38;sort=sru") || page.contains("page=1&amp;sort=sru"),
        "{page}"
    );
    assert!(page.contains(">more</a>") && page.contains(">earlier</a>"));
    let page = get(at, "/?sort=node&page=500").await.body;
    assert_eq!(ids(&page).last().unwrap(), "00000000270f");
    assert!(!page.contains(">more</a>"));
    assert!(
        get(at, "/farmers")
            .await
            .body
            .matches("<td>100</td>")
            .count()
            == 100
    );
    devnet.stop().await;
}

#[tokio::test]
async fn what_is_added_by_the_owner_is_one_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let farm = NewFarm {
        id: "my.farm".into(),
        name: String::new(),
        location: Location {
            city: String::new(),
            continent: String::new(),
            country: "Norway".into(),
            latitude: 0.0,
            longitude: 0.0,
        },
        units: Units {
            cru: 4.0,
            ..Units::default()
        },
        nodes: 1,
    };
    let id = devnet.grid().directory().add(&farm).unwrap().remove(0);
    let own = token(&devnet, "my.farm");
    let mut body = node(&own);
    body["node_id"] = json!(id);
    assert_eq!(tell(&devnet, "POST", "/api/nodes", &body).await.status, 201);
    assert_eq!(
        devnet
            .grid()
            .directory()
            .node(&id)
            .unwrap()
            .total_resources
            .cru,
        8.0
    );
    devnet.stop().await;
}
