//! Where the cursor is: what completion, hints and `?` need to know, without evaluating anything.
use std::ops::Range;

use super::fstring;
use super::lexer::{Bracket, Kind, Lexeme, StringForm, lex};
use super::literal::content_range;

/// What surrounds the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorPlace {
    /// Code.
    Code,
    /// A string; its content starts at this offset (bytes).
    String {
        /// First byte after the opening quotes.
        start: usize,
    },
    /// A comment.
    Comment,
}

/// The dotted expression left of the cursor: `c.wallets.my` is the parent `c.wallets` and the
/// member `my`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DottedExpression {
    /// All of it, from its first name to the cursor.
    pub range: Range<usize>,
    /// Everything before the last dot; `None` when there is no dot.
    pub parent: Option<Range<usize>>,
    /// What was typed of the member; empty directly behind a dot.
    pub member: Range<usize>,
    /// The names from left to right, the member last; `None` when the expression holds calls or
    /// indexes, so that finding its value would mean evaluating something.
    pub names: Option<Vec<String>>,
}

/// The innermost call whose parentheses hold the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallContext {
    /// The called expression, such as `w.coins_send`.
    pub callee: Range<usize>,
    /// Its names from left to right; `None` when it holds calls or indexes.
    pub names: Option<Vec<String>>,
    /// Index of the argument at the cursor, from 0.
    pub argument: usize,
    /// Number of positional arguments in front of the one at the cursor.
    pub positional: usize,
    /// Names of the keyword arguments in front of the one at the cursor.
    pub keywords: Vec<String>,
    /// The keyword whose value is being typed.
    pub keyword: Option<String>,
    /// The cursor is where an argument starts or in its first word, so a keyword may be completed.
    pub at_argument_start: bool,
}

/// Everything about the place of the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorContext {
    /// Code, string or comment.
    pub place: CursorPlace,
    /// The dotted expression that ends at the cursor; `None` in strings and comments, and where no
    /// expression ends.
    pub expression: Option<DottedExpression>,
    /// What `?` explains: the expression left of the cursor without opening parentheses.
    pub subject: Option<Range<usize>>,
    /// The call that holds the cursor, also when the cursor is in a string argument.
    pub call: Option<CallContext>,
}

/// Describes the place `cursor` (a byte offset; one inside a character counts as its start).
pub fn context_at(source: &str, cursor: usize) -> CursorContext {
    let mut cursor = cursor.min(source.len());
    while !source.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let mut from = 0;
    // An f-string's field holds code: look at that alone, once per level of nesting.
    loop {
        let mut lexemes = lex(source, from..cursor);
        let touches = lexemes.last().is_some_and(|last| last.end == cursor);
        let last = lexemes.last().copied().filter(|_| touches);
        let mut place = CursorPlace::Code;
        if let Some(last) = last {
            match last.kind {
                Kind::HashComment | Kind::LineComment => place = CursorPlace::Comment,
                Kind::BlockComment if !last.closed => place = CursorPlace::Comment,
                Kind::Str(form) if !last.closed => {
                    let content = content_range(&last, form);
                    if let Some(field) = open_field(source, content.clone(), form) {
                        from = field;
                        continue;
                    }
                    place = CursorPlace::String {
                        start: content.start,
                    };
                }
                Kind::RawStr if !last.closed => {
                    let hashes = hashes(source, &last);
                    place = CursorPlace::String {
                        start: (last.start + hashes + 1).min(cursor),
                    };
                }
                Kind::Backtick if !last.closed => {
                    place = CursorPlace::String {
                        start: (last.start + 1).min(cursor),
                    };
                }
                _ => {}
            }
        }
        lexemes.retain(|lexeme| !lexeme.is_comment());
        let view = View {
            source,
            lexemes: &lexemes,
        };
        let code = place == CursorPlace::Code;
        return CursorContext {
            place,
            expression: code.then(|| view.expression(cursor)).flatten(),
            subject: code.then(|| view.subject()).flatten(),
            call: view.call(cursor, code),
        };
    }
}

