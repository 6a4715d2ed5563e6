//! Pasted text of a tutorial: input lines behind prompts, and output lines that are dropped.
use super::complete::{Completeness, completeness};

/// The prompt as it stands in tutorials.
const PROMPT: &str = "JSX>";
/// The continuation prompt as it stands in tutorials.
const CONTINUATION: &str = "...";

/// Turns pasted text with `JSX>` in it into plain input: the lines behind a prompt, and the lines
/// needed to close what they open; everything else is output and dropped. Text without a prompt at
/// the start of any line comes back unchanged.
pub fn paste(text: &str) -> String {
    if !text
        .lines()
        .any(|line| line.trim_start().starts_with(PROMPT))
    {
        return text.to_string();
    }
    let mut out: Vec<String> = Vec::new();
    // The input that is still open.
    let mut open: Option<String> = None;
    for line in text.lines() {
        let typed = line.trim_start().strip_prefix(PROMPT);
        match (typed, open.take()) {
            (Some(typed), pending) => {
                out.extend(pending);
                open = keep_or_close(&mut out, without_blank(typed).to_string());
            }
            (None, Some(pending)) => {
                let line = match line.trim_start().strip_prefix(CONTINUATION) {
                    // `...` may itself be part of a text that is open; a prompt is followed by a
                    // blank or by nothing.
                    Some(rest) if rest.is_empty() || rest.starts_with(' ') => without_blank(rest),
                    _ => line,
                };
                open = keep_or_close(&mut out, format!("{pending}\n{line}"));
            }
            (None, None) => {}
        }
    }
    out.extend(open);
    out.join("\n")
}

/// One blank separates the prompt from what was typed; more are indentation.
fn without_blank(text: &str) -> &str {
    text.strip_prefix(' ').unwrap_or(text)
}

fn keep_or_close(out: &mut Vec<String>, input: String) -> Option<String> {
    if completeness(&input) == Completeness::Incomplete {
        return Some(input);
    }
    out.push(input);
    None
}
