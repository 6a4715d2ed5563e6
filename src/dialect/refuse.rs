//! Forms that are refused, each with what to type instead.
use super::brackets::NONE;
use super::error::{DialectError, Hint};
use super::lexer::{Bracket, Kind, Lexeme};
use super::rewrite::{Pass, Place, Role, Shared};
use super::words;

impl Pass<'_, '_, '_> {
    /// First words of Python statements that can be no Rhai.
    pub fn refuse_statement(&self, index: usize) -> Result<(), DialectError> {
        let next = index + 1;
        let word = self.word(index);
        if self.on_new_line(next) || self.kind(next) != Some(Kind::Word) {
            return Ok(());
        }
        let error = |message: &str| DialectError::new(message, self.range(index));
        match word {
            "from" => Err(error("no Python modules").hint("everything is below j")),
            "def" => Err(error("functions are written with fn")
                .hint(format!("fn {}(…) {{ … }}", self.word(next)))),
            "class" => Err(error("there are no classes").hint("use a map: #{name: \"x\"}")),
            "raise" => Err(error("errors are raised with throw").hint("throw \"text\"")),
            "elif" => Err(error("there is no elif").hint("write else if")),
            "global" | "nonlocal" => Err(error("functions see no variables of their surroundings")
                .hint("pass the value as an argument")),
            _ => Ok(()),
        }
    }

    /// `import os`: Rhai's import takes an expression, mostly a string.
    pub fn refuse_import(&self, index: usize) -> Result<(), DialectError> {
        let name = index + 1;
        if self.kind(name) == Some(Kind::Word) && !self.shared.names.is_visible(self.text(name)) {
            let last = self.range(name);
            return Err(
                DialectError::new("no Python modules", self.range(index).start..last.end).hint(
                    "everything is below j; a script file is imported by its name: \
                       import \"file\" as name",
                ),
            );
        }
        Ok(())
    }

    /// A parameter of `fn` that is no plain name.
    pub fn refuse_parameter(&self, at: usize, kind: Kind) -> Result<(), DialectError> {
        let range = self.range(at);
        match kind {
            Kind::Assign => Err(
                DialectError::new("parameters have no default values", range)
                    .hint("declare a second function with fewer parameters"),
            ),
            Kind::Colon => Err(DialectError::new("there are no type annotations", range)
                .hint("write the name alone")),
            Kind::Star | Kind::Power => {
                Err(DialectError::new("there is no *args and no **kw", range)
                    .hint("take a list or a map as a parameter"))
            }
            _ => Err(DialectError::new("parameters are plain names", range)),
        }
    }

    /// An unpacking target that is no plain name.
    pub fn refuse_target(&self, at: usize) -> DialectError {
        let error = DialectError::new("only plain names can be unpacked into", self.range(at));
        match self.kind(at) {
            Some(Kind::Star) => error.hint("unpack by index: a = list[0]"),
            Some(Kind::Open(_)) => error.hint("unpack the inner list in a statement of its own"),
            _ => error.hint("unpack into names first, then assign"),
        }
    }

    pub fn refuse_lambda(&self, index: usize) -> DialectError {
        let mut end = index + 1;
        let mut names = Vec::new();
        while matches!(self.kind(end), Some(Kind::Word | Kind::Comma)) {
            if self.kind(end) == Some(Kind::Word) {
                names.push(self.text(end));
            }
            end += 1;
        }
        DialectError::new("there is no lambda", self.range(index))
            .hint(format!("write |{}| …", names.join(", ")))
    }

    pub fn refuse_for(&self, index: usize) -> DialectError {
        DialectError::new("for takes one name", self.range(index + 2))
            .hint("for pair in list { … }, then pair[0] and pair[1]")
    }

    pub fn refuse_ternary(&self, index: usize) -> DialectError {
        DialectError::new("there is no a if c else b", self.range(index))
            .hint("if c { a } else { b }")
    }

    pub fn refuse_comprehension(&self, index: usize) -> DialectError {
        DialectError::new("there are no comprehensions", self.range(index))
            .hint("list.map(|x| …) and list.filter(|x| …)")
    }

    /// `'…'.format(…)`; `index` is the dot.
    pub fn refuse_format(&self, index: usize) -> Result<(), DialectError> {
        let call = self.word(index + 1) == "format"
            && self.kind(index + 2) == Some(Kind::Open(Bracket::Round));
        let literal = index.checked_sub(1).is_some_and(|before| {
            matches!(self.kind(before), Some(Kind::Str(_))) && self.text(before).contains('{')
        });
        if call && literal {
            return Err(
                DialectError::new("there is no .format", self.range(index + 1))
                    .hint("use an f-string: f'{value} {name}'"),
            );
        }
        Ok(())
    }

    /// `'%s' % x`; `index` is the string.
    pub fn refuse_percent(&self, index: usize) -> Result<(), DialectError> {
        if self.text(index + 1) == "%" && has_placeholder(self.text(index)) {
            return Err(
                DialectError::new("there is no % formatting", self.range(index + 1))
                    .hint("use an f-string: f'{value:.2f}'"),
            );
        }
        Ok(())
    }

    /// Two strings side by side; `index` is the second.
    pub fn refuse_adjacent(&self, index: usize) -> Result<(), DialectError> {
        let string = |at: usize| self.lexemes.get(at).is_some_and(Lexeme::is_string);
        if string(index) && index.checked_sub(1).is_some_and(string) {
            return Err(DialectError::new(
                "strings side by side are not joined",
                self.range(index),
            )
            .hint("use +"));
        }
        Ok(())
    }

    /// `1 < x < 9`: Rhai compares the answer of the first with the third, which is never true.
    pub fn refuse_chained(&self, index: usize) -> Result<(), DialectError> {
        let compares = |at: usize| matches!(self.text(at), "<" | "<=" | ">" | ">=");
        if !compares(index) {
            return Ok(());
        }
        let statement = self.frames.last().and_then(|f| f.statement.as_ref());
        let first = statement.map_or(0, |statement| statement.first);
        let mut depth = 0usize;
        for at in (first..index).rev() {
            match self.kind(at) {
                // What stands behind a block is a statement of its own.
                Some(Kind::Close(Bracket::Curly)) if depth == 0 => break,
                Some(Kind::Close(_)) => depth += 1,
                Some(Kind::Open(_) | Kind::MapOpen) if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                Some(Kind::Operator) if compares(at) => {
                    let middle = self.range(at).end..self.range(index).start;
                    let middle = self.source.get(middle).unwrap_or("x").trim();
                    let (before, after) = (self.text(at), self.text(index));
                    return Err(DialectError::new(
                        "comparisons are not chained",
                        self.range(index),
                    )
                    .hint(format!("… {before} {middle} && {middle} {after} …")));
                }
                Some(Kind::Operator) if self.text(at).starts_with('.') => {}
                Some(Kind::Word) if !words::opens_expression(self.text(at)) => {}
                Some(
                    Kind::Number
                    | Kind::Str(_)
                    | Kind::RawStr
                    | Kind::Backtick
                    | Kind::Dot
                    | Kind::Scope
                    | Kind::Star
                    | Kind::Power
                    | Kind::Sign
                    | Kind::Join
                    | Kind::HashComment
                    | Kind::LineComment
                    | Kind::BlockComment,
                ) => {}
                _ => break,
            }
        }
        Ok(())
    }

    /// `*` and `**` where a value must start.
    pub fn refuse_operator(&self, index: usize) -> Result<(), DialectError> {
        if self.text(index) == "//" || self.after_value {
            return Ok(());
        }
        match self.kind(index) {
            Some(kind @ (Kind::Star | Kind::Power)) => self.refuse_star(index, kind),
            _ => Ok(()),
        }
    }

    /// `f(*args)`, `f(**kw)`, `[*a]`, `{**a}`.
    pub fn refuse_star(&self, index: usize, kind: Kind) -> Result<(), DialectError> {
        if !matches!(kind, Kind::Star | Kind::Power) {
            return Ok(());
        }
        let error = |message: &str| DialectError::new(message, self.range(index));
        Err(match self.place() {
            Place::Call => error("there is no *args and no **kw in calls")
                .hint("write the arguments one by one"),
            Place::Map { .. } | Place::Block { .. } => {
                error("maps cannot be spread").hint("a + b joins two maps")
            }
            Place::Array | Place::Tuple => {
                error("lists cannot be spread").hint("a + b joins two lists")
            }
            _ => error("a value must stand before *"),
        })
    }

    /// `{` in the place of a value that is neither a map nor a sensible block.
    pub fn refuse_map(&self, index: usize) -> Result<(), DialectError> {
        if self.kind(index + 1) == Some(Kind::Power) {
            return Err(
                DialectError::new("maps cannot be spread", self.range(index + 1))
                    .hint("a + b joins two maps"),
            );
        }
        Ok(())
    }

    /// `{1, 2}`; `index` is the comma.
    pub fn refuse_set(&self, index: usize) -> Result<(), DialectError> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let first = frame.open.saturating_add(1);
        let plain = matches!(
            frame.place,
            Place::Block {
                role: Role::Plain,
                ..
            }
        );
        let starts = frame
            .statement
            .as_ref()
            .is_some_and(|statement| statement.first == first && !statement.assigned);
        if plain && frame.open != NONE && starts {
            return Err(DialectError::new("there are no sets", self.range(index))
                .hint("use a list: [1, 2]"));
        }
        Ok(())
    }

    /// `a = b = 1`; `index` is an `=`.
    pub fn refuse_chain(&self, index: usize) -> Result<(), DialectError> {
        let Some(statement) = self
            .frames
            .last()
            .and_then(|frame| frame.statement.as_ref())
        else {
            return Ok(());
        };
        if statement.tuple && !statement.assigned {
            return Err(self.refuse_target(statement.first));
        }
        if statement.assigned && !statement.closure {
            let before = index.checked_sub(1).map_or("b", |at| self.text(at));
            return Err(
                DialectError::new("one = per statement", self.range(index)).hint(format!(
                    "write two statements: {before} = …; then the other = {before}"
                )),
            );
        }
        Ok(())
    }

    /// A `:` that belongs to no map.
    pub fn visit_colon(&mut self, index: usize) -> Result<(), DialectError> {
        self.close_nots(index.saturating_sub(1));
        self.after_value = false;
        let range = self.range(index);
        match self.place() {
            Place::Index => Err(DialectError::new("slices are written with ..", range)
                .hint("a[1..3] instead of a[1:3]; of a list a.extract(1..3)")),
            Place::Call => Err(
                DialectError::new("keyword arguments are written with =", range)
                    .hint("f(name=value)"),
            ),
            Place::Top | Place::Block { .. } => self.refuse_block(index),
            _ => Ok(()),
        }
    }

    /// A `:` in a statement: a Python block or a type annotation.
    fn refuse_block(&self, index: usize) -> Result<(), DialectError> {
        let Some(statement) = self
            .frames
            .last()
            .and_then(|frame| frame.statement.as_ref())
        else {
            return Ok(());
        };
        let first = statement.first;
        let word = self.word(first);
        let start = self.range(first).start;
        let colon = self.range(index);
        if words::PYTHON_BLOCKS.contains(&word) {
            let header = self.source.get(start..colon.start).unwrap_or_default();
            let shape = brace_header(word, header);
            return Err(DialectError::new(
                format!("blocks use braces here: {shape}"),
                colon,
            ));
        }
        if index == first + 1 && self.kind(first) == Some(Kind::Word) {
            return Err(DialectError::new("there are no type annotations", colon)
                .hint(format!("{word} = …")));
        }
        Ok(())
    }
}

