//! What came out of a job.
use crate::object::{Class, Member, Paint, Ty, Value};
use crate::zos::plain;
use crate::zos::protocol::JobResult;

use super::rows::shown;

/// What came out of a job.
pub struct ResultValue(JobResult);

impl ResultValue {
    /// A result as a value of the shell.
    pub fn value(result: JobResult) -> Value {
        Value::object(ResultValue(result))
    }
}

impl Class for ResultValue {
    const NAME: &'static str = "JobResult";
    const DOC: &'static str = "What came out of a job.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("id", Ty::Str, "Id of the job.", "r.id", |r, _| {
            Ok(r.0.id.clone().into())
        }),
        Member::property(
            "state",
            Ty::Str,
            "How it ended: SUCCESS, ERROR, TIMEOUT, UNKNOWN_CMD.",
            "r.state",
            |r, _| Ok(r.0.state.as_str().into()),
        ),
        Member::property(
            "code",
            Ty::Int,
            "Code: 0 when it ended well, 1000 and the exit code of the process, 999 when it was killed.",
            "r.code",
            |r, _| Ok(r.0.code.into()),
        ),
        Member::property(
            "stdout",
            Ty::Str,
            "The last 100 pieces of standard output.",
            "r.stdout",
            |r, _| Ok(r.0.stdout().into()),
        ),
        Member::property(
            "stderr",
            Ty::Str,
            "The last 100 pieces of standard error.",
            "r.stderr",
            |r, _| Ok(r.0.stderr().into()),
        ),
        Member::property(
            "data",
            Ty::Str,
            "Text of the result message.",
            "r.data",
            |r, _| Ok(r.0.data.clone().into()),
        ),
        Member::property(
            "level",
            Ty::Int,
            "Kind of the data: 20 JSON, 21 YAML, 22 TOML, 0 none.",
            "r.level",
            |r, _| Ok(i64::from(r.0.level.0).into()),
        ),
        Member::property(
            "starttime",
            Ty::Float,
            "When it began, in seconds since 1970.",
            "r.starttime",
            |r, _| Ok(Value::Float(r.0.starttime as f64 / 1000.0)),
        ),
        Member::property(
            "time",
            Ty::Int,
            "Milliseconds it took.",
            "r.time",
            |r, _| Ok(r.0.time.into()),
        ),
        Member::property(
            "payload",
            Ty::Dict,
            "Everything the node said, as a dict.",
            "r.payload",
            |r, _| Ok(shown(&serde_json::to_value(&r.0).unwrap_or_default())),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let r = &self.0;
        format!(
            "STATE: {} {}\nSTDOUT:\n{}\nSTDERR:\n{}\nDATA:\n{}",
            r.code,
            plain::line(r.state.as_str(), 40),
            plain::lines(r.stdout()),
            plain::lines(r.stderr()),
            plain::lines(&r.data)
        )
    }
    fn inline(&self) -> String {
        let r = &self.0;
        let state = plain::line(r.state.as_str(), 40);
        let line = plain::line(r.stdout(), 60);
        format!("JobResult({} {state}: {line})", r.code)
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
