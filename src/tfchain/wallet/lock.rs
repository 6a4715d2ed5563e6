//! What a user may write for `lock`: when an output can be spent.
//!
//! A lock value below [`LOCK_TIMESTAMP_MIN`] is a block height, from there on it is Unix seconds; as
//! text it is a duration from now (`+7d12h`) or a date with or without a time of day. The clock
//! and the time zone are passed in.
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::tfchain::constants::LOCK_TIMESTAMP_MIN;

/// A lock that cannot be understood or that would not do what is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// A negative number.
    #[error("output lock value cannot be negative")]
    Negative,
    /// A lock of zero, which the chain refuses.
    #[error("output lock value cannot be 0: leave the lock out to send coins without a lock")]
    Zero,
    /// A text that begins with `+` and is no duration.
    #[error(
        "Could not parse any time information from '{0}'.  \
         Examples of valid strings: '8h', '2d8h5m20s', '2m4s'"
    )]
    Duration(String),
    /// A text without any `/`.
    #[error("date needs to have:/, now:{0}")]
    NoDate(String),
    /// A text that looks like a date and is none.
    #[error(
        "'{0}' is not a date: write DD/MM/YYYY, YYYY/MM/DD, YY/MM/DD or MM/DD, \
         with HH:MM, HH:MM:SS or 10am:50 after a space where needed"
    )]
    Date(String),
    /// A date or duration whose seconds would be read as a block height, or cannot be counted.
    #[error("the time '{0}' is out of range: a lock time lies between 1985/11/06 and 9999/12/30")]
    Range(String),
}

impl LockError {
    /// Returns the name of the error as users know it.
    pub fn kind(&self) -> &'static str {
        "ValueError"
    }
}

/// Returns the lock value of a number: a block height, or Unix seconds from 500 000 000 on.
///
/// # Errors
/// [`LockError::Negative`] and [`LockError::Zero`].
pub fn lock_from_int(value: i64) -> Result<u64, LockError> {
    match u64::try_from(value) {
        Err(_) => Err(LockError::Negative),
        Ok(0) => Err(LockError::Zero),
        Ok(value) => Ok(value),
    }
}

/// Returns the lock value of a text, in Unix seconds. `now` is the current time, `zone` the zone
/// in which dates are meant.
///
/// # Errors
/// Every [`LockError`] but those of numbers.
pub fn parse_lock(text: &str, now: Timestamp, zone: &TimeZone) -> Result<u64, LockError> {
    let text = text.trim();
    let seconds = match text.strip_prefix('+') {
        Some(duration) => {
            let nanos = parse_duration(duration)
                .ok_or_else(|| LockError::Duration(duration.trim().to_owned()))?;
            i128::try_from(nanos / NANOS)
                .ok()
                .and_then(|seconds| seconds.checked_add(i128::from(now.as_second())))
        }
        None => Some(i128::from(parse_date(text, now, zone)?)),
    };
    seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| (LOCK_TIMESTAMP_MIN..=LAST_SECOND).contains(seconds))
        .ok_or_else(|| LockError::Range(text.to_owned()))
}

/// The last second that can be shown as a date in every time zone (9999-12-30).
const LAST_SECOND: u64 = 253_402_207_200;

const NANOS: u128 = 1_000_000_000;

/// Parses `[Nd][Nh][Nm][Ns]`, or bare seconds, as nanoseconds; blanks are ignored, fractions have
/// at most nine digits that count.
fn parse_duration(text: &str) -> Option<u128> {
    const UNITS: [(char, u128); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<u128>().ok()?.checked_mul(NANOS);
    }
    let mut total: u128 = 0;
    let mut units = UNITS.iter();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let mut tail = tail.chars();
        let unit = tail.next()?;
        let (_, seconds) = units.by_ref().find(|(name, _)| *name == unit)?;
        total = total.checked_add(parse_decimal(number)?.checked_mul(*seconds)?)?;
        rest = tail.as_str();
    }
    Some(total)
}

/// Parses `7`, `1.5`, `.5` or `5.` in units of 10^-9, further digits cut off.
fn parse_decimal(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse::<u128>().ok()?
    };
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    whole.checked_mul(NANOS)?.checked_add(digits.parse().ok()?)
}

