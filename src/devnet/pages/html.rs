//! HTML under construction: markup is literals only, everything else goes through [`Html::text`],
//! which escapes it. So nothing that stands on the chain can become markup.

use std::fmt::{self, Display, Write};

/// A piece of HTML.
#[derive(Clone, Debug, Default)]
pub struct Html(String);

impl Html {
    /// Appends markup, which can only be a literal of this program.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends any text, escaped; also fit for an attribute in quotes.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        // Writing to a String never fails.
        let _ = write!(Escape(&mut self.0), "{text}");
        self
    }

    /// Appends what `write` writes.
    pub fn with(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        write(self);
        self
    }

    /// Appends another piece.
    pub fn append(&mut self, other: Html) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Appends a paragraph.
    pub fn paragraph(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.raw("<p>").with(write).raw("</p>\n")
    }

    /// Appends a heading of the second level.
    pub fn heading(&mut self, text: impl Display) -> &mut Self {
        self.raw("<h2>").text(text).raw("</h2>\n")
    }

    /// Appends a name and a value of a list of facts.
    pub fn fact(&mut self, name: &'static str, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.raw("<dt>").raw(name).raw("</dt><dd>");
        self.with(write).raw("</dd>\n")
    }

    /// Appends a link; `path` is one of this program's, `id` the part behind it.
    pub fn link(&mut self, path: &'static str, id: impl Display, text: impl Display) -> &mut Self {
        self.raw("<a href=\"").raw(path).text(id).raw("\">");
        self.text(text).raw("</a>")
    }

    /// Appends a link to an id that is shown shortened; its whole text is the link's title.
    pub fn short_link(&mut self, path: &'static str, id: impl Display) -> &mut Self {
        let id = id.to_string();
        self.raw("<a class=\"id\" href=\"").raw(path).text(&id);
        self.raw("\" title=\"").text(&id).raw("\">");
        self.text(shorten(&id)).raw("</a>")
    }

    /// Appends a whole id that can be selected and copied.
    pub fn id(&mut self, id: impl Display) -> &mut Self {
        self.raw("<code>").text(id).raw("</code>")
    }

    /// Appends an amount.
    pub fn amount(&mut self, amount: &crate::tfchain::Amount) -> &mut Self {
        self.raw("<b class=\"amount\">");
        self.text(amount.with_unit()).raw("</b>")
    }

    /// Returns the HTML.
    pub fn finish(self) -> String {
        self.0
    }
}

/// Characters that stay at the start and at the end of a shortened id.
const SHOWN: (usize, usize) = (8, 6);

/// Shortens an id of hexadecimal digits: `01d76156…0c5f91`.
fn shorten(id: &str) -> String {
    let (first, last) = SHOWN;
    let head = id.get(..first);
    let tail = id.len().checked_sub(last).and_then(|at| id.get(at..));
    match (head, tail) {
        (Some(head), Some(tail)) if id.len() > first + last + 1 => format!("{head}…{tail}"),
        _ => id.to_owned(),
    }
}

/// Escapes what is written into it. The entities are those of the real faucet's page.
struct Escape<'a>(&'a mut String);

impl fmt::Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&#34;"),
                '\'' => self.0.push_str("&#39;"),
                '+' => self.0.push_str("&#43;"),
                '\n' => self.0.push('\n'),
                // Marks of direction could make an id or amount read as another one.
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    self.0.push('\u{fffd}');
                }
                c if c.is_control() => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Escapes a text.
pub fn escape(text: impl Display) -> String {
    let mut html = Html::default();
    html.text(text);
    html.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_shortened_and_short_texts_are_not() {
        assert_eq!(shorten("0123456789abcdef"), "01234567…abcdef");
        assert_eq!(shorten("0123456789abcde"), "0123456789abcde");
        assert_eq!(shorten(""), "");
        assert_eq!(shorten("ääääääääääääääääääää"), "ääää…äää");
        assert_eq!(shorten("ä€ä€ä€ä€ä€ä€"), "ä€ä€ä€ä€ä€ä€");
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup(text in "\\PC*|[\\x00-\\x7f]*") {
            let html = escape(&text);
            let markup = html.contains(['<', '>', '"', '\'', '\u{202e}', '\u{0}']);
            prop_assert!(!markup, "{}", html);
            shorten(&text);
        }
    }
}