/// The brace form of a Python block header (without its colon).
fn brace_header(word: &str, header: &str) -> String {
    let rest = header.strip_prefix(word).unwrap_or_default().trim();
    let short = if rest.contains('\n') || rest.len() > 60 {
        "…"
    } else {
        rest
    };
    match word {
        "def" => format!("fn {short} {{ … }}"),
        "elif" => format!("}} else if {short} {{ … }}"),
        "else" | "try" => format!("{word} {{ … }}"),
        "except" | "finally" => "try { … } catch (e) { … }".to_owned(),
        "match" => format!("switch {short} {{ value => … }}"),
        "case" => format!("{short} => …"),
        "with" | "class" | "async" => "for x in y { … }".to_owned(),
        _ => format!("{word} {short} {{ … }}"),
    }
}

/// True for text with a `%s`-like placeholder.
fn has_placeholder(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('%') {
        let spec = after.trim_start_matches(|c: char| c.is_ascii_digit() || "-+ #.".contains(c));
        if spec.starts_with(['s', 'd', 'r', 'i', 'f', 'g', 'e', 'x', '%', '(']) {
            return true;
        }
        rest = after;
    }
    false
}

/// `7 // 2` on a line of its own: `//` starts a comment.
pub(super) fn floor_division(
    shared: &mut Shared<'_, '_>,
    previous: Option<&Lexeme>,
    comment: &Lexeme,
) {
    let Some(previous) = previous else { return };
    let source = shared.source;
    let value = matches!(previous.kind, Kind::Word | Kind::Number | Kind::Close(_));
    if !value || source.trim().contains('\n') {
        return;
    }
    let gap = source.get(previous.end..comment.start).unwrap_or_default();
    let text = source
        .get(comment.start + 2..comment.end)
        .unwrap_or_default()
        .trim();
    let number = text.starts_with(|c: char| c.is_ascii_digit());
    let formula = text
        .chars()
        .all(|c| c.is_ascii_digit() || " _.+-*/%()".contains(c));
    if number && formula && gap.bytes().all(|byte| byte == b' ') {
        shared.hints.push(Hint {
            message: "'//' starts a comment; use '/'".to_owned(),
            span: comment.start..comment.start + 2,
        });
    }
}