/// A request for help: an input whose last character is `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpRequest {
    /// What to explain, as a range of the source.
    pub subject: Range<usize>,
    /// `??` was typed: show all there is.
    pub detailed: bool,
}

/// Recognises the postfix form `x?` and `x??` of a complete input line.
pub fn help_request(source: &str) -> Option<HelpRequest> {
    let trimmed = source.trim_end();
    let (text, detailed) = match trimmed.strip_suffix("??") {
        Some(text) => (text, true),
        None => (trimmed.strip_suffix('?')?, false),
    };
    let context = context_at(source, text.len());
    let subject = context
        .subject
        .filter(|_| context.place == CursorPlace::Code)?;
    let alone = source
        .get(..subject.start)
        .is_some_and(|before| before.trim().is_empty());
    alone.then_some(HelpRequest { subject, detailed })
}

fn hashes(source: &str, lexeme: &Lexeme) -> usize {
    let text = source.get(lexeme.range()).unwrap_or_default();
    text.bytes().take_while(|byte| *byte == b'#').count()
}

/// Start of the field of an f-string that is open at the end of `content`.
fn open_field(source: &str, content: Range<usize>, form: StringForm) -> Option<usize> {
    if form.format {
        fstring::open_field(source, content)
    } else {
        None
    }
}

struct View<'s> {
    source: &'s str,
    lexemes: &'s [Lexeme],
}

