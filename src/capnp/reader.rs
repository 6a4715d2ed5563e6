//! Reading messages.
use std::cell::Cell;

/// The most segments that a message may have.
const MAX_SEGMENTS: usize = 4096;
/// How many times its own size may be read from a message: honest ones need one.
const AMPLIFICATION: usize = 8;
const WORD: usize = 8;

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It ends before it should.
    #[error("the message is cut off")]
    CutOff,
    /// A pointer to somewhere outside.
    #[error("a pointer leads out of the message")]
    OutOfBounds,
    /// A pointer to something of another kind.
    #[error("a pointer is not to {0}")]
    Kind(&'static str),
    /// A text that does not end with a zero byte.
    #[error("a text does not end")]
    Text,
    /// A text that must be UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// More than an honest message holds.
    #[error("the message refers to itself too often")]
    TooMuch,
    /// A value that is none of its type.
    #[error("{0}")]
    Value(String),
}

type Result<T> = std::result::Result<T, MessageError>;

/// A message in its segments.
#[derive(Debug)]
pub struct Message<'a> {
    segments: Vec<&'a [u8]>,
    /// Bytes that may still be handed out.
    budget: Cell<usize>,
}

/// A struct of a message.
#[derive(Debug, Clone, Copy)]
pub struct Struct<'m> {
    message: &'m Message<'m>,
    segment: usize,
    /// Byte offsets in the segment.
    data: (usize, usize),
    pointers: (usize, usize),
}

/// A list of structs.
#[derive(Debug, Clone, Copy)]
pub struct List<'m> {
    message: &'m Message<'m>,
    segment: usize,
    start: usize,
    count: usize,
    data_words: usize,
    pointer_words: usize,
}

/// Where a pointer leads: the segment, the byte offset of the target, and the word that says what
/// it is.
struct Target {
    segment: usize,
    at: usize,
    word: u64,
}

