//! Rows of texts in columns.
use unicode_width::UnicodeWidthStr;

/// Lines of columns two spaces apart; those in `right` are aligned to the right.
pub fn aligned(rows: &[impl AsRef<[String]>], right: &[usize]) -> String {
    let mut widths = Vec::new();
    for row in rows {
        let row = row.as_ref();
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| {
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            match right.contains(&column) {
                true => format!("{gap}{cell}"),
                false => format!("{cell}{gap}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let lines: Vec<String> = rows.iter().map(|row| line(row.as_ref())).collect();
    lines.join("\n")
}
