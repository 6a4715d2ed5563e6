//! A job that was pushed.
use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::job_result::ResultValue;
use super::rows::shown;
use crate::object::{Args, Class, Default, Member, Needs, Paint, Param, Result, Ty, Value};
use crate::zos::Response;
use crate::zos::plain;
use crate::zos::protocol::{Level, Record};

/// A job that was pushed.
pub struct ResponseValue {
    core: Arc<Core>,
    response: Response,
    json: bool,
}

impl ResponseValue {
    /// A job whose result is taken as it is.
    pub fn plain(core: &Arc<Core>, response: Response) -> Value {
        Value::object(ResponseValue {
            core: core.clone(),
            response,
            json: false,
        })
    }

    /// A job whose result is a JSON value.
    pub fn json(core: &Arc<Core>, response: Response) -> Value {
        Value::object(ResponseValue {
            core: core.clone(),
            response,
            json: true,
        })
    }

    /// Id of the job.
    pub fn id(&self) -> &str {
        self.response.id()
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// As [`Response::get`].
    pub fn get(&self, timeout: Option<Duration>) -> Result<Value> {
        if self.json {
            let value = self.core.ask(self.response.json(timeout))?;
            return Ok(shown(&value));
        }
        let result = self.core.ask(self.response.get(timeout))?;
        Ok(ResultValue::value(result))
    }

    /// Hands records to `take`, or prints them, until the job ends.
    fn follow(&self, args: &Args) -> Result<Value> {
        let mut count = 0;
        // The function of a script may ask the node itself: nothing waits meanwhile.
        while let Some(record) = self.core.ask(self.response.next(count))? {
            count += 1;
            match args.get("callback") {
                Value::Function(take) => {
                    let message = &record.message;
                    take(vec![
                        i64::from(message.level().0).into(),
                        message.message.clone().into(),
                        message.flags().into(),
                    ])?;
                }
                _ => self.print(&record),
            }
            if record.message.is_last() {
                break;
            }
        }
        Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    fn print(&self, record: &Record) {
        let text = plain::lines(&record.message.message);
        if text.is_empty() {
            return;
        }
        let host = &self.core.world().host;
        if record.message.level() == Level::STDOUT {
            host.out(&text);
        } else {
            host.note(&text);
        }
    }
}

/// Seconds that a caller gave, if any.
pub fn seconds(args: &Args, name: &str) -> Result<Option<Duration>> {
    let given = match args.get(name) {
        Value::None => return Ok(None),
        Value::Int(seconds) => *seconds as f64,
        Value::Float(seconds) => *seconds,
        _ => return Err(args.error(name, "must be a number of seconds")),
    };
    match Duration::try_from_secs_f64(given) {
        Ok(duration) => Ok(Some(duration)),
        Err(_) => Err(args.error(name, format!("is {given}: expected a number of seconds"))),
    }
}

impl Class for ResponseValue {
    const NAME: &'static str = "Job";
    const DOC: &'static str = "A job that was pushed: its result and its output can be asked for.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "id",
            Ty::Str,
            "Its id.",
            "vm.client.system('true').id",
            |this: &Arc<Self>, _| Ok(this.response.id().into()),
        ),
        Member::property(
            "exists",
            Ty::Bool,
            "True when the node knows it: it runs, or ended less than 300 s ago.",
            "vm.client.system('true').exists",
            |this: &Arc<Self>, _| this.core.ask(this.response.exists()).map(Value::from),
        )
        .needs(Needs::NETWORK),
        Member::property(
            "running",
            Ty::Bool,
            "True while it runs.",
            "vm.client.system('true').running",
            |this: &Arc<Self>, _| this.core.ask(this.response.running()).map(Value::from),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[Param::optional(
                "timeout",
                Ty::Any("seconds"),
                Default::None,
                "longest time to wait; the instance's timeout without",
            )],
            Ty::Any("result"),
            "Waits for its end and answers the result; it can be asked again for 300 s.\n\
             Of a job with a JSON value (making a container) it answers that value.",
            "vm.client.system('echo hello').get()",
            |this: &Arc<Self>, args| this.get(seconds(args, "timeout")?),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "stream",
            &[Param::optional(
                "callback",
                Ty::Function,
                Default::None,
                "called with level, text and flags of each message; without, they are printed",
            )],
            Ty::Int,
            "Follows its output until it ends or Ctrl-C; answers how many messages there were.\n\
             The job must have been started with stream=True, or be a subscription.",
            "vm.client.bash('echo hello', stream=True).stream()",
            |this: &Arc<Self>, args| this.follow(args),
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("Job({})", plain::line(self.response.id(), 80))
    }
}
