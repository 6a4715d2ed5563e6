//! Statements: where they start and end, and the forms recognised by their first lexemes.
use super::brackets::NONE;
use super::edit::Rank;
use super::error::DialectError;
use super::lexer::{Bracket, Kind};
use super::names::Declaration;
use super::rewrite::{Draft, Pass, Place, Role, Statement, Terminator};
use super::{StatementKind, words};

impl Pass<'_, '_, '_> {
    /// R9: does the statement end before the lexeme at `index`, which follows a value?
    pub fn ends_statement_before(&self, index: usize) -> bool {
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
    pub fn begin_statement(&mut self, index: usize) -> Result<bool, DialectError> {
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

    pub fn finish(&mut self) {
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

    /// Applies R10 to the plain name at `index`, which is assigned to.
    pub fn assign_name(&mut self, index: usize, unpacked: bool) -> bool {
        let name = self.text(index);
        if unpacked {
            self.bind(index);
        }
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
                self.shared.edits.insert(
                    offset,
                    format!("let {}; ", words::rhai_name(name)),
                    Rank::Hoist,
                );
                true
            }
            Declaration::InBody(offset) => {
                self.shared.edits.insert(
                    offset,
                    format!(" let {};", words::rhai_name(name)),
                    Rank::Hoist,
                );
                true
            }
        }
    }

    /// Statements that are recognised by their first lexemes. True when `self.at` was moved.
    pub fn start_by_word(&mut self, index: usize) -> Result<bool, DialectError> {
        if self.unpacks(index)? {
            return Ok(true);
        }
        let word = self.word(index);
        let next = index + 1;
        match word {
            "" => return Ok(false),
            "let" | "const" => {
                self.set_kind(StatementKind::Assignment);
                self.declare_next(index);
                return Ok(true);
            }
            "export" => {
                self.set_kind(StatementKind::Other);
                match self.word(next) {
                    "let" | "const" => self.declare_next(next),
                    _ => {
                        self.at = next + 1;
                        self.after_value = true;
                    }
                }
                return Ok(true);
            }
            "fn" => {
                self.function(index)?;
                return Ok(true);
            }
            "private" if self.word(next) == "fn" => {
                self.function(next)?;
                return Ok(true);
            }
            "return" | "throw" | "break" => {
                self.set_kind(StatementKind::Other);
                if let Some(statement) = self.statement() {
                    statement.tuple_from = Some(next);
                }
                self.at = next;
                self.after_value = false;
                return Ok(true);
            }
            "import" => {
                self.set_kind(StatementKind::Other);
                self.refuse_import(index)?;
            }
            "assert" if self.is_assert(index) => {
                self.assert(index);
                return Ok(true);
            }
            "del" if self.is_same_line_word(next) => {
                self.delete(index)?;
                return Ok(true);
            }
            "__unpack" if self.kind(next) == Some(Kind::Word) => {
                self.rewritten_unpack(index);
                return Ok(true);
            }
            _ => self.refuse_statement(index)?,
        }
        let name = word != "this" && !words::KEYWORDS.contains(&word);
        if name && self.kind(next) == Some(Kind::Assign) {
            let declares = self.assign_name(index, false);
            if let Some(statement) = self.statement() {
                statement.declares = declares;
            }
        }
        Ok(false)
    }

    fn set_kind(&mut self, kind: StatementKind) {
        if let Some(statement) = self.statement() {
            statement.kind = kind;
            if kind != StatementKind::Expression {
                statement.tuple_from = None;
            }
        }
    }

    fn is_same_line_word(&self, index: usize) -> bool {
        self.kind(index) == Some(Kind::Word) && !self.on_new_line(index)
    }

    /// `let name` at `index`, up to the name.
    fn declare_next(&mut self, index: usize) {
        let name = index + 1;
        self.set_kind(StatementKind::Assignment);
        self.at = name;
        self.after_value = false;
        if self.kind(name) == Some(Kind::Word) {
            let text = self.text(name);
            self.bind(name);
            self.shared.names.declare(text);
            self.at = name + 1;
            self.after_value = true;
        }
    }

    /// `fn name(a, b)` from its `fn` on, up to the `)`.
    fn function(&mut self, index: usize) -> Result<(), DialectError> {
        self.set_kind(StatementKind::Function);
        let mut open = index + 1;
        // A name, or a type, a dot and a name.
        while matches!(
            self.kind(open),
            Some(Kind::Word | Kind::Dot | Kind::Str(_) | Kind::RawStr)
        ) {
            open += 1;
        }
        let partner = self.pairs.partner(open);
        self.after_value = false;
        if self.kind(open) != Some(Kind::Open(Bracket::Round)) || partner == NONE {
            self.at = open.max(index + 1);
            return Ok(());
        }
        let mut names = Vec::new();
        for at in open + 1..partner {
            match self.kind(at) {
                Some(Kind::Word) => {
                    self.bind(at);
                    names.push(at);
                }
                Some(Kind::Comma) => {}
                Some(kind) => return self.refuse_parameter(at, kind),
                None => {}
            }
        }
        self.at = partner + 1;
        self.add_head(Role::Function, true, true, names);
        Ok(())
    }

    /// R13: is the `assert` at `index` a statement, not a call or a name?
    fn is_assert(&self, index: usize) -> bool {
        let next = index + 1;
        if self.shared.own_assert || self.on_new_line(next) {
            return false;
        }
        match self.kind(next) {
            Some(Kind::Word) => !matches!(self.word(next), "and" | "or" | "is" | "in" | "as"),
            Some(Kind::Number | Kind::Str(_) | Kind::RawStr | Kind::Backtick | Kind::MapOpen) => {
                true
            }
            Some(Kind::Open(Bracket::Square | Bracket::Curly) | Kind::Bang) => {
                !self.shared.names.is_visible("assert")
            }
            Some(Kind::Open(Bracket::Round)) => {
                // `assert(e)` and `assert(e, m)` are calls; `assert (a) == b` is not.
                let after = self.pairs.partner(next).saturating_add(1);
                !self.pairs.has_comma(next)
                    && !self.on_new_line(after)
                    && !matches!(
                        self.kind(after),
                        None | Some(Kind::Semicolon | Kind::Close(_) | Kind::Dot)
                    )
            }
            _ => false,
        }
    }

    fn assert(&mut self, index: usize) {
        self.set_kind(StatementKind::Other);
        if let Some(statement) = self.statement() {
            statement.assert = true;
        }
        let (end, next) = (self.range(index).end, self.range(index + 1).start);
        if next == end + 1 {
            self.shared.edits.replace(end..next, "(");
        } else {
            self.shared.edits.insert(end, "(", Rank::Let);
        }
        self.at = index + 1;
        self.after_value = false;
    }

    /// R13: `del a, b`.
    fn delete(&mut self, index: usize) -> Result<(), DialectError> {
        self.set_kind(StatementKind::Other);
        let mut at = index + 1;
        let mut start = self.range(index).start;
        loop {
            if self.kind(at) != Some(Kind::Word) {
                break;
            }
            let name = self.text(at);
            let next = self.kind(at + 1);
            if matches!(next, Some(Kind::Dot | Kind::Open(_))) && !self.on_new_line(at + 1) {
                return Err(DialectError::new("del takes the name of a variable", self.range(at))
                    .hint("for a stored object use its .delete(), for a key of a map .remove(\"key\")"));
            }
            self.shared.names.delete(name);
            let more = next == Some(Kind::Comma);
            let end = self.range(if more { at + 1 } else { at }).end;
            let text = format!(
                "__del(\"{}\"){}",
                words::rhai_name(name),
                if more { ";" } else { "" }
            );
            self.shared.edits.replace(start..end, text);
            at += if more { 2 } else { 1 };
            if !more {
                break;
            }
            start = self.range(at).start;
        }
        self.at = at;
        self.after_value = true;
        Ok(())
    }

    /// R3: `a, b = e` and `(a, b) = e` at `index`.
    fn unpacks(&mut self, index: usize) -> Result<bool, DialectError> {
        let enclosed = matches!(
            self.kind(index),
            Some(Kind::Open(Bracket::Round | Bracket::Square))
        );
        let (first, end) = if enclosed {
            let partner = self.pairs.partner(index);
            if partner == NONE || self.kind(partner + 1) != Some(Kind::Assign) {
                return Ok(false);
            }
            (index + 1, partner)
        } else {
            let mut at = index;
            while self.kind(at) == Some(Kind::Word) && self.kind(at + 1) == Some(Kind::Comma) {
                at += 2;
            }
            if at == index {
                return Ok(false);
            }
            if self.kind(at) == Some(Kind::Word) {
                at += 1;
            }
            if self.kind(at) != Some(Kind::Assign) {
                return Ok(false);
            }
            (index, at)
        };
        let mut names = Vec::new();
        for at in first..end {
            let kind = self.kind(at);
            let expected = if (at - first).is_multiple_of(2) {
                Kind::Word
            } else {
                Kind::Comma
            };
            if kind != Some(expected) || words::KEYWORDS.contains(&self.word(at)) {
                return Err(self.refuse_target(at));
            }
            if expected == Kind::Word {
                names.push(at);
            }
        }
        if names.is_empty() || (names.len() == 1 && !self.pairs.has_comma(index) && enclosed) {
            // `(a) = 1` and `() = 1`: Rhai says what is wrong with it.
            return Ok(false);
        }
        for name in &names {
            self.assign_name(*name, true);
        }
        self.set_kind(StatementKind::Assignment);
        if let Some(statement) = self.statement() {
            statement.assigned = true;
            statement.declares = true;
            statement.tuple_from = Some(if enclosed { end + 2 } else { end + 1 });
        }
        if enclosed {
            self.shared.edits.replace(self.range(index), "__unpack ");
            self.shared.edits.replace(self.range(end), "");
        } else {
            let start = self.range(index).start;
            self.shared.edits.insert(start, "__unpack ", Rank::Let);
        }
        if self.kind(end - 1) == Some(Kind::Comma) {
            self.shared.edits.replace(self.range(end - 1), "");
        }
        self.at = if enclosed { end + 2 } else { end + 1 };
        self.after_value = false;
        Ok(true)
    }

    /// `__unpack a, b = e` that is in the source already.
    fn rewritten_unpack(&mut self, index: usize) {
        let mut at = index + 1;
        while self.kind(at) == Some(Kind::Word) {
            let name = self.text(at);
            self.shared.names.declare(name);
            at += 1;
            if self.kind(at) != Some(Kind::Comma) {
                break;
            }
            at += 1;
        }
        self.set_kind(StatementKind::Assignment);
        self.at = at;
        self.after_value = true;
    }
}
