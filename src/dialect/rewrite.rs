//! The pass that walks through the lexemes once and collects the edits.
//!
//! It keeps a stack of open brackets and knows at every lexeme whether a value just ended or one
//! must follow. Every rule (R1 to R14 of the module's table) applies to a sequence that plain Rhai
//! would reject at that place, so plain Rhai comes out unchanged.
use std::collections::HashSet;
use std::ops::Range;

use super::brackets::{self, NONE, Pairs};
use super::edit::Edits;
use super::error::{DialectError, Hint};
use super::lexer::{Bracket, Kind, Lexeme, lex};
use super::names::Names;
use super::{StatementKind, words};

/// What f-strings may nest: an f-string in a field of an f-string, and so on.
const MAX_NESTING: usize = 6;

/// A top-level statement as found: range in the source and kind.
pub(super) struct Draft {
    pub source: Range<usize>,
    pub kind: StatementKind,
}

/// What is shared by the pass over the input and the passes over the fields of its f-strings.
pub(super) struct Shared<'s, 'k> {
    pub source: &'s str,
    pub names: Names<'s, 'k>,
    pub edits: Edits,
    pub hints: Vec<Hint>,
    pub statements: Vec<Draft>,
    /// The input declares a function called `not` or `assert`, which then keeps its Rhai meaning.
    pub own_not: bool,
    pub own_assert: bool,
    pub nesting: usize,
}

/// Why the next `{` opens a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    If,
    Loop,
    Do,
    Switch,
    Try,
    Catch,
    Function,
    Closure,
    /// A block of its own.
    Plain,
}

/// A keyword whose `{` has not come yet.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub depth: usize,
    pub role: Role,
    /// The keyword stood at the start of a statement, so its block ends the statement.
    pub statement: bool,
    /// The `{` follows at once, not after an expression.
    pub immediate: bool,
    /// Lexemes (by index) of the names that the block declares.
    pub names: Vec<usize>,
}

/// What an open bracket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    /// The expression of an f-string's field.
    Field,
    Block {
        role: Role,
        statement: bool,
    },
    Switch {
        statement: bool,
        body: bool,
    },
    Call,
    Group,
    Tuple,
    Array,
    Index,
    Map {
        rewritten: bool,
    },
}

/// A statement that has begun.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// Index of its first lexeme.
    pub first: usize,
    pub kind: StatementKind,
    /// Where a tuple without parentheses would start, if it may be one.
    pub tuple_from: Option<usize>,
    pub tuple: bool,
    pub assigned: bool,
    /// A name got its `let` here, so `{}` on the right side is a map.
    pub declares: bool,
    pub assert: bool,
    /// A closure without braces may hold a second assignment.
    pub closure: bool,
}

#[derive(Debug)]
pub(super) struct Frame<'s> {
    pub place: Place,
    /// Index of the opening bracket; [`NONE`] for the outermost.
    pub open: usize,
    /// Everything inside belongs to something that Rhai does not know, so `{}` is a map.
    pub foreign: bool,
    pub statement: Option<Statement>,
    /// An argument or a key starts here.
    pub item_start: bool,
    /// Names of the keyword arguments so far.
    pub keywords: HashSet<&'s str>,
}

impl<'s> Frame<'s> {
    pub fn new(place: Place, open: usize, foreign: bool) -> Self {
        let item_start = matches!(
            place,
            Place::Call | Place::Map { .. } | Place::Array | Place::Tuple
        );
        Self {
            place,
            open,
            foreign,
            statement: None,
            item_start,
            keywords: HashSet::new(),
        }
    }
}

/// One walk over a run of lexemes.
pub(super) struct Pass<'p, 's, 'k> {
    pub shared: &'p mut Shared<'s, 'k>,
    pub source: &'s str,
    pub lexemes: Vec<Lexeme>,
    pub pairs: Pairs,
    pub frames: Vec<Frame<'s>>,
    pub heads: Vec<Head>,
    /// Depths at which a `not` waits for its closing parenthesis.
    pub nots: Vec<usize>,
    pub at: usize,
    pub after_value: bool,
    pub statement_start: bool,
    /// Set when the item at hand was handled as a keyword or key: where to go on.
    pub skip_to: Option<usize>,
}

