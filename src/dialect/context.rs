//! What the cursor stands in: for completion, hints and `?`.
use std::ops::Range;

use super::fstring;
use super::lexer::{Bracket, Kind, Lexeme, StringForm, lex};
use super::literal::content_range;

/// The call the cursor is inside of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is called (`j.clients.tfchain.new`).
    pub callee: String,
    /// Index of the argument the cursor is in, positional and keyword ones counted alike.
    pub argument: usize,
    /// Number of positional arguments that are complete, the one the cursor is in not counted.
    pub positional: usize,
    /// Keywords before and behind the cursor.
    pub keywords: Vec<String>,
    /// The keyword whose value is being typed.
    pub keyword: Option<String>,
}

/// Where the cursor is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CursorContext {
    /// Inside a string literal.
    pub in_string: bool,
    /// Inside a comment.
    pub in_comment: bool,
    /// Content of the string up to the cursor, when inside one.
    pub string_prefix: String,
    /// Where that content starts.
    pub string_start: usize,
    /// The dotted expression that ends at the cursor (`j.clients.tf`), without a trailing `(`.
    pub expression: String,
    /// What stands before its last dot (`j.clients`); empty without a dot.
    pub parent: String,
    /// The unfinished name behind the last dot, or the unfinished first name (`tf`).
    pub member: String,
    /// Where `member` starts.
    pub member_start: usize,
    /// There is a dot before `member`.
    pub has_dot: bool,
    /// The innermost call around the cursor.
    pub call: Option<Call>,
    /// A new argument starts here, so a keyword name may be typed.
    pub at_argument_start: bool,
}

/// Tells what the cursor (a byte offset) stands in. Never fails.
pub fn context_at(source: &str, cursor: usize) -> CursorContext {
    let mut cursor = cursor.min(source.len());
    while !source.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = source.get(..cursor).unwrap_or_default();
    let mut lexemes = lex(before, 0..before.len());
    // The field of an f-string holds code: look at that alone, once per level of nesting.
    while let Some(field) = lexemes.last().and_then(|last| open_field(before, last)) {
        lexemes = lex(before, field..before.len());
    }
    let mut context = CursorContext {
        member_start: cursor,
        ..CursorContext::default()
    };
    let mut code: Vec<Lexeme> = lexemes;
    if let Some(last) = code.last().copied() {
        if last.is_comment() && reaches_cursor(&last, before) {
            context.in_comment = true;
            return context;
        }
        if last.is_string() && !last.closed && reaches_end(&last, before) {
            let open = match last.kind {
                Kind::Str(form) => StringForm::open_len(form),
                Kind::RawStr => raw_open_len(before, &last),
                _ => 1,
            };
            context.in_string = true;
            context.string_start = (last.start + open).min(before.len());
            context.string_prefix = before
                .get(context.string_start..)
                .unwrap_or_default()
                .to_string();
            code.pop();
        }
    }
    code.retain(|lexeme| !lexeme.is_comment() && lexeme.kind != Kind::Join);
    let view = View {
        source: before,
        code: &code,
    };
    context.call = view.call(source, cursor);
    if !context.in_string {
        view.expression(&mut context);
    }
    let start = code.iter().rposition(|l| l.start < context.member_start);
    context.at_argument_start = context.call.is_some()
        && !context.has_dot
        && !context.in_string
        && matches!(
            start.and_then(|i| code.get(i)).map(|l| l.kind),
            Some(Kind::Open(Bracket::Round) | Kind::Comma)
        );
    context
}

/// Start of the field that is open at the end of an unfinished f-string.
fn open_field(before: &str, last: &Lexeme) -> Option<usize> {
    match last.kind {
        Kind::Str(form) if form.format && !last.closed && reaches_end(last, before) => {
            fstring::open_field(before, content_range(last, form))
        }
        _ => None,
    }
}

