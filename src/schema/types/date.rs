//! `date` and `datetime`: epoch seconds (spec section 4; rules D1 to D4).
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{float, integer, unquote};
use crate::schema::context::Context;
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "epoch seconds, 2019/01/18, 18/01/2019, 2019-01-18, 01/18 \
     (month/day), each with a time like 22:50 or 10pm:50 if wanted, or +4d, -1w, +1.5h";

/// Seconds per unit of a relative date; case matters.
const UNITS: [(char, i64); 7] = [
    ('s', 1),
    ('m', 60),
    ('h', 3_600),
    ('d', 86_400),
    ('w', 604_800),
    ('M', 2_628_000),
    ('Y', 31_536_000),
];

/// Converts to epoch seconds; 0 is "not set".
pub(super) fn clean(input: &Value, context: &Context) -> Result<i64, ValueError> {
    read(input, context).ok_or_else(|| ValueError::new("datetime", input, ACCEPTS))
}

/// Converts to the start of a day in epoch seconds; 0 is "not set".
pub(super) fn clean_day(input: &Value, context: &Context) -> Result<i64, ValueError> {
    read(input, context)
        .and_then(|seconds| {
            if seconds == 0 {
                Some(0)
            } else {
                start_of_day(seconds, context)
            }
        })
        .ok_or_else(|| ValueError::new("date", input, ACCEPTS))
}

fn read(input: &Value, context: &Context) -> Option<i64> {
    match input {
        Value::Int(i) => in_range(*i, context.zone()),
        Value::String(text) => parse(unquote(text), context),
        _ => None,
    }
}

/// Dates are limited to the years 1 to 9999, which all have a printed form.
fn in_range(seconds: i64, zone: &TimeZone) -> Option<i64> {
    let year = zoned(seconds, zone)?.year();
    (1..=9999).contains(&year).then_some(seconds)
}

fn zoned(seconds: i64, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_second(seconds).ok()?.to_zoned(zone.clone()))
}

fn start_of_day(seconds: i64, context: &Context) -> Option<i64> {
    let start = zoned(seconds, context.zone())?.start_of_day().ok()?;
    Some(start.timestamp().as_second())
}

fn parse(text: &str, context: &Context) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return in_range(text.parse().ok()?, context.zone());
    }
    if let Some(moment) = iso(text) {
        return to_epoch(moment, context);
    }
    if text.contains(['+', '-']) {
        let seconds = context.now().checked_add(delta(text)?)?;
        return in_range(seconds, context.zone());
    }
    let (date, time) = match text.split_once(char::is_whitespace) {
        Some((date, time)) => (date, clock(time.trim())?),
        None => (text, Time::midnight()),
    };
    to_epoch(slashed(date, context)?.to_datetime(time), context)
}

fn to_epoch(moment: DateTime, context: &Context) -> Option<i64> {
    let zoned = moment.to_zoned(context.zone().clone()).ok()?;
    in_range(zoned.timestamp().as_second(), context.zone())
}

/// True for texts whose meaning depends on the time (rule D4).
pub(super) fn is_relative(text: &str) -> bool {
    let text = unquote(text);
    let date = text.split_whitespace().next().unwrap_or_default();
    (text.contains(['+', '-']) && iso(text).is_none()) || date.matches('/').count() == 1
}

/// `+4d`, `-1.5h`: a signed number and one unit, no blanks.
fn delta(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number = text.strip_suffix(unit)?;
    if number.contains(char::is_whitespace) {
        return None;
    }
    integer::truncate(float::parse(number)? * float::from_int(*length))
}

/// `2019-01-15` with a time behind a blank or `T` (rule D1).
fn iso(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, clock(time.trim())?),
        None => (text, Time::midnight()),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Some(civil(year, month, day)?.to_datetime(time))
}

fn slashed(text: &str, context: &Context) -> Option<Date> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [month, day] => {
            let year = zoned(context.now(), context.zone())?.year();
            civil(&year.to_string(), month, day)
        }
        [year, month, day] if year.len() == 4 => civil(year, month, day),
        [day, month, year] if year.len() == 4 => civil(year, month, day),
        [year, month, day] if year.len() == 2 => {
            let short: i16 = digits(year)?.parse().ok()?;
            let century = if short >= 69 { 1900 } else { 2000 };
            civil(&(century + short).to_string(), month, day)
        }
        _ => None,
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

fn small(text: &str) -> Option<i8> {
    digits(text).filter(|text| text.len() <= 2)?.parse().ok()
}

fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    Date::new(digits(year)?.parse().ok()?, small(month)?, small(day)?).ok()
}

/// `HH:MM`, `HH:MM:SS`, `HHam:MM`, `HHpm:MM:SS`.
fn clock(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (hour, minute) = (parts.next()?, small(parts.next()?)?);
    let second = match parts.next() {
        Some(second) => small(second)?,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    let lowered = hour.to_ascii_lowercase();
    let half = |text: &str| {
        small(text)
            .filter(|hour| (1..=12).contains(hour))
            .map(|hour| hour % 12)
    };
    let hour = if let Some(morning) = lowered.strip_suffix("am") {
        half(morning)?
    } else if let Some(evening) = lowered.strip_suffix("pm") {
        half(evening)? + 12
    } else {
        small(hour)?
    };
    Time::new(hour, minute, second, 0).ok()
}

/// `2019/01/18`, empty for 0.
pub(super) fn human_day(seconds: i64, context: &Context) -> String {
    match zoned(seconds, context.zone()) {
        Some(moment) if seconds != 0 => {
            format!(
                "{:04}/{:02}/{:02}",
                moment.year(),
                moment.month(),
                moment.day()
            )
        }
        _ => String::new(),
    }
}

/// `2019/01/18 22:50:00`, empty for 0.
pub(super) fn human(seconds: i64, context: &Context) -> String {
    match zoned(seconds, context.zone()) {
        Some(t) if seconds != 0 => {
            let time = format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second());
            format!("{} {time}", human_day(seconds, context))
        }
        _ => String::new(),
    }
}
