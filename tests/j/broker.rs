//! What the broker does with payments of every kind (spec: capacity §6).
use std::time::Duration;

use kosmos::grid::notary::Register;
use kosmos::grid::reservation::{DiskType, Mode, Password, Reservation, Wanted};
use kosmos::grid::sealed::{NONCE, Sealed, notary_hash};
use kosmos::tfchain::{KeyPair, PublicKey, Seed};

use super::{Chain, Session};

const BOT: &str = "your3bot.fancyname";

/// A chain with a wallet `w` that has a 3bot, and what it takes to send the broker anything.
struct Place {
    chain: Chain,
    s: Session,
    key: KeyPair,
    number: u64,
    broker: PublicKey,
    sealed: u8,
}

impl Place {
    fn new() -> Place {
        Place::on(Chain::start())
    }

    fn on(chain: Chain) -> Place {
        let mut s = chain.funded();
        for _ in 0..3 {
            s.says("t = c.faucet_request(w.address)");
            chain.block();
        }
        s.says(&format!(
            "t = w.threebot.record_new(names=['{BOT}'], months=1)"
        ));
        chain.block();
        // The broker becomes a 3bot when somebody asks the directory.
        s.says("n = j.clients.threefold_directory.main.nodes()");
        let public = |s: &mut Session, name: &str| -> PublicKey {
            let text = s.text(&format!("c.threebot.record_get('{name}').public_key"));
            text.parse().unwrap()
        };
        let (own, broker) = (public(&mut s, BOT), public(&mut s, "development.broker"));
        let number = s.says(&format!("c.threebot.record_get('{BOT}').identifier"));
        let seed = Seed::from_phrase(&s.text("w.seed")).unwrap();
        let mut keys = (0..10).map(|index| seed.key_pair(index));
        let key = keys.find(|key| *key.public_key() == own).unwrap();
        Place {
            chain,
            s,
            key,
            number: number.parse().unwrap(),
            broker,
            sealed: 0,
        }
    }

    /// Locks something for the broker, never twice the same.
    fn seal(&mut self, packed: &[u8]) -> Sealed {
        self.sealed += 1;
        Sealed::new(packed, &self.key, &self.broker, [self.sealed; NONCE]).unwrap()
    }

    /// Registers what is sealed; its hash.
    fn register(&self, sealed: Sealed) -> String {
        let register = Register {
            threebot_id: BOT.into(),
            sealed,
        };
        self.chain
            .handle()
            .grid()
            .notary()
            .register(register)
            .unwrap()
    }

    fn registered(&mut self, packed: &[u8]) -> String {
        let sealed = self.seal(packed);
        self.register(sealed)
    }

    /// Pays the broker, and waits until it is done with that; the id of the payment.
    fn pay(&mut self, amount: &str, more: &str) -> String {
        let to = self.broker.unlock_hash();
        self.s
            .says(&format!("t = w.coins_send('{to}', '{amount}'{more})"));
        for _ in 0..3 {
            self.chain.block();
            self.chain.settled();
        }
        self.s.text("t.transaction.id")
    }

    fn pay_for(&mut self, amount: &str, hash: &str) -> String {
        self.pay(amount, &format!(", data='{hash}'"))
    }

    fn coins(&mut self) -> f64 {
        let text = self.s.says("w.balance.available");
        text.trim_end_matches(" TFT").parse().unwrap()
    }

    /// Subjects of the mails about a payment.
    fn mails(&self, id: &str) -> Vec<String> {
        let letters = self.chain.handle().grid().mails();
        let mails = letters.into_iter().map(|letter| letter.mail);
        let mails = mails.filter(|mail| mail.key.starts_with(id));
        mails.map(|mail| mail.subject).collect()
    }

    fn error(&self, id: &str) -> String {
        let mails = self.chain.handle().grid().mails();
        let mail = &mails
            .iter()
            .find(|letter| letter.mail.key.starts_with(id))
            .unwrap()
            .mail;
        assert_eq!(mail.subject, "Reservation failed");
        mail.value("Error").unwrap().to_owned()
    }
}

fn reservation(wanted: Wanted) -> Reservation {
    Reservation {
        duration: None,
        email: "user@mail.com".into(),
        created: 1_561_000_000,
        wanted,
    }
}

