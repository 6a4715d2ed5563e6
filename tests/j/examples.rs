//! Every member has a doc and an example, and every example runs on a devnet.
use std::collections::BTreeSet;

use kosmos::object::{ClassInfo, MemberInfo, MemberKind, Ty, class_of};

use super::{Chain, Session, hub};
use crate::tfchain::explorer::stub::{Reply, Server};

/// Members whose example is empty, with the reason.
const EXEMPT: &[(&str, &str)] = &[
    ("edit", "needs a terminal with an editor"),
    ("stop", "would end the devnet of this test"),
    ("reset", "would end the devnet of this test"),
    ("add_from_path", "needs a file"),
    ("gedis_client.auth", "is always refused"),
    ("zhubdirect_client.insert", "needs the bytes of a chunk"),
    ("from_tar", "needs an archive"),
    ("shell", "needs a terminal"),
    ("configure", "says that it is not there"),
    ("unconfigure", "says that it is not there"),
    ("from_registry", "needs a registry"),
    ("ZeroDb.add", "needs a 0-DB behind the port"),
    ("ZeroDb.namespaces", "needs a 0-DB behind the port"),
];

/// Examples that start or ask something outside this process.
const NOT_RUN: &[&str] = &[
    "j.devnet.start()",
    "j.clients.currencylayer.load()",
    // Waits for a mail that does not come here; tests/j/grid.rs waits for one that does.
    "j.devnet.mail_wait(result.transaction.id, timeout=60)",
    // These ask the ZeroTier daemon of the machine.
    "j.clients.zerotier.network_join('9bee8941b5717835')",
    "j.clients.zerotier.network_leave('9bee8941b5717835')",
    "j.clients.zerotier.networks_joined()",
    "b = j.data.bcdb.new('mine')\nb.export_('export_of_mine')",
    "b = j.data.bcdb.new('mine')\nb.import_('export_of_mine')",
];

