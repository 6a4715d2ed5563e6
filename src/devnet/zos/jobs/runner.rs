//! Takes jobs, runs them, repeats them, lists them.
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use nix::sys::signal::Signal;
use serde_json::Value as Json;

use super::command::{Call, Command, Commands, Failure};
use super::process;
use super::program::Surroundings;
use super::running::{Ending, Running, wire};
use super::spawner::Spawner;
use crate::zos::protocol::message::flags;
use crate::zos::protocol::result::{State, codes};
use crate::zos::protocol::{Job, JobResult, Level, ListedCommand, ListedJob, Message};

/// Pause before a job that failed runs again.
const RESTART: Duration = Duration::from_secs(1);
/// How long processes may take to go after SIGKILL.
const KILL: Duration = Duration::from_secs(2);

/// Where a runner's messages and results go.
pub trait Outlet: Send + Sync + 'static {
    /// A job said something. Called in order per job; must not block.
    fn message(&self, runner: &Runner, job: &Job, message: &Message);
    /// A job ended.
    fn result(&self, result: JobResult);
}

/// Runs jobs.
pub struct Runner {
    /// 0 on a node, else the id of the container.
    pub id: u16,
    /// Where processes start.
    pub surroundings: Surroundings,
    pub(super) outlet: Arc<dyn Outlet>,
    pub(super) spawner: Spawner,
    commands: Commands,
    jobs: Mutex<IndexMap<String, Arc<Running>>>,
    /// Jobs that wait in a queue; a name is there while its worker runs.
    queues: Mutex<HashMap<String, VecDeque<Arc<Running>>>>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("id", &self.id).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runner {
    /// A runner without jobs.
    ///
    /// # Errors
    /// When the thread that starts processes cannot be made.
    pub fn new(
        id: u16,
        surroundings: Surroundings,
        commands: Commands,
        outlet: Arc<dyn Outlet>,
    ) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Runner {
            id,
            surroundings,
            outlet,
            spawner: Spawner::new()?,
            commands,
            jobs: Mutex::default(),
            queues: Mutex::default(),
        }))
    }

    /// Takes a job; false when one of its id is known already. Must be called on a runtime.
    pub fn start(self: &Arc<Self>, job: Job) -> bool {
        let running = Arc::new(Running::new(job));
        let id = running.job.id.clone();
        match lock(&self.jobs).entry(id) {
            indexmap::map::Entry::Occupied(_) => return false,
            indexmap::map::Entry::Vacant(place) => place.insert(Arc::clone(&running)),
        };
        let runner = Arc::clone(self);
        match running.job.queue.clone().filter(|queue| !queue.is_empty()) {
            None => {
                tokio::spawn(async move { runner.run(running).await });
            }
            Some(queue) => {
                let mut queues = lock(&self.queues);
                if let Some(waiting) = queues.get_mut(&queue) {
                    waiting.push_back(running);
                    return true;
                }
                queues.insert(queue.clone(), VecDeque::from([running]));
                drop(queues);
                tokio::spawn(async move { runner.work_off(queue).await });
            }
        }
        true
    }

    async fn work_off(self: Arc<Self>, queue: String) {
        loop {
            let next = {
                let mut queues = lock(&self.queues);
                let next = queues.get_mut(&queue).and_then(VecDeque::pop_front);
                if next.is_none() {
                    queues.remove(&queue);
                }
                next
            };
            let Some(running) = next else { return };
            self.run(running).await;
        }
    }

    /// Runs a job, as often as it wants, and hands out its result.
    async fn run(self: &Arc<Self>, running: Arc<Running>) {
        let job = &running.job;
        let Some(command) = self.commands.get(&job.command).cloned() else {
            lock(&self.jobs).shift_remove(&job.id);
            running.close();
            self.outlet.result(JobResult {
                id: job.id.clone(),
                command: job.command.clone(),
                state: State::UnknownCommand,
                tags: job.tags.clone(),
                container: self.id,
                ..JobResult::default()
            });
            return;
        };
        let mut runs = 1;
        let ending = loop {
            if running.is_cancelled() {
                break Ending::of(State::Error, codes::KILLED);
            }
            running.begin();
            let ending = self.run_once(&running, &command).await;
            let period = job.recurring_period.and_then(|s| u64::try_from(s).ok());
            if let Some(period @ 1..) = period {
                // A notice that came before this moment is kept for us.
                let unscheduled = running.changed.notified();
                if !running.is_unscheduled() {
                    let period = Duration::from_secs(period);
                    let _ = tokio::time::timeout(period, unscheduled).await;
                }
                if running.is_unscheduled() {
                    break ending;
                }
                continue;
            }
            let again = runs < job.max_restart.unwrap_or_default();
            if again && ending.state != State::Success && !running.is_unscheduled() {
                runs += 1;
                let unscheduled = running.changed.notified();
                let _ = tokio::time::timeout(RESTART, unscheduled).await;
                continue;
            }
            break ending;
        };
        let result = running.result(ending, self.id);
        running.close();
        lock(&self.jobs).shift_remove(&job.id);
        self.outlet.result(result);
    }

    async fn run_once(self: &Arc<Self>, running: &Arc<Running>, command: &Command) -> Ending {
        let arguments = &running.job.arguments;
        match command {
            Command::Process(..) if arguments.is_null() => Ending {
                critical: "PANIC(arguments are required)".into(),
                ..Ending::unspawned(Failure::new(0, ""))
            },
            Command::Process(program, hidden) => {
                let ending = process::run(self, running, program(arguments), *hidden).await;
                if ending.ran {
                    let (level, flag) = match ending.state {
                        State::Success => (Level::STDOUT, flags::SUCCESS),
                        _ => (Level::STDERR, flags::ERROR),
                    };
                    running.say(self, level, String::new(), flag);
                }
                ending
            }
            Command::Subscribe => self.subscribe(running).await,
            Command::BuiltIn(_) if arguments.is_null() => {
                self.answer(running, Err("arguments are required".into()))
            }
            Command::BuiltIn(answer) => {
                let call = Call {
                    runner: Arc::clone(self),
                    running: Arc::clone(running),
                    arguments: arguments.clone(),
                };
                // On a task of its own: should the command break, the job still ends.
                let answer = match tokio::spawn(answer(call)).await {
                    Ok(answer) => answer,
                    Err(e) => Err(format!("the command broke: {e}").into()),
                };
                self.answer(running, answer)
            }
        }
    }

    /// Says the answer of a built-in command as its last message.
    fn answer(&self, running: &Running, answer: Result<Json, Failure>) -> Ending {
        let (text, flag, ending) = match answer {
            Ok(value) => (wire(&value), flags::SUCCESS, Ending::of(State::Success, 0)),
            Err(failure) => (
                wire(&failure.text),
                flags::ERROR,
                Ending::of(State::Error, failure.code),
            ),
        };
        running.say(self, Level::JSON, text, flag);
        ending
    }

    /// Follows another job: its messages become this one's.
    async fn subscribe(self: &Arc<Self>, running: &Arc<Running>) -> Ending {
        let wanted = running
            .job
            .arguments
            .get("id")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let Some(followed) = self.get(wanted) else {
            return self.answer(
                running,
                Err(format!("job '{wanted}' does not exist").into()),
            );
        };
        let mut messages = followed.follow();
        drop(followed);
        let mut state = State::Success;
        while let Some(mut message) = messages.recv().await {
            if message.flags() & flags::ERROR != 0 {
                state = State::Error;
            } else if message.is_last() {
                state = State::Success;
            }
            let stream = if running.job.stream { flags::STREAM } else { 0 };
            message.meta = (message.meta & !flags::STREAM) | stream;
            running.pass_on(self, message);
        }
        Ending::of(state, 0)
    }

    /// A job that is known.
    pub fn get(&self, id: &str) -> Option<Arc<Running>> {
        lock(&self.jobs).get(id).cloned()
    }

    /// All jobs in order of arrival, as `job.list` shows them.
    pub fn list(&self, usage: impl Fn(i32) -> (f64, u64, u64, u64)) -> Vec<ListedJob> {
        let jobs: Vec<_> = lock(&self.jobs).values().cloned().collect();
        jobs.iter().map(|running| listed(running, &usage)).collect()
    }

    /// One job as `job.list` shows it.
    pub fn listed(
        &self,
        id: &str,
        usage: impl Fn(i32) -> (f64, u64, u64, u64),
    ) -> Option<ListedJob> {
        self.get(id).map(|running| listed(&running, &usage))
    }

    /// Sends a signal to a job; false when there is no such job. A built-in command takes no
    /// notice; one that waits in a queue is dropped from it.
    pub fn kill(&self, id: &str, signal: Signal) -> bool {
        let Some(running) = self.get(id) else {
            return false;
        };
        if !running.signal(signal) && self.is_queued(&running) {
            running.cancel();
        }
        true
    }

    fn is_queued(&self, running: &Arc<Running>) -> bool {
        lock(&self.queues)
            .values()
            .any(|queue| queue.iter().any(|queued| Arc::ptr_eq(queued, running)))
    }

    /// Ends the repetition of a job; false when there is no such job.
    pub fn unschedule(&self, id: &str) -> bool {
        match self.get(id) {
            Some(running) => {
                running.unschedule();
                true
            }
            None => false,
        }
    }

    /// Sends a signal to every job with a process.
    pub fn kill_all(&self, signal: Signal) {
        let jobs: Vec<_> = lock(&self.jobs).values().cloned().collect();
        for running in jobs {
            running.signal(signal);
        }
    }

    /// Ends all jobs, first politely; their results are still handed out.
    pub async fn stop(&self) {
        let jobs: Vec<_> = lock(&self.jobs).values().cloned().collect();
        for running in &jobs {
            running.cancel();
            running.signal(Signal::SIGTERM);
        }
        let patience = self.surroundings.patience;
        let begun = tokio::time::Instant::now();
        while jobs.iter().any(|running| running.process().is_some()) {
            if begun.elapsed() > patience {
                self.kill_all(Signal::SIGKILL);
            }
            if begun.elapsed() > patience + KILL {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn listed(running: &Arc<Running>, usage: &impl Fn(i32) -> (f64, u64, u64, u64)) -> ListedJob {
    let (cpu, rss, vms, swap) = match running.shown() {
        1.. => running.process().map(usage).unwrap_or_default(),
        _ => Default::default(),
    };
    ListedJob {
        cpu,
        rss,
        vms,
        swap,
        starttime: running.started.load(Ordering::Relaxed),
        cmd: ListedCommand::from(&running.job),
        pid: running.shown(),
    }
}
