//! A tree of files, drawn.
use std::collections::BTreeMap;

use super::listing::kind;
use crate::flist::{Error as FlistError, Kind, Node, Tree, display};
use crate::object::{Class, Member, Paint, Result, Value};

/// Lines that are drawn at most; more is said in one line.
const MOST: usize = 2_000;

/// What stands before the names of a directory, and what is still to be drawn of it.
type Level<'a> = (String, std::vec::IntoIter<(&'a [u8], &'a Node)>);

/// A tree of files, drawn.
pub struct Drawing(String);

impl Drawing {
    /// Draws what is below a location.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn of(tree: &Tree, top: &[u8]) -> Result<Value> {
        if tree.get(top).is_none() {
            return Err(FlistError::NotFound { path: display(top) }.into());
        }
        let mut inside: BTreeMap<&[u8], Vec<(&[u8], &Node)>> = BTreeMap::new();
        for (at, node) in tree.below(top) {
            let cut = at.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            let parent = at.get(..cut).unwrap_or_default();
            inside.entry(parent).or_default().push((at, node));
        }
        let mut lines = vec![display(top)];
        let (mut files, mut directories, mut left) = (0_usize, 0_usize, 0_usize);
        let root = inside.remove(top).unwrap_or_default();
        // The last of the stack is drawn next.
        let mut waiting: Vec<Level<'_>> = vec![(String::new(), root.into_iter())];
        while let Some((before, rest)) = waiting.last_mut() {
            let Some((at, node)) = rest.next() else {
                waiting.pop();
                continue;
            };
            let is_last = rest.len() == 0;
            let (branch, below) = if is_last {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            };
            let cut = at
                .iter()
                .rposition(|byte| *byte == b'/')
                .map_or(0, |at| at + 1);
            let name = display(at.get(cut..).unwrap_or_default());
            let name = name.trim_start_matches('/');
            let more = match &node.kind {
                Kind::Dir => "/".to_owned(),
                Kind::File { .. } => String::new(),
                Kind::Link { target } => {
                    format!(
                        " -> {}",
                        display(target).chars().skip(1).collect::<String>()
                    )
                }
                special => format!(" ({})", kind(special)),
            };
            match lines.len() < MOST {
                true => lines.push(format!("{before}{branch}{name}{more}")),
                false => left += 1,
            }
            let before = format!("{before}{below}");
            match node.kind {
                Kind::Dir => {
                    directories += 1;
                    let inside = inside.remove(at).unwrap_or_default();
                    waiting.push((before, inside.into_iter()));
                }
                _ => files += 1,
            }
        }
        if left > 0 {
            lines.push(format!("… and {left} more"));
        }
        lines.push(format!("{directories} directories, {files} files"));
        Ok(Value::object(Drawing(lines.join("\n"))))
    }
}

impl Class for Drawing {
    const NAME: &'static str = "drawing";
    const DOC: &'static str = "A tree of files, drawn.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[];

    fn repr(&self, _paint: Paint) -> String {
        self.0.clone()
    }
}
