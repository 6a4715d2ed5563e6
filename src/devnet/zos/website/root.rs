//! Makes the root: program, libraries, page, and what is started.
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{PAGES, SUBCOMMAND};

/// Where the program lies in the container.
const PROGRAM: &str = "/bin/kosmos";

/// Makes a folder that is the root of a container with a website of one page. Its server starts
/// with the container, as the job `entry`, and listens on port 80.
///
/// `program` is the kosmos program of this machine. A folder that is there is replaced.
///
/// # Errors
/// When the program cannot be run or copied, or the folder cannot be written.
pub fn make(program: &Path, folder: &Path, page: &str) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let inside = |path: &str| folder.join(path.trim_start_matches('/'));
    for path in ["/bin", PAGES, "/tmp"] {
        fs::create_dir_all(inside(path))?;
    }
    fs::set_permissions(inside("/tmp"), fs::Permissions::from_mode(0o1777))?;
    fs::copy(program, inside(PROGRAM))?;
    for library in libraries(program)? {
        let Ok(name) = library.strip_prefix("/") else {
            continue;
        };
        let copy = folder.join(name);
        if let Some(parent) = copy.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(&library, &copy)?;
    }
    fs::write(inside(PAGES).join("index.html"), page)?;
    let startup = format!(
        "[startup]\n\n[startup.entry]\nname = \"core.system\"\n\n[startup.entry.args]\n\
         name = \"{PROGRAM}\"\nargs = [\"{SUBCOMMAND}\", \"{PAGES}\"]\ndir = \"/\"\n"
    );
    fs::write(inside("/.startup.toml"), startup)
}

/// Lists the libraries that the system's loader gives a program, the loader itself too; none for
/// one that needs none.
fn libraries(program: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = Command::new(program)
        .arg("--version")
        .env_clear()
        // With this the loader lists what it would load, and does not start the program.
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    let words = listed.stdout.split(u8::is_ascii_whitespace);
    let paths = words.filter(|word| word.starts_with(b"/"));
    Ok(paths
        .map(|path| PathBuf::from(std::ffi::OsStr::from_bytes(path)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_program_page_and_services() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("site");
        make(Path::new("/bin/sh"), &folder, "<p>one</p>").unwrap();
        // The second takes the place of the first.
        make(Path::new("/bin/sh"), &folder, "<p>two</p>").unwrap();
        let page = fs::read_to_string(folder.join("www/index.html")).unwrap();
        assert_eq!(page, "<p>two</p>");
        assert!(folder.join("bin/kosmos").is_file());
        for library in libraries(Path::new("/bin/sh")).unwrap() {
            assert!(folder.join(library.strip_prefix("/").unwrap()).is_file());
        }
        let services = fs::read_to_string(folder.join(".startup.toml")).unwrap();
        assert!(services.contains("[startup.entry]"), "{services}");
        assert!(make(Path::new("/no/such/program"), &folder, "").is_err());
    }
}