fn walk(
    class: ClassInfo,
    seen: &mut BTreeSet<&'static str>,
    all: &mut Vec<(ClassInfo, &'static MemberInfo)>,
) {
    if !seen.insert(class.name) {
        return;
    }
    for member in (class.members)() {
        all.push((class, member));
        if let Ty::Object(result) = member.result {
            walk(result(), seen, all);
        }
    }
    if let Some(instances) = class.instances {
        walk(instances(), seen, all);
    }
}

/// Examples that are run on a Zero-OS node.
fn is_of_a_node(class: &ClassInfo, example: &str) -> bool {
    let words = ["vm.", "site.", "j.clients.zos"];
    class.name == "JobResult" || words.iter().any(|word| example.contains(word))
}

/// Examples that are run with a directory, a notary and a 3bot.
fn is_of_the_grid(example: &str) -> bool {
    let words = ["w.capacity.", "threefold_directory.", "gedis.tfnotary"];
    words.iter().any(|word| example.contains(word))
}

/// Examples that are run with an archive, a gateway and a controller of networks.
fn is_of_a_service(example: &str) -> bool {
    let words = ["archive.", "gateway.", "account."];
    words.iter().any(|word| example.contains(word))
}

/// Examples that are run on a 0-DB.
fn is_of_a_zdb(example: &str) -> bool {
    let words = ["j.clients.zdb.client", "admin.", "cl."];
    words.iter().any(|word| example.contains(word))
}

fn members() -> Vec<(ClassInfo, &'static MemberInfo)> {
    use kosmos::j::clients::{tfchain as t, zos as z};
    use kosmos::j::data as d;
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    for class in [
        class_of::<kosmos::j::root::Root>(),
        // Elements of lists are not named by any result.
        class_of::<t::output::CoinOutput>(),
        class_of::<t::output::BlockStakeOutput>(),
        class_of::<t::pending::Pending>(),
        class_of::<t::capacity::ReservationValue>(),
        class_of::<t::statement::Statement>(),
        class_of::<t::condition::ConditionValue>(),
        class_of::<t::fulfillment::FulfillmentValue>(),
        class_of::<d::choice::Choice>(),
        class_of::<d::dict::DataDict>(),
        class_of::<d::list::TypedList>(),
        class_of::<d::numeric::NumericValue>(),
        class_of::<d::property::PropertyValue>(),
        class_of::<z::rows::Rows>(),
        class_of::<z::disks::Disk>(),
        class_of::<z::job_result::ResultValue>(),
        class_of::<z::storagepools::StoragePool>(),
        class_of::<z::filesystems::FileSystem>(),
        class_of::<z::filesystems::Snapshot>(),
        class_of::<z::hypervisor::Machine>(),
    ] {
        walk(class, &mut seen, &mut all);
    }
    all
}

#[test]
fn every_member_has_a_doc_and_an_example() {
    let all = members();
    assert!(all.len() > 100, "{}", all.len());
    for (class, member) in all {
        let name = format!("{}.{}", class.name, member.name);
        let first = member.doc.lines().next().unwrap_or_default();
        assert!(first.len() > 3, "{name} has no doc");
        assert!(
            first.starts_with(|c: char| c.is_uppercase()),
            "{name}: {first}"
        );
        let exempt = EXEMPT
            .iter()
            .any(|(exempt, _)| *exempt == member.name || *exempt == name);
        assert!(
            exempt || !member.example.is_empty(),
            "{name} has no example"
        );
        for param in member.params {
            assert!(
                !param.doc.is_empty(),
                "{name}: parameter {} has no doc",
                param.name
            );
        }
        assert!(
            member.kind == MemberKind::Method || member.params.is_empty(),
            "{name}: only methods take parameters"
        );
    }
}

#[test]
fn every_example_runs() {
    let chain = Chain::start();
    let dir = tempfile::tempdir().unwrap();
    let files = format!("'{}/", dir.path().display());
    let mut done = BTreeSet::new();
    let mut failed = Vec::new();
    for (class, member) in members() {
        if member.example.is_empty() || NOT_RUN.contains(&member.example) {
            continue;
        }
        if is_of_a_node(&class, member.example)
            || is_of_the_grid(member.example)
            || is_of_a_service(member.example)
            || is_of_a_zdb(member.example)
        {
            continue;
        }
        if !done.insert(member.example) {
            continue;
        }
        let mut s = chain.funded();
        s.person
            .yes
            .store(true, std::sync::atomic::Ordering::SeqCst);
        s.says("c.wallets.pocket_money");
        if member.example.contains("hub.") {
            hub::prepare(&mut s, dir.path());
        }
        // What examples of outputs and shared wallets look at must be in a block.
        for line in member.example.lines() {
            let line = &line.replace("'/tmp/", &files);
            if let Err(error) = s.ask(line) {
                failed.push(format!("{}.{}: {line}: {error}", class.name, member.name));
                break;
            }
        }
        chain.block();
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_example_of_the_grid_runs() {
    let (chain, _grid, mut s) = super::capacity::setup();
    let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
    for (class, member) in members() {
        if !is_of_the_grid(member.example) || !done.insert(member.example) {
            continue;
        }
        // A paste of several lines is one statement.
        if let Err(error) = s.ask(member.example) {
            failed.push(format!("{}.{}: {error}", class.name, member.name));
        }
        chain.block();
    }
    assert!(done.len() > 15, "{}", done.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_example_of_a_service_runs() {
    let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("notes.txt"), "notes").unwrap();
    let files = format!("'{}/", dir.path().display());
    for (class, member) in members() {
        if !is_of_a_service(member.example) || !done.insert(member.example) {
            continue;
        }
        let mut s = super::services::setup();
        if let Err(error) = s.ask(&member.example.replace("'/tmp/", &files)) {
            failed.push(format!("{}.{}: {error}", class.name, member.name));
        }
    }
    assert!(done.len() > 15, "{}", done.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_example_of_a_node_runs() {
    let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listed = serde_json::json!({"node_id": "ac1f6b84a330",
        "robot_address": "http://10.102.1.2:6600"});
    let directory = runtime.block_on(Server::start(move |_| Reply::json(200, &listed)));
    for (class, member) in members() {
        let known = member.example.is_empty() || !done.insert(member.example);
        if known || !is_of_a_node(&class, member.example) {
            continue;
        }
        let node = crate::zos::simple::start();
        let mut s = Session::new(Default::default());
        s.person
            .yes
            .store(true, std::sync::atomic::Ordering::SeqCst);
        s.says(&format!(
            "vm = j.clients.zos.new('my_vm', port={}, ssl=False, timeout=5)\n\
             flist = 'http://127.0.0.1:8000/site.flist'\nfolder = '{}'\n\
             directory = '{}'\n\
             site = vm.containers.create('my_site', flist, ports={{'8081': 80}})\n\
             r = vm.client.system('true').get()",
            node.port,
            folder.path().display(),
            directory.address
        ));
        for line in member.example.lines() {
            if let Err(error) = s.ask(line) {
                failed.push(format!("{}.{}: {line}: {error}", class.name, member.name));
                break;
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_example_of_a_zdb_runs() {
    let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
    for (class, member) in members() {
        if !is_of_a_zdb(member.example) || !done.insert(member.example) {
            continue;
        }
        let server = crate::zdb::Server::start();
        let port = server.port().to_string();
        let mut s = Session::new(Default::default());
        s.person
            .yes
            .store(true, std::sync::atomic::Ordering::SeqCst);
        s.says(&format!(
            "admin = j.clients.zdb.client_admin_get(port={port})\n\
             cl = admin.namespace_new('test', secret='1234')"
        ));
        for line in member.example.lines() {
            if let Err(error) = s.ask(&line.replace("9900", &port)) {
                failed.push(format!("{}.{}: {line}: {error}", class.name, member.name));
                break;
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
