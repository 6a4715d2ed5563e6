//! A command line as a shell splits it.

/// The words of a command line: blanks part them; single quotes keep everything, double quotes
/// keep all but `\` before `"`, `\`, `$`, a backquote or a newline; `\` keeps the next character.
///
/// Nothing is expanded.
///
/// # Errors
/// A quote without an end, or a `\` at the end: what is missing, in words.
pub fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a ' has no end")? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a \" has no end")? {
                        '"' => break,
                        '\\' => match chars.next().ok_or("a \" has no end")? {
                            '\n' => {}
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => match chars.next().ok_or("nothing follows the last \\")? {
                '\n' => {}
                c => word.get_or_insert_default().push(c),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let words = |text| split(text).unwrap();
        assert_eq!(words("echo hello  world"), ["echo", "hello", "world"]);
        assert_eq!(
            words("sh -c \"echo out; echo err >&2\" ''"),
            ["sh", "-c", "echo out; echo err >&2", ""]
        );
        assert_eq!(
            words(r#"a\ b 'c d'"e f" "\$x\y""#),
            ["a b", "c de f", r"$x\y"]
        );
        assert!(words("  \n").is_empty());
        assert!(split("'a").is_err() && split("\"a").is_err() && split("a\\").is_err());
    }

    proptest::proptest! {
        #[test]
        fn anything_is_split_or_refused(text in ".{0,60}") {
            let _ = split(&text);
        }

        #[test]
        fn quoted_words_come_back(words in proptest::collection::vec("[^']{0,12}", 0..5)) {
            let line: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
            proptest::prop_assert_eq!(split(&line.join(" ")).unwrap(), words);
        }
    }
}