/// Length of the opening hashes and quote of a raw string.
fn raw_open_len(before: &str, last: &Lexeme) -> usize {
    let text = before.get(last.range()).unwrap_or_default();
    text.bytes().take_while(|byte| *byte == b'#').count() + 1
}

/// A line comment reaches the cursor unless a line end lies between.
fn reaches_cursor(lexeme: &Lexeme, before: &str) -> bool {
    if lexeme.kind == Kind::BlockComment {
        return !lexeme.closed;
    }
    !before
        .get(lexeme.end..)
        .is_some_and(|rest| rest.contains('\n'))
}

/// A string that is not closed ends at a line end unless it may go over several.
fn reaches_end(lexeme: &Lexeme, before: &str) -> bool {
    lexeme.end >= before.len()
}

struct View<'s> {
    source: &'s str,
    code: &'s [Lexeme],
}

impl View<'_> {
    fn text(&self, range: Range<usize>) -> &str {
        self.source.get(range).unwrap_or_default()
    }

    /// Index of the bracket that opens the one that closes at `index`.
    fn opener(&self, index: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..=index).rev() {
            match self.code.get(at)?.kind {
                Kind::Close(_) => depth += 1,
                Kind::Open(_) | Kind::MapOpen => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Index of the first lexeme of the dotted expression that ends with the lexeme `last`.
    fn expression_start(&self, last: usize) -> Option<usize> {
        let mut at = last;
        loop {
            // One step: a name, a string, or brackets with what they belong to.
            at = match self.code.get(at)?.kind {
                Kind::Word | Kind::Str(_) | Kind::RawStr | Kind::Backtick => at,
                Kind::Close(_) => {
                    let open = self.opener(at)?;
                    let applied = open
                        .checked_sub(1)
                        .and_then(|i| self.code.get(i))
                        .is_some_and(|l| {
                            matches!(l.kind, Kind::Word | Kind::Close(_)) && !self.newline(open)
                        });
                    match open.checked_sub(1) {
                        Some(callee) if applied => {
                            at = callee;
                            continue;
                        }
                        _ => open,
                    }
                }
                _ => return None,
            };
            let dot = at
                .checked_sub(1)
                .and_then(|i| self.code.get(i))
                .map(|l| l.kind);
            match (dot, at.checked_sub(2)) {
                (Some(Kind::Dot), Some(previous)) => at = previous,
                _ => return Some(at),
            }
        }
    }

    fn newline(&self, index: usize) -> bool {
        self.code.get(index).is_some_and(|lexeme| lexeme.newline)
    }

    fn expression(&self, context: &mut CursorContext) {
        let end = self.source.len();
        let mut last = self.code.len();
        // Trailing opening parentheses belong to a call that is being typed.
        let mut stop = end;
        if let Some(lexeme) = self.code.last()
            && lexeme.kind == Kind::Word
            && lexeme.end == end
        {
            context.member = self.text(lexeme.range()).to_string();
            context.member_start = lexeme.start;
            last -= 1;
        } else {
            while last > 0
                && self
                    .code
                    .get(last - 1)
                    .is_some_and(|l| l.kind == Kind::Open(Bracket::Round))
            {
                last -= 1;
                stop = self.code.get(last).map_or(end, |l| l.start);
            }
        }
        let dot = last
            .checked_sub(1)
            .filter(|i| self.code.get(*i).is_some_and(|l| l.kind == Kind::Dot));
        if let Some(dot) = dot {
            context.has_dot = true;
            if let (Some(parent), Some(dot_lexeme)) = (dot.checked_sub(1), self.code.get(dot))
                && let Some(start) = self.expression_start(parent)
                && let Some(first) = self.code.get(start)
            {
                context.parent = self
                    .text(first.start..dot_lexeme.start)
                    .trim_end()
                    .to_string();
                context.expression = self.text(first.start..stop).trim_end().to_string();
            }
            return;
        }
        if !context.member.is_empty() {
            context.expression = context.member.clone();
        } else if let Some(previous) = last.checked_sub(1)
            && let Some(start) = self.expression_start(previous)
            && let Some(first) = self.code.get(start)
        {
            context.expression = self.text(first.start..stop).trim_end().to_string();
        }
    }

    /// The innermost call around the end.
    fn call(&self, whole: &str, cursor: usize) -> Option<Call> {
        let mut depth = 0usize;
        let mut open = None;
        for (index, lexeme) in self.code.iter().enumerate().rev() {
            match lexeme.kind {
                Kind::Close(_) => depth += 1,
                Kind::Open(bracket) if depth == 0 => {
                    if bracket == Bracket::Round && self.is_call(index) {
                        open = Some(index);
                        break;
                    }
                    // Inside a list or map of an argument the keyword names are of no use.
                    return None;
                }
                Kind::MapOpen if depth == 0 => return None,
                Kind::Open(_) | Kind::MapOpen => depth -= 1,
                _ => {}
            }
        }
        let open = open?;
        let callee_end = open.checked_sub(1)?;
        let start = self.expression_start(callee_end)?;
        let callee = self
            .text(self.code.get(start)?.start..self.code.get(open)?.start)
            .trim()
            .to_string();
        let mut call = Call {
            callee,
            argument: 0,
            positional: 0,
            keywords: Vec::new(),
            keyword: None,
        };
        let arguments = self.code.get(open + 1..).unwrap_or_default();
        read_arguments(self.source, arguments, &mut call);
        // Keywords behind the cursor count as given too.
        let open_at = self.code.get(open)?.start;
        let rest = lex(whole, open_at..whole.len());
        for name in later_keywords(whole, &rest, cursor) {
            if !call.keywords.contains(&name) {
                call.keywords.push(name);
            }
        }
        Some(call)
    }

    fn is_call(&self, open: usize) -> bool {
        !self.newline(open)
            && open
                .checked_sub(1)
                .and_then(|i| self.code.get(i))
                .is_some_and(|l| {
                    let word = self.text(l.range());
                    match l.kind {
                        Kind::Word => !super::words::KEYWORDS.contains(&word),
                        Kind::Close(Bracket::Round | Bracket::Square) => true,
                        _ => false,
                    }
                })
    }
}

fn read_arguments(source: &str, arguments: &[Lexeme], call: &mut Call) {
    let mut depth = 0usize;
    let mut start = true;
    for (index, lexeme) in arguments.iter().enumerate() {
        let at_start = std::mem::take(&mut start);
        match lexeme.kind {
            Kind::Open(_) | Kind::MapOpen => depth += 1,
            Kind::Close(_) => depth = depth.saturating_sub(1),
            Kind::Comma if depth == 0 => {
                call.argument += 1;
                if call.keyword.take().is_none() {
                    call.positional += 1;
                }
                start = true;
            }
            Kind::Word
                if at_start
                    && depth == 0
                    && arguments
                        .get(index + 1)
                        .is_some_and(|l| l.kind == Kind::Assign) =>
            {
                let name = source.get(lexeme.range()).unwrap_or_default().to_string();
                call.keywords.push(name.clone());
                call.keyword = Some(name);
            }
            _ => {}
        }
    }
}

/// Keyword names of the same call that stand behind the cursor.
fn later_keywords(source: &str, lexemes: &[Lexeme], cursor: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0usize;
    for (index, lexeme) in lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Open(_) | Kind::MapOpen => depth += 1,
            Kind::Close(_) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            Kind::Word
                if depth == 1
                    && lexeme.start >= cursor
                    && index > 0
                    && lexemes.get(index - 1).is_some_and(|l| {
                        matches!(l.kind, Kind::Comma | Kind::Open(Bracket::Round))
                    })
                    && lexemes
                        .get(index + 1)
                        .is_some_and(|l| l.kind == Kind::Assign) =>
            {
                names.push(source.get(lexeme.range()).unwrap_or_default().to_string());
            }
            _ => {}
        }
    }
    names
}
