//! One job while it runs.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use tokio::sync::{Notify, mpsc};

use super::command::Failure;
use super::process;
use super::runner::Runner;
use crate::zos::protocol::message::flags;
use crate::zos::protocol::result::State;
use crate::zos::protocol::{Job, JobResult, Level, Message, json};

/// Messages of stdout, and of stderr, that a result holds.
const KEPT: usize = 100;
/// Messages that a new follower of a job gets first.
const REPLAYED: usize = 10;

/// Nanoseconds since 1970.
pub fn now_ns() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// How a run of a job ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Its state.
    pub state: State,
    /// Its code.
    pub code: i64,
    /// Text of the result where no message gives one.
    pub data: String,
    /// Level of that text.
    pub level: Level,
    /// Text of `critical` where no message gives one.
    pub critical: String,
    /// False when there was no process: no output, no closing message.
    pub ran: bool,
}

impl Ending {
    /// A process that ran.
    pub fn of(state: State, code: i64) -> Self {
        Ending {
            state,
            code,
            data: String::new(),
            level: Level::NONE,
            critical: String::new(),
            ran: true,
        }
    }

    /// A process that could not be started.
    pub fn unspawned(failure: Failure) -> Self {
        Ending {
            data: failure.text,
            ran: false,
            ..Ending::of(State::Error, failure.code)
        }
    }
}

#[derive(Default)]
struct Output {
    streams: [VecDeque<String>; 2],
    last: VecDeque<Message>,
    followers: Vec<mpsc::UnboundedSender<Message>>,
    data: Option<(Level, String)>,
    critical: String,
    /// The last message was said: followers that come now get no more.
    closed: bool,
}

#[derive(Default)]
struct Living {
    process: Option<(i32, bool)>,
    /// A process is being started.
    starting: bool,
    /// A signal that came in that moment.
    pending: Option<Signal>,
}

/// A job that the runner knows.
pub struct Running {
    /// What was ordered.
    pub job: Job,
    /// Id to show in lists.
    shown: AtomicI64,
    /// Milliseconds since 1970 at which the current run began.
    pub started: AtomicI64,
    /// The living process, and whether it leads a group.
    process: Mutex<Living>,
    output: Mutex<Output>,
    unscheduled: AtomicBool,
    /// Told when it is unscheduled or cancelled.
    pub changed: Notify,
    cancelled: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    /// A job that has not begun.
    pub fn new(job: Job) -> Self {
        Running {
            job,
            shown: AtomicI64::new(0),
            started: AtomicI64::new(now_ns() / 1_000_000),
            process: Mutex::default(),
            output: Mutex::default(),
            unscheduled: AtomicBool::new(false),
            changed: Notify::new(),
            cancelled: AtomicBool::new(false),
        }
    }

    /// Begins a run: forgets the output of the one before.
    pub fn begin(&self) {
        self.started.store(now_ns() / 1_000_000, Ordering::Relaxed);
        let mut output = lock(&self.output);
        output.streams = Default::default();
        output.data = None;
        output.critical = String::new();
    }

    /// A process is about to be started: signals wait for it.
    pub fn expect_process(&self) {
        let mut living = lock(&self.process);
        living.starting = true;
        living.pending = None;
    }

    /// Tells which process runs; the second number is what lists show.
    pub fn set_process(&self, process: Option<(i32, bool)>, shown: i64) {
        let mut living = lock(&self.process);
        living.process = process;
        living.starting = false;
        self.shown.store(shown, Ordering::Relaxed);
        let cancelled = self
            .cancelled
            .load(Ordering::Relaxed)
            .then_some(Signal::SIGKILL);
        if let (Some(signal), Some((id, group))) = (living.pending.take().or(cancelled), process) {
            process::signal(id, group, signal);
        }
    }

    /// Id of the living process, if there is one.
    pub fn process(&self) -> Option<i32> {
        lock(&self.process).process.map(|(id, _)| id)
    }

