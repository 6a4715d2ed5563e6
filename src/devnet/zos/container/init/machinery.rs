//! The job machinery of a container: the node's own, with what a container has of it.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::super::frame::{Said, SetUp};
use super::startup::Progress;
use crate::devnet::zos::builtin;
use crate::devnet::zos::files::Files;
use crate::devnet::zos::jobs::basics::Version;
use crate::devnet::zos::jobs::{Commands, Outlet, Runner, Surroundings};
use crate::zos::protocol::message::flags;
use crate::zos::protocol::result::State;
use crate::zos::protocol::{Job, JobResult, Message, Record};

/// Carries what jobs say to the node, and notes how services get on.
struct ToNode {
    said: mpsc::UnboundedSender<Said>,
    progress: Arc<Progress>,
}

impl Outlet for ToNode {
    fn message(&self, runner: &Runner, job: &Job, message: &Message) {
        self.progress.spoke(&job.id, &message.message);
        let record = Record {
            core: runner.id,
            command: job.id.clone(),
            message: message.clone(),
        };
        let stream = job.stream || message.flags() & flags::STREAM != 0;
        // When the node is gone the container ends with all its jobs.
        let _ = self.said.send(Said::Record { record, stream });
    }

    fn result(&self, result: JobResult) {
        self.progress
            .ended(&result.id, result.state == State::Success);
        let _ = self.said.send(Said::Result(Box::new(result)));
    }
}

/// Makes the machinery of this container.
///
/// # Errors
/// When the root cannot be opened, or there is no room for a thread.
pub fn make(
    set_up: &SetUp,
    said: mpsc::UnboundedSender<Said>,
    progress: Arc<Progress>,
) -> io::Result<Arc<Runner>> {
    let files = Arc::new(Files::new(Path::new("/"), &[])?);
    let mut commands = Commands::default();
    builtin::everywhere(&mut commands, &Version::ours(), &files);
    let env = set_up.env.iter();
    let surroundings = Surroundings {
        dir: "/".into(),
        env: env
            .map(|(key, value)| (OsString::from(key), OsString::from(value)))
            .collect(),
        // As in the original: all jobs of a container are one group.
        groups: false,
        end_with_us: false,
        view: None,
    };
    Runner::new(
        set_up.id,
        surroundings,
        commands,
        Arc::new(ToNode { said, progress }),
    )
}
