//! Writing messages, in one segment.

const WORD: usize = 8;

/// A message that is being made.
#[derive(Debug)]
pub struct Builder {
    /// The only segment, in bytes; its first word is the root pointer.
    segment: Vec<u8>,
}

/// A struct of a message that is being made.
#[derive(Debug, Clone, Copy)]
pub struct StructAt {
    data: usize,
    pointers: usize,
}

impl StructAt {
    /// The place of a pointer.
    pub fn pointer(self, index: usize) -> usize {
        self.pointers + index * WORD
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Begins a message.
    pub fn new() -> Self {
        Self {
            segment: vec![0; WORD],
        }
    }

    /// Makes the root struct of so many words of data and so many pointers.
    pub fn root(&mut self, data_words: u16, pointers: u16) -> StructAt {
        self.structure(0, data_words, pointers)
    }

    /// Makes a struct, and lets the pointer at `at` lead to it.
    pub fn structure(&mut self, at: usize, data_words: u16, pointers: u16) -> StructAt {
        let words = usize::from(data_words) + usize::from(pointers);
        let start = self.allocate(words * WORD);
        let sizes = u64::from(data_words) << 32 | u64::from(pointers) << 48;
        self.set(at, &(offset(at, start) | sizes).to_le_bytes());
        StructAt {
            data: start,
            pointers: start + usize::from(data_words) * WORD,
        }
    }

    /// Makes a list of structs, and lets the pointer at `at` lead to it. An empty list is null, as
    /// the original writes it.
    pub fn list(
        &mut self,
        at: usize,
        count: usize,
        data_words: u16,
        pointers: u16,
    ) -> impl Iterator<Item = StructAt> + use<> {
        let each = (usize::from(data_words) + usize::from(pointers)) * WORD;
        let mut first = 0;
        if count > 0 {
            let words = each / WORD * count;
            let tag = self.allocate(WORD + words * WORD);
            let sizes = u64::from(data_words) << 32 | u64::from(pointers) << 48;
            self.set(tag, &((count as u64) << 2 | sizes).to_le_bytes());
            let list = 1 | offset(at, tag) | 7 << 32 | (words as u64) << 35;
            self.set(at, &list.to_le_bytes());
            first = tag + WORD;
        }
        (0..count).map(move |index| {
            let data = first + index * each;
            StructAt {
                data,
                pointers: data + usize::from(data_words) * WORD,
            }
        })
    }

    /// Makes a list of texts or data, and lets the pointer at `at` lead to it; the places of their
    /// pointers. An empty list is null.
    pub fn pointers(&mut self, at: usize, count: usize) -> impl Iterator<Item = usize> + use<> {
        let mut first = 0;
        if count > 0 {
            first = self.allocate(count * WORD);
            let list = 1 | offset(at, first) | 6 << 32 | (count as u64) << 35;
            self.set(at, &list.to_le_bytes());
        }
        (0..count).map(move |index| first + index * WORD)
    }

    /// Sets a text; the pointer leads to it and to a zero byte after it.
    pub fn text(&mut self, at: usize, text: &[u8]) {
        let length = text.len() + 1;
        let start = self.allocate(length);
        self.set(start, text);
        self.byte_list(at, start, length);
    }

    /// Sets data.
    pub fn data(&mut self, at: usize, data: &[u8]) {
        let start = self.allocate(data.len());
        self.set(start, data);
        self.byte_list(at, start, data.len());
    }

    /// Sets bytes of a struct's data at a byte offset: the little-endian form of a number.
    pub fn number<const N: usize>(&mut self, structure: StructAt, at: usize, bytes: [u8; N]) {
        self.set(structure.data + at, &bytes);
    }

    /// Returns the framed message.
    pub fn finish(self) -> Vec<u8> {
        let words = u32::try_from(self.segment.len() / WORD).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(WORD + self.segment.len());
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(words.to_le_bytes());
        bytes.extend(self.segment);
        bytes
    }

    fn byte_list(&mut self, at: usize, start: usize, length: usize) {
        let word = 1 | offset(at, start) | 2 << 32 | (length as u64) << 35;
        self.set(at, &word.to_le_bytes());
    }

    /// Appends zero bytes up to a whole word, and returns where they begin.
    fn allocate(&mut self, bytes: usize) -> usize {
        let start = self.segment.len();
        self.segment
            .resize((start + bytes).next_multiple_of(WORD), 0);
        start
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.segment.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

/// The offset part of a pointer at `at` to `target`, which always lies behind it.
fn offset(at: usize, target: usize) -> u64 {
    let words = (target - at - WORD) / WORD;
    // 30 bits; a message of 4 GiB is never made.
    (words as u64) << 2 & 0xffff_ffff
}
