//! Room dialect (placeholder of its interface until the room is merged).
#![allow(missing_docs)]
use std::ops::Range;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    Expression,
    Assignment,
    Function,
    Other,
}
#[derive(Debug, Clone)]
pub struct Statement {
    pub range: Range<usize>,
    pub source: Range<usize>,
    pub kind: StatementKind,
}
pub struct PositionMap;
impl PositionMap {
    pub fn to_source(&self, o: usize) -> usize {
        o
    }
}
pub struct Rewritten {
    pub text: String,
    pub map: PositionMap,
    pub statements: Vec<Statement>,
}
#[derive(Debug, Clone)]
pub struct DialectError {
    pub message: String,
    pub span: Range<usize>,
    pub hints: Vec<String>,
}
pub fn rewrite(source: &str, _known: &dyn Fn(&str) -> bool) -> Result<Rewritten, DialectError> {
    Ok(Rewritten {
        text: source.into(),
        map: PositionMap,
        statements: vec![Statement {
            range: 0..source.len(),
            source: 0..source.len(),
            kind: StatementKind::Expression,
        }],
    })
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    Complete,
    Incomplete,
}
pub fn completeness(_: &str) -> Completeness {
    Completeness::Complete
}
pub fn paste(s: &str) -> String {
    s.into()
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Keyword,
    Name,
    Number,
    Text,
    Comment,
    Operator,
    Unknown,
}
#[derive(Debug, Clone)]
pub struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
}
pub fn tokens(_: &str) -> Vec<Token> {
    Vec::new()
}
