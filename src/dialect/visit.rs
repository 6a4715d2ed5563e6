//! What the pass does at single lexemes: words, literals, commas, assignments.
use super::edit::Rank;
use super::error::DialectError;
use super::lexer::{Bracket, Kind};
use super::rewrite::{Pass, Place, Role};
use super::{StatementKind, words};

impl<'s> Pass<'_, 's, '_> {
    /// A word anywhere but after a dot.
    pub fn visit_word(&mut self, index: usize, at_start: bool) -> Result<(), DialectError> {
        self.at = index + 1;
        if self.after_value {
            return self.infix_word(index);
        }
        let next = self.kind(index + 1);
        match self.text(index) {
            "if" => self.add_head(Role::If, at_start, false, Vec::new()),
            "while" => self.add_head(Role::Loop, at_start, false, Vec::new()),
            "switch" => self.add_head(Role::Switch, at_start, false, Vec::new()),
            "loop" => self.add_head(Role::Loop, at_start, true, Vec::new()),
            "do" => self.add_head(Role::Do, at_start, true, Vec::new()),
            "try" => self.add_head(Role::Try, at_start, true, Vec::new()),
            "for" => self.for_loop(index, at_start)?,
            "else" => self.add_head(Role::If, at_start, true, Vec::new()),
            "continue" => self.after_value = true,
            "return" | "throw" | "break" | "import" | "in" | "as" | "until" | "let" | "const"
            | "fn" | "export" | "private" | "catch" => {}
            "not" if self.negates(index) => {
                let range = self.range(index);
                let gap = self.range(index + 1).start;
                let blank = self.source.get(range.end..gap);
                let end = if blank == Some(" ") { gap } else { range.end };
                self.shared.edits.replace(range.start..end, "!(");
                self.open_not();
            }
            "lambda" if matches!(next, Some(Kind::Word | Kind::Colon | Kind::Star)) => {
                return Err(self.refuse_lambda(index));
            }
            word => {
                super::tokens::check_name(word, self.range(index))?;
                // The last arm of a switch starts with `_`.
                if !self.in_pattern() {
                    self.bind(index);
                }
                self.after_value = true;
            }
        }
        Ok(())
    }

    /// R7: is the `not` at `index` an operator?
    fn negates(&self, index: usize) -> bool {
        let next = index + 1;
        let operand = match self.kind(next) {
            Some(Kind::Word) => !matches!(self.word(next), "and" | "or" | "in" | "is" | "as"),
            Some(
                Kind::Number
                | Kind::Str(_)
                | Kind::RawStr
                | Kind::Backtick
                | Kind::MapOpen
                | Kind::Open(_)
                | Kind::Bang
                | Kind::Sign,
            ) => true,
            _ => false,
        };
        operand && !self.shared.own_not && !self.shared.names.is_visible("not")
    }

    /// `for x in` or `for (x, i) in`, up to the `in`.
    fn for_loop(&mut self, index: usize, at_start: bool) -> Result<(), DialectError> {
        let mut names = Vec::new();
        let first = index + 1;
        match self.kind(first) {
            Some(Kind::Word) => {
                names.push(first);
                self.bind(first);
                self.at = first + 1;
                if self.kind(self.at) == Some(Kind::Comma) {
                    return Err(self.refuse_for(index));
                }
            }
            Some(Kind::Open(Bracket::Round)) => {
                let partner = self.pairs.partner(first);
                for at in first + 1..partner.min(self.lexemes.len()) {
                    if self.kind(at) == Some(Kind::Word) {
                        self.bind(at);
                        names.push(at);
                    }
                }
                self.at = partner.saturating_add(1);
            }
            _ => {}
        }
        self.add_head(Role::Loop, at_start, false, names);
        self.after_value = true;
        Ok(())
    }

    /// A word where an operator may stand.
    fn infix_word(&mut self, index: usize) -> Result<(), DialectError> {
        let range = self.range(index);
        match self.text(index) {
            word @ ("and" | "or") => {
                self.close_nots(index.saturating_sub(1));
                self.shared
                    .edits
                    .replace(range, if word == "and" { "&& " } else { "||" });
                self.after_value = false;
            }
            "not" if self.word(index + 1) == "in" => {
                let inner = self.range(index + 1);
                self.shared.edits.replace(range, "!in");
                self.shared.edits.replace(inner, "  ");
                self.at = index + 2;
                self.after_value = false;
            }
            "is" => {
                if self.word(index + 1) == "not" {
                    let inner = self.range(index + 1);
                    self.shared.edits.replace(range, "!=");
                    self.shared.edits.replace(inner, "   ");
                    self.at = index + 2;
                } else {
                    self.shared.edits.replace(range, "==");
                }
                self.after_value = false;
            }
            "in" | "as" => self.after_value = false,
            "if" if self.in_pattern() => {
                self.close_nots(index.saturating_sub(1));
                self.after_value = false;
            }
            "if" => return Err(self.refuse_ternary(index)),
            "for" => return Err(self.refuse_comprehension(index)),
            // Two values side by side: Rhai reports it, unless the dialect knows better.
            _ => {}
        }
        Ok(())
    }

    /// R15: writes the name at `index` as Rhai knows it.
    pub fn bind(&mut self, index: usize) {
        let word = self.text(index);
        if words::is_last_value(word) {
            self.shared
                .edits
                .replace(self.range(index), words::rhai_name(word).into_owned());
        }
    }

