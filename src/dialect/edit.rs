//! Edits of the source and their application: rewritten text, position map, statement ranges.
use std::borrow::Cow;
use std::ops::Range;

use super::map::PositionMap;

/// Order of edits that start at the same offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Closes something behind the token that ends here.
    Close,
    StatementEnd,
    StatementStart,
    /// `let name; ` in front of a statement.
    Hoist,
    /// `let `, `assert`'s parenthesis and the like.
    Let,
    /// The bracket of a tuple without parentheses.
    Tuple,
    Keywords,
    /// Replaces text.
    Replace,
}

/// Replaces `start..end` of the source by `text`.
#[derive(Debug)]
pub(super) struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: Cow<'static, str>,
    pub rank: Rank,
    /// Index of the statement whose start or end this marks.
    pub statement: Option<usize>,
}

/// All edits of one input, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Edits {
    list: Vec<Edit>,
}

/// What applying the edits gives.
pub(super) struct Applied {
    pub text: String,
    pub map: PositionMap,
    /// Ranges of the statements in the rewritten text.
    pub statements: Vec<Range<usize>>,
}

impl Edits {
    pub fn insert(&mut self, at: usize, text: impl Into<Cow<'static, str>>, rank: Rank) {
        self.push(at..at, text.into(), rank, None);
    }

    pub fn replace(&mut self, range: Range<usize>, text: impl Into<Cow<'static, str>>) {
        self.push(range, text.into(), Rank::Replace, None);
    }

    pub fn mark(&mut self, at: usize, rank: Rank, statement: usize) {
        self.push(at..at, Cow::Borrowed(""), rank, Some(statement));
    }

    fn push(
        &mut self,
        range: Range<usize>,
        text: Cow<'static, str>,
        rank: Rank,
        statement: Option<usize>,
    ) {
        self.list.push(Edit {
            start: range.start,
            end: range.end,
            text,
            rank,
            statement,
        });
    }

    /// Applies all edits to `source`; `statements` is the number of statements marked.
    pub fn apply(mut self, source: &str, statements: usize) -> Applied {
        self.list.sort_by_key(|edit| (edit.start, edit.rank));
        let grown: usize = self.list.iter().map(|edit| edit.text.len()).sum();
        let mut text = String::with_capacity(source.len() + grown);
        let mut map = PositionMap::new(source.len());
        let mut ranges = vec![0..0; statements];
        let mut at = 0;
        for edit in &self.list {
            // Edits never overlap; if they did, the later one would be dropped, not misplaced.
            debug_assert!(edit.start >= at, "overlapping edit at {}", edit.start);
            if edit.start < at {
                continue;
            }
            if let Some(kept) = source.get(at..edit.start) {
                text.push_str(kept);
            }
            at = edit.end;
            if let Some(range) = edit.statement.and_then(|index| ranges.get_mut(index)) {
                match edit.rank {
                    Rank::StatementStart => *range = text.len()..text.len(),
                    _ => range.end = text.len(),
                }
                continue;
            }
            let from = text.len();
            text.push_str(&edit.text);
            let ascii =
                edit.text.is_ascii() && source.get(edit.start..edit.end).is_some_and(str::is_ascii);
            map.record(from..text.len(), edit.start..edit.end, ascii);
        }
        if let Some(rest) = source.get(at..) {
            text.push_str(rest);
        }
        Applied {
            text,
            map,
            statements: ranges,
        }
    }
}
