//! Stand-ins for what one gets: an archive, the etcd of a gateway, a controller of networks.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Reply, Request, serve};

fn ok(body: impl Into<Vec<u8>>) -> Reply {
    (200, Vec::new(), body.into())
}

const XML: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// An archive in memory, with buckets in the path. It looks that a request is signed, not by whom.
pub fn archive() -> u16 {
    let store: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
    serve(move |request| s3(&request, &mut store.lock().unwrap()))
}

fn error(status: u16, code: &str) -> Reply {
    let body = format!("<Error><Code>{code}</Code><Message>no \u{7}luck</Message></Error>");
    (status, Vec::new(), body.into_bytes())
}

fn s3(request: &Request, store: &mut BTreeMap<String, Vec<u8>>) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if !query.contains("X-Amz-Signature=") || !query.contains("X-Amz-Credential=login") {
        return error(403, "AccessDenied");
    }
    let path = path.trim_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let of = |bucket: &str| format!("{bucket}/");
    match (request.method.as_str(), bucket, key) {
        ("GET", "", "") => {
            let names = store.keys().filter_map(|key| key.strip_suffix('/'));
            let list: String = names
                .filter(|name| !name.contains('/'))
                .map(|name| format!("<Bucket><Name>{name}</Name><CreationDate>2019-07-01T00:00:00.000Z</CreationDate></Bucket>"))
                .collect();
            ok(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListAllMyBucketsResult {XML}><Owner><ID>1</ID><DisplayName>me</DisplayName></Owner><Buckets>{list}</Buckets></ListAllMyBucketsResult>"
            ))
        }
        ("PUT", bucket, "") => match store.insert(of(bucket), Vec::new()) {
            None => ok(""),
            Some(_) => error(409, "BucketAlreadyOwnedByYou"),
        },
        (_, bucket, _) if !store.contains_key(&of(bucket)) => error(404, "NoSuchBucket"),
        ("DELETE", bucket, "") => match store.keys().filter(|k| k.starts_with(&of(bucket))).count()
        {
            1 => {
                store.remove(&of(bucket));
                (204, Vec::new(), Vec::new())
            }
            _ => error(409, "BucketNotEmpty"),
        },
        ("GET", bucket, "") => {
            let start = of(bucket);
            let list: String = store
                .iter()
                .filter_map(|(key, body)| Some((key.strip_prefix(&start)?, body)))
                .filter(|(key, _)| !key.is_empty())
                .map(|(key, body)| format!("<Contents><Key>{key}</Key><LastModified>2019-07-01T00:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>", body.len()))
                .collect();
            ok(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult {XML}><Name>{bucket}</Name><Prefix></Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>{list}</ListBucketResult>"
            ))
        }
        ("PUT", _, _) => {
            assert!(request.headers.contains_key("content-type"));
            store.insert(path.to_owned(), request.body.clone());
            (200, vec![("etag", "\"1\"".into())], Vec::new())
        }
        ("GET", _, _) => store
            .get(path)
            .map_or_else(|| error(404, "NoSuchKey"), |body| ok(body.clone())),
        ("DELETE", _, _) => {
            store.remove(path);
            (204, Vec::new(), Vec::new())
        }
        _ => error(405, "MethodNotAllowed"),
    }
}

/// Keys and values of an etcd.
pub type Keys = Arc<Mutex<BTreeMap<String, String>>>;

/// An etcd of 2019: its gateway is at `/v3beta`.
pub fn etcd() -> (u16, Keys) {
    let keys: Keys = Arc::default();
    let own = keys.clone();
    let port = serve(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = |name: &str| {
            let bytes = STANDARD.decode(body[name].as_str().unwrap_or_default());
            String::from_utf8(bytes.unwrap()).unwrap()
        };
        let mut keys = own.lock().unwrap();
        match request.path.as_str() {
            "/v3beta/kv/put" => {
                keys.insert(text("key"), text("value"));
                ok("{}")
            }
            "/v3beta/kv/range" => {
                let kvs: Vec<Value> = keys
                    .range(text("key")..text("range_end"))
                    .map(|(k, v)| json!({"key": STANDARD.encode(k), "value": STANDARD.encode(v)}))
                    .collect();
                ok(json!({ "kvs": kvs }).to_string())
            }
            "/v3beta/kv/deleterange" => {
                let (start, end) = (text("key"), text("range_end"));
                keys.retain(|key, _| *key < start || *key >= end);
                ok("{}")
            }
            _ => (404, Vec::new(), b"Not Found".to_vec()),
        }
    });
    (port, keys)
}

/// A controller with one network and one member, which remembers what it was told.
pub fn controller() -> (u16, Arc<Mutex<Vec<String>>>) {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let own = told.clone();
    let network = json!({
        "id": "8056c2e21c000001",
        "config": {"name": "home", "routes": [{"target": "10.147.17.0/24", "via": null}]},
    });
    let member = json!({
        "nodeId": "7ad1f2a8c0", "name": "laptop", "physicalAddress": "203.0.113.7/9993",
        "config": {"authorized": true, "ipAssignments": ["10.147.17.3"]},
    });
    let port = serve(move |request| {
        if request
            .headers
            .get("authorization")
            .is_none_or(|token| token != "bearer secret")
        {
            return (403, Vec::new(), Vec::new());
        }
        let body = String::from_utf8(request.body).unwrap();
        own.lock()
            .unwrap()
            .push(format!("{} {} {body}", request.method, request.path));
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        match (request.method.as_str(), path.as_slice()) {
            ("DELETE", _) => ok(""),
            ("GET", ["network"]) => ok(json!([network]).to_string()),
            (_, ["network"] | ["network", "8056c2e21c000001"]) => ok(network.to_string()),
            ("GET", ["network", _, "member"]) => ok(json!([member]).to_string()),
            (_, ["network", _, "member", _]) => ok(member.to_string()),
            _ => (404, Vec::new(), Vec::new()),
        }
    });
    (port, told)
}
