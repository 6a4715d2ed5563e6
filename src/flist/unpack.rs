//! Compressed streams: gzip, zstd, or neither; and streams that must not be too long.
use std::cell::Cell;
use std::io::{BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
/// The largest window of a zstd stream, in bytes: what `zstd --long` uses.
const MAX_WINDOW: u64 = 128 * 1024 * 1024;
/// What is decompressed at once, in bytes.
const STEP: usize = 64 * 1024;

/// Returns true for a stream that begins as a compressed one.
pub(super) fn is_compressed(start: &[u8]) -> bool {
    start.starts_with(GZIP) || is_zstd(start)
}

fn is_zstd(start: &[u8]) -> bool {
    // A frame to be skipped may come first.
    let skippable = start.get(1..4) == Some(b"\x2a\x4d\x18")
        && start
            .first()
            .is_some_and(|byte| (0x50..=0x5f).contains(byte));
    start.starts_with(ZSTD) || skippable
}

/// What comes out of a stream, whatever it is compressed with.
pub(super) fn unpacked<'a>(mut source: impl BufRead + 'a) -> std::io::Result<Box<dyn Read + 'a>> {
    let start = source.fill_buf()?;
    let others: [(&[u8], &str); 2] = [(b"\xfd7zXZ", "xz"), (b"BZh", "bzip2")];
    if let Some((_, name)) = others.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("it is compressed with {name}; gzip, zstd or nothing is expected"),
        ));
    }
    if start.starts_with(GZIP) {
        Ok(Box::new(MultiGzDecoder::new(source)))
    } else if is_zstd(start) {
        Ok(Box::new(Frames::new(source)))
    } else {
        Ok(Box::new(source))
    }
}

/// The frames of a zstd stream.
struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self {
            source,
            decoder,
            within: false,
        }
    }

    /// Begins the next frame; false at the end.
    fn begin(&mut self) -> std::io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.source).take(length.into());
                    std::io::copy(&mut skipped, &mut std::io::sink())?;
                }
                Err(e) => return Err(damaged(&e)),
            }
        }
    }
}

fn damaged(error: &FrameDecoderError) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        format!("its zstd stream is damaged: {error}"),
    )
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            self.within = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let step = BlockDecodingStrategy::UptoBytes(STEP);
                self.decoder
                    .decode_blocks(&mut self.source, step)
                    .map_err(|e| damaged(&e))?;
            }
            match self.decoder.read(buffer)? {
                0 => {
                    let (said, found) = (
                        self.decoder.get_checksum_from_data(),
                        self.decoder.get_calculated_checksum(),
                    );
                    if said.is_some() && said != found {
                        return Err(std::io::Error::new(
                            std::io::ErrorKind::InvalidData,
                            "its zstd stream is damaged: wrong checksum",
                        ));
                    }
                    self.within = false;
                }
                read => return Ok(read),
            }
        }
    }
}

/// The error of a stream that is longer than it may be.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("it is too large")]
pub(super) struct TooMuch;

/// A reader that ends with [`TooMuch`] when nothing is left of what all together may give.
pub(super) struct Metered<'a, R> {
    pub(super) inner: R,
    pub(super) left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => return Err(std::io::Error::other(TooMuch)),
        }
        Ok(read)
    }
}
