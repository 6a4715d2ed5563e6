//! Directory and notary of the devnet against what was recorded from the real ones.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{get, request};
use super::faucet::start;
use super::recording::vector;

fn private(folder: &std::path::Path) {
    std::fs::create_dir_all(folder).unwrap();
}

/// A devnet folder, made by a devnet that is gone.
async fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path()).await.stop().await;
    dir
}

#[tokio::test]
async fn the_directory_answers_as_recorded() {
    let dir = folder().await;
    let cases = vector("capacity/directory_http.json");
    let cases = cases.as_array().unwrap();
    let body = |path: &str| -> Value {
        let case = cases.iter().find(|case| case["path"] == path).unwrap();
        serde_json::from_str(case["body"].as_str().unwrap()).unwrap()
    };
    let mut data = json!({"farmers": body("/api/farmers"), "nodes": body("/api/nodes")});
    for farmer in data["farmers"].as_array_mut().unwrap() {
        assert!(farmer["iyo_organization"].is_string());
    }
    std::fs::write(dir.path().join("grid/directory.json"), data.to_string()).unwrap();
    let devnet = start(dir.path()).await;
    for case in cases {
        let path = case["path"].as_str().unwrap();
        let answer = get(devnet.grid().addresses().directory, path).await;
        assert_eq!(
            u64::from(answer.status),
            case["status"].as_u64().unwrap(),
            "{path}"
        );
        assert_eq!(
            answer.header("content-type"),
            case["content_type"].as_str(),
            "{path}"
        );
        assert_eq!(answer.body, case["body"].as_str().unwrap(), "{path}");
    }
    devnet.stop().await;
}

async fn exchange(stream: &mut TcpStream, wire: &[u8], length: usize) -> Vec<u8> {
    stream.write_all(wire).await.unwrap();
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_notary_answers_as_recorded() {
    let dir = folder().await;
    let recording = vector("capacity/gedis_notary.json");
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let calls = recording["calls"].as_array().unwrap();
    private(&dir.path().join("grid/notary"));
    for (id, call) in calls.iter().enumerate() {
        let (args, hash) = (&call["register"]["args"], &call["get"]["args"]["hash"]);
        let kept = json!({
            "id": id,
            "hash": hash,
            "threebot_id": args["threebot_id"],
            "content": STANDARD.encode(bytes(&args["content"])),
            "content_signature": STANDARD.encode(bytes(&args["content_signature"])),
        });
        let file = format!("grid/notary/{}.json", hash.as_str().unwrap());
        std::fs::write(dir.path().join(file), kept.to_string()).unwrap();
    }
    let devnet = start(dir.path()).await;
    let addresses = devnet.grid().addresses();
    let mut stream = TcpStream::connect(addresses.notary).await.unwrap();
    let ping = bytes(&recording["misc"]["ping_request_wire"]);
    assert_eq!(exchange(&mut stream, &ping, 7).await, b"+PONG\r\n");
    let meta = bytes(&recording["misc"]["api_meta_get_request_wire"]);
    assert_eq!(exchange(&mut stream, &meta, 1).await, b"$");
    let mut stream = TcpStream::connect(addresses.notary).await.unwrap();
    for call in calls {
        let name = &call["case"];
        let object = bytes(&call["get"]["response_object_data"]);
        let mut wanted = format!("${}\r\n", object.len()).into_bytes();
        wanted.extend(&object);
        wanted.extend(b"\r\n");
        let wire = bytes(&call["get"]["request_wire"]);
        assert_eq!(
            exchange(&mut stream, &wire, wanted.len()).await,
            wanted,
            "{name}"
        );
        // Whoever it is for, its 3bot is not on this chain.
        let wire = bytes(&call["register"]["request_wire"]);
        let refused = exchange(&mut stream, &wire, 4).await;
        assert_eq!(refused, b"-ERR", "{name}");
        let mut rest = Vec::new();
        while !rest.ends_with(b"\n") {
            rest.push(stream.read_u8().await.unwrap());
        }
        let hash = call["get"]["args"]["hash"].as_str().unwrap();
        let answer = get(addresses.directory, &format!("/get?hash={hash}")).await;
        assert_eq!(answer.status, 200);
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(told["threebot_id"], call["register"]["args"]["threebot_id"]);
    }
    let unknown = format!("/get?hash={}", "0".repeat(64));
    assert_eq!(get(addresses.directory, &unknown).await.status, 404);
    let answer = request(addresses.directory, "POST", "/register", &[], b"{}").await;
    assert_eq!(answer.status, 400);
    devnet.stop().await;
}

#[tokio::test]
async fn the_notary_tells_what_it_can() {
    use kosmos::grid::gedis::{Client, Settings};
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let at = devnet.grid().addresses().notary;
    let client = Client::new(Settings::new("127.0.0.1", at.port()));
    assert_eq!(client.actors("default").await.unwrap(), ["notary_actor"]);
    let meta = client.meta("default").await.unwrap();
    assert_eq!(meta, [kosmos::grid::notary::description()]);
    assert!(client.meta("other").await.unwrap().is_empty());
    let mut stream = TcpStream::connect(at).await.unwrap();
    let asked = b"*1\r\n$15\r\njsx_schemas_get\r\n";
    assert_eq!(exchange(&mut stream, asked, 1).await, b"$");
    devnet.stop().await;
}

#[tokio::test]
async fn pages_work_without_scripts_and_escape_what_they_show() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let at = devnet.grid().addresses().directory;
    let page = get(at, "/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("type=\"range\" name=\"cru\""),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert!(
        !page.body.contains("ac1f6b84a330"),
        "nothing before a search"
    );
    let found = get(at, "/?cru=4&mru=&sru=&hru=&country=Austria&farmer=").await;
    assert!(found.body.contains("ac1f6b84a330"), "{}", found.body);
    assert!(
        !found.body.contains("singapore.farm</td>"),
        "{}",
        found.body
    );
    assert_eq!(get(at, "/?cru=many").await.status, 400);
    assert!(
        get(at, "/farmers")
            .await
            .body
            .contains("freefarm.s3-storage")
    );
    assert!(get(at, "/mails").await.body.contains("No mail"));
    assert_eq!(get(at, "/nothing").await.status, 404);
    let farm = kosmos::devnet::grid::NewFarm {
        id: "<b>farm".into(),
        name: String::new(),
        location: kosmos::grid::directory::Location {
            city: "<i>".into(),
            continent: String::new(),
            country: "Austria".into(),
            latitude: 0.0,
            longitude: 0.0,
        },
        units: Default::default(),
        nodes: 2,
    };
    assert_eq!(devnet.grid().directory().add(&farm).unwrap().len(), 2);
    assert!(devnet.grid().directory().add(&farm).is_err());
    let page = get(at, "/farmers").await;
    assert!(page.body.contains("&lt;b&gt;farm") && !page.body.contains("<b>farm"));
    devnet.stop().await;
}
