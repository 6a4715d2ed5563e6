//! The pass that walks through the lexemes once and collects the edits.
//!
//! It keeps a stack of open brackets and knows at every lexeme whether a value just ended or one
//! must follow. Every rule (R1 to R14 of the module's table) applies to a sequence that plain Rhai
//! would reject at that place, so plain Rhai comes out unchanged.
use std::collections::HashSet;
use std::ops::Range;

use super::brackets::{self, NONE, Pairs};
use super::edit::{Edits, Rank};
use super::error::{DialectError, Hint};
use super::lexer::{Bracket, Kind, Lexeme, lex};
use super::names::{Declaration, Names};
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
struct Head {
    depth: usize,
    role: Role,
    /// The keyword stood at the start of a statement, so its block ends the statement.
    statement: bool,
    /// The `{` follows at once, not after an expression.
    immediate: bool,
    /// Lexemes (by index) of the names that the block declares.
    names: Vec<usize>,
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
    fn new(place: Place, open: usize, foreign: bool) -> Self {
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
    heads: Vec<Head>,
    /// Depths at which a `not` waits for its closing parenthesis.
    nots: Vec<usize>,
    pub at: usize,
    pub after_value: bool,
    statement_start: bool,
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

    // ---- statements -------------------------------------------------------------------------

    /// R9: does the statement end before the lexeme at `index`, which follows a value?
    fn ends_statement_before(&self, index: usize) -> bool {
        if !self.on_new_line(index) || !self.in_statements() || self.has_head() {
            return false;
        }
        match self.kind(index) {
            Some(Kind::Word) => match self.text(index) {
                "not" => self.word(index + 1) != "in",
                word => !words::CONTINUES.contains(&word),
            },
            Some(Kind::Number | Kind::Str(_) | Kind::RawStr | Kind::Backtick | Kind::MapOpen) => {
                true
            }
            Some(Kind::Open(Bracket::Curly)) => true,
            // An index holds one expression, so a list stands here.
            Some(Kind::Open(Bracket::Square)) => {
                self.pairs.has_comma(index) || self.pairs.partner(index) == index + 1
            }
            Some(Kind::Open(Bracket::Round)) => {
                let partner = self.pairs.partner(index);
                let unpacks = partner != NONE && self.kind(partner + 1) == Some(Kind::Assign);
                unpacks || !self.can_be_called(index.saturating_sub(1))
            }
            _ => false,
        }
    }

    /// Rhai calls names and names in parentheses, nothing else; `last` ends a value.
    fn can_be_called(&self, last: usize) -> bool {
        match self.kind(last) {
            Some(Kind::Word) => true,
            Some(Kind::Close(Bracket::Round)) => {
                let open = self.pairs.partner(last);
                let name = open != NONE && open + 2 == last && self.is_name(open + 1);
                let called = open.checked_sub(1).is_some_and(|before| {
                    self.is_name(before) || matches!(self.kind(before), Some(Kind::Close(_)))
                });
                name && !called
            }
            _ => false,
        }
    }

    fn has_head(&self) -> bool {
        self.heads
            .last()
            .is_some_and(|head| head.depth == self.depth())
    }

    /// Starts a statement; true when everything at `index` was handled.
    fn begin_statement(&mut self, index: usize) -> Result<bool, DialectError> {
        let start = self.range(index).start;
        if self.place() == Place::Top {
            self.shared.names.statement(start);
            let number = self.shared.statements.len();
            self.shared.edits.mark(start, Rank::StatementStart, number);
            let draft = Draft {
                source: start..start,
                kind: StatementKind::Expression,
            };
            self.shared.statements.push(draft);
        }
        let statement = Statement {
            first: index,
            kind: StatementKind::Expression,
            tuple_from: Some(index),
            tuple: false,
            assigned: false,
            declares: false,
            assert: false,
            closure: false,
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.statement = Some(statement);
        }
        self.start_by_word(index)
    }

    /// Ends the statement whose last lexeme is `last`.
    pub fn end_statement(&mut self, last: usize, terminator: Terminator) {
        let end = self.range(last).end;
        self.close_nots(last);
        let depth = self.depth();
        while self.heads.last().is_some_and(|head| head.depth >= depth) {
            self.heads.pop();
        }
        let top = self.place() == Place::Top;
        if let Some(statement) = self
            .frames
            .last_mut()
            .and_then(|frame| frame.statement.take())
        {
            if statement.tuple {
                self.shared.edits.insert(end, "]", Rank::Close);
            }
            if statement.assert {
                self.shared.edits.insert(end, ")", Rank::Close);
            }
            if terminator == Terminator::Newline {
                self.shared.edits.insert(end, ";", Rank::Close);
            }
            if top {
                let end = match terminator {
                    Terminator::Semicolon(index) => self.range(index).end,
                    _ => end,
                };
                let number = self.shared.statements.len().saturating_sub(1);
                self.shared.edits.mark(end, Rank::StatementEnd, number);
                if let Some(draft) = self.shared.statements.last_mut() {
                    draft.source.end = end;
                    draft.kind = statement.kind;
                }
            }
        }
        self.after_value = false;
        self.statement_start = true;
    }

    fn finish(&mut self) {
        let last = self.lexemes.len().saturating_sub(1);
        if self.place() == Place::Top {
            if self
                .frames
                .last()
                .is_some_and(|frame| frame.statement.is_some())
            {
                self.end_statement(last, Terminator::None);
            }
        } else {
            self.close_nots(last);
        }
    }

    /// Closes the operands of every `not` of the current bracket behind the lexeme `last`.
    pub fn close_nots(&mut self, last: usize) {
        let depth = self.depth();
        let end = self.range(last).end;
        while self.nots.last().is_some_and(|open| *open >= depth) {
            self.nots.pop();
            self.shared.edits.insert(end, ")", Rank::Close);
        }
    }

    /// Remembers that a `not` was opened here.
    pub fn open_not(&mut self) {
        let depth = self.depth();
        self.nots.push(depth);
    }

    // ---- brackets ---------------------------------------------------------------------------

    /// Opens a frame; the lexeme at `index` is its bracket.
    pub fn push(&mut self, place: Place, index: usize) {
        let foreign = match place {
            Place::Map { rewritten: true } | Place::Tuple => true,
            Place::Block { .. } | Place::Switch { .. } => false,
            _ => self.foreign() || self.is_keyword_value(index),
        };
        self.frames.push(Frame::new(place, index, foreign));
        self.after_value = false;
        self.statement_start = matches!(place, Place::Block { .. });
    }

    /// The lexeme at `index` follows the `=` of a keyword argument.
    fn is_keyword_value(&self, index: usize) -> bool {
        self.place() == Place::Call
            && index > 0
            && self.kind(index - 1) == Some(Kind::Assign)
            && self
                .frames
                .last()
                .is_some_and(|frame| !frame.keywords.is_empty())
    }

    fn open(&mut self, index: usize, bracket: Bracket, at_start: bool) -> Result<(), DialectError> {
        self.at += 1;
        match bracket {
            Bracket::Round if self.after_value => self.push(Place::Call, index),
            Bracket::Round => {
                let tuple = self.pairs.has_comma(index) && !self.in_pattern();
                if tuple {
                    let partner = self.pairs.partner(index);
                    self.shared.edits.replace(self.range(index), "[");
                    self.shared.edits.replace(self.range(partner), "]");
                    self.push(Place::Tuple, index);
                } else {
                    self.push(Place::Group, index);
                }
            }
            Bracket::Square if self.after_value => self.push(Place::Index, index),
            Bracket::Square => self.push(Place::Array, index),
            Bracket::Curly => self.open_curly(index, at_start)?,
        }
        Ok(())
    }

    fn open_curly(&mut self, index: usize, at_start: bool) -> Result<(), DialectError> {
        if let Some(head) = self.take_head() {
            self.close_nots(index.saturating_sub(1));
            self.open_block(index, head);
            return Ok(());
        }
        if !self.after_value {
            if self.starts_map(index) {
                self.shared
                    .edits
                    .insert(self.range(index).start, "#", Rank::Replace);
                self.push(Place::Map { rewritten: true }, index);
                return Ok(());
            }
            self.refuse_map(index)?;
        }
        let statement = at_start;
        self.shared.names.enter_block();
        self.push(
            Place::Block {
                role: Role::Plain,
                statement,
            },
            index,
        );
        Ok(())
    }

    /// The keyword that the `{` at the current place belongs to.
    fn take_head(&mut self) -> Option<Head> {
        let head = self.heads.last()?;
        (head.depth == self.depth() && (self.after_value || head.immediate))
            .then(|| self.heads.pop())
            .flatten()
    }

    fn open_block(&mut self, index: usize, head: Head) {
        let statement = head.statement;
        let body = self.range(index).end;
        match head.role {
            Role::Switch => {
                self.push(
                    Place::Switch {
                        statement,
                        body: false,
                    },
                    index,
                );
                return;
            }
            Role::Function => self.shared.names.enter_body(body, false),
            Role::Closure => self.shared.names.enter_body(body, true),
            _ => self.shared.names.enter_block(),
        }
        for name in head.names {
            let name = self.text(name);
            self.shared.names.declare(name);
        }
        self.push(
            Place::Block {
                role: head.role,
                statement,
            },
            index,
        );
    }

    /// R4 and R5: does the `{` at `index`, where a value may start, open a map?
    fn starts_map(&self, index: usize) -> bool {
        let first = index + 1;
        if self.kind(first) == Some(Kind::Close(Bracket::Curly)) {
            let previous = index.checked_sub(1).and_then(|before| self.kind(before));
            let declares = matches!(self.place(), Place::Top | Place::Block { .. })
                && previous == Some(Kind::Assign)
                && self
                    .frames
                    .last()
                    .and_then(|frame| frame.statement.as_ref())
                    .is_some_and(|statement| statement.declares);
            let element = self.foreign()
                && matches!(
                    previous,
                    Some(Kind::Comma | Kind::Colon | Kind::Assign | Kind::Open(_) | Kind::MapOpen)
                        | None
                );
            return declares || element || self.is_keyword_value(index);
        }
        matches!(
            self.kind(first),
            Some(Kind::Word | Kind::Number | Kind::Str(_) | Kind::RawStr | Kind::Backtick)
        ) && self.kind(first + 1) == Some(Kind::Colon)
    }

    fn close(&mut self, index: usize) -> Result<(), DialectError> {
        self.at += 1;
        let last = index.saturating_sub(1);
        self.close_nots(last);
        if self
            .frames
            .last()
            .is_some_and(|frame| frame.statement.is_some())
            && self.place() != Place::Top
        {
            self.end_statement(last, Terminator::None);
        }
        self.statement_start = false;
        let depth = self.depth();
        while self.heads.last().is_some_and(|head| head.depth >= depth) {
            self.heads.pop();
        }
        if self.frames.len() <= 1 {
            // Cannot happen, brackets are paired; the outermost frame stays.
            return Ok(());
        }
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        self.after_value = true;
        match frame.place {
            Place::Call if !frame.keywords.is_empty() => {
                self.shared
                    .edits
                    .insert(self.range(index).start, "})", Rank::Close);
            }
            Place::Block { role, statement } => {
                match role {
                    Role::Function => self.shared.names.leave_body(false),
                    Role::Closure => self.shared.names.leave_body(true),
                    _ => self.shared.names.leave_block(),
                }
                return self.after_block(index, role, statement);
            }
            Place::Switch { statement, .. } => {
                return self.after_block(index, Role::Switch, statement);
            }
            _ => {}
        }
        Ok(())
    }

    /// A block ended with the `}` at `index`: what may follow it?
    fn after_block(
        &mut self,
        index: usize,
        role: Role,
        statement: bool,
    ) -> Result<(), DialectError> {
        let next = index + 1;
        let word = self.word(next);
        match (role, word) {
            (Role::If, "else") => {
                self.at = next + 1;
                self.after_value = false;
                if self.word(self.at) == "if" {
                    self.at += 1;
                    self.add_head(Role::If, statement, false, Vec::new());
                } else {
                    self.add_head(Role::If, statement, true, Vec::new());
                }
                return Ok(());
            }
            (Role::If, "elif") => {
                return Err(
                    DialectError::new("there is no elif", self.range(next)).hint("write else if")
                );
            }
            (Role::Try, "catch") => {
                self.at = next + 1;
                self.after_value = false;
                let mut names = Vec::new();
                if self.kind(self.at) == Some(Kind::Open(Bracket::Round)) {
                    let partner = self.pairs.partner(self.at);
                    names.push(self.at + 1);
                    self.at = partner.saturating_add(1);
                }
                self.add_head(Role::Catch, statement, true, names);
                return Ok(());
            }
            (Role::Do, "while" | "until") => {
                self.at = next + 1;
                self.after_value = false;
                return Ok(());
            }
            _ => {}
        }
        if statement && role != Role::Do {
            self.end_block_statement(index);
        }
        Ok(())
    }

    /// The statement ended with the block that the `}` at `index` closed.
    fn end_block_statement(&mut self, index: usize) {
        match self.place() {
            Place::Switch { .. } => {
                // An arm that is a block needs no comma.
                if let Some(frame) = self.frames.last_mut() {
                    frame.statement = None;
                    if let Place::Switch { body, .. } = &mut frame.place {
                        *body = false;
                    }
                }
                self.after_value = false;
            }
            _ => self.end_statement(index, Terminator::None),
        }
    }

    /// Remembers that a block of this role follows.
    pub fn add_head(&mut self, role: Role, statement: bool, immediate: bool, names: Vec<usize>) {
        let depth = self.depth();
        self.heads.push(Head {
            depth,
            role,
            statement,
            immediate,
            names,
        });
    }

    /// `|a, b| …` from its first `|` (or `||`) on.
    fn closure(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        self.at = index + 1;
        let mut names = Vec::new();
        if kind == Kind::Pipe {
            while let Some(kind) = self.kind(self.at) {
                match kind {
                    Kind::Word => names.push(self.at),
                    Kind::Comma => {}
                    Kind::Pipe => {
                        self.at += 1;
                        break;
                    }
                    _ => break,
                }
                self.at += 1;
            }
        }
        if let Some(statement) = self.statement() {
            statement.closure = true;
        }
        self.after_value = false;
        // A map that R4 recognises is the closure's value, not its block.
        let block = self.kind(self.at) == Some(Kind::Open(Bracket::Curly))
            && (self.kind(self.at + 1) == Some(Kind::Close(Bracket::Curly))
                || !self.starts_map(self.at));
        if block {
            self.add_head(Role::Closure, false, true, names);
        }
        Ok(())
    }

    /// Applies R10 to the plain name at `index`, which is assigned to.
    pub fn assign_name(&mut self, index: usize, unpacked: bool) -> bool {
        let name = self.text(index);
        let direct = matches!(
            self.place(),
            Place::Top
                | Place::Block {
                    role: Role::Function | Role::Closure,
                    ..
                }
        );
        let start = self.range(index).start;
        match self.shared.names.assign(name, direct) {
            Declaration::None => false,
            // Unpacking declares its names itself.
            Declaration::Here if unpacked => true,
            Declaration::Here => {
                self.shared.edits.insert(start, "let ", Rank::Let);
                true
            }
            Declaration::Before(offset) => {
                self.shared
                    .edits
                    .insert(offset, format!("let {name}; "), Rank::Hoist);
                true
            }
            Declaration::InBody(offset) => {
                self.shared
                    .edits
                    .insert(offset, format!(" let {name};"), Rank::Hoist);
                true
            }
        }
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
