//! Brackets and blocks: what a bracket opens, what its end means, which names a block declares.
use super::edit::Rank;
use super::error::DialectError;
use super::lexer::{Bracket, Kind};
use super::rewrite::{Frame, Head, Pass, Place, Role, Terminator};

impl Pass<'_, '_, '_> {
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

    pub fn open(
        &mut self,
        index: usize,
        bracket: Bracket,
        at_start: bool,
    ) -> Result<(), DialectError> {
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

    pub fn close(&mut self, index: usize) -> Result<(), DialectError> {
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
                    self.bind(self.at + 1);
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
    pub fn closure(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        self.at = index + 1;
        let mut names = Vec::new();
        if kind == Kind::Pipe {
            while let Some(kind) = self.kind(self.at) {
                match kind {
                    Kind::Word => {
                        self.bind(self.at);
                        names.push(self.at);
                    }
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
}
