//! `x?` and `x??`: help for an expression, without evaluating anything.
use std::fmt::Write as _;

use crate::dialect::{self, Completeness, TokenKind};
use crate::engine::Engine;
use crate::object::complete::Place;
use crate::object::{Error, Kind, MemberKind, Result, help};

/// A question about an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The expression, empty for help on the shell itself.
    pub about: String,
    /// `??`: everything there is to tell.
    pub long: bool,
}

/// The question an input asks when it is `x?`, `x??`, `?x` or a bare `?`.
pub fn postfix(source: &str) -> Option<Question> {
    let text = source.trim();
    if !text.starts_with('?') && !text.ends_with('?') {
        return None;
    }
    let about = text.trim_matches('?');
    let marks = text.len() - about.len();
    let about = about.trim();
    let about = match about.strip_suffix('(') {
        Some(method) => method.trim_end(),
        None => about,
    };
    (about.is_empty() || is_path(about)).then(|| Question {
        about: about.to_string(),
        long: marks > 1,
    })
}

/// True for names with dots, and with calls and indexes between them: `c.get("a").wallets`.
fn is_path(text: &str) -> bool {
    let tokens = dialect::tokens(text);
    let starts = tokens
        .first()
        .is_some_and(|token| token.kind == TokenKind::Name);
    let mut depth = 0usize;
    let mut before = TokenKind::Dot;
    starts
        && dialect::completeness(text) == Completeness::Complete
        && tokens.iter().all(|token| {
            let follows = match token.kind {
                TokenKind::Comment | TokenKind::Unknown => false,
                TokenKind::Open => {
                    depth += 1;
                    true
                }
                TokenKind::Close => {
                    depth = depth.saturating_sub(1);
                    true
                }
                _ if depth > 0 => true,
                TokenKind::Name => before == TokenKind::Dot,
                TokenKind::Dot => before != TokenKind::Dot,
                _ => false,
            };
            before = token.kind;
            follows
        })
        && before != TokenKind::Dot
}

/// The help text.
///
/// # Errors
/// When nothing is known about the expression.
pub fn answer(question: &Question, engine: &Engine) -> Result<String> {
    let short = engine.help(&question.about).ok_or_else(|| {
        let name = &question.about;
        match name.contains('.') {
            true => Error::new(Kind::Attribute, format!("nothing is known about '{name}'")),
            false => Error::new(Kind::Name, format!("name '{name}' is not defined")),
        }
    })?;
    if !question.long {
        return Ok(short);
    }
    let Some(place) = engine.place(&question.about) else {
        return Ok(short);
    };
    let mut text = short;
    members(&mut text, &place);
    Ok(text)
}

/// Full help of every member.
fn members(text: &mut String, place: &Place) {
    let mut members = (place.class().members)();
    members.sort_by_key(|member| (member.kind, member.name));
    for member in members {
        let mark = match member.kind {
            MemberKind::Method => "method",
            MemberKind::Property => "property",
            MemberKind::Child => "child",
        };
        let _ = write!(text, "\n─── {mark} ───\n{}", help::member(member));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(about: &str, long: bool) -> Option<Question> {
        Some(Question {
            about: about.into(),
            long,
        })
    }

    #[test]
    fn only_paths_can_be_asked_about() {
        assert_eq!(postfix("j.clients?"), ask("j.clients", false));
        assert_eq!(postfix(" w.coins_send( ?? "), ask("w.coins_send", true));
        assert_eq!(postfix("?w"), ask("w", false));
        assert_eq!(postfix("?"), ask("", false));
        assert_eq!(postfix("print('why?')"), None);
        assert_eq!(postfix("'why?'"), None);
        assert_eq!(postfix("a + b?"), None);
        assert_eq!(postfix("j.clients"), None);
        assert_eq!(postfix("c.get('a', b=1)?"), ask("c.get('a', b=1)", false));
        assert_eq!(postfix("c['a'].x ?"), ask("c['a'].x", false));
        for other in [
            "j.?", "j..a?", "a b?", "(a)?", "1?", "x = 1?", "a; b?", "# a?", "a)?",
        ] {
            assert_eq!(postfix(other), None, "{other}");
        }
    }
}
