//! Text that came from a server.
//!
//! Such text is hostile: it may hold terminal escapes, characters that reorder what is read, or a
//! message that pretends to be ours. [`ServerText`] is the only form in which it travels on: it is
//! cleaned and cut when it is made, and whoever prints it says whose words they are.
use std::fmt;

/// The most characters of a server's text that are kept.
pub const MAX_SERVER_TEXT: usize = 300;

/// Bytes of an answer that are looked at when a text is taken from it; enough for
/// [`MAX_SERVER_TEXT`] characters of any width, escapes included.
const MAX_SCANNED_BYTES: usize = 16 * 1024;

/// A cleaned and cut text of a server: one line, no control, escape or direction characters.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct ServerText(String);

impl ServerText {
    /// Returns the text of an error answer: the `message` of a JSON object, the title of an HTML
    /// page, else the plain body.
    pub fn from_body(body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Message {
            message: String,
        }
        if let Ok(answer) = serde_json::from_slice::<Message>(body) {
            return Self::new(&answer.message);
        }
        let scanned = body.get(..MAX_SCANNED_BYTES).unwrap_or(body);
        let text = String::from_utf8_lossy(scanned);
        if text.trim_start().starts_with('<') {
            return Self::new(&match html_title(&text) {
                Some(title) => format!("an HTML page titled: {title}"),
                None => "an HTML page".to_owned(),
            });
        }
        Self::new(&text)
    }

    /// Cleans and cuts any text.
    pub fn new(text: &str) -> Self {
        let mut clean = String::new();
        let mut count = 0;
        let mut blank = false;
        for c in without_escapes(text.chars()) {
            if c.is_whitespace() || is_separator(c) {
                blank = true;
                continue;
            }
            if is_dangerous(c) {
                continue;
            }
            let gap = usize::from(blank && count > 0);
            blank = false;
            if count + gap >= MAX_SERVER_TEXT {
                clean.push('…');
                break;
            }
            if gap == 1 {
                clean.push(' ');
            }
            count += gap;
            clean.push(c);
            count += 1;
        }
        Self(clean)
    }

    /// Returns the cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true when nothing printable was left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerText({:?})", self.0)
    }
}

fn html_title(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title>")?.checked_add("<title>".len())?;
    let end = lower.get(start..)?.find("</title>")?.checked_add(start)?;
    text.get(start..end)
}

/// Drops whole terminal escape sequences (`ESC [ … letter`, `ESC ] … BEL`, and their one-character
/// forms), so that no `[31m` is left behind.
fn without_escapes(chars: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    enum State {
        Text,
        Escape,
        Control,
        Command,
        CommandEscape,
    }
    let mut state = State::Text;
    chars.filter(move |&c| match state {
        State::Text => match c {
            '\u{1b}' => {
                state = State::Escape;
                false
            }
            '\u{9b}' => {
                state = State::Control;
                false
            }
            '\u{90}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => {
                state = State::Command;
                false
            }
            _ => true,
        },
        State::Escape => {
            state = match c {
                '[' => State::Control,
                ']' | 'P' | 'X' | '^' | '_' => State::Command,
                '\u{1b}' | ' '..='/' => State::Escape,
                _ => State::Text,
            };
            false
        }
        State::Control => {
            if ('@'..='~').contains(&c) {
                state = State::Text;
            }
            false
        }
        State::Command => {
            match c {
                '\u{7}' | '\u{9c}' => state = State::Text,
                '\u{1b}' => state = State::CommandEscape,
                _ => {}
            }
            false
        }
        State::CommandEscape => {
            state = if c == '\\' {
                State::Text
            } else {
                State::Command
            };
            false
        }
    })
}

fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{0}'..='\u{1f}')
}

/// Returns true for characters that are not seen but change what is seen: C0 and C1 controls,
/// direction marks, zero-width characters, invisible operators, tags and private use.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_message_of_the_node() {
        let text = ServerText::from_body(b"{\"message\":\"unrecognized hash\"}\n");
        assert_eq!(text.as_str(), "unrecognized hash");
    }

    #[test]
    fn escapes_and_direction_marks_are_dropped_whole() {
        for (input, expected) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb", "ab"),
            ("x\u{202e}yz\u{2066}", "xyz"),
            ("line\r\nnext\tcell\0end", "line next cell end"),
            ("  lead and trail \n", "lead and trail"),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(ServerText::new(input).as_str(), expected, "{input:?}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let text = ServerText::new(&"é".repeat(10_000));
        assert_eq!(text.as_str().chars().count(), MAX_SERVER_TEXT + 1);
        assert!(text.as_str().ends_with('…'));
    }

    #[test]
    fn html_shows_its_title_only() {
        let text = ServerText::from_body(b"<html><head><TITLE>502 Bad Gateway</TITLE></head>...");
        assert_eq!(text.as_str(), "an HTML page titled: 502 Bad Gateway");
        assert_eq!(ServerText::from_body(b"<html>").as_str(), "an HTML page");
    }

    proptest::proptest! {
        #[test]
        fn never_holds_controls(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2000)) {
            let text = ServerText::from_body(&bytes);
            proptest::prop_assert!(text.as_str().chars().all(|c| !c.is_control()));
            proptest::prop_assert!(text.as_str().chars().count() <= MAX_SERVER_TEXT + 1);
        }
    }
}
