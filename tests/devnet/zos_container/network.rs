//! The network of containers: what they reach, what they do not, and what it is to the machine.
use std::net::UdpSocket;

use kosmos::devnet::zos::switch::links::Ask;
use kosmos::devnet::zos::switch::{Opening, Switch};
use kosmos::zos::protocol::NicConfig;

use super::*;

/// A node whose containers have a network with a way out; None, with the reason printed, else.
async fn connected() -> Option<Node> {
    let node = node().await?;
    let lacks = match node.containers.network() {
        Ok(switch) => switch.lacking().connections.clone(),
        Err(why) => Some(why.to_owned()),
    };
    if let Some(why) = lacks {
        eprintln!("skipped: no network of containers on this machine: {why}");
        return None;
    }
    Some(node)
}

fn switch(node: &Node) -> &std::sync::Arc<Switch> {
    node.containers.network().unwrap()
}

/// Serves one page on an address of this machine until the test ends.
fn serve(address: IpAddr, page: &'static str) -> u16 {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 1024]);
            let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\n{page}");
        }
    });
    port
}

/// An address of this machine that others would reach it by.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: the kernel only says by which way it would be.
    socket.connect("192.0.2.254:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

fn bridge_nic(bridge: &str, cidr: &str) -> Nic {
    Nic {
        kind: "bridge".to_owned(),
        id: Some(bridge.to_owned()),
        name: Some("priv0".to_owned()),
        config: Some(NicConfig {
            cidr: cidr.to_owned(),
            ..NicConfig::default()
        }),
        ..Nic::default()
    }
}

fn make_bridge(node: &Node, name: &str, address: &str) {
    let name = || name.to_owned();
    for ask in [
        Ask::AddBridge(name(), String::new()),
        Ask::AddAddress(name(), address.to_owned()),
        Ask::Up(name(), true),
    ] {
        switch(node).ask(&ask).unwrap();
    }
}

/// What of the machine's network must not change.
fn machine() -> Vec<String> {
    let mut links: Vec<String> = fs::read_dir("/sys/class/net")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    links.sort();
    let files = [
        "/proc/net/route",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/net/bridge/bridge-nf-call-iptables",
        "/proc/net/if_inet6",
    ];
    links.extend(files.map(|file| fs::read_to_string(file).unwrap_or_default()));
    links
}

#[tokio::test]
async fn containers_reach_each_other_and_what_lies_outside() {
    let before = machine();
    let Some(mut node) = connected().await else {
        return;
    };
    let one = node.create(from_folder()).await.unwrap();
    let two = node.create(from_folder()).await.unwrap();
    node.start(one, "echo x > /tmp/up; httpd -f -p 80 -h /");
    let page = "for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://172.18.0.2/mark && break; sleep 0.2; done";
    assert_eq!(node.says(two, page).await, "from the image\n");
    let resolv = node.says(two, "cat /etc/resolv.conf").await;
    assert_eq!(resolv, "\nnameserver 172.18.0.1\n");
    // What listens on the machine's loopback is not there for containers.
    let hidden = serve(IpAddr::V4(Ipv4Addr::LOCALHOST), "of the machine");
    for address in ["127.0.0.1", "172.18.0.1"] {
        node.refuses(two, &format!("wget -q -O - http://{address}:{hidden}/"))
            .await;
    }
    // Until the node lets them.
    let opening = Opening {
        port: hidden,
        link: Some("core0".to_owned()),
        from: Some("172.18.0.3/32".parse().unwrap()),
    };
    assert!(switch(&node).open(opening.clone()));
    assert!(!switch(&node).open(opening));
    let fetch = format!("wget -q -O - http://172.18.0.1:{hidden}/");
    assert_eq!(node.says(two, &fetch).await, "of the machine");
    node.refuses(one, &fetch).await;
    switch(&node).close(hidden);
    node.refuses(two, &fetch).await;
    match own_address() {
        Some(address) => {
            let port = serve(address, "outside");
            let fetch = format!("wget -q -O - http://{address}:{port}/");
            assert_eq!(node.says(two, &fetch).await, "outside");
        }
        None => eprintln!("skipped: the way out: this machine has no address but loopback"),
    }
    assert_eq!(machine(), before, "nothing of it lies on the machine");
}

#[tokio::test]
async fn a_bridge_of_its_own_leads_nowhere_else() {
    let Some(mut node) = connected().await else {
        return;
    };
    make_bridge(&node, "net1", "10.10.1.1/24");
    let one = node.create(from_folder()).await.unwrap();
    let two = node
        .create(CreateArguments {
            nics: vec![Nic {
                config: Some(NicConfig {
                    cidr: "10.10.1.6/24".to_owned(),
                    gateway: "10.10.1.1".to_owned(),
                    dns: Some(vec!["10.10.1.9".to_owned(), "no\naddress".to_owned()]),
                    ..NicConfig::default()
                }),
                hwaddr: Some("02:00:00:00:10:06".to_owned()),
                ..bridge_nic("net1", "")
            }],
            ..from_folder()
        })
        .await
        .unwrap();
    let seen = "ls /sys/class/net; cat /sys/class/net/priv0/address /etc/resolv.conf";
    assert_eq!(
        node.says(two, seen).await,
        "lo\npriv0\n02:00:00:00:10:06\n\nnameserver 10.10.1.9\n"
    );
    node.start(two, "httpd -f -p 80 -h /");
    let fetch = "wget -q -O - http://10.10.1.6/mark";
    node.refuses(one, fetch).await;
    // A second link while it runs.
    let nic = bridge_nic("net1", "10.10.1.5/24");
    node.containers.nic_add(one, nic.clone()).await.unwrap();
    let again = node.containers.nic_add(one, nic).await.unwrap_err();
    assert_eq!(again.code, 400, "{again}");
    let fetch_soon = format!("for i in 1 2 3 4 5 6 7 8 9; do {fetch} && break; sleep 0.2; done");
    assert_eq!(node.says(one, &fetch_soon).await, "from the image\n");
    if let Some(address) = own_address() {
        let port = serve(address, "outside");
        let outside = format!("wget -q -O - http://{address}:{port}/");
        node.refuses(two, &outside).await;
        switch(&node).set_outwards("net1", true);
        assert_eq!(node.says(two, &outside).await, "outside");
    }
    node.containers.nic_remove(one, 1).await.unwrap();
    assert_eq!(node.says(one, "ls /sys/class/net").await, "eth0\nlo\n");
    let again = node.containers.nic_remove(one, 1).await.unwrap_err();
    assert_eq!(again.message, "nic is in 'destroyed' state");
}

#[tokio::test]
async fn links_that_this_node_does_not_have_are_refused() {
    let Some(node) = connected().await else {
        return;
    };
    let id = node.create(from_folder()).await.unwrap();
    let of = |kind: &str, link: &str| Nic {
        kind: kind.to_owned(),
        id: Some(link.to_owned()),
        ..Nic::default()
    };
    let dhcp = Nic {
        config: Some(NicConfig {
            dhcp: true,
            ..NicConfig::default()
        }),
        ..of("bridge", "net2")
    };
    make_bridge(&node, "net2", "10.10.2.1/24");
    for (nic, code, words) in [
        (
            of("bridge", "none"),
            404,
            "bridge 'none' not found: Link not found",
        ),
        (of("bridge", "lo"), 500, "cannot use link lo"),
        (of("vlan", "7"), 412, "ovs is needed for VLAN network type"),
        (of("vxlan", "7"), 501, "not possible on this node"),
        (
            of("zerotier", "9bee8941b5717835"),
            501,
            "zerotier is not installed",
        ),
        (of("macvlan", "eth0"), 501, "links of the machine stay"),
        (of("passthrough", "eth0"), 501, "links of the machine stay"),
        (of("token-ring", ""), 400, "unsupported network type"),
        (bridge_nic("net2", "10.10.2.5"), 500, "invalid CIDR address"),
        (dhcp, 501, "set config.cidr"),
    ] {
        let error = node.containers.nic_add(id, nic.clone()).await.unwrap_err();
        assert_eq!(error.code, code, "{nic:?}: {error}");
        assert!(error.message.contains(words), "{nic:?}: {error}");
    }
    assert_eq!(node.containers.get(id).unwrap().arguments.nics.len(), 1);
    let error = node
        .containers
        .nic_add(99, default_nic())
        .await
        .unwrap_err();
    assert_eq!(error.code, 404);
    // A bad one leaves nothing of a create either.
    let arguments = CreateArguments {
        nics: vec![default_nic(), bridge_nic("net2", "300.1.1.1/8")],
        ..from_folder()
    };
    node.create(arguments).await.unwrap_err();
    let hwaddr = CreateArguments {
        nics: vec![Nic {
            hwaddr: Some("02:xx".to_owned()),
            ..default_nic()
        }],
        ..from_folder()
    };
    let error = node.create(hwaddr).await.unwrap_err();
    assert!(
        error.message.contains("invalid hardware address"),
        "{error}"
    );
    assert_eq!(node.containers.list(&[]).len(), 1);
    let left = fs::read_dir(node.dir.path().join("containers")).unwrap();
    assert_eq!(left.count(), 1);
}

#[tokio::test]
async fn links_go_with_their_container() {
    let Some(mut node) = connected().await else {
        return;
    };
    let id = node.create(from_folder()).await.unwrap();
    let name = format!("cont{id}-0");
    assert_eq!(switch(&node).link(&name), Some(false));
    node.says(id, "echo there").await;
    node.containers.terminate(id).await.unwrap();
    // The kernel takes networks apart a moment after their last process.
    let begun = std::time::Instant::now();
    while switch(&node).link(&name).is_some() {
        assert!(begun.elapsed() < PATIENCE, "{name} stays");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn without_its_network_a_node_says_so() {
    let Some(node) = connected().await else {
        return;
    };
    let id = node.create(from_folder()).await.unwrap();
    let pid = switch(&node).pid().to_string();
    let killed = Command::new("kill").args(["-9", &pid]).status();
    assert!(killed.unwrap().success());
    let error = node.create(from_folder()).await.unwrap_err();
    assert!(
        error.message.contains("the node's network is gone"),
        "{error}"
    );
    // Those that run, and those that need none, go on.
    assert!(node.containers.get(id).is_some());
    let alone = CreateArguments {
        nics: Vec::new(),
        ..from_folder()
    };
    let alone = node.create(alone).await;
    if is_root(&node) {
        alone.unwrap();
    }
}

/// Answers every datagram with itself and who it came from, until the test ends.
fn echo(address: IpAddr) -> u16 {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut block) {
            let _ = socket.send_to(&block[..length], from);
        }
    });
    port
}

