//! What users write for 3bots: never a panic, the chain's verdict, and always the failing rule.
use kosmos::tfchain::wallet::{BotIdentifier, parse_bot_name, parse_network_address};
use kosmos::tfchain::{BotName, NetworkAddress};
use proptest::prelude::*;

#[test]
fn a_broken_name_is_told_by_its_rule() {
    let further = format!("first.{}", "y".repeat(58));
    for (text, rule) in [
        ("", "it is empty"),
        ("röbot", "it has 'ö', but only letters"),
        ("robot\n", "it has '\\n', but only letters"),
        ("robot.", "nothing before, after or between"),
        ("-robot", "'-robot' begins with '-'"),
        ("robot-", "'robot-' ends with '-'"),
        ("robot.abc", "'abc' has 3 characters"),
        (&further, "it has 64 characters, 63 are the most"),
    ] {
        let error = parse_bot_name(text).unwrap_err().to_string();
        assert!(error.contains(rule), "{text:?}: {error}");
    }
    assert_eq!(
        parse_bot_name("Robot.Other").unwrap().as_str(),
        "robot.other"
    );
}

#[test]
fn identifiers_are_numbers_names_or_keys() {
    let key = format!("ed25519:{}", "ab".repeat(32));
    assert_eq!(BotIdentifier::parse("12").unwrap(), BotIdentifier::Id(12));
    assert!(matches!(
        BotIdentifier::parse("Robot").unwrap(),
        BotIdentifier::Name(name) if name.as_str() == "robot"
    ));
    assert!(matches!(
        BotIdentifier::parse(&key).unwrap(),
        BotIdentifier::Key(_)
    ));
    for wrong in [
        "",
        "0",
        "4294967296",
        "99999999999999999999",
        "no",
        "ed25519:ab",
        "a b",
    ] {
        assert!(BotIdentifier::parse(wrong).is_err(), "{wrong}");
    }
    assert!(BotIdentifier::from_number(-1).is_err());
    assert!(BotIdentifier::from_number(i64::MAX).is_err());
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,80}|[a-zA-Z0-9.-]{0,70}|[0-9:.]{0,40}") {
        prop_assert_eq!(parse_bot_name(&text).is_ok(), text.parse::<BotName>().is_ok());
        prop_assert_eq!(
            parse_network_address(&text).is_ok(),
            text.parse::<NetworkAddress>().is_ok()
        );
        if let Ok(bot) = BotIdentifier::parse(&text) {
            prop_assert_eq!(BotIdentifier::parse(&bot.to_string()).unwrap(), bot);
        }
    }

    #[test]
    fn every_refusal_has_a_rule(text in "[a-c1.-]{0,66}") {
        if let Err(error) = parse_bot_name(&text) {
            // The general text of the node is never needed.
            prop_assert!(!error.to_string().contains("invalid bot name"), "{}", error);
        }
    }
}
