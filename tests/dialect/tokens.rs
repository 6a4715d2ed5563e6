//! Tokens for syntax colours.
use kosmos::dialect::{TokenKind, tokens};

#[test]
fn colours() {
    let source = "let x = not f.not(True, 'a') # note\n#{a: 1.5}";
    let kinds: Vec<_> = tokens(source)
        .into_iter()
        .map(|token| (token.kind, &source[token.range]))
        .collect();
    use TokenKind::{Close, Comment, Constant, Dot, Keyword, Name, Number, Open, Operator, Text};
    assert_eq!(
        kinds,
        [
            (Keyword, "let"),
            (Name, "x"),
            (Operator, "="),
            (Keyword, "not"),
            (Name, "f"),
            (Dot, "."),
            (Name, "not"),
            (Open, "("),
            (Constant, "True"),
            (Operator, ","),
            (Text, "'a'"),
            (Close, ")"),
            (Comment, "# note"),
            (Open, "#{"),
            (Name, "a"),
            (Operator, ":"),
            (Number, "1.5"),
            (Close, "}"),
        ]
    );
}
