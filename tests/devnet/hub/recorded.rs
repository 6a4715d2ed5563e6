//! Every recorded request again, in its order.
use std::path::PathBuf;

use regex::Regex;
use serde_json::Value;

use super::{BOUNDARY, config, files, form, start};
use crate::devnet::client::{Answer, request};
use crate::devnet::recording::vector;

/// The archive that was uploaded: two files in five directories.
fn myapp() -> Vec<u8> {
    files(&[
        ("usr/bin/hello", b"#!/bin/sh\necho hello\n"),
        ("opt/my/app/data", b"data"),
    ])
}

fn body_of(record: &Value, flist: &[u8]) -> (String, Vec<u8>) {
    if let Some(name) = record["multipart"]["file"].as_str() {
        let content = match name.ends_with(".flist") {
            true => flist.to_vec(),
            false => myapp(),
        };
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        return (content_type, form(name, &content));
    }
    match &record["form_or_body"] {
        Value::String(text) => ("application/json".into(), text.clone().into_bytes()),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, value)| {
                let value = value
                    .as_str()
                    .unwrap()
                    .replace('/', "%2F")
                    .replace(':', "%3A");
                format!("{name}={value}")
            });
            let body = pairs.collect::<Vec<_>>().join("&");
            (
                "application/x-www-form-urlencoded".into(),
                body.into_bytes(),
            )
        }
        _ => ("text/plain".into(), Vec::new()),
    }
}

/// Times, sums and sizes of flists differ from run to run, as the recording says.
fn without_chance(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        (r#""updated": \d+"#, r#""updated": 0"#),
        (r#""size": "\d+\.\d\d KB""#, r#""size": "1.00 KB""#),
        (r#"\.flist", "size": \d+"#, r#".flist", "size": 0"#),
        (r"\b[0-9a-f]{32}\b", "0"),
    ] {
        text = Regex::new(pattern)
            .unwrap()
            .replace_all(&text, instead)
            .into_owned();
    }
    // The original lists in the order of its file system, which has no meaning.
    let parsed: Option<Value> = serde_json::from_str(&text).ok();
    if let Some(content) = parsed.as_ref().and_then(|json| json["content"].as_array()) {
        let mut entries: Vec<String> = content
            .iter()
            .map(|entry| serde_json::to_string(entry).unwrap())
            .collect();
        entries.sort();
        let (before, after) = text.split_once("\"content\": [").unwrap();
        let tail = &after[after.rfind("}]").unwrap()..];
        text = format!("{before}{}{tail}", entries.join(", "));
    }
    text
}

fn check(name: &str, record: &Value, answer: &Answer) {
    let status = u64::from(answer.status);
    assert_eq!(status, record["status"].as_u64().unwrap(), "{name}");
    let content_type = answer.header("content-type");
    assert_eq!(content_type, record["content_type"].as_str(), "{name}");
    if let Some(wanted) = record["body"].as_str() {
        assert_eq!(
            without_chance(&answer.body),
            without_chance(wanted),
            "{name}"
        );
    }
    if let Some(wanted) = record["html_texts"].as_array() {
        let texts = Regex::new("<code>(.*?)</code>").unwrap();
        let texts: Vec<&str> = texts
            .captures_iter(&answer.body)
            .map(|found| found.get(1).unwrap().as_str())
            .collect();
        assert_eq!(
            texts,
            wanted
                .iter()
                .map(|t| t.as_str().unwrap())
                .collect::<Vec<_>>(),
            "{name}"
        );
    }
    if record["first_bytes"].is_string() {
        // Gzip; the second byte of it is no text.
        assert!(answer.body.starts_with('\u{1f}'), "{name}");
        assert!(answer.header("content-length").is_some(), "{name}");
    }
}

#[tokio::test]
async fn answers_as_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let recording = vector("flist/hub_http.json");
    let recording = recording.as_array().unwrap();
    assert_eq!(recording.len(), 47);
    let kept: PathBuf = dir.path().join("flists/Administrator/myapp.flist");
    for (number, record) in recording.iter().enumerate() {
        let text = |key: &str| record[key].as_str().unwrap();
        let (method, path) = (text("method"), text("path"));
        let name = format!("#{number} {method} {path} {}", record["note"]);
        let flist = std::fs::read(&kept).unwrap_or_default();
        let (content_type, body) = body_of(record, &flist);
        let headers = [("Content-Type", content_type.as_str())];
        let answer = request(hub.addr(), method, path, &headers, &body).await;
        check(&name, record, &answer);
    }
}
