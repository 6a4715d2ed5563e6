//! Whose files are whose: flists of the first format name users, not numbers.
use std::collections::HashMap;

use crate::flist::Tree;

/// Who owns what nobody of this machine owns (spec: flist §6).
const NOBODY: u32 = 1000;

/// Users and groups of a machine by their names.
#[derive(Debug, Default)]
pub struct Owners {
    users: HashMap<String, u32>,
    groups: HashMap<String, u32>,
}

impl Owners {
    /// Those of this machine.
    pub fn of_this_machine() -> Self {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self::parse(&text("/etc/passwd"), &text("/etc/group"))
    }

    /// Reads the texts of `passwd` and `group`.
    pub fn parse(passwd: &str, group: &str) -> Self {
        Owners {
            users: names(passwd),
            groups: names(group),
        }
    }

    /// Gives everything in a tree the numbers that it has on this machine.
    pub fn settle(&self, tree: &mut Tree) {
        let locations: Vec<Vec<u8>> = tree.iter().map(|(at, _)| at.to_vec()).collect();
        for location in locations {
            let Some(node) = tree.get_mut(&location) else {
                continue;
            };
            let meta = &mut node.meta;
            let user = || self.users.get(&meta.user).copied().unwrap_or(NOBODY);
            let group = || self.groups.get(&meta.group).copied().unwrap_or(NOBODY);
            let (uid, gid) = (
                meta.uid.unwrap_or_else(user),
                meta.gid.unwrap_or_else(group),
            );
            meta.uid = Some(uid);
            meta.gid = Some(gid);
        }
    }
}

/// `name:…:number:…` of each line.
fn names(text: &str) -> HashMap<String, u32> {
    let mut known = HashMap::from([("root".to_owned(), 0)]);
    for line in text.lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(Ok(number))) = (fields.next(), fields.nth(1).map(str::parse)) {
            known.insert(name.to_owned(), number);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flist::Meta;

    #[test]
    fn numbers_win_then_names_of_this_machine_then_nobody() {
        let owners = Owners::parse("www:x:33:33::/:/bin/sh\nbroken", "web:x:44:\n");
        let of = |user: &str, uid| {
            let mut tree = Tree::new(Meta {
                mode: 0o755,
                user: user.into(),
                group: "web".into(),
                uid,
                gid: None,
                modified: 0,
                created: 0,
            });
            owners.settle(&mut tree);
            let meta = tree.get(b"").unwrap().meta.clone();
            (meta.uid, meta.gid)
        };
        assert_eq!(of("www", None), (Some(33), Some(44)));
        assert_eq!(of("www", Some(5)), (Some(5), Some(44)));
        assert_eq!(of("root", None), (Some(0), Some(44)));
        assert_eq!(of("else", None), (Some(1000), Some(44)));
    }
}