impl<'a> Message<'a> {
    /// Reads the frame of a message.
    ///
    /// # Errors
    /// When it is cut off, or has absurdly many segments.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let number = |at: usize| -> Result<usize> {
            let four = bytes.get(at..at + 4).and_then(|b| b.first_chunk::<4>());
            let number = four.ok_or(MessageError::CutOff)?;
            Ok(u32::from_le_bytes(*number) as usize)
        };
        let count = number(0)?.saturating_add(1);
        if count > MAX_SEGMENTS {
            return Err(MessageError::Value(format!("it has {count} segments")));
        }
        let head = (4 + 4 * count).next_multiple_of(WORD);
        let mut rest = bytes.get(head..).ok_or(MessageError::CutOff)?;
        let mut segments = Vec::with_capacity(count);
        for segment in 0..count {
            let length = number(4 + 4 * segment)?.saturating_mul(WORD);
            let (own, others) = rest.split_at_checked(length).ok_or(MessageError::CutOff)?;
            segments.push(own);
            rest = others;
        }
        Ok(Self {
            segments,
            budget: Cell::new(bytes.len().saturating_mul(AMPLIFICATION)),
        })
    }

    /// Returns the root struct.
    ///
    /// # Errors
    /// When there is none.
    pub fn root(&self) -> Result<Struct<'_>> {
        self.structure(0, 0)?
            .ok_or(MessageError::Kind("the root struct"))
    }

    fn spend(&self, bytes: usize) -> Result<()> {
        let left = self.budget.get().checked_sub(bytes);
        self.budget.set(left.ok_or(MessageError::TooMuch)?);
        Ok(())
    }

    fn bytes(&self, segment: usize, at: usize, length: usize) -> Result<&'a [u8]> {
        let segment = self.segments.get(segment);
        let end = at.checked_add(length).ok_or(MessageError::OutOfBounds)?;
        segment
            .and_then(|segment| segment.get(at..end))
            .ok_or(MessageError::OutOfBounds)
    }

    fn word(&self, segment: usize, at: usize) -> Result<u64> {
        let bytes = self.bytes(segment, at, WORD)?.first_chunk::<WORD>();
        Ok(u64::from_le_bytes(*bytes.ok_or(MessageError::OutOfBounds)?))
    }

    /// Follows the pointer at a place; None for null.
    fn follow(&self, segment: usize, at: usize) -> Result<Option<Target>> {
        let word = self.word(segment, at)?;
        if word == 0 {
            return Ok(None);
        }
        if word & 3 != 2 {
            return near(segment, at, word).map(Some);
        }
        let (pad_segment, pad_at) = far(word);
        if word & 4 == 0 {
            let word = self.word(pad_segment, pad_at)?;
            if word & 3 == 2 {
                return Err(MessageError::Kind("something near"));
            }
            return near(pad_segment, pad_at, word).map(Some);
        }
        // A double far pointer: where the content begins, then what it is.
        let content = self.word(pad_segment, pad_at)?;
        let tag = self.word(pad_segment, pad_at.saturating_add(WORD))?;
        if content & 7 != 2 || tag & 3 == 2 {
            return Err(MessageError::Kind("a landing pad"));
        }
        let (segment, at) = far(content);
        Ok(Some(Target {
            segment,
            at,
            word: tag,
        }))
    }

    fn structure(&self, segment: usize, at: usize) -> Result<Option<Struct<'_>>> {
        let Some(target) = self.follow(segment, at)? else {
            return Ok(None);
        };
        if target.word & 3 != 0 {
            return Err(MessageError::Kind("a struct"));
        }
        let data = (target.word >> 32 & 0xffff) as usize * WORD;
        let pointers = (target.word >> 48) as usize * WORD;
        self.spend(data + pointers)?;
        self.bytes(target.segment, target.at, data + pointers)?;
        Ok(Some(Struct {
            message: self,
            segment: target.segment,
            data: (target.at, data),
            pointers: (target.at + data, pointers),
        }))
    }

    /// The bytes of a list of bytes, its zero byte at the end included.
    fn byte_list(&self, segment: usize, at: usize) -> Result<Option<&'a [u8]>> {
        let Some(target) = self.follow(segment, at)? else {
            return Ok(None);
        };
        if target.word & 3 != 1 || target.word >> 32 & 7 != 2 {
            return Err(MessageError::Kind("text or data"));
        }
        let length = (target.word >> 35) as usize;
        self.spend(length)?;
        self.bytes(target.segment, target.at, length).map(Some)
    }

    fn list(&self, segment: usize, at: usize) -> Result<Option<List<'_>>> {
        let Some(target) = self.follow(segment, at)? else {
            return Ok(None);
        };
        // A list of texts or data reads like one of structs with a single pointer.
        if target.word & 3 == 1 && target.word >> 32 & 7 == 6 {
            let count = (target.word >> 35) as usize;
            let length = count.saturating_mul(WORD);
            self.spend(length)?;
            self.bytes(target.segment, target.at, length)?;
            return Ok(Some(List {
                message: self,
                segment: target.segment,
                start: target.at,
                count,
                data_words: 0,
                pointer_words: 1,
            }));
        }
        if target.word & 3 != 1 || target.word >> 32 & 7 != 7 {
            return Err(MessageError::Kind("a list of structs, texts or data"));
        }
        let words = (target.word >> 35) as usize;
        let tag = self.word(target.segment, target.at)?;
        if tag & 3 != 0 {
            return Err(MessageError::Kind("a list of structs, texts or data"));
        }
        let count = (tag as u32 >> 2) as usize;
        let data_words = (tag >> 32 & 0xffff) as usize;
        let pointer_words = (tag >> 48) as usize;
        let each = data_words + pointer_words;
        // Elements of no size would cost nothing, however many they are.
        if (each == 0 && count > 0) || each.saturating_mul(count) > words {
            return Err(MessageError::OutOfBounds);
        }
        let length = words.saturating_mul(WORD);
        self.spend(length)?;
        let start = target.at + WORD;
        self.bytes(target.segment, start, length)?;
        Ok(Some(List {
            message: self,
            segment: target.segment,
            start,
            count,
            data_words,
            pointer_words,
        }))
    }
}

fn far(word: u64) -> (usize, usize) {
    let at = (word as u32 >> 3) as usize * WORD;
    ((word >> 32) as usize, at)
}