fn machine(size: u32) -> Vec<u8> {
    let location = "vienna.farm".into();
    reservation(Wanted::Vm {
        size,
        location,
        organization: None,
    })
    .pack()
}

fn namespace() -> Vec<u8> {
    reservation(Wanted::Namespace {
        size: 1,
        location: "vienna.farm".into(),
        disk_type: DiskType::Ssd,
        mode: Mode::Seq,
        password: Password::new("secret"),
    })
    .pack()
}

#[test]
fn too_little_is_paid_back_too_much_is_kept_and_a_reservation_is_deployed_once() {
    let mut place = Place::new();
    let hash = place.registered(&machine(2));
    let before = place.coins();
    let id = place.pay_for("41.65", &hash);
    assert_eq!(
        place.error(&id),
        "transaction amount is to low to deploy the workload. given: 41.65 needed: 83.3"
    );
    assert!((before - place.coins() - 1.1).abs() < 1e-6);
    // What came to nothing can be paid again. Nothing of it comes back.
    let before = place.coins();
    let id = place.pay_for("100", &hash);
    assert_eq!(
        place.mails(&id),
        ["Your virtual 0-OS is ready on the Threefold grid"]
    );
    assert!((before - place.coins() - 101.0).abs() < 1e-6);
    // What is deployed is not deployed again.
    let before = place.coins();
    let again = place.pay_for("83.3", &hash);
    assert_eq!(
        place.error(&again),
        format!("the reservation was paid before, by the transaction {id}")
    );
    assert!((before - place.coins() - 1.1).abs() < 1e-6);
    let nodes = "j.clients.threefold_directory.main.nodes(farmer='vienna.farm')";
    let taken = format!("{nodes}.list().map(|n| n.get('reserved_resources'))");
    let taken = place.s.says(&taken);
    assert_eq!(taken.matches("'cru': 2.0").count(), 1, "{taken}");
}

#[test]
fn what_cannot_be_read_comes_back_without_a_mail() {
    let mut place = Place::new();
    let good = place.registered(&machine(1));
    let unknown = "0".repeat(64);
    let no_box = {
        let content = vec![7; 100];
        let signature = place.key.sign_message(&content);
        place.register(Sealed { content, signature })
    };
    let short = {
        let content = vec![7; 3];
        let signature = place.key.sign_message(&content);
        place.register(Sealed { content, signature })
    };
    let list = place.registered(&[0x93, 1, 2, 3]);
    let nothing = place.registered(b"");
    // The notary takes no forged signature: it gets into its folder another way.
    let forged = {
        let sealed = place.seal(&machine(1));
        let hash = notary_hash(place.number, &sealed.content).to_string();
        let folder = place.chain.folder().join("grid/notary");
        let kept = std::fs::read(folder.join(format!("{good}.json"))).unwrap();
        let mut kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
        use base64::Engine;
        let content = base64::engine::general_purpose::STANDARD.encode(&sealed.content);
        kept["hash"] = hash.as_str().into();
        kept["content"] = content.into();
        std::fs::write(folder.join(format!("{hash}.json")), kept.to_string()).unwrap();
        hash
    };
    let upper = good.to_uppercase();
    for (what, data) in [
        ("no data", ""),
        ("words", "for the coffee"),
        ("an unknown hash", unknown.as_str()),
        ("capitals", upper.as_str()),
        ("no box", no_box.as_str()),
        ("a short box", short.as_str()),
        ("a list", list.as_str()),
        ("nothing", nothing.as_str()),
        ("a forged signature", forged.as_str()),
    ] {
        let before = place.coins();
        let id = match data {
            "" => place.pay("41.65", ""),
            data => place.pay_for("41.65", data),
        };
        let lost = before - place.coins();
        assert!((lost - 1.1).abs() < 1e-6, "{what}: {lost}");
        assert_eq!(place.mails(&id), [""; 0], "{what}");
    }
    assert!(place.chain.handle().grid().mails().is_empty());
}

