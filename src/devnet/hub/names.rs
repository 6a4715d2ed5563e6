//! Names of accounts and flists: what may be one, and how one is made of a file or an image.
//!
//! A name becomes a part of a path on disk and of an address, so only plain characters are in it.

/// What every flist's name ends with.
pub const SUFFIX: &str = ".flist";
/// The longest name; what is put behind it still fits into a file name.
const LONGEST: usize = 200;
/// First parts of addresses that are no accounts.
const OURS: &[&str] = &[
    "api",
    "chunk",
    "docker-convert",
    "exists",
    "insert",
    "login",
    "me",
    "merge",
    "search",
    "upload",
    "upload-flist",
];

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@')
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && !text.starts_with(['.', '-'])
        && text.chars().all(is_plain)
}

/// True for a text that can name an account.
pub fn is_user(text: &str) -> bool {
    is_name(text) && !OURS.contains(&text)
}

/// The name of an flist as it is kept, of one with or without `.flist`; None for what is no name.
pub fn flist(text: &str) -> Option<String> {
    let stem = text.strip_suffix(SUFFIX).unwrap_or(text);
    is_name(stem).then(|| format!("{stem}{SUFFIX}"))
}

/// Makes a name of a file: its last part, spaces as `_`, everything else that is not plain left
/// out. None when nothing is left.
pub fn of_file(file: &str, suffix: &str) -> Option<String> {
    let last = file.rsplit(['/', '\\']).next()?;
    let stem = last.strip_suffix(suffix)?;
    let safe: String = stem
        .chars()
        .map(|c| if c == ' ' { '_' } else { c })
        .filter(|c| is_plain(*c))
        .collect();
    flist(safe.trim_start_matches(['.', '-', '_']))
}

/// The whole name of an image: without a tag it means the latest (spec: flist §10).
pub fn image(image: &str) -> String {
    match image.contains(':') {
        true => image.to_owned(),
        false => format!("{image}:latest"),
    }
}

/// The name of the flist of an image: `nginxdemos/hello:latest` is `nginxdemos-hello-latest.flist`.
pub fn of_image(image: &str) -> Option<String> {
    flist(&image.replace([':', '/'], "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_flists() {
        assert_eq!(flist("myapp").as_deref(), Some("myapp.flist"));
        assert_eq!(flist("myapp.flist").as_deref(), Some("myapp.flist"));
        assert_eq!(flist("redis-5.0").as_deref(), Some("redis-5.0.flist"));
        for bad in [
            "", ".", "..", ".flist", "../x", "a/b", "a b", "ä", "-x", "a\0",
        ] {
            assert_eq!(flist(bad), None, "{bad:?}");
        }
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(flist(&long), None);
    }

    #[test]
    fn names_of_files_and_images() {
        let archive = |file| of_file(file, ".tar.gz");
        assert_eq!(archive("my app.tar.gz").as_deref(), Some("my_app.flist"));
        assert_eq!(archive("../../etc/x.tar.gz").as_deref(), Some("x.flist"));
        assert_eq!(archive("C:\\a\\.b.tar.gz").as_deref(), Some("b.flist"));
        assert_eq!(archive("....tar.gz"), None);
        assert_eq!(archive("x.zip"), None);
        let of = |name: &str| of_image(&image(name)).unwrap();
        assert_eq!(of("nginxdemos/hello"), "nginxdemos-hello-latest.flist");
        assert_eq!(of("redis:5.0"), "redis-5.0.flist");
        assert_eq!(of_image("../x"), None);
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_folder(text in "\\PC*", suffix in "\\PC{0,3}") {
            for name in [flist(&text), of_file(&text, &suffix), of_image(&text)].into_iter().flatten() {
                prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
                prop_assert_eq!(flist(&name), Some(name.clone()));
            }
        }
    }
}
