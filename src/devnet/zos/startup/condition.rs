//! Conditions of services: `and(a,b)`, `or(a,b)`, `not(a)`, or a name, which holds when it is known.

use super::Values;

/// How deep conditions may lie in each other.
const DEEPEST: usize = 64;

/// Says whether a condition holds; one that cannot be read does not.
pub fn holds(text: &str, known: &Values) -> bool {
    let mut reader = Reader { rest: text, known };
    let value = reader.condition(0);
    reader.rest.trim().is_empty() && value == Some(true)
}

struct Reader<'a> {
    rest: &'a str,
    known: &'a Values,
}

impl Reader<'_> {
    /// Reads a condition; None when there is none.
    fn condition(&mut self, depth: usize) -> Option<bool> {
        let end = self.rest.find(['(', ')', ',']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        let word = word.trim();
        let Some(inside) = rest.strip_prefix('(') else {
            self.rest = rest;
            return (!word.is_empty()).then(|| self.known.contains_key(word));
        };
        if depth == DEEPEST {
            return None;
        }
        self.rest = inside;
        let mut all = Vec::new();
        loop {
            all.push(self.condition(depth + 1)?);
            let rest = self.rest.trim_start();
            if let Some(rest) = rest.strip_prefix(')') {
                self.rest = rest;
                break;
            }
            self.rest = rest.strip_prefix(',')?;
        }
        match (word, all.as_slice()) {
            ("and", all) => Some(all.iter().all(|one| *one)),
            ("or", all) => Some(all.iter().any(|one| *one)),
            ("not", [one]) => Some(!one),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> Values {
        Values::from([
            ("a".to_owned(), String::new()),
            ("b.c".to_owned(), "1".to_owned()),
        ])
    }

    #[test]
    fn words_and_combinations() {
        for good in [
            "a",
            " a ",
            "b.c",
            "not(x)",
            "and(a)",
            "and(a, b.c)",
            "or(x,a)",
            "and(a,or(x,not(y)),not(and(a,x)))",
        ] {
            assert!(holds(good, &known()), "{good}");
        }
        for bad in [
            "x", "", "()", "a b", "not(a)", "not(a,x)", "and(a,x)", "or()", "and(a", "and(a))",
            "xor(a,x)", "not", ",", "and(a,)",
        ] {
            assert!(!holds(bad, &known()), "{bad}");
        }
        assert!(!holds(&"not(".repeat(100_000), &known()));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-c(),. ]{0,60}|and[(]a,not[(][a-z,()]{0,9}") {
            holds(&text, &known());
        }
    }
}