/// The target of a pointer of the same segment.
fn near(segment: usize, at: usize, word: u64) -> Result<Target> {
    if word & 3 > 1 {
        return Err(MessageError::Kind("a struct or a list"));
    }
    // A signed number of words, counted from the end of the pointer.
    let offset = (word as u32 as i32 >> 2) as i64 * WORD as i64;
    let target = (at as i64 + WORD as i64).checked_add(offset);
    let at = target.and_then(|at| usize::try_from(at).ok());
    Ok(Target {
        segment,
        at: at.ok_or(MessageError::OutOfBounds)?,
        word,
    })
}

impl<'m> Struct<'m> {
    fn number<const N: usize>(&self, at: usize) -> [u8; N] {
        let (start, length) = self.data;
        // Fields beyond the end were added later: they have their default, zero.
        let inside = at + N <= length;
        let bytes = inside.then(|| self.message.bytes(self.segment, start + at, N));
        let bytes = bytes.and_then(|bytes| bytes.ok());
        bytes
            .and_then(|bytes| bytes.first_chunk::<N>())
            .copied()
            .unwrap_or([0; N])
    }

    /// Returns the 16 bits at a byte offset of the data; 0 beyond their end.
    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.number(at))
    }

    /// Returns the 32 bits at a byte offset of the data; 0 beyond their end.
    pub fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.number(at))
    }

    /// Returns the 64 bits at a byte offset of the data; 0 beyond their end.
    pub fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.number(at))
    }

    fn pointer(&self, index: usize) -> Option<usize> {
        let at = index * WORD;
        (at < self.pointers.1).then_some(self.pointers.0 + at)
    }

    /// Returns the text of a pointer, without its zero byte; nothing for null.
    ///
    /// # Errors
    /// When it is no text.
    pub fn text(&self, index: usize) -> Result<&'m [u8]> {
        match self.data_of(index)?.split_last() {
            None => Ok(&[]),
            Some((0, text)) => Ok(text),
            Some(_) => Err(MessageError::Text),
        }
    }

    /// Returns a text that is UTF-8.
    ///
    /// # Errors
    /// As [`Struct::text`], and when it is not.
    pub fn string(&self, index: usize) -> Result<String> {
        let text = self.text(index)?.to_vec();
        String::from_utf8(text).map_err(|_| MessageError::Utf8)
    }

    /// Returns the data of a pointer; nothing for null.
    ///
    /// # Errors
    /// When it is no data.
    pub fn data_of(&self, index: usize) -> Result<&'m [u8]> {
        let Some(at) = self.pointer(index) else {
            return Ok(&[]);
        };
        Ok(self
            .message
            .byte_list(self.segment, at)?
            .unwrap_or_default())
    }

    /// Returns the struct of a pointer; None for null.
    ///
    /// # Errors
    /// When it is no struct.
    pub fn structure(&self, index: usize) -> Result<Option<Struct<'m>>> {
        match self.pointer(index) {
            Some(at) => self.message.structure(self.segment, at),
            None => Ok(None),
        }
    }

    /// Returns the structs of a pointer's list; none for null.
    ///
    /// # Errors
    /// When it is no list of structs.
    pub fn list(
        &self,
        index: usize,
    ) -> Result<impl ExactSizeIterator<Item = Struct<'m>> + use<'m>> {
        let list = match self.pointer(index) {
            Some(at) => self.message.list(self.segment, at)?,
            None => None,
        };
        let message = self.message;
        let list = list.unwrap_or(List {
            message,
            segment: 0,
            start: 0,
            count: 0,
            data_words: 0,
            pointer_words: 0,
        });
        Ok((0..list.count).map(move |index| list.element(index)))
    }
}

impl<'m> List<'m> {
    fn element(&self, index: usize) -> Struct<'m> {
        let (data, pointers) = (self.data_words * WORD, self.pointer_words * WORD);
        let at = self.start + index * (data + pointers);
        Struct {
            message: self.message,
            segment: self.segment,
            data: (at, data),
            pointers: (at + data, pointers),
        }
    }
}
