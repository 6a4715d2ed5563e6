//! Positions: rewritten text back to what was typed, offsets to lines and columns and back.
use std::ops::Range;

/// Maps offsets of the rewritten text to offsets of the source.
///
/// Text that was kept maps exactly. ASCII text that was replaced by text of the same length maps
/// byte by byte; any other replacement maps to the start of what it replaces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PositionMap {
    /// Replaced pieces, in order, without overlap.
    pieces: Vec<Piece>,
    source_len: usize,
}

/// One replaced piece.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    output: Range<usize>,
    source: Range<usize>,
    /// Both sides have the same length and are ASCII, so bytes correspond.
    padded: bool,
}

impl PositionMap {
    pub(super) fn new(source_len: usize) -> Self {
        Self {
            pieces: Vec::new(),
            source_len,
        }
    }

    pub(super) fn record(&mut self, output: Range<usize>, source: Range<usize>, ascii: bool) {
        let padded = ascii && output.len() == source.len();
        self.pieces.push(Piece {
            output,
            source,
            padded,
        });
    }

    /// Offset in the source (bytes) for an offset in the rewritten text (bytes).
    ///
    /// Never decreases when `offset` grows, never exceeds the length of the source, and gives a
    /// character boundary for a character boundary.
    pub fn to_source(&self, offset: usize) -> usize {
        let after = self
            .pieces
            .partition_point(|piece| piece.output.start <= offset);
        let Some(piece) = after.checked_sub(1).and_then(|i| self.pieces.get(i)) else {
            return offset.min(self.source_len);
        };
        let Piece {
            output,
            source,
            padded,
        } = piece;
        if offset >= output.end {
            let next = self
                .pieces
                .get(after)
                .map_or(self.source_len, |piece| piece.source.start);
            return (source.end + (offset - output.end)).min(next);
        }
        if *padded {
            source.start + (offset - output.start)
        } else {
            source.start
        }
    }

    /// True when nothing was rewritten.
    pub fn is_identity(&self) -> bool {
        self.pieces.is_empty()
    }
}

/// Offset (bytes) of a place given as Rhai gives it: line and column in characters, both from 1.
/// A place behind the end of its line gives the end of that line; a line behind the last gives the
/// end of the text. Column 0 or line 0 count as 1.
pub fn offset_at(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(length) => start += length + 1,
            None => return text.len(),
        }
    }
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find('\n').unwrap_or(rest.len());
    rest.char_indices()
        .nth(column.saturating_sub(1))
        .map_or(end, |(at, _)| at.min(end))
        + start
}

/// Line and column (in characters), both from 1, of an offset in bytes. An offset inside a
/// character counts as its start, one behind the end as the end.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}