fn parse_date(text: &str, now: Timestamp, zone: &TimeZone) -> Result<i64, LockError> {
    if !text.contains('/') {
        return Err(LockError::NoDate(text.to_owned()));
    }
    let not_a_date = || LockError::Date(text.to_owned());
    let (date, time) = match text.split_once(char::is_whitespace) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let this_year = now.to_zoned(zone.clone()).year();
    let (year, month, day) = date_parts(date, this_year).ok_or_else(not_a_date)?;
    let (hour, minute, second) = match time {
        Some(time) => time_parts(time).ok_or_else(not_a_date)?,
        None => (0, 0, 0),
    };
    let civil =
        DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| not_a_date())?;
    let instant = zone
        .to_timestamp(civil)
        .map_err(|_| LockError::Range(text.to_owned()))?;
    Ok(instant.as_second())
}

fn date_parts(text: &str, this_year: i16) -> Option<(i16, i8, i8)> {
    let parts: Vec<&str> = text.split('/').collect();
    let short = |part: &str| number::<i8>(part, 1..=2);
    match *parts.as_slice() {
        [month, day] => Some((this_year, short(month)?, short(day)?)),
        [year, month, day] if year.len() == 4 => {
            Some((number(year, 4..=4)?, short(month)?, short(day)?))
        }
        [day, month, year] if year.len() == 4 => {
            Some((number(year, 4..=4)?, short(month)?, short(day)?))
        }
        [year, month, day] => {
            // Two digits: 69 to 99 are of the last century, as the original has it.
            let year: i16 = number(year, 2..=2)?;
            let century = if year >= 69 { 1900 } else { 2000 };
            Some((year.checked_add(century)?, short(month)?, short(day)?))
        }
        _ => None,
    }
}

fn time_parts(text: &str) -> Option<(i8, i8, i8)> {
    let mut parts = text.split(':');
    let hour = parts.next()?;
    let minute = number(parts.next()?, 1..=2)?;
    let second = match parts.next() {
        Some(second) => number(second, 1..=2)?,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    let lower = hour.to_ascii_lowercase();
    let hour = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(hour), _) => half_day(hour)?,
        (_, Some(hour)) => half_day(hour)?.checked_add(12)?,
        _ => number(hour, 1..=2)?,
    };
    Some((hour, minute, second))
}

fn half_day(text: &str) -> Option<i8> {
    let hour: i8 = number(text, 1..=2)?;
    (1..=12).contains(&hour).then_some(hour % 12)
}