#[test]
fn who_can_be_told_is_told_what_is_wrong() {
    let mut place = Place::new();
    let packed = |fields: serde_json::Value| {
        let mut bytes = Vec::new();
        fields
            .serialize(&mut rmp_serde::Serializer::new(&mut bytes))
            .unwrap();
        bytes
    };
    use serde::Serialize;
    let cases = [
        (
            serde_json::json!({"type": "gpu", "email": "user@mail.com", "size": 1}),
            "a reservation of type 'gpu' is not known",
        ),
        (
            serde_json::json!({"type": "vm", "email": "user@mail.com", "size": 9, "location": "vienna.farm"}),
            "size of the reservation is 9; 1 or 2 is expected",
        ),
        (
            serde_json::json!({"type": "vm", "email": "user@mail.com", "location": "vienna.farm"}),
            "the reservation has no size",
        ),
        (
            serde_json::json!({"type": "vm", "email": "user@mail.com", "size": 1, "location": "nowhere"}),
            "there is no node or farm 'nowhere'",
        ),
        (
            serde_json::json!({"type": "s3", "email": "user@mail.com", "size": 1, "location": "vienna.farm"}),
            "can only deploy s3 in freefarm.s3-storage",
        ),
        (
            serde_json::json!({"type": "reverse_proxy", "email": "user@mail.com", "domain": "not a domain", "backend_urls": ["http://127.0.0.1:80"]}),
            "'not a domain' is no domain: expected a name such as www.example.org",
        ),
        (
            serde_json::json!({"type": "reverse_proxy", "email": "user@mail.com", "domain": "a.example.org", "backend_urls": ["127.0.0.1:80"]}),
            "wrong format for endpoint 127.0.0.1:80: expected http://host:port",
        ),
    ];
    for (fields, expected) in cases {
        let hash = place.registered(&packed(fields));
        let before = place.coins();
        let id = place.pay_for("41.65", &hash);
        assert_eq!(place.error(&id), expected);
        let lost = before - place.coins();
        assert!((lost - 1.1).abs() < 1e-6, "{expected}: {lost}");
    }
    // An amount that a refund would eat up stays, and that is said.
    let hash = place.registered(&namespace());
    let before = place.coins();
    let id = place.pay_for("0.05", &hash);
    assert_eq!(
        place.error(&id),
        "transaction amount is to low to deploy the workload. given: 0.05 needed: 0.0833"
    );
    assert!((before - place.coins() - 1.05).abs() < 1e-6);
    let mails = place.chain.handle().grid().mails();
    assert_eq!(
        mails[0].mail.value("Transaction id"),
        Some("none: 0.05 TFT is not more than the fee of a refund")
    );
}

#[test]
fn coins_that_are_locked_are_not_a_payment() {
    let mut place = Place::new();
    let hash = place.registered(&namespace());
    let before = place.coins();
    let id = place.pay("5", &format!(", data='{hash}', lock='+1h'"));
    assert_eq!(place.mails(&id), [""; 0]);
    // Also not when they are free later: they were seen once.
    place.chain.later(7_200);
    place.chain.settled();
    assert_eq!(place.mails(&id), [""; 0]);
    assert!((before - place.coins() - 6.0).abs() < 1e-6);
    // To an address that both own is not to the broker either.
    let (to, own) = (place.broker.unlock_hash(), place.s.text("w.address"));
    place.s.says(&format!(
        "t = w.coins_send(['{to}', '{own}'], 5, data='{hash}')"
    ));
    place.chain.block();
    place.chain.settled();
    let id = place.s.text("t.transaction.id");
    assert_eq!(place.mails(&id), [""; 0]);
}

#[test]
fn the_reservation_of_a_3bot_whose_time_is_over_comes_back() {
    let mut place = Place::new();
    let hash = place.registered(&machine(1));
    place.chain.later(60 * 86_400);
    let before = place.coins();
    let id = place.pay_for("41.65", &hash);
    let lost = before - place.coins();
    assert!((lost - 1.1).abs() < 1e-6, "{lost}");
    assert_eq!(place.mails(&id), [""; 0]);
}

