//! Labels of addresses, and the statement of a wallet.
use std::os::unix::fs::PermissionsExt;

use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session};

#[test]
fn labels_are_kept_below_the_client() {
    let chain = Chain::start();
    let mut s = Session::new(chain.settings());
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    assert_eq!(s.says("c.address_book.list()"), "{}");
    s.says(&format!("c.address_book.set('{ADDRESS}', ' mum ')"));
    assert_eq!(s.says("c.address_book.get('mum')"), format!("'{ADDRESS}'"));
    s.says(&format!("c.address_book.set('{ADDRESS}', 'dad')"));
    assert_eq!(s.says(&format!("c.address_book.get('{ADDRESS}')")), "'dad'");
    // Another shell on the same store; nobody saved the client.
    let store = s.world.store().unwrap();
    let mut s = Session::with_store(chain.settings(), store);
    s.says("c = j.clients.tfchain.my_client");
    assert_eq!(
        s.says("c.address_book.list()"),
        format!("{{'dad': '{ADDRESS}'}}")
    );
    assert_eq!(s.says("c.address_book"), format!("{ADDRESS}  dad"));
    s.says("other = j.clients.tfchain.new('other', network_type='DEV')");
    s.says("w = c.wallets.new('w')");
    let error = s.fails("c.address_book.set(w.address, 'dad')");
    assert!(error.message.contains(ADDRESS), "{error}");
    for label in [
        "''",
        "' '",
        "'a\\nb'",
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
    ] {
        let error = s.fails(&format!("c.address_book.set(w.address, {label})"));
        assert!(error.message.contains("label"), "{label}: {error}");
    }
    s.fails("c.address_book.set('01ab', 'x')");
    assert_eq!(s.says("other.address_book.list()"), "{}");
    assert_eq!(s.fails("c.address_book.get('nobody')").kind, Kind::NotFound);
    s.says("c.address_book.remove('dad')");
    assert_eq!(s.says("c.address_book"), "no labels");
    // They go with the client.
    s.says(&format!(
        "c.address_book.set('{ADDRESS}', 'dad')\nc.delete()"
    ));
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    assert_eq!(s.says("c.address_book.list()"), "{}");
}

#[test]
fn a_label_is_a_recipient_and_shows_in_preview_lookup_and_statement() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!("c.address_book.set('{ADDRESS}', 'mum')"));
    s.says("w.coins_send('mum', 10, dry_run=True)");
    let preview = s.person.notes.lock().unwrap().join("\n");
    assert!(preview.contains(&format!("{ADDRESS} (mum)")), "{preview}");
    s.fails("w.coins_send('dad', 10)");
    assert_eq!(s.says("w.coins_send('mum', 10).submitted"), "True");
    let table = s.says("w.statement()");
    assert!(table.contains("unconfirmed"), "{table}");
    chain.block();
    let found = s.says("c.unlockhash_get('mum')");
    assert!(found.ends_with(&format!("for {ADDRESS} (mum)")), "{found}");
    let table = s.says("w.statement()");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("date "), "{table}");
    assert!(lines[1].contains(" 300"), "{table}");
    assert!(lines[2].ends_with("11      289  mum"), "{table}");
    assert_eq!(s.says("w.statement().rows[1]['balance']"), "'289'");
    assert_eq!(s.says("w.statement().rows[1]['with'][0]"), "'mum'");
    assert_eq!(
        s.says("w.statement().rows[1]['addresses'][0]"),
        format!("'{ADDRESS}'")
    );
}

#[test]
fn a_statement_is_written_as_a_whole_or_not_at_all() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!("c.address_book.set('{ADDRESS}', 'mum, \"home\"')"));
    s.says(&format!("w.coins_send('{ADDRESS}', '1.5 TFT')"));
    chain.block();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("year.csv");
    s.says(&format!("w.statement(file='{}')", file.display()));
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "date,height,id,in,out,balance,with,addresses");
    assert!(lines[1].contains(",300,0,300,"), "{text}");
    let end = format!(",0,2.5,297.5,\"mum, \"\"home\"\"\",{ADDRESS}");
    assert!(lines[2].ends_with(&end), "{text}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Over what is there already, in another form.
    s.says(&format!(
        "w.statement(format='json', file='{}')",
        file.display()
    ));
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(json[1]["out"], "2.5");
    assert_eq!(json[1]["with"][0], "mum, \"home\"");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    for path in [dir.path().join("no/such.csv"), dir.path().to_path_buf()] {
        let error = s.fails(&format!(
            "w.statement(format='csv', file='{}')",
            path.display()
        ));
        assert_eq!(error.kind, Kind::Io, "{error}");
        assert!(
            error.message.contains(&path.display().to_string()),
            "{error}"
        );
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    s.fails("w.statement(format='pdf')");
    s.fails("w.statement(file='statement')");
    s.says("fresh = c.wallets.new('fresh')");
    assert_eq!(s.says("fresh.statement()"), "no transactions yet");
    assert_eq!(s.says("len(fresh.statement().rows)"), "0");
}
