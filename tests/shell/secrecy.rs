//! What never gets into the history.
use kosmos::shell::secrecy::Secrecy;

use crate::object::probe;

const WORDS: &str = "bullet absurd cabin dose void wink toward oven catalog chef venture edge";

#[test]
fn inputs_with_secrets_are_not_kept() {
    let secrecy = Secrecy::of(&probe::tree());
    for source in [
        " 1 + 1",
        "\t1",
        "w.seed = 'x'",
        "w = c.wallets.new('my_wallet', seed='x')",
        "w = c.wallets.new('my_wallet', seed  =  'x')",
        "c.wallets.new('a', **{'seed': 'x'})",
        "data = {'password': 'x'}",
        "data = #{password: 'x'}",
        "data['password'] = 'x'",
        "my_passphrase = 'x'",
        "j.data.nacl.passphrase_change()",
        "KOSMOS_PASSPHRASE",
        // Declared secret: a keyword, a property, a positional argument.
        "b.tags = [1]",
        "j.shelf.new('a', tags=[1])",
        "j.shelf.a.unlock('x')",
        "j.shelf.a.unlock(x)",
        "f(1, g(2).unlock('x'))",
        // The same in lines that do not run.
        "w.new('a', seed='x'",
        "seed='",
        &format!("'{WORDS}'"),
        &format!("x = \"\"\"{}\"\"\"", WORDS.replace(' ', "\n")),
        &format!("# {WORDS}"),
        &WORDS.to_uppercase(),
        // A slip or two of the fingers leave enough of it to guess.
        &format!(
            "x = '{}'",
            WORDS.replace("dose", "dsoe").replace("chef", "cheff")
        ),
        &WORDS.replace(' ', ", "),
        &format!(
            "words = [{}]",
            WORDS
                .split(' ')
                .map(|w| format!("'{w}'"))
                .collect::<Vec<_>>()
                .join(",")
        ),
    ] {
        assert!(!secrecy.allows(source), "{source}");
    }
}

#[test]
fn other_inputs_are_kept() {
    let secrecy = Secrecy::of(&probe::tree());
    for source in [
        "1 + 1",
        "print(w.seed)",
        "w.seed == 'x'",
        "j.shelf.a.unlock()",
        "j.shelf.a.unlock(",
        "j.shelf.a.tags",
        "x = 'the seed'",
        "# how to set a seed",
        "bullet absurd cabin dose void wink toward oven catalog chef venture",
        "x = 'bullet absurd cabbin dose voyd wink toward ovn catalog chef venture edge'",
        "we take a walk in the park and then we go home again to eat all of it",
        "j.clients.tfchain.new(name='my_client', network_type='TEST')",
        "",
    ] {
        assert!(secrecy.allows(source), "{source}");
    }
}

#[test]
fn what_a_schema_text_declares_secret_is_learned() {
    let mut secrecy = Secrecy::of(&probe::tree());
    assert!(secrecy.allows("o.pin = '1234'"));
    let text =
        "t = \"\"\"\n@url = a\n@secret = pin, \"code\" # both\npin = \"1\"\ncode = 0\n\"\"\"";
    secrecy.learn_text(text);
    for source in [
        text,
        "o.pin = '1234'",
        "o = s.new(pin='1234')",
        "o = s.new({'code': 7})",
        "j.data.schema.get_from_text('@url = a\\n@secret=x\\nx = \"1\"')",
    ] {
        assert!(!secrecy.allows(source), "{source}");
    }
    assert!(secrecy.allows("o.name = 'x'"));
    assert!(secrecy.allows("o.pin"));
}
