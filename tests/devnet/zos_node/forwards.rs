//! Forwarded ports of containers, over the wire.
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use serde_json::json;

use super::{Running, skipped};

/// A node on an address of its own, with an empty root for containers.
fn node(last: u8) -> Running {
    let running = Running::with(|config| {
        config.listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0);
        config.program = Some(env!("CARGO_BIN_EXE_kosmos").into());
    });
    std::fs::create_dir_all(running.dir.path().join("node/fs/root")).unwrap();
    running
}

/// A port that is free on every address just now.
fn free() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A container that forwards a port; without a link to the node's network it would not.
fn arguments(name: &str, port: u16) -> serde_json::Value {
    json!({
        "name": name,
        "root": "/root",
        "nics": [{"type": "default", "id": "None", "hwaddr": "", "name": "nat0"}],
        "port": {port.to_string(): 80},
    })
}

#[test]
fn a_port_stands_on_the_address_of_its_node() {
    let port = free();
    let nodes = [node(2), node(3)];
    for node in &nodes {
        let created = node
            .client()
            .run("c", "corex.create", arguments("site", port));
        if created["code"] == 501 {
            return skipped(&created["data"].to_string());
        }
        assert_eq!(created["state"], "SUCCESS", "{created}");
        let at = SocketAddr::new(node.addr.ip(), port);
        let tried = TcpStream::connect(at);
        let there = node.client().run("l", "corex.list", json!({}));
        assert!(tried.is_ok(), "{at}: {tried:?}, {there}");
    }
    // Twice on one node is refused.
    let again = nodes[0]
        .client()
        .run("d", "corex.create", arguments("other", port));
    assert_eq!(again["state"], "ERROR", "{again}");
    assert!(
        again["data"].to_string().contains(&port.to_string()),
        "{again}"
    );
}
