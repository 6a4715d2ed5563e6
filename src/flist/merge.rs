//! Several trees as one.
use super::tree::{Kind, Tree};

/// Unites trees: where a path is in several, the first tree wins, except that directories are
/// united (spec: flist §8). None for no trees.
pub fn merge(trees: impl IntoIterator<Item = Tree>) -> Option<Tree> {
    let mut trees = trees.into_iter();
    let mut merged = trees.next()?;
    for tree in trees {
        for (location, node) in tree.iter() {
            // What lies in a directory that is something else in an earlier tree has no place.
            let fits = match merged.get(location) {
                Some(_) => false,
                None => super::tree::split_location(location)
                    .and_then(|(parent, _)| merged.get(parent))
                    .is_some_and(|parent| parent.kind == Kind::Dir),
            };
            if fits {
                // It cannot fail: the directory is there, and the name is not.
                let _ = merged.insert(location.to_vec(), node.clone());
            }
        }
    }
    Some(merged)
}