#[test]
fn of_two_at_once_one_gets_the_last_capacity_and_the_other_the_coins() {
    let mut place = Place::new();
    let s = &mut place.s;
    s.says("f = j.devnet.farm_add('tiny.farm', country='Austria', cru=2, mru=4, sru=40)");
    s.says("v = c.wallets.new('second')");
    for _ in 0..2 {
        s.says("t = c.faucet_request(v.address)");
        place.chain.block();
    }
    s.says("t = v.threebot.record_new(names=['other.fancyname'], months=1)");
    place.chain.block();
    // Both look, and both see that there is place.
    let call = |wallet: &str, bot: &str, location: &str| {
        format!(
            "{wallet}.capacity.reserve_zos_vm('{wallet}@mail.com', '{bot}', '{location}', size=2)"
        )
    };
    let both = format!(
        "one = {}\ntwo = {}",
        call("w", BOT, "tiny.farm"),
        call("v", "other.fancyname", "tiny.farm")
    );
    place.s.says(&both);
    for _ in 0..3 {
        place.chain.block();
        place.chain.settled();
    }
    let ids = ["one", "two"].map(|name| place.s.text(&format!("{name}.transaction.id")));
    let mut subjects: Vec<String> = ids.iter().flat_map(|id| place.mails(id)).collect();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "Reservation failed",
            "Your virtual 0-OS is ready on the Threefold grid"
        ]
    );
    let failed = ids
        .iter()
        .find(|id| place.mails(id) == ["Reservation failed"]);
    assert_eq!(
        place.error(failed.unwrap()),
        "no node of the farm 'tiny.farm' has enough capacity left"
    );
    let mut states = ["w", "v"].map(|w| place.s.text(&format!("{w}.capacity.list()[0].state")));
    states.sort();
    assert_eq!(states, ["paid", "refunded"]);
}

#[test]
fn two_wallets_on_one_node_get_a_machine_each() {
    let mut place = Place::new();
    let s = &mut place.s;
    s.says("v = c.wallets.new('second')");
    s.says("t = c.faucet_request(v.address)");
    place.chain.block();
    s.says("t = v.threebot.record_new(names=['other.fancyname'], months=1)");
    place.chain.block();
    place.s.says(&format!(
        "one = w.capacity.reserve_zos_vm('w@mail.com', '{BOT}', 'ac1f6b84a330')\n\
         two = v.capacity.reserve_zos_vm('v@mail.com', 'other.fancyname', 'ac1f6b84a330')"
    ));
    place.chain.block();
    place.chain.settled();
    let hosts = ["one", "two"].map(|name| {
        let mail = format!("j.devnet.mail_wait({name}.transaction.id)");
        place.s.text(&format!("{mail}.value('0-OS address')"))
    });
    assert_ne!(hosts[0], hosts[1]);
    for host in hosts {
        let (host, port) = host.split_once(':').unwrap();
        place.s.says(&format!(
            "vm = j.clients.zos.new('vm', host='{host}', port={port})"
        ));
        assert!(place.s.says("vm.ping()").contains("PONG"));
        place.s.says("j.clients.zos.delete('vm')");
    }
    let taken =
        "j.clients.threefold_directory.main.node('ac1f6b84a330')['reserved_resources']['cru']";
    assert_eq!(place.s.says(taken), "2.0");
}

#[test]
fn a_machine_that_does_not_start_is_paid_back_after_four_tries() {
    let mut place = Place::new();
    // Nothing can be made there while a file has its name.
    std::fs::write(place.chain.folder().join("grid/workloads"), "").unwrap();
    let hash = place.registered(&machine(1));
    let before = place.coins();
    let id = place.pay_for("41.65", &hash);
    assert!(
        place.error(&id).starts_with("cannot make "),
        "{}",
        place.error(&id)
    );
    assert!((before - place.coins() - 1.1).abs() < 1e-6);
}

#[test]
fn one_that_is_slow_holds_up_nobody() {
    let chain = Chain::with(|config| config.deploy_pauses = [Duration::from_secs(3_600); 3]);
    let mut place = Place::on(chain);
    let workloads = place.chain.folder().join("grid/workloads");
    std::fs::write(&workloads, "").unwrap();
    place.s.says(&format!(
        "slow = w.capacity.reserve_zos_vm('user@mail.com', '{BOT}', 'vienna.farm')"
    ));
    place.chain.block();
    place.s.says(&format!(
        "r = w.capacity.reserve_reverse_proxy('user@mail.com', '{BOT}', 'my.example.org', 'http://127.0.0.1:1')"
    ));
    place.chain.block();
    assert_eq!(
        place.s.text("j.devnet.mail_wait(r.transaction.id).subject"),
        "Your reverse proxy is ready on the Threefold grid"
    );
    let slow = place.s.text("slow.transaction.id");
    assert_eq!(place.mails(&slow), [""; 0]);
    // It does not hold up the end either, and is gone on with at the next start.
    let chain = place
        .chain
        .restarted(|_| std::fs::remove_file(&workloads).unwrap());
    chain.settled();
    let mails = chain.handle().grid().mails();
    let mail = &mails
        .iter()
        .find(|letter| letter.mail.key.starts_with(&slow))
        .unwrap()
        .mail;
    assert_eq!(
        mail.subject,
        "Your virtual 0-OS is ready on the Threefold grid"
    );
}

