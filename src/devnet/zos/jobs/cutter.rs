//! Output of a process to messages.
//!
//! A line that begins with digits and `::` is a message of that level; digits and `:::` begin one
//! that goes on until a line `:::`. Everything between such headers is one message of the stream's
//! own level, as it was read. A header line may span several reads.
use crate::zos::protocol::Level;

/// Longest message with a header; what is longer is cut into several.
const LONGEST: usize = 16 * 1024 * 1024;
const END: &[u8] = b"\n:::\n";

#[derive(Debug)]
enum State {
    Plain,
    /// A header was read, its line not to the end.
    Line(Level, Vec<u8>),
    /// A header with three colons was read, the closing line not yet.
    Block(Level, Vec<u8>),
}

/// Cuts one stream of a process.
#[derive(Debug)]
pub struct Cutter {
    own: Level,
    state: State,
    /// First bytes of a letter whose others come with the next read.
    torn: Vec<u8>,
}

impl Cutter {
    /// A cutter for a stream whose plain text has this level.
    pub fn new(own: Level) -> Self {
        Cutter {
            own,
            state: State::Plain,
            torn: Vec::new(),
        }
    }

    /// Takes what was read at once, and hands out the messages that are complete.
    pub fn feed(&mut self, read: &[u8], emit: &mut impl FnMut(Level, String)) {
        let joined;
        let mut rest = read;
        if !self.torn.is_empty() {
            let mut whole = std::mem::take(&mut self.torn);
            whole.extend_from_slice(read);
            joined = whole;
            rest = &joined;
        }
        let torn = torn_letter(rest);
        let (whole, tail) = rest.split_at(rest.len() - torn);
        self.torn = tail.to_vec();
        self.cut(whole, emit);
    }

    /// The stream ended: hands out what is left. A block that was not closed is lost.
    pub fn finish(&mut self, emit: &mut impl FnMut(Level, String)) {
        let torn = std::mem::take(&mut self.torn);
        self.cut(&torn, emit);
        if let State::Line(level, line) = std::mem::replace(&mut self.state, State::Plain)
            && !line.is_empty()
        {
            emit(level, text(&line));
        }
    }

    fn cut(&mut self, mut rest: &[u8], emit: &mut impl FnMut(Level, String)) {
        while !rest.is_empty() {
            match &mut self.state {
                State::Plain => {
                    let Some((at, level, length, block)) = header(rest) else {
                        emit(self.own, text(rest));
                        return;
                    };
                    let (before, after) = rest.split_at(at);
                    if !before.is_empty() {
                        emit(self.own, text(before));
                    }
                    rest = after.get(length..).unwrap_or_default();
                    self.state = match block {
                        true => State::Block(level, Vec::new()),
                        false => State::Line(level, Vec::new()),
                    };
                }
                State::Line(level, line) => {
                    let end = rest.iter().position(|b| *b == b'\n').map(|at| at + 1);
                    let (now, later) = rest.split_at(end.unwrap_or(rest.len()));
                    line.extend_from_slice(now);
                    rest = later;
                    if end.is_some() {
                        emit(*level, text(line));
                        self.state = State::Plain;
                    } else if line.len() > LONGEST {
                        emit(*level, text(line));
                        line.clear();
                    }
                }
                State::Block(level, body) => {
                    // The closing line can begin in what was read before.
                    let from = body.len().saturating_sub(END.len() - 1);
                    let known = body.len();
                    body.extend_from_slice(rest);
                    let searched = body.get(from..).unwrap_or_default();
                    match searched.windows(END.len()).position(|window| window == END) {
                        Some(at) => {
                            let end = from + at;
                            let used = (end + END.len()).saturating_sub(known);
                            body.truncate(end + 1);
                            emit(*level, text(body));
                            self.state = State::Plain;
                            rest = rest.get(used..).unwrap_or_default();
                        }
                        None => {
                            if body.len() > LONGEST {
                                emit(*level, text(body));
                                body.clear();
                            }
                            return;
                        }
                    }
                }
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Position, level, length and kind (true: until `:::`) of the first header at the start of a line.
fn header(read: &[u8]) -> Option<(usize, Level, usize, bool)> {
    let mut at = 0;
    loop {
        let line = read.get(at..)?;
        let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0
            && line
                .get(digits..)
                .is_some_and(|rest| rest.starts_with(b"::"))
        {
            let level = line.iter().take(digits).fold(0_u32, |number, digit| {
                (number * 10 + u32::from(digit - b'0')).min(u32::from(u16::MAX))
            });
            let block = line.get(digits + 2) == Some(&b':');
            let length = digits + if block { 3 } else { 2 };
            let level = Level(u16::try_from(level).unwrap_or(u16::MAX));
            return Some((at, level, length, block));
        }
        at += line.iter().position(|b| *b == b'\n')? + 1;
    }
}

/// How many bytes at the end begin a letter (UTF-8) whose other bytes are still to come.
fn torn_letter(bytes: &[u8]) -> usize {
    for back in 1..=3.min(bytes.len()) {
        let Some(byte) = bytes.get(bytes.len() - back) else {
            return 0;
        };
        let wanted = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        return if wanted > back { back } else { 0 };
    }
    0
}
