//! What `--debug` and `KOSMOS_LOG` tell: how long things took and where something broke. Never
//! what was typed, and no values.
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use super::output;

struct Log {
    started: Instant,
    shown: bool,
    file: Option<File>,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Starts the log: on stderr with `shown`, and in a file readable by its owner.
///
/// # Errors
/// When the file cannot be opened.
pub fn start(shown: bool, file: Option<&Path>) -> std::io::Result<()> {
    let file = file
        .map(|path| {
            std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path)
        })
        .transpose()?;
    let wanted = shown || file.is_some();
    if wanted {
        // A second start changes nothing.
        let _ = LOG.set(Log {
            started: Instant::now(),
            shown,
            file,
        });
    }
    std::panic::set_hook(Box::new(|panic| {
        // The place only: the message may hold a value.
        if let Some(place) = panic.location() {
            line(&format!(
                "something broke at {}:{}",
                place.file(),
                place.line()
            ));
        }
    }));
    Ok(())
}

/// A line of the log.
pub fn line(text: &str) {
    let Some(log) = LOG.get() else {
        return;
    };
    let line = format!("debug {:.3} {text}", log.started.elapsed().as_secs_f64());
    if log.shown {
        output::err(&line);
    }
    if let Some(mut file) = log.file.as_ref() {
        // A log that cannot be written must not stop the work.
        let _ = writeln!(file, "{line}");
    }
}
