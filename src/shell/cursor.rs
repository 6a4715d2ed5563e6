//! What stands at the cursor, as far as completion, hints and `?` want to know.
use crate::dialect;

/// Kind of text at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Code.
    Code,
    /// A string.
    Text,
    /// A comment.
    Comment,
}

/// The call whose brackets are open at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Dotted expression that is called: `c.wallets.new`.
    pub callee: String,
    /// Number of the argument at the cursor, from 0.
    pub index: usize,
    /// Positional arguments before the cursor's.
    pub positional: usize,
    /// Keywords of the other arguments.
    pub named: Vec<String>,
    /// Keyword of the cursor's argument.
    pub keyword: Option<String>,
    /// Something is typed already of the cursor's argument.
    pub started: bool,
}

/// A cursor in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Kind of text.
    pub inside: Inside,
    /// The whole dotted expression that ends here, without opening brackets behind it.
    pub expression: String,
    /// Expression before the last dot.
    pub parent: Option<String>,
    /// The piece of a name (in a string: of its text) left of the cursor.
    pub prefix: String,
    /// Byte offset of that piece.
    pub start: usize,
    /// An argument starts here, so that a keyword may be typed.
    pub name_may_start: bool,
    /// Innermost call around it.
    pub call: Option<Call>,
}

/// What stands at byte `at` of a source.
pub fn at(source: &str, at: usize) -> Cursor {
    let context = dialect::context_at(source, at);
    let started = !(context.at_argument_start && context.member.is_empty());
    let call = context.call.map(|call| {
        let mut named = call.keywords;
        named.retain(|name| Some(name) != call.keyword.as_ref());
        Call {
            callee: call.callee,
            index: call.argument,
            positional: call.positional,
            named,
            keyword: call.keyword,
            started,
        }
    });
    let (inside, prefix, start) = if context.in_comment {
        (Inside::Comment, String::new(), at.min(source.len()))
    } else if context.in_string {
        (Inside::Text, context.string_prefix, context.string_start)
    } else {
        (Inside::Code, context.member, context.member_start)
    };
    Cursor {
        inside,
        expression: context.expression,
        parent: context.has_dot.then_some(context.parent),
        prefix,
        start,
        name_may_start: context.at_argument_start,
        call,
    }
}
