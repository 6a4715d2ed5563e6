//! An address as a QR code that a phone can scan from the terminal.
use qrcode::{Color, EcLevel, QrCode};

use crate::object::{Class, Error, Member, Paint, Result, Ty, Value};

/// Modules of light space that a scanner needs around the code.
const QUIET: usize = 4;

/// A QR code of a text.
pub struct Qr {
    text: String,
    code: QrCode,
}

impl Qr {
    /// The code of a text.
    ///
    /// # Errors
    /// When the text is too long for one.
    pub fn value(text: String) -> Result<Value> {
        let code = QrCode::with_error_correction_level(&text, EcLevel::M)
            .map_err(|e| Error::value(format!("there is no QR code of this text: {e}")))?;
        Ok(Value::object(Qr { text, code }))
    }

    fn is_light(&self, column: usize, row: usize) -> bool {
        let width = self.code.width();
        let inside = QUIET..QUIET + width;
        if !inside.contains(&column) || !inside.contains(&row) {
            return true;
        }
        self.code[(column - QUIET, row - QUIET)] == Color::Light
    }

    /// Two rows of modules a line. Without colours light modules are drawn, which is right on a
    /// dark terminal; with colours the code is black on white everywhere.
    fn draw(&self, paint: Paint) -> String {
        let size = self.code.width() + 2 * QUIET;
        let mut out = String::new();
        for row in (0..size).step_by(2) {
            if row > 0 {
                out.push('\n');
            }
            out.push_str(paint.code("\x1b[38;5;231;48;5;16m"));
            for column in 0..size {
                let lower = row + 1 < size && self.is_light(column, row + 1);
                out.push(match (self.is_light(column, row), lower) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            out.push_str(paint.code("\x1b[0m"));
        }
        out
    }
}

impl Class for Qr {
    const NAME: &'static str = "QrCode";
    const DOC: &'static str = "A QR code; shown at the prompt or by print(), a phone can scan it.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::property(
        "content",
        Ty::Str,
        "The text that a phone reads from it.",
        "w.address_qr().content",
        |this, _| Ok(this.text.clone().into()),
    )]];

    fn repr(&self, paint: Paint) -> String {
        self.draw(paint)
    }
    fn inline(&self) -> String {
        format!("QrCode({})", self.text)
    }
    fn to_json(&self) -> serde_json::Value {
        self.text.clone().into()
    }
}
