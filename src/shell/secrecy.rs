//! Which inputs may be kept in the history: never one that may hold a secret.
//!
//! What is secret is declared where a parameter or property is declared, so that this list cannot
//! be forgotten; the words below catch what is typed before any declaration is involved.
use std::collections::{HashMap, HashSet, VecDeque};

use bip39::Language;

use crate::dialect::{self, Token, TokenKind};
use crate::object::{ClassInfo, Obj, Ty};

/// A name that contains one of these names a secret.
const WORDS: &[&str] = &[
    "seed",
    "passphrase",
    "password",
    "mnemonic",
    "secret",
    "private_key",
    "recovery_words",
];
/// A name that contains one of these is not even kept without a value.
const NEVER: &[&str] = &["passphrase", "password"];
/// So many words of the recovery list among so many in a row are somebody's key, a mistyped one or
/// two included: the others are enough to find it.
const LISTED: usize = 10;
const RUN: usize = 12;

/// What the declarations of a tree call secret.
#[derive(Debug, Default)]
pub struct Secrecy {
    names: HashSet<String>,
    /// Methods with a secret parameter, and the place of the first.
    methods: HashMap<&'static str, usize>,
}

impl Secrecy {
    /// The secrets of every class that can be reached from a root.
    pub fn of(root: &Obj) -> Secrecy {
        let mut secrecy = Secrecy::default();
        let mut seen: HashSet<&'static str> = HashSet::new();
        let mut queue = VecDeque::from([root.class()]);
        while let Some(class) = queue.pop_front() {
            if seen.insert(class.name) {
                secrecy.learn(&class, &mut queue);
            }
        }
        secrecy
    }

    fn learn(&mut self, class: &ClassInfo, queue: &mut VecDeque<ClassInfo>) {
        queue.extend(class.instances.map(|instances| instances()));
        let secret = (class.model)()
            .into_iter()
            .filter(|property| property.secret);
        self.names.extend(secret.map(|property| property.name));
        for member in (class.members)() {
            if let Ty::Object(result) = member.result {
                queue.push_back(result());
            }
            for (at, param) in member.params.iter().enumerate().filter(|(_, p)| p.secret) {
                self.names.insert(param.name.to_string());
                let first = self.methods.entry(member.name).or_insert(at);
                *first = at.min(*first);
            }
        }
    }

    /// Learns what a schema text in an input declares secret (`@secret = pin, code`).
    pub fn learn_text(&mut self, source: &str) {
        let names = secret_lines(source).flat_map(|names| names.split(','));
        let bare = |name: &str| name.trim().trim_matches(['"', '\'']).to_string();
        self.names
            .extend(names.map(bare).filter(|name| !name.is_empty()));
    }

    /// True when an input may be kept. Those that start with a blank are never kept.
    pub fn allows(&self, source: &str) -> bool {
        !source.starts_with(char::is_whitespace)
            && !has_recovery_words(source)
            // The text may hold a default of what it declares secret.
            && secret_lines(source).next().is_none()
            && !self.gives_secret(source)
    }

    fn gives_secret(&self, source: &str) -> bool {
        let tokens: Vec<Token> = dialect::tokens(source)
            .into_iter()
            .filter(|token| token.kind != TokenKind::Comment)
            .collect();
        let text = |at: usize| tokens.get(at).map_or("", |token| piece(source, token));
        tokens.iter().enumerate().any(|(at, token)| {
            let word = piece(source, token);
            match token.kind {
                TokenKind::Text => {
                    // A key of a map, or an index that is assigned to.
                    let key = word.trim_matches(['"', '\'', '`']);
                    let value = text(at + 1) == ":" || (text(at + 1) == "]" && text(at + 2) == "=");
                    value && self.is_secret(key)
                }
                TokenKind::Name | TokenKind::Keyword => {
                    NEVER
                        .iter()
                        .any(|never| word.to_lowercase().contains(never))
                        || (matches!(text(at + 1), "=" | ":") && self.is_secret(word))
                        || (text(at + 1) == "("
                            && self.methods.get(word).is_some_and(|secret| {
                                positional(source, &tokens, at + 2) > *secret
                            }))
                }
                _ => false,
            }
        })
    }

    /// True when what is given by this name is a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        // What a contract of a swap shows everybody.
        if lower == "secret_hash" {
            return false;
        }
        self.names.contains(name) || WORDS.iter().any(|word| lower.contains(word))
    }
}

/// What stands behind `@secret =` in the lines of a text, or behind a written-out `\n`.
fn secret_lines(source: &str) -> impl Iterator<Item = &str> {
    source.split("@secret").skip(1).filter_map(|rest| {
        let names = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?;
        names.split(['\n', '\\', '#']).next()
    })
}

fn piece<'s>(source: &'s str, token: &Token) -> &'s str {
    source.get(token.range.clone()).unwrap_or_default()
}

/// Number of positional arguments of the call whose first argument starts at a token.
fn positional(source: &str, tokens: &[Token], first: usize) -> usize {
    let mut depth = 0usize;
    let (mut count, mut empty, mut keyword) = (0, true, false);
    for token in tokens.iter().skip(first) {
        let word = piece(source, token);
        match word {
            ")" | "]" | "}" if depth == 0 => break,
            ")" | "]" | "}" => depth -= 1,
            "(" | "[" | "{" | "#{" => {
                depth += 1;
                empty = false;
            }
            "," if depth == 0 => {
                count += usize::from(!empty && !keyword);
                (empty, keyword) = (true, false);
            }
            "=" if depth == 0 => keyword = true,
            _ => empty = false,
        }
    }
    count + usize::from(!empty && !keyword)
}

/// Words of the recovery list in a row, wherever they stand: in a string, a comment, or typed at
/// the prompt by mistake.
fn has_recovery_words(source: &str) -> bool {
    let mut last: VecDeque<bool> = VecDeque::with_capacity(RUN);
    source
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .any(|word| {
            if last.len() == RUN {
                last.pop_front();
            }
            last.push_back(Language::English.find_word(&word.to_lowercase()).is_some());
            last.len() == RUN && last.iter().filter(|listed| **listed).count() >= LISTED
        })
}
