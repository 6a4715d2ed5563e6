//! Bracket pairs of one run of lexemes.
use super::error::DialectError;
use super::lexer::{Bracket, Kind, Lexeme};

/// Marks "no partner".
pub(super) const NONE: usize = usize::MAX;

/// Partners and commas by index of the opening (and, for the partner, closing) bracket.
pub(super) struct Pairs {
    partner: Vec<usize>,
    comma: Vec<bool>,
}

impl Pairs {
    /// Index of the bracket that closes or opens the one at `index`, or [`NONE`].
    pub fn partner(&self, index: usize) -> usize {
        self.partner.get(index).copied().unwrap_or(NONE)
    }

    /// Whether a comma stands directly inside the bracket opened at `index`.
    pub fn has_comma(&self, index: usize) -> bool {
        self.comma.get(index).copied().unwrap_or(false)
    }
}

/// Finds all pairs. An unmatched bracket is an error; `Ok` carries the index of the innermost
/// bracket that was never closed.
pub(super) fn pair(
    source: &str,
    lexemes: &[Lexeme],
) -> Result<(Pairs, Option<usize>), DialectError> {
    let mut pairs = Pairs {
        partner: vec![NONE; lexemes.len()],
        comma: vec![false; lexemes.len()],
    };
    let mut open: Vec<(usize, Bracket)> = Vec::new();
    let text = |lexeme: &Lexeme| source.get(lexeme.range()).unwrap_or_default().to_owned();
    for (index, lexeme) in lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Open(bracket) => open.push((index, bracket)),
            Kind::MapOpen => open.push((index, Bracket::Curly)),
            Kind::Comma => {
                if let Some(flag) = open.last().and_then(|(at, _)| pairs.comma.get_mut(*at)) {
                    *flag = true;
                }
            }
            Kind::Close(bracket) => match open.pop() {
                Some((at, opened)) if opened == bracket => {
                    if let Some(partner) = pairs.partner.get_mut(at) {
                        *partner = index;
                    }
                    if let Some(partner) = pairs.partner.get_mut(index) {
                        *partner = at;
                    }
                }
                Some((at, _)) => {
                    let opener = lexemes.get(at).map(text).unwrap_or_default();
                    return Err(DialectError::new(
                        format!("closing '{}' does not match '{opener}'", text(lexeme)),
                        lexeme.range(),
                    ));
                }
                None => {
                    return Err(DialectError::new(
                        format!("unmatched '{}'", text(lexeme)),
                        lexeme.range(),
                    ));
                }
            },
            _ => {}
        }
    }
    Ok((pairs, open.last().map(|(at, _)| *at)))
}