/// Rewrites `range` of the source; `place` is [`Place::Top`] or [`Place::Field`].
pub(super) fn walk<'s>(
    shared: &mut Shared<'s, '_>,
    range: Range<usize>,
    place: Place,
) -> Result<(), DialectError> {
    if shared.nesting > MAX_NESTING {
        return Err(DialectError::new("f-string: nested too deeply", range));
    }
    let source = shared.source;
    let all = lex(source, range);
    let mut lexemes = Vec::with_capacity(all.len());
    for lexeme in all {
        super::tokens::check(source, &lexeme)?;
        match lexeme.kind {
            Kind::HashComment => {
                // A blank keeps the comment from becoming a doc comment (`///`, `//!`).
                let next = source.as_bytes().get(lexeme.start + 1);
                let text = if matches!(next, Some(b'/' | b'!')) {
                    "// "
                } else {
                    "//"
                };
                shared.edits.replace(lexeme.start..lexeme.start + 1, text);
            }
            Kind::LineComment => super::refuse::floor_division(shared, lexemes.last(), &lexeme),
            Kind::BlockComment => {}
            Kind::Join => shared.edits.replace(lexeme.start..lexeme.start + 1, " "),
            Kind::Unknown if is_blank(source, &lexeme) => {
                shared.edits.replace(lexeme.range(), " ");
            }
            _ => lexemes.push(lexeme),
        }
    }
    let (pairs, unclosed) = brackets::pair(source, &lexemes)?;
    if let Some(lexeme) = unclosed.and_then(|index| lexemes.get(index)) {
        let text = source.get(lexeme.range()).unwrap_or_default();
        return Err(DialectError::new(
            format!("'{text}' was never closed"),
            lexeme.range(),
        ));
    }
    let frame = Frame::new(place, NONE, place == Place::Field);
    let mut pass = Pass {
        shared,
        source,
        lexemes,
        pairs,
        frames: vec![frame],
        heads: Vec::new(),
        nots: Vec::new(),
        at: 0,
        after_value: false,
        statement_start: place == Place::Top,
        skip_to: None,
    };
    pass.find_own_functions();
    while pass.at < pass.lexemes.len() {
        pass.step()?;
    }
    pass.finish();
    Ok(())
}

