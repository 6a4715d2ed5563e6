//! A terminal on a node or in a container: `vm.shell()`, `site.shell()`.
//!
//! The protocol knows no input while a job runs. So the job reads from a named pipe, and what is
//! typed is written there through the file commands; its output comes as that of every job. Where
//! the program `script` is there, the shell has a terminal of its own, and the person's terminal
//! hands on every key; else whole lines are sent, without editing on the other side.
use std::sync::Arc;

use serde_json::json;

use super::core::Core;
use crate::j::world::{Takeover, TerminalFacts};
use crate::object::{Args, Error, Kind, Member, Needs, Param, Result, Ty, Value};
use crate::zos::{self, Client, Request, Response, plain};

/// What the job says first: how it goes on.
const READY: &str = "kosmos-shell ";
const TERMINAL: &str = "terminal";
const LINES: &str = "lines";

/// Which program runs.
pub const PROGRAM: Param = Param::optional(
    "program",
    Ty::Str,
    crate::object::Default::Str("sh"),
    "program that reads what is typed",
);

/// A member `shell`.
pub const fn member<T: crate::object::Class>(
    run: fn(&Arc<T>, &Args) -> Result<Value>,
) -> Member<T> {
    Member::method(
        "shell",
        &[PROGRAM],
        Ty::Nothing,
        "Opens a shell there and hands it the terminal until it ends (exit).",
        "",
        run,
    )
    .needs(Needs::NETWORK)
}

/// The job of a shell that reads from a pipe.
fn script(pipe: &str, program: &str, terminal: &TerminalFacts) -> String {
    let TerminalFacts {
        columns,
        rows,
        kind,
    } = terminal;
    let kind: String = kind
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'))
        .collect();
    format!(
        "p='{pipe}'; export TERM='{kind}'; mkfifo -m 600 \"$p\" || exit 90\n\
         if command -v script >/dev/null 2>&1; then echo '{READY}{TERMINAL}'\n\
         script -qfc 'stty rows {rows} cols {columns} 2>/dev/null; exec {program}' /dev/null \
         <>\"$p\" 2>&1\n\
         else echo '{READY}{LINES}'; {program} -i <>\"$p\" 2>&1; fi\n\
         e=$?; rm -f \"$p\"; exit $e"
    )
}

/// Opens a shell on a node or in a container, until it ends.
///
/// # Errors
/// No terminal here, no shell there, or whatever [`Client::raw`] can fail with.
pub fn run(core: &Arc<Core>, client: &Client, args: &Args) -> Result<Value> {
    let program = args.text("program");
    let plain_char =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | ' ');
    if program.trim().is_empty() || !program.chars().all(plain_char) {
        return Err(args.error(
            "program",
            "must be the name or path of a program, like 'bash'",
        ));
    }
    let host = &core.world().host;
    let terminal = host.terminal()?;
    core.ask(client.json(Request::new("filesystem.mkdir", json!({"path": "/tmp"}))))?;
    let pipe = format!("/tmp/.kosmos-{}", client.random_id());
    let mut request = Request::bash(&script(&pipe, program, &terminal), "");
    request.stream = true;
    let job = core.ask(client.raw(request))?;
    let done = follow(core, client, &job, &pipe);
    if done.is_err() {
        // It may still wait for what nobody will type. What cannot be done now ends with the node.
        let kill = Request::new("job.kill", json!({"id": job.id(), "signal": 9}));
        let clean = Request::new("filesystem.remove", json!({"path": pipe}));
        let both = async { (client.json(kill).await, client.json(clean).await) };
        if let Ok(runtime) = core.world().runtime() {
            let _ = runtime.block_on(both);
        }
    }
    done.map(Value::from)
}

fn follow(core: &Arc<Core>, client: &Client, job: &Response, pipe: &str) -> Result<()> {
    let mut count = 0;
    let mut said = String::new();
    // The first line tells how it goes on; everything else is why it does not.
    let raw = loop {
        let Some(record) = core.ask(job.next(count))? else {
            return Err(no_shell(&said));
        };
        count += 1;
        said.push_str(&record.message.message);
        if let Some(mode) = said.strip_prefix(READY)
            && let Some((mode, rest)) = mode.split_once('\n')
        {
            let raw = mode == TERMINAL;
            said = rest.to_string();
            break raw;
        }
        if record.message.is_last() {
            return Err(no_shell(&said));
        }
    };
    let fd = core.ask(client.open_file(pipe, "r+"))?;
    let Takeover {
        mut typed,
        write,
        given_back,
    } = core.world().host.take_over(raw)?;
    write(&said);
    let typing = async {
        let mut fd = fd;
        loop {
            let Some(mut bytes) = typed.recv().await else {
                // Nothing more can be typed.
                client.write_block(&fd, b"exit\n").await?;
                return std::future::pending::<zos::Result<()>>().await;
            };
            while let Ok(more) = typed.try_recv() {
                bytes.extend(more);
            }
            if client.write_block(&fd, &bytes).await.is_err() {
                // A node forgets an open file that nobody used for five minutes.
                fd = client.open_file(pipe, "r+").await?;
                client.write_block(&fd, &bytes).await?;
            }
        }
    };
    let showing = async {
        while let Some(record) = job.next(count).await? {
            count += 1;
            write(&record.message.message);
            if record.message.is_last() {
                break;
            }
        }
        Ok(())
    };
    let both = async {
        tokio::select! {
            // What it said last is shown, also when the pipe is gone.
            biased;
            shown = showing => shown,
            typed = typing => typed,
        }
    };
    let done = core.world().block_on(both);
    drop(given_back);
    match done? {
        Ok(()) => Ok(()),
        Err(error) => Err(core.explain(error)),
    }
}

fn no_shell(said: &str) -> Error {
    let said = plain::line(said, 200);
    let text = match said.is_empty() {
        true => "no shell there".to_string(),
        false => format!("no shell there: {said}"),
    };
    Error::new(Kind::Refused, text)
        .hint("the programs sh and mkfifo are needed there; .client.system('…') runs any program")
}
