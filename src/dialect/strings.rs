//! R11, R12 and R14: strings, f-strings and bytes become what Rhai reads.
use std::borrow::Cow;

use super::error::DialectError;
use super::fstring::{Field, Piece, split};
use super::lexer::{Bracket, Kind, Lexeme, StringForm};
use super::literal::{
    Escape, content_range, decode, escape_into, is_rhai_char, read_escape, rhai_string,
};
use super::rewrite::{Pass, Place, walk};

impl Pass<'_, '_, '_> {
    /// Rewrites the string literal at `index` where it stands as a value.
    pub fn rewrite_string(&mut self, index: usize, form: StringForm) -> Result<(), DialectError> {
        let Some(lexeme) = self.lexemes.get(index).copied() else {
            return Ok(());
        };
        if form.format {
            return self.rewrite_format(&lexeme, form);
        }
        if form.bytes {
            let text = decode(self.source, content_range(&lexeme, form), form, false)?;
            let text = format!("__bytes({})", rhai_string(&text));
            self.shared.edits.replace(lexeme.range(), text);
            return Ok(());
        }
        if form.prefix == 0 && !form.triple {
            if form.quote == b'"' {
                return self.repair_escapes(&lexeme, form);
            }
            let content = content_range(&lexeme, form);
            let text = self.source.get(content.clone()).unwrap_or_default();
            if is_rhai_char(text) && !self.is_whole_index(index) {
                // The escape's value is checked as in any other string.
                decode(self.source, content, form, false)?;
                return Ok(());
            }
        }
        self.replace_string(&lexeme, form)
    }

    /// Rewrites the string literal at `index`, a key of a map: never a char.
    pub fn rewrite_key(&mut self, index: usize, form: StringForm) -> Result<(), DialectError> {
        let Some(lexeme) = self.lexemes.get(index).copied() else {
            return Ok(());
        };
        if form.format || form.bytes {
            return Err(DialectError::new(
                "a key is a name, a string or a number",
                lexeme.range(),
            ));
        }
        if form.prefix == 0 && !form.triple && form.quote == b'"' {
            return self.repair_escapes(&lexeme, form);
        }
        self.replace_string(&lexeme, form)
    }

    /// True for all of what stands in the brackets of `x[…]`: nothing is indexed by a character.
    fn is_whole_index(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.kind(before));
        self.place() == Place::Index
            && before == Some(Kind::Open(Bracket::Square))
            && self.kind(index + 1) == Some(Kind::Close(Bracket::Square))
    }

    fn replace_string(&mut self, lexeme: &Lexeme, form: StringForm) -> Result<(), DialectError> {
        let text = decode(self.source, content_range(lexeme, form), form, false)?;
        self.shared
            .edits
            .replace(lexeme.range(), rhai_string(&text));
        Ok(())
    }

    /// A plain double-quoted string: only the escapes that Rhai does not know are replaced.
    fn repair_escapes(&mut self, lexeme: &Lexeme, form: StringForm) -> Result<(), DialectError> {
        let content = content_range(lexeme, form);
        let mut at = content.start;
        while let Some(offset) = self
            .source
            .get(at..content.end)
            .and_then(|rest| rest.find('\\'))
        {
            at += offset;
            let rest = self.source.get(at..content.end).unwrap_or_default();
            let (escape, length) = read_escape(rest, at, false)?;
            let known = matches!(
                rest.as_bytes().get(1),
                Some(b'\\' | b'"' | b'n' | b'r' | b't' | b'x' | b'u' | b'U' | b'\n' | b'\r')
            );
            if !known {
                let text: Cow<'static, str> = match escape {
                    Escape::Char(c) => {
                        let mut text = String::new();
                        escape_into(&mut text, c.encode_utf8(&mut [0; 4]));
                        text.into()
                    }
                    Escape::Nothing => "".into(),
                    Escape::Backslash => "\\\\".into(),
                };
                self.shared.edits.replace(at..at + length, text);
            }
            at += length;
        }
        Ok(())
    }

    /// R12. The expressions stay where they are and are rewritten by a pass of their own.
    fn rewrite_format(&mut self, lexeme: &Lexeme, form: StringForm) -> Result<(), DialectError> {
        let pieces = split(self.source, content_range(lexeme, form))?;
        let mut writer = FormatWriter {
            pending: String::new(),
            from: lexeme.start,
            form,
        };
        if pieces.iter().any(|piece| matches!(piece, Piece::Field(_))) {
            writer.pending.push('(');
            self.write_pieces(&mut writer, &pieces, true)?;
            writer.pending.push(')');
        } else {
            self.write_pieces(&mut writer, &pieces, true)?;
            if pieces.is_empty() {
                writer.pending.push_str("\"\"");
            }
        }
        self.shared
            .edits
            .replace(writer.from..lexeme.end, writer.pending);
        Ok(())
    }

    /// Writes a concatenation of pieces; `braces` says that doubled braces stand for one.
    fn write_pieces(
        &mut self,
        writer: &mut FormatWriter,
        pieces: &[Piece],
        braces: bool,
    ) -> Result<(), DialectError> {
        for (number, piece) in pieces.iter().enumerate() {
            if number > 0 {
                writer.pending.push('+');
            }
            match piece {
                Piece::Text(range) => {
                    let text = decode(self.source, range.clone(), writer.form, braces)?;
                    writer.pending.push_str(&rhai_string(&text));
                }
                Piece::Field(field) => self.write_field(writer, field)?,
            }
        }
        Ok(())
    }

    fn write_field(
        &mut self,
        writer: &mut FormatWriter,
        field: &Field,
    ) -> Result<(), DialectError> {
        if let Some(label) = &field.label {
            let text = self.source.get(label.clone()).unwrap_or_default();
            writer.pending.push_str(&rhai_string(text));
            writer.pending.push('+');
        }
        writer.pending.push_str("__fmt(");
        let before = std::mem::take(&mut writer.pending);
        self.shared
            .edits
            .replace(writer.from..field.expression.start, before);
        self.shared.nesting += 1;
        walk(self.shared, field.expression.clone(), Place::Field)?;
        self.shared.nesting -= 1;
        writer.from = field.expression.end;
        writer.pending.push_str(", ");
        // The value itself, not its text, is shown by `{e=}` unless a form is given.
        let conversion = match (field.conversion, &field.label) {
            (Some(letter), _) => Some(letter),
            (None, Some(_)) if field.specification.is_empty() => Some('r'),
            _ => None,
        };
        let head = match conversion {
            Some(letter) if field.specification.is_empty() => format!("!{letter}"),
            Some(letter) => format!("!{letter}:"),
            None => String::new(),
        };
        match field.specification.as_slice() {
            [] => writer.pending.push_str(&rhai_string(&head)),
            [Piece::Text(range)] => {
                let text = decode(self.source, range.clone(), writer.form, false)?;
                writer
                    .pending
                    .push_str(&rhai_string(&format!("{head}{text}")));
            }
            pieces => {
                writer.pending.push('(');
                writer.pending.push_str(&rhai_string(&head));
                writer.pending.push('+');
                self.write_pieces(writer, pieces, false)?;
                writer.pending.push(')');
            }
        }
        writer.pending.push(')');
        Ok(())
    }
}

/// Text that waits for the next edit, and where that edit starts.
struct FormatWriter {
    pending: String,
    from: usize,
    form: StringForm,
}
