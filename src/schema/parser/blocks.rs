//! Text to blocks: common indentation off, one block per `@url` (spec 1.1).
use crate::schema::error::SchemaError;

/// One line of a block and where it stands in the text as it was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Line number from 1.
    number: usize,
    /// The whole line without its line end.
    source: &'a str,
    /// The line without the common indentation.
    text: &'a str,
}

impl<'a> Line<'a> {
    /// The line without blanks at both ends.
    pub(super) fn trimmed(&self) -> &'a str {
        self.text.trim()
    }

    /// The start of the trimmed line, for messages.
    pub(super) fn short(&self) -> String {
        let text = self.trimmed();
        let mut short: String = text.chars().take(40).collect();
        if short.len() < text.len() {
            short.push_str("...");
        }
        short
    }

    /// Makes an error; `column` counts characters of the trimmed line from 1.
    pub(super) fn error(
        &self,
        column: usize,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> SchemaError {
        let indent = self
            .source
            .chars()
            .take_while(|c| c.is_whitespace())
            .count();
        SchemaError::new(self.number, indent + column, self.source, message, expected)
    }
}

/// The lines of one schema.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// All lines, empty ones and comments too.
    pub(super) lines: Vec<Line<'a>>,
}

impl<'a> Block<'a> {
    /// The first line, which stands for the block in errors.
    pub(super) fn head(&self) -> Line<'a> {
        self.lines.first().copied().unwrap_or(Line {
            number: 1,
            source: "",
            text: "",
        })
    }

    /// The block text, one newline per line.
    pub(super) fn text(&self) -> String {
        let size = self.lines.iter().map(|line| line.text.len() + 1).sum();
        let mut text = String::with_capacity(size);
        for line in &self.lines {
            text.push_str(line.text);
            text.push('\n');
        }
        text
    }
}

/// Splits a text into its blocks.
pub(super) fn split(text: &str) -> Vec<Block<'_>> {
    let indent = common_indent(text);
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (i, source) in text.split('\n').enumerate() {
        // All of them: the text that is kept must be read as the same once more.
        let source = source.trim_end_matches('\r');
        let line = Line {
            number: i + 1,
            source,
            text: dedent(source, indent),
        };
        let trimmed = line.trimmed();
        if starts_block(trimmed) {
            blocks.extend(open.take());
        }
        match &mut open {
            Some(block) => block.lines.push(line),
            None if trimmed.is_empty() || trimmed.starts_with('#') => {}
            None => open = Some(Block { lines: vec![line] }),
        }
    }
    blocks.extend(open);
    blocks
}

/// True for `@url` alone or followed by a blank or `=` (rule S8: not for `@url2`).
fn starts_block(trimmed: &str) -> bool {
    let Some(word) = trimmed.get(..4) else {
        return false;
    };
    let next = trimmed[4..].chars().next();
    word.eq_ignore_ascii_case("@url") && next.is_none_or(|c| c == '=' || c.is_whitespace())
}

fn common_indent(text: &str) -> usize {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|line| line.chars().take_while(|c| c.is_whitespace()).count())
        .min()
        .unwrap_or(0)
}

/// Cuts at most `indent` white characters, so that a comment further left keeps its text.
fn dedent(line: &str, indent: usize) -> &str {
    line.char_indices()
        .take(indent)
        .take_while(|(_, c)| c.is_whitespace())
        .last()
        .map_or(line, |(at, c)| &line[at + c.len_utf8()..])
}
