//! "Did you mean": the nearest known word to one that is not known.
use super::error::Error;

/// The words nearest to `wanted`, best first, at most three, only those that are near enough to
/// be a slip of the fingers.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = match wanted.chars().count() {
        0 => return Vec::new(),
        1..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let lower = wanted.to_lowercase();
    let mut found: Vec<(usize, &str)> = known
        .map(|word| (distance(&lower, &word.to_lowercase(), limit), word))
        .filter(|(distance, word)| *distance <= limit && *word != wanted)
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(b.1)));
    found.dedup_by(|a, b| a.1 == b.1);
    found.into_iter().take(3).map(|(_, word)| word).collect()
}

/// Adds `did you mean 'x'?` when a known word is near.
pub fn hinted<'a>(error: Error, wanted: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let near = nearest(wanted, known);
    match near.as_slice() {
        [] => error,
        words => {
            let list: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            error.hint(format!("did you mean {}?", list.join(" or ")))
        }
    }
}

/// Edit distance with swapped neighbours counted once; anything above `limit` is `limit + 1`.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut cost = (last[j - 1] + same).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_fingers() {
        let words = ["new", "get", "find", "count", "exists", "delete", "reset"];
        assert_eq!(nearest("nw", words.into_iter()), ["new"]);
        assert_eq!(nearest("dleete", words.into_iter()), ["delete"]);
        assert!(nearest("xyzzy", words.into_iter()).is_empty());
        assert!(nearest("", words.into_iter()).is_empty());
        assert_eq!(
            nearest("mnths", ["months", "names"].into_iter()),
            ["months"]
        );
    }
}