#[test]
fn mails_say_what_the_original_ones_said() {
    let mut place = Place::new();
    let network = "ZeroTier network id";
    let more = ["Reservation id", "Expires on"];
    let vienna = || "vienna.farm".to_owned();
    let cases = [
        (
            machine(1),
            "41.65",
            "Your virtual 0-OS is ready on the Threefold grid",
            vec![network, "0-OS address", "0-robot url", "VNC address"],
        ),
        (
            reservation(Wanted::S3 {
                size: 1,
                location: "freefarm.s3-storage".into(),
            })
            .pack(),
            "41.65",
            "Your S3 archive server is ready on the Threefold grid",
            vec![network, "S3 url", "S3 domain", "Login", "Password"],
        ),
        (
            namespace(),
            "0.0833",
            "Your 0-DB namespace is ready on the Threefold grid",
            vec![
                network,
                "0-DB host",
                "0-DB port",
                "Password",
                "Namespace name",
            ],
        ),
        (
            reservation(Wanted::ReverseProxy {
                domain: "my.example.org".into(),
                backend_urls: vec!["http://127.0.0.1:1".into()],
            })
            .pack(),
            "10",
            "Your reverse proxy is ready on the Threefold grid",
            vec![
                "Domain",
                "IP address for its DNS record",
                "Port on a devnet",
            ],
        ),
        (
            reservation(Wanted::S3 {
                size: 2,
                location: vienna(),
            })
            .pack(),
            "83.3",
            "Reservation failed",
            vec!["Refund address", "Transaction id", "Error"],
        ),
    ];
    for (packed, price, subject, names) in cases {
        let hash = place.registered(&packed);
        let id = place.pay_for(price, &hash);
        let mails = place.chain.handle().grid().mails();
        let mail = &mails
            .iter()
            .find(|letter| letter.mail.key.starts_with(&id))
            .unwrap()
            .mail;
        assert_eq!(
            (mail.subject.as_str(), mail.to.as_str()),
            (subject, "user@mail.com")
        );
        assert_eq!(mail.from, "broker@grid.tf");
        let lines = mail.text.lines();
        let told: Vec<&str> = lines.map(|line| line.split_once(": ").unwrap().0).collect();
        let expected: Vec<&str> = match subject {
            "Reservation failed" => names,
            _ => names.into_iter().chain(more).collect(),
        };
        assert_eq!(told, expected, "{subject}");
        let value = |name: &str| mail.value(name).unwrap_or_default().to_owned();
        if told.contains(&network) {
            assert_eq!(value(network), "9bee8941b5717835");
        }
        match subject.split(' ').nth(1) {
            Some("virtual") => {
                let host = value("0-OS address");
                let host = host.strip_suffix(":6379").unwrap();
                assert_eq!(value("0-robot url"), format!("http://{host}:6600"));
                // It has no screen, and that is said.
                assert_eq!(value("VNC address"), "none on a devnet");
            }
            Some("S3") => {
                assert!(value("S3 url").ends_with(":9000"));
                let domain = value("S3 domain");
                assert_eq!(domain.strip_suffix(".wg01.grid.tf").unwrap().len(), 6);
                assert_eq!((value("Login").len(), value("Password").len()), (8, 16));
            }
            Some("0-DB") => {
                assert_eq!(value("Password"), "secret");
                assert_eq!(value("Namespace name").len(), 36);
            }
            _ => {}
        }
        if subject != "Reservation failed" {
            assert_eq!(value("Reservation id"), id);
            let parts: Vec<String> = value("Expires on").split('/').map(str::to_owned).collect();
            assert!(parts.len() == 3 && parts.iter().all(|part| part.len() == 2));
        }
    }
}
