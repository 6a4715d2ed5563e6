//! Texts of a node without control characters.
//!
//! What a node says is not trusted: it must not move the cursor, change colours or titles.

/// A text of several lines: newlines and tabs stay, other control characters and escape sequences
/// go.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_escape(&mut rest),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_override(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// A text on one line, cut after `most` characters: for error messages.
pub fn line(text: &str, most: usize) -> String {
    let clean = lines(text);
    let joined = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match joined.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &joined[..at]),
        None => joined,
    }
}

/// Characters that turn the direction of what follows.
fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Skips what follows ESC: `[…letter`, `]…BEL` or one character.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while let Some(&c) = rest.peek() {
                if c == '\n' {
                    return;
                }
                rest.next();
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    return;
                }
            }
        }
        Some(']') => {
            while let Some(&c) = rest.peek() {
                if c == '\n' {
                    return;
                }
                rest.next();
                if c == '\x07' {
                    return;
                }
                if c == '\x1b' {
                    rest.next_if_eq(&'\\');
                    return;
                }
            }
        }
        Some('\n') | None => {}
        Some(_) => {
            rest.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_go_and_text_stays() {
        assert_eq!(
            lines("a\x1b[31mred\x1b[0m\tb\r\n\x07c"),
            "ared\tb\nc".to_string()
        );
        assert_eq!(lines("\x1b]0;title\x07x\x1b]2;t\x1b\\y\x1bcz"), "xyz");
        assert_eq!(lines("cut\x1b[12"), "cut");
        assert_eq!(lines("\u{202e}abc"), "abc");
        assert_eq!(line("a\nb\x00  c", 3), "a b…");
    }
}
