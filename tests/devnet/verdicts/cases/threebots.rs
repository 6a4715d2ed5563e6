//! 3bots: registered, changed, and names given away.
use kosmos::tfchain::KeyPair;
use kosmos::tfchain::transaction::{BotRecordUpdate, BotRegistration};
use serde_json::json;

use super::super::setup::*;
use super::{Cases, Purse, set, value};

pub(super) fn names(list: &[&str]) -> BotRegistration {
    BotRegistration {
        names: list.iter().map(|name| name.parse().unwrap()).collect(),
        months: 1,
        ..BotRegistration::default()
    }
}

pub(super) fn bots(cases: &mut Cases, purse: &mut Purse) {
    let spare = purse.spare.clone();
    let many: Vec<String> = (1..=11).map(|n| format!("10.0.0.{n}")).collect();
    let addresses = |list: &[String]| BotRegistration {
        addresses: list
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        months: 1,
        ..BotRegistration::default()
    };
    let months = |months: u8| BotRegistration {
        months,
        ..names(&["months.robot"])
    };
    let fresh = key(40);
    for (name, bot) in [
        ("0 months", months(0)),
        ("25 months", months(25)),
        ("31 months", months(31)),
        ("neither name nor address", names(&[])),
        (
            "six names",
            names(&["one11", "two22", "three3", "four4", "five5", "sixth"]),
        ),
        ("eleven addresses", addresses(&many)),
        ("a name twice", names(&["twice.robot", "twice.robot"])),
        (
            "an address twice",
            addresses(&["10.0.0.1".into(), "10.0.0.1".into()]),
        ),
        ("a name that is taken", names(&["alpha.robot"])),
        (
            "two names, one is taken",
            names(&["newer.robot", "bravo.robot"]),
        ),
    ] {
        cases.add(&format!("bot: {name}"), &register(&spare, bot, &fresh));
    }
    let taken = register(&spare, names(&["other.robot"]), &bot_key(1));
    cases.add("bot: a key that is taken", &taken);
    let good = register(&spare, names(&["strange.robot"]), &fresh);
    let whole = value(&good);
    for (name, place, to) in [
        ("fee too small", "/data/txfee", json!("1")),
        ("fee of nothing", "/data/txfee", json!("0")),
        ("other names put in", "/data/names", json!(["stolen.robot"])),
        ("a short name", "/data/names", json!(["abc"])),
        ("a name of two parts", "/data/names", json!(["a.b"])),
        ("a long name", "/data/names", json!(["x".repeat(64)])),
        (
            "another key put in",
            "/data/identification/publickey",
            json!(key(41).public_key().to_string()),
        ),
        ("no coins", "/data/coininputs", json!([])),
        (
            "a coin twice",
            "/data/coininputs",
            json!([
                whole["data"]["coininputs"][0],
                whole["data"]["coininputs"][0]
            ]),
        ),
        ("no signature", "/data/identification/signature", json!("")),
        (
            "a bad address",
            "/data/refundcoinoutput/condition/data/unlockhash",
            json!("01"),
        ),
    ] {
        cases.json(&format!("bot: {name}"), &set(&whole, place, to));
    }
    for (name, bot) in [
        ("one month", names(&["month.robot"])),
        (
            "24 months",
            BotRegistration {
                months: 24,
                ..names(&["years.robot"])
            },
        ),
        (
            "12 months",
            BotRegistration {
                months: 12,
                ..names(&["yearly.robot"])
            },
        ),
        (
            "five names",
            names(&["one11", "two22", "three3", "four4", "five5"]),
        ),
        ("ten addresses", addresses(&many[..10])),
        ("upper case", names(&["Upper.Robot"])),
        (
            "an address of the new kind",
            addresses(&["2001:db8::1".into()]),
        ),
    ] {
        let number = u8::try_from(cases.0.len() % 100).unwrap() + 100;
        let coin = purse.coin();
        cases.add(&format!("bot: {name}"), &register(&coin, bot, &key(number)));
    }
    let coin = purse.coin();
    let late = register(&coin, names(&["month.robot"]), &fresh);
    cases.add("bot: a name of the pool", &late);

    let mut update =
        |name: &str, id: u32, by: &KeyPair, good: bool, edit: &dyn Fn(&mut BotRecordUpdate)| {
            let mut update = BotRecordUpdate {
                id: id.to_string().parse().unwrap(),
                ..BotRecordUpdate::default()
            };
            edit(&mut update);
            let coin = match good {
                true => purse.coin(),
                false => spare.clone(),
            };
            cases.add(&format!("update: {name}"), &change(&coin, update, by));
        };
    let by = bot_key(1);
    let list = |names: &[&str]| names.iter().map(|n| n.parse().unwrap()).collect::<Vec<_>>();
    let places = |all: &[&str]| all.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>();
    update("nothing", 1, &by, false, &|_| {});
    update("unknown bot", 99, &by, false, &|u| u.months = 1);
    update("bot 0", 0, &by, false, &|u| u.months = 1);
    update("by another bot", 1, &bot_key(2), false, &|u| u.months = 1);
    update("22 months more", 1, &by, false, &|u| u.months = 22);
    update("25 months more", 1, &by, false, &|u| u.months = 25);
    update("a name that is taken", 1, &by, false, &|u| {
        u.names.add = list(&["bravo.robot"])
    });
    update("a name it has", 1, &by, false, &|u| {
        u.names.add = list(&["alpha.robot"])
    });
    update("a name twice", 1, &by, false, &|u| {
        u.names.add = list(&["twice.robot", "twice.robot"]);
    });
    update("a name it has not", 1, &by, false, &|u| {
        u.names.remove = list(&["bravo.robot"])
    });
    update("too many names", 1, &by, false, &|u| {
        u.names.add = list(&["six11", "six22", "six33", "six44", "six55"]);
    });
    update("an address it has", 1, &by, false, &|u| {
        u.addresses.add = places(&["alpha.example.org"]);
    });
    update("an address it has not", 1, &by, false, &|u| {
        u.addresses.remove = places(&["bravo.example.org"]);
    });
    update("too many addresses", 1, &by, false, &|u| {
        u.addresses.add = many[..10].iter().map(|a| a.parse().unwrap()).collect();
    });
    update("months", 1, &by, true, &|u| u.months = 2);
    update("a name more", 1, &by, true, &|u| {
        u.names.add = list(&["alpha.fourth"])
    });
    update("another address", 1, &by, true, &|u| {
        u.addresses.add = places(&["10.9.9.9"]);
        u.addresses.remove = places(&["alpha.example.org"]);
    });
    update("a name moved in one go", 2, &bot_key(2), true, &|u| {
        u.names.add = list(&["bravo.other"]);
        u.names.remove = list(&["bravo.robot"]);
    });
    update("only a name less", 3, &bot_key(3), true, &|u| {
        u.names.remove = list(&["fifth"])
    });

    let (alpha, bravo, full) = (bot_key(1), bot_key(2), bot_key(3));
    for (name, ids, what, from, to) in [
        ("to itself", (1, 1), &["alpha.robot"][..], &alpha, &alpha),
        ("from nobody", (98, 2), &["alpha.robot"], &alpha, &bravo),
        ("to nobody", (1, 99), &["alpha.robot"], &alpha, &bravo),
        (
            "not signed by the giver",
            (1, 2),
            &["alpha.robot"],
            &bravo,
            &bravo,
        ),
        (
            "not signed by the receiver",
            (1, 2),
            &["alpha.robot"],
            &alpha,
            &alpha,
        ),
        ("no names", (1, 2), &[], &alpha, &bravo),
        ("a name it has not", (1, 2), &["third"], &alpha, &bravo),
        (
            "a name twice",
            (1, 2),
            &["alpha.robot", "alpha.robot"],
            &alpha,
            &bravo,
        ),
    ] {
        let transaction = give_names(&spare, ids, what, from, to);
        cases.add(&format!("transfer: {name}"), &transaction);
    }
    let coin = purse.coin();
    let transfer = give_names(&coin, (3, 1), &["third"], &full, &alpha);
    cases.json(
        "transfer: fee too small",
        &set(&value(&transfer), "/data/txfee", json!("1")),
    );
    cases.add("transfer: one name", &transfer);
    let coin = purse.coin();
    let transfer = give_names(&coin, (3, 1), &["third"], &full, &alpha);
    cases.add("transfer: the name once more", &transfer);
}
