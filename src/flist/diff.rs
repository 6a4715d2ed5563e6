//! What differs between two trees.
use super::tree::{Tree, display};

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Only the second tree has it.
    Added(String),
    /// Only the first tree has it.
    Removed(String),
    /// Both have it: what it is or what it holds differs.
    Content(String),
    /// Both have it: owner or mode differ.
    Meta(String),
}

/// Returns the differences in the order of the paths. Times alone are no difference.
pub fn diff(before: &Tree, after: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    for (location, node) in before.iter() {
        let path = || display(location);
        match after.get(location) {
            None => found.push((location, Difference::Removed(path()))),
            Some(other) if other.kind != node.kind => {
                found.push((location, Difference::Content(path())));
            }
            Some(other) => {
                let mut same_time = other.meta.clone();
                same_time.modified = node.meta.modified;
                same_time.created = node.meta.created;
                if same_time != node.meta {
                    found.push((location, Difference::Meta(path())));
                }
            }
        }
    }
    for (location, _) in after.iter() {
        if before.get(location).is_none() {
            found.push((location, Difference::Added(display(location))));
        }
    }
    found.sort_by_key(|(location, _)| *location);
    found
        .into_iter()
        .map(|(_, difference)| difference)
        .collect()
}