impl View<'_> {
    fn kind(&self, index: usize) -> Option<Kind> {
        self.lexemes.get(index).map(|lexeme| lexeme.kind)
    }

    fn text(&self, index: usize) -> &str {
        self.lexemes
            .get(index)
            .and_then(|lexeme| self.source.get(lexeme.range()))
            .unwrap_or("")
    }

    fn start(&self, index: usize) -> usize {
        self.lexemes
            .get(index)
            .map_or(self.source.len(), |lexeme| lexeme.start)
    }

    /// First lexeme of the chain of names, dots, calls and indexes whose last lexeme is `last`.
    fn chain_start(&self, last: usize) -> Option<usize> {
        let mut first = self.operand_start(last)?;
        while let Some(dot) = first.checked_sub(1)
            && matches!(self.kind(dot), Some(Kind::Dot | Kind::Scope))
            && let Some(before) = dot.checked_sub(1).and_then(|at| self.operand_start(at))
        {
            first = before;
        }
        Some(first)
    }

    /// First lexeme of `name`, `name(…)`, `name[…]` or a literal that ends with `last`.
    fn operand_start(&self, last: usize) -> Option<usize> {
        let mut at = last;
        loop {
            match self.kind(at)? {
                Kind::Word | Kind::Str(_) | Kind::RawStr | Kind::Backtick => return Some(at),
                Kind::Close(bracket) => {
                    let open = self.opening(at)?;
                    let called = open.checked_sub(1).filter(|before| {
                        bracket != Bracket::Curly
                            && matches!(
                                self.kind(*before),
                                Some(Kind::Word | Kind::Close(Bracket::Round | Bracket::Square))
                            )
                    });
                    match called {
                        Some(before) => at = before,
                        None => return Some(open),
                    }
                }
                _ => return None,
            }
        }
    }

    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..=close).rev() {
            match self.kind(at)? {
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

    /// The names of a chain, when it consists of names and dots alone.
    fn names(&self, first: usize, last: usize) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for at in first..=last {
            match self.kind(at)? {
                Kind::Word if (at - first).is_multiple_of(2) => {
                    names.push(self.text(at).to_owned())
                }
                Kind::Dot if !(at - first).is_multiple_of(2) => {}
                _ => return None,
            }
        }
        Some(names)
    }

    fn expression(&self, cursor: usize) -> Option<DottedExpression> {
        let last = self.lexemes.len().checked_sub(1)?;
        let touches = self
            .lexemes
            .get(last)
            .is_some_and(|lexeme| lexeme.end == cursor);
        let (member, before) = match self.kind(last)? {
            Kind::Word if touches => (self.start(last)..cursor, last.checked_sub(1)),
            // Blanks may follow the dot.
            Kind::Dot => (cursor..cursor, Some(last)),
            _ => return None,
        };
        let dot = before.filter(|at| self.kind(*at) == Some(Kind::Dot));
        let Some(dot) = dot else {
            let names = vec![
                self.source
                    .get(member.clone())
                    .unwrap_or_default()
                    .to_owned(),
            ];
            return Some(DottedExpression {
                range: member.clone(),
                parent: None,
                member,
                names: Some(names),
            });
        };
        let end = dot.checked_sub(1)?;
        let first = self.chain_start(end)?;
        let start = self.start(first);
        let names = self.names(first, end).map(|mut names| {
            names.push(
                self.source
                    .get(member.clone())
                    .unwrap_or_default()
                    .to_owned(),
            );
            names
        });
        let parent_end = self.lexemes.get(end).map_or(start, |lexeme| lexeme.end);
        Some(DottedExpression {
            range: start..cursor,
            parent: Some(start..parent_end),
            member,
            names,
        })
    }

    fn subject(&self) -> Option<Range<usize>> {
        let mut count = self.lexemes.len();
        while count > 0 && self.kind(count - 1) == Some(Kind::Open(Bracket::Round)) {
            count -= 1;
        }
        let last = count.checked_sub(1)?;
        let first = self.chain_start(last)?;
        let end = self.lexemes.get(last)?.end;
        Some(self.start(first)..end)
    }

    /// The innermost open call parenthesis and what its arguments so far are.
    fn call(&self, cursor: usize, code: bool) -> Option<CallContext> {
        let mut open: Vec<usize> = Vec::new();
        for (index, lexeme) in self.lexemes.iter().enumerate() {
            match lexeme.kind {
                Kind::Open(_) | Kind::MapOpen => open.push(index),
                Kind::Close(_) => {
                    open.pop();
                }
                _ => {}
            }
        }
        let paren = open.into_iter().rev().find(|at| self.is_call(*at))?;
        let last = paren.checked_sub(1)?;
        let first = self.chain_start(last)?;
        let callee = self.start(first)..self.lexemes.get(last)?.end;
        let mut context = CallContext {
            callee,
            names: self.names(first, last),
            argument: 0,
            positional: 0,
            keywords: Vec::new(),
            keyword: None,
            at_argument_start: false,
        };
        let mut start = paren + 1;
        let mut depth = 0usize;
        for at in paren + 1..self.lexemes.len() {
            match self.kind(at) {
                Some(Kind::Open(_) | Kind::MapOpen) => depth += 1,
                Some(Kind::Close(_)) => depth = depth.saturating_sub(1),
                Some(Kind::Comma) if depth == 0 => {
                    match self.keyword(start) {
                        Some(name) => context.keywords.push(name),
                        None => context.positional += 1,
                    }
                    context.argument += 1;
                    start = at + 1;
                }
                _ => {}
            }
        }
        context.keyword = self.keyword(start);
        let count = self.lexemes.len();
        context.at_argument_start = code
            && (start == count
                || (start + 1 == count
                    && self.kind(start) == Some(Kind::Word)
                    && self.lexemes.last().is_some_and(|last| last.end == cursor)));
        Some(context)
    }

    fn is_call(&self, paren: usize) -> bool {
        let Some(before) = paren.checked_sub(1) else {
            return false;
        };
        self.kind(paren) == Some(Kind::Open(Bracket::Round))
            && match self.kind(before) {
                Some(Kind::Word) => {
                    !super::words::KEYWORDS.contains(&self.text(before))
                        || before
                            .checked_sub(1)
                            .is_some_and(|at| self.kind(at) == Some(Kind::Dot))
                }
                Some(Kind::Close(Bracket::Round | Bracket::Square)) => true,
                _ => false,
            }
    }

    fn keyword(&self, start: usize) -> Option<String> {
        (self.kind(start) == Some(Kind::Word) && self.kind(start + 1) == Some(Kind::Assign))
            .then(|| self.text(start).to_owned())
    }
}