    /// `.` or `?.` and the member's name.
    pub fn visit_member(&mut self, index: usize) -> Result<(), DialectError> {
        let name = index + 1;
        self.at = name;
        self.after_value = false;
        if self.kind(name) == Some(Kind::Word) {
            let word = self.text(name);
            if words::KEYWORDS.contains(&word) {
                return Err(DialectError::new(
                    format!("'{word}' is a word of the language, it cannot follow a dot"),
                    self.range(name),
                )
                .hint(format!("use .get(\"{word}\") or [\"{word}\"]")));
            }
            super::tokens::check_name(word, self.range(name))?;
            self.refuse_format(index)?;
            self.at = name + 1;
            self.after_value = true;
        }
        Ok(())
    }

    /// A number or string.
    pub fn visit_literal(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        if self.after_value && !(self.on_new_line(index) && self.in_statements()) {
            self.refuse_adjacent(index)?;
        }
        self.after_value = true;
        if let Kind::Str(form) = kind {
            self.rewrite_string(index, form)?;
            self.refuse_percent(index)?;
        }
        Ok(())
    }

    /// `&&` or `||`, which end the operand of a `not` as `and` and `or` do.
    pub fn visit_logic(&mut self, index: usize) {
        self.close_nots(index.saturating_sub(1));
        self.after_value = false;
    }

    pub fn visit_comma(&mut self, index: usize) -> Result<(), DialectError> {
        let last = index.saturating_sub(1);
        self.close_nots(last);
        self.after_value = false;
        match self.place() {
            Place::Switch { .. } => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.statement = None;
                    if let Place::Switch { body, .. } = &mut frame.place {
                        *body = false;
                    }
                }
            }
            Place::Top | Place::Block { .. } => self.tuple_comma(index)?,
            _ => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.item_start = true;
                }
            }
        }
        Ok(())
    }

    /// A comma in a statement: a tuple without parentheses.
    fn tuple_comma(&mut self, index: usize) -> Result<(), DialectError> {
        self.refuse_set(index)?;
        let Some(statement) = self.statement() else {
            return Ok(());
        };
        if statement.tuple || statement.assert {
            return Ok(());
        }
        let Some(from) = statement.tuple_from.filter(|from| *from < index) else {
            return Ok(());
        };
        statement.tuple = true;
        let start = self.range(from).start;
        self.shared.edits.insert(start, "[", Rank::Tuple);
        Ok(())
    }

    /// `=` or `+=` and so on.
    pub fn visit_assignment(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        self.close_nots(index.saturating_sub(1));
        self.after_value = false;
        if !matches!(
            self.place(),
            Place::Top | Place::Block { .. } | Place::Switch { .. }
        ) {
            return Ok(());
        }
        self.refuse_chain(index)?;
        let next = index + 1;
        let Some(statement) = self.statement() else {
            return Ok(());
        };
        statement.assigned = true;
        if statement.kind == StatementKind::Expression {
            statement.kind = StatementKind::Assignment;
            statement.tuple_from = (kind == Kind::Assign).then_some(next);
        }
        Ok(())
    }

    /// Arguments and keys: R1 and the key forms of R4.
    pub fn check_item(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        if !std::mem::take(&mut frame.item_start) || matches!(kind, Kind::Close(_)) {
            return Ok(());
        }
        match frame.place {
            Place::Call => self.argument(index, kind),
            Place::Map { .. } => self.key(index, kind),
            _ => self.refuse_star(index, kind),
        }
    }

    fn argument(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        self.refuse_star(index, kind)?;
        let keyword = kind == Kind::Word && self.kind(index + 1) == Some(Kind::Assign);
        let range = self.range(index);
        let name = self.text(index);
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        if !keyword {
            if !frame.keywords.is_empty() && kind != Kind::Comma {
                return Err(DialectError::new(
                    "positional argument follows keyword argument",
                    range,
                ));
            }
            return Ok(());
        }
        if !frame.keywords.insert(name) {
            return Err(DialectError::new(
                format!("keyword argument repeated: {name}"),
                range,
            ));
        }
        if frame.keywords.len() == 1 {
            self.shared
                .edits
                .insert(range.start, "__kw(#{", Rank::Keywords);
        }
        let assign = self.range(index + 1);
        self.shared.edits.replace(range, format!("\"{name}\""));
        self.shared.edits.replace(assign, ":");
        // The name and its `=` are done; the value comes next.
        self.skip_to = Some(index + 2);
        Ok(())
    }

    fn key(&mut self, index: usize, kind: Kind) -> Result<(), DialectError> {
        self.refuse_star(index, kind)?;
        if self.kind(index + 1) != Some(Kind::Colon) {
            return match self.place() {
                Place::Map { rewritten: true } => Err(DialectError::new(
                    "a key is a name, a string or a number, followed by ':'",
                    self.range(index),
                )),
                _ => Ok(()),
            };
        }
        let range = self.range(index);
        let text = self.text(index);
        match kind {
            Kind::Word => {
                if words::KEYWORDS.contains(&text) || !text.is_ascii() {
                    self.shared.edits.replace(range, format!("\"{text}\""));
                }
            }
            Kind::Number => {
                let key = number_key(text);
                self.shared.edits.replace(range, format!("\"{key}\""));
            }
            Kind::Str(form) => self.rewrite_key(index, form)?,
            Kind::RawStr | Kind::Backtick => {}
            _ => return Ok(()),
        }
        self.after_value = true;
        self.skip_to = Some(index + 1);
        Ok(())
    }
}

/// The text of a numeric key: decimal digits for an integer, else as written.
fn number_key(text: &str) -> String {
    let digits = text.replace('_', "");
    let lower = digits.to_ascii_lowercase();
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| lower.strip_prefix(prefix).map(|rest| (rest, radix)));
    let value = match radix {
        Some((rest, radix)) => u64::from_str_radix(rest, radix).ok(),
        None => digits.parse::<u64>().ok(),
    };
    value.map_or(digits, |value| value.to_string())
}