fn number<T: std::str::FromStr>(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<T> {
    let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// Returns what a lock means in words: `at block height 42000 (in 120 blocks)` or
/// `on 2026/11/24 18:29:04 (in 1d23h59m43s)`. `height` is that of the last block, where known.
pub fn describe_lock(lock: u64, height: Option<u64>, now: Timestamp, zone: &TimeZone) -> String {
    if lock < LOCK_TIMESTAMP_MIN {
        let wait = match height {
            None => String::new(),
            Some(height) if height >= lock => " (reached already)".to_owned(),
            Some(height) => format!(" (in {} blocks)", lock.abs_diff(height)),
        };
        return format!("at block height {lock}{wait}");
    }
    let Some(at) = i64::try_from(lock)
        .ok()
        .and_then(|at| Timestamp::from_second(at).ok())
    else {
        return format!("at the Unix time {lock} (practically never)");
    };
    let seconds = at.as_second().saturating_sub(now.as_second());
    let wait = match u64::try_from(seconds) {
        Ok(0) | Err(_) => "reached already".to_owned(),
        Ok(seconds) => format!("in {}", describe_duration(seconds)),
    };
    format!("on {} ({wait})", format_time(at, zone))
}

/// Returns a duration as users write it: `1d23h59m43s`, parts of zero left out, `0s` for nothing.
pub fn describe_duration(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, 'd'),
        (seconds / 3_600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// Returns a time as the wallet prints it: `YYYY/MM/DD HH:MM:SS` in the given zone.
pub fn format_time(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone()).datetime();
    format!(
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_563_192_000).unwrap()
    }

    fn parse(text: &str) -> Result<u64, LockError> {
        parse_lock(text, now(), &TimeZone::UTC)
    }

    #[test]
    fn durations_count_from_now() {
        for (text, seconds) in [
            ("+7d", 604_800),
            ("+7d12h5s", 604_800 + 43_205),
            ("+ 7d12h30m42s", 604_800 + 45_042),
            ("+1.5h", 5_400),
            ("+.5m", 30),
            ("+90", 90),
            ("+0s", 0),
            ("+1d1s", 86_401),
            ("+0.0000000001s", 0),
        ] {
            assert_eq!(parse(text), Ok(1_563_192_000 + seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_named() {
        for text in [
            "foo", "", "1", "5s1d", "1d1d", "1.2.3s", ".s", "1w", "-1d", "1d 2", "1e3s",
        ] {
            let plus = format!("+{text}");
            match parse(&plus) {
                Err(LockError::Duration(named)) => assert_eq!(named, text),
                Ok(_) if text == "1" => {}
                other => panic!("{plus}: {other:?}"),
            }
        }
        let error = parse("+foo").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Could not parse any time information from 'foo'.  \
             Examples of valid strings: '8h', '2d8h5m20s', '2m4s'"
        );
    }

    #[test]
    fn dates_are_local() {
        for (text, seconds) in [
            ("01/02/2019 23:44:39", 1_549_064_679),
            ("2019/02/01 23:44:39", 1_549_064_679),
            ("19/02/01 23:44:39", 1_549_064_679),
            ("19/2/1 11pm:44:39", 1_549_064_679),
            ("01/18", 1_547_769_600),
            ("18/04/2020 10am:50", 1_587_207_000),
            ("18/04/2020 12am:50", 1_587_171_000),
            ("18/04/2020 12pm:50", 1_587_214_200),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            parse_lock("01/02/2019 23:44:39", now(), &east),
            Ok(1_549_064_679 - 7_200)
        );
    }

    #[test]
    fn what_is_no_date_is_named() {
        assert_eq!(
            parse("foo").unwrap_err().to_string(),
            "date needs to have:/, now:foo"
        );
        assert_eq!(parse("42000"), Err(LockError::NoDate("42000".into())));
        for text in [
            "18/04",
            "31/02/2020",
            "1/2/3/4",
            "/",
            "//",
            "2020/1/1 25:00",
            "2020/1/1 10",
            "2020/1/1 13pm:00",
            "2020/1/1 1:2:3:4",
            "٢/٣",
            "20201/1/1",
        ] {
            assert_eq!(parse(text), Err(LockError::Date(text.into())), "{text}");
        }
    }

    #[test]
    fn times_that_would_be_heights_are_refused() {
        assert!(matches!(parse("01/01/1960"), Err(LockError::Range(_))));
        assert!(matches!(parse("01/01/1980"), Err(LockError::Range(_))));
        assert!(matches!(
            parse("+99999999999999d"),
            Err(LockError::Range(_))
        ));
        assert_eq!(parse("06/11/1985"), Ok(500_083_200));
    }

    #[test]
    fn numbers_are_heights_or_seconds() {
        assert_eq!(lock_from_int(42_000), Ok(42_000));
        assert_eq!(
            lock_from_int(-1).unwrap_err().to_string(),
            "output lock value cannot be negative"
        );
        assert_eq!(lock_from_int(0), Err(LockError::Zero));
    }

    #[test]
    fn locks_in_words() {
        let utc = TimeZone::UTC;
        assert_eq!(
            describe_lock(100, Some(40), now(), &utc),
            "at block height 100 (in 60 blocks)"
        );
        assert_eq!(
            describe_lock(100, Some(100), now(), &utc),
            "at block height 100 (reached already)"
        );
        assert_eq!(
            describe_lock(1_563_192_061, None, now(), &utc),
            "on 2019/07/15 12:01:01 (in 1m1s)"
        );
        assert_eq!(
            describe_lock(u64::MAX, None, now(), &utc),
            "at the Unix time 18446744073709551615 (practically never)"
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC*", at in -377_705_116_800i64..253_402_207_200, lock: u64) {
            let now = Timestamp::from_second(at).unwrap();
            let _ = parse_lock(&text, now, &TimeZone::UTC);
            let _ = parse_lock(&format!("+{text}"), now, &TimeZone::UTC);
            let _ = describe_lock(lock, Some(lock / 2), now, &TimeZone::UTC);
        }

        #[test]
        fn near_durations_and_dates_never_panic(text in "[+]?[0-9dhms./: apm]{0,40}") {
            let _ = parse_lock(&text, now(), &TimeZone::UTC);
        }
    }
}