#[tokio::test]
async fn datagrams_go_out_and_their_answers_come_back() {
    let Some(mut node) = connected().await else {
        return;
    };
    if let Some(why) = &switch(&node).lacking().datagrams {
        eprintln!("skipped: datagrams of containers: {why}");
        return;
    }
    let Some(address) = own_address() else {
        eprintln!("skipped: the way out: this machine has no address but loopback");
        return;
    };
    let one = node.create(from_folder()).await.unwrap();
    let two = node.create(from_folder()).await.unwrap();
    let port = echo(address);
    // Several of one pair, and of two containers that use the same port.
    let ask = format!("ask {address} {port} 5000 20000 one two three");
    for id in [one, two] {
        assert_eq!(node.says(id, &ask).await, "one\ntwo\nthree\n");
    }
    // The longest that fits into a packet, and one that does not.
    let long = "x".repeat(1472);
    let ask = format!("ask {address} {port} 5001 20000 {long}");
    assert_eq!(node.says(one, &ask).await.trim().len(), 1472);
    let longer = format!("ask {address} {port} 5002 300 {long}x");
    assert_eq!(node.says(one, &longer).await, "nothing\n");
    // Neither the machine's loopback nor what is next to it is there for containers.
    let hidden = echo(IpAddr::V4(Ipv4Addr::LOCALHOST));
    for closed in ["127.0.0.1", "172.18.0.1", "169.254.169.254"] {
        let ask = format!("ask {closed} {hidden} 5003 300 one");
        assert_eq!(node.says(one, &ask).await, "nothing\n", "{closed}");
    }
    // A bridge without a way out has none for datagrams, and no other's address helps.
    make_bridge(&node, "apart", "10.10.3.1/24");
    let apart = CreateArguments {
        nics: vec![Nic {
            config: Some(NicConfig {
                cidr: "10.10.3.6/24".to_owned(),
                gateway: "10.10.3.1".to_owned(),
                ..NicConfig::default()
            }),
            ..bridge_nic("apart", "")
        }],
        ..from_folder()
    };
    let apart = node.create(apart).await.unwrap();
    let ask = format!("ask {address} {port} 5004 300 one");
    assert_eq!(node.says(apart, &ask).await, "nothing\n");
    switch(&node).set_outwards("apart", true);
    // What was refused is judged again after a moment.
    let again = format!("ask {address} {port} 5005 20000 one");
    assert_eq!(node.says(apart, &again).await, "one\n");
}