/// True for blanks outside ASCII (such as the no-break space of a web page), which Rhai refuses.
fn is_blank(source: &str, lexeme: &Lexeme) -> bool {
    let text = source.get(lexeme.range()).unwrap_or_default();
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

impl<'s> Pass<'_, 's, '_> {
    pub fn kind(&self, index: usize) -> Option<Kind> {
        self.lexemes.get(index).map(|lexeme| lexeme.kind)
    }

    pub fn text(&self, index: usize) -> &'s str {
        self.lexemes
            .get(index)
            .and_then(|lexeme| self.source.get(lexeme.range()))
            .unwrap_or("")
    }

    /// The word at `index`, or an empty text when it is no word.
    pub fn word(&self, index: usize) -> &'s str {
        if self.kind(index) == Some(Kind::Word) {
            self.text(index)
        } else {
            ""
        }
    }

    /// A word that is none of Rhai's.
    pub fn is_name(&self, index: usize) -> bool {
        self.kind(index) == Some(Kind::Word) && !words::KEYWORDS.contains(&self.text(index))
    }

    pub fn range(&self, index: usize) -> Range<usize> {
        self.lexemes
            .get(index)
            .map_or(self.source.len()..self.source.len(), Lexeme::range)
    }

    pub fn on_new_line(&self, index: usize) -> bool {
        self.lexemes.get(index).is_some_and(|lexeme| lexeme.newline)
    }

    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    pub fn place(&self) -> Place {
        self.frames.last().map_or(Place::Top, |frame| frame.place)
    }

    pub fn foreign(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.foreign)
    }

    pub fn statement(&mut self) -> Option<&mut Statement> {
        self.frames
            .last_mut()
            .and_then(|frame| frame.statement.as_mut())
    }

    /// True where statements stand: at the top and in blocks.
    pub fn in_statements(&self) -> bool {
        matches!(self.place(), Place::Top | Place::Block { .. })
    }

    /// Looks ahead for what changes the meaning of other lines.
    fn find_own_functions(&mut self) {
        for index in 0..self.lexemes.len() {
            if self.kind(index) == Some(Kind::Bang) {
                let calls = self.kind(index + 1) == Some(Kind::Open(Bracket::Round))
                    && index.checked_sub(1).is_some_and(|name| self.is_name(name));
                self.shared.names.functions_see_caller |= calls;
            }
            if self.word(index) == "fn" {
                match self.word(index + 1) {
                    "not" => self.shared.own_not = true,
                    "assert" => self.shared.own_assert = true,
                    _ => {}
                }
            }
        }
    }

    /// Handles the lexeme at `self.at` (and those that belong to it).
    fn step(&mut self) -> Result<(), DialectError> {
        let index = self.at;
        if self.after_value && self.ends_statement_before(index) {
            self.end_statement(index.saturating_sub(1), Terminator::Newline);
        }
        if self.statement_start && self.kind(index) == Some(Kind::Semicolon) {
            self.at += 1;
            return Ok(());
        }
        let at_start = std::mem::take(&mut self.statement_start)
            && !matches!(self.kind(index), Some(Kind::Close(_)));
        if at_start && self.begin_statement(index)? {
            return Ok(());
        }
        let Some(kind) = self.kind(index) else {
            return Ok(());
        };
        self.check_item(index, kind)?;
        if let Some(next) = self.skip_to.take() {
            self.at = next;
            return Ok(());
        }
        match kind {
            Kind::Word => return self.visit_word(index, at_start),
            Kind::Str(_) | Kind::RawStr | Kind::Backtick | Kind::Number => {
                self.visit_literal(index, kind)?;
            }
            Kind::Open(bracket) => return self.open(index, bracket, at_start),
            Kind::MapOpen => self.push(Place::Map { rewritten: false }, index),
            Kind::Close(_) => return self.close(index),
            Kind::Comma => self.visit_comma(index)?,
            Kind::Semicolon => {
                if self.in_statements() {
                    self.end_statement(index.saturating_sub(1), Terminator::Semicolon(index));
                }
                self.after_value = false;
            }
            Kind::Colon => self.visit_colon(index)?,
            Kind::Assign | Kind::OpAssign => self.visit_assignment(index, kind)?,
            Kind::Arrow => {
                self.close_nots(index.saturating_sub(1));
                self.after_value = false;
                if let Some(Frame {
                    place: Place::Switch { body, .. },
                    ..
                }) = self.frames.last_mut()
                {
                    *body = true;
                    self.statement_start = true;
                }
            }
            Kind::Pipe | Kind::OrOr if !self.after_value && !self.in_pattern() => {
                return self.closure(index, kind);
            }
            Kind::OrOr => self.visit_logic(index),
            Kind::Operator => {
                if matches!(self.text(index), "&&") {
                    self.visit_logic(index);
                } else {
                    self.refuse_operator(index)?;
                    self.refuse_chained(index)?;
                    self.after_value = false;
                }
            }
            Kind::Star | Kind::Power | Kind::Sign | Kind::Pipe => {
                self.refuse_operator(index)?;
                self.after_value = false;
            }
            Kind::Bang => {
                // `f!(…)` is a call; anywhere else `!` starts an operand.
                let calls = self.after_value
                    && self.kind(index + 1) == Some(Kind::Open(Bracket::Round))
                    && !self.on_new_line(index);
                self.after_value = calls;
            }
            Kind::Dot => return self.visit_member(index),
            Kind::Scope => self.after_value = false,
            Kind::Question | Kind::Unknown => {}
            Kind::Join | Kind::HashComment | Kind::LineComment | Kind::BlockComment => {}
        }
        self.at += 1;
        Ok(())
    }

    /// Inside a switch, before the `=>` of an arm.
    pub fn in_pattern(&self) -> bool {
        matches!(self.place(), Place::Switch { body: false, .. })
    }
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Terminator {
    /// By the end of the input, of its block, or of itself.
    None,
    /// By the `;` at this index.
    Semicolon(usize),
    /// By a line end, so it needs a `;`.
    Newline,
}
