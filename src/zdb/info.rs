//! What a 0-DB says of a namespace.
use std::fmt;

/// Who chooses the keys of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The client.
    User,
    /// The server: numbers from 0 on, as 4 bytes, the lowest first.
    Seq,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::User => "user",
            Mode::Seq => "seq",
        })
    }
}

/// The lines of `NSINFO`, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info(Vec<(String, String)>);

impl Info {
    /// Reads lines `name: value`; whatever else there is falls away.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let plain = |text: &str| super::error::line(text);
            (!line.starts_with('#')).then(|| (plain(name), plain(value)))
        });
        Self(lines.collect())
    }

    /// All lines.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a line.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut lines = self.iter();
        lines
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Number of keys.
    pub fn entries(&self) -> Option<u64> {
        self.get("entries")?.parse().ok()
    }

    /// Who chooses the keys, where the server says so.
    pub fn mode(&self) -> Option<Mode> {
        match self.get("mode")? {
            "userkey" => Some(Mode::User),
            "sequential" => Some(Mode::Seq),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_what_is_none_is_not() {
        let info = Info::parse("# namespace\nname: a\nentries: 7\nodd\nmode: sequential\n");
        assert_eq!(info.get("name"), Some("a"));
        assert_eq!((info.entries(), info.mode()), (Some(7), Some(Mode::Seq)));
        assert_eq!(info.iter().count(), 3);
        assert_eq!(Info::parse("entries: many").entries(), None);
    }
}