    /// Id of the process as job lists show it.
    pub fn shown(&self) -> i64 {
        self.shown.load(Ordering::Relaxed)
    }

    /// Sends a signal to the process, or its group; false without one.
    pub fn signal(&self, signal: Signal) -> bool {
        // The lock is held: a process that ended is not waited for before this is done, so the id
        // is not another's.
        let mut living = lock(&self.process);
        match living.process {
            Some((id, group)) => process::signal(id, group, signal),
            None if living.starting => {
                living.pending = Some(signal);
                true
            }
            None => false,
        }
    }

    /// Ends the repetition; the current run goes on.
    pub fn unschedule(&self) {
        self.unscheduled.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
        self.changed.notify_one();
    }

    /// True once it was unscheduled.
    pub fn is_unscheduled(&self) -> bool {
        self.unscheduled.load(Ordering::Relaxed)
    }

    /// It shall not run any more: the node stops, or it was killed before it began.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.unschedule();
    }

    /// True once it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// A message of the job: kept, passed on to followers, handed to the outlet.
    pub fn say(&self, runner: &Runner, level: Level, text: String, flag: u32) {
        let stream = if self.job.stream { flags::STREAM } else { 0 };
        self.pass_on(runner, Message::new(text, level, flag | stream, now_ns()));
    }

    /// A message with a time of its own, see [`Running::say`].
    pub fn pass_on(&self, runner: &Runner, message: Message) {
        let mut output = lock(&self.output);
        let level = message.level();
        match level {
            Level::STDOUT | Level::STDERR => {
                let [out, err] = &mut output.streams;
                let kept = if level == Level::STDOUT { out } else { err };
                kept.push_back(message.message.clone());
                if kept.len() > KEPT {
                    kept.pop_front();
                }
            }
            Level::CRITICAL => output.critical.clone_from(&message.message),
            level if level.is_result() => output.data = Some((level, message.message.clone())),
            _ => {}
        }
        output
            .followers
            .retain(|follower| follower.send(message.clone()).is_ok());
        // Under the lock, so that records keep the order of the messages.
        runner.outlet.message(runner, &self.job, &message);
        output.last.push_back(message);
        if output.last.len() > REPLAYED {
            output.last.pop_front();
        }
    }

    /// The last messages now, and all that follow; the channel closes with the job.
    pub fn follow(&self) -> mpsc::UnboundedReceiver<Message> {
        let (send, receive) = mpsc::unbounded_channel();
        let mut output = lock(&self.output);
        for message in &output.last {
            let _ = send.send(message.clone());
        }
        if !output.closed {
            output.followers.push(send);
        }
        receive
    }

    /// Nobody will hear anything more.
    pub fn close(&self) {
        let mut output = lock(&self.output);
        output.closed = true;
        output.followers.clear();
    }

    /// The result after its end.
    pub fn result(&self, ending: Ending, container: u16) -> JobResult {
        let mut output = lock(&self.output);
        let started = self.started.load(Ordering::Relaxed);
        let (level, data) = output.data.take().unwrap_or((ending.level, ending.data));
        let streams = ending.ran.then(|| {
            output
                .streams
                .iter()
                .map(|messages| messages.iter().map(String::as_str).collect())
                .collect()
        });
        let critical = std::mem::take(&mut output.critical);
        JobResult {
            id: self.job.id.clone(),
            command: self.job.command.clone(),
            data,
            streams,
            critical: if critical.is_empty() {
                ending.critical
            } else {
                critical
            },
            level,
            state: ending.state,
            code: ending.code,
            starttime: started,
            time: (now_ns() / 1_000_000 - started).max(0),
            tags: self.job.tags.clone(),
            container,
        }
    }
}

/// The JSON text of an answer or an error.
pub fn wire(value: &impl serde::Serialize) -> String {
    json::text(value).unwrap_or_else(|e| format!("\"{e}\""))
}
