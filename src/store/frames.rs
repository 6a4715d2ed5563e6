//! Sealed frames: the body of backups and exports.
//!
//! File: `magic line ‖ head length(u32 LE) ‖ head(JSON) ‖ nonce prefix(16) ‖ frames`. Each frame
//! is `length(u32 LE) ‖ ciphertext ‖ tag`, sealed under `nonce prefix ‖ number(u64 LE)` with
//! associated data `base ‖ number ‖ last(u8)`. The last frame holds the number of items, so a
//! file that was cut anywhere is noticed.
use std::io::{self, Read, Write};

use zeroize::Zeroizing;

use super::keys::Secret32;
use super::record::MAX_RECORD;
use super::seal::{self, TAG};

/// Items are gathered up to about this many bytes per frame.
pub(crate) const FRAME: usize = 64 * 1024;
/// Longest accepted head.
const MAX_HEAD: u64 = 64 * 1024;
/// Longest accepted frame: the largest record with what surrounds it.
const MAX_FRAME: u64 = MAX_RECORD as u64 + (FRAME as u64) * 2;

/// Writes frames.
pub(crate) struct FrameWriter<'a, W: Write> {
    out: W,
    key: &'a Secret32,
    base: Vec<u8>,
    prefix: [u8; 16],
    number: u64,
}

impl<'a, W: Write> FrameWriter<'a, W> {
    /// Writes magic line, head and nonce prefix.
    pub(crate) fn start(
        mut out: W,
        magic: &str,
        head: &[u8],
        key: &'a Secret32,
        base: Vec<u8>,
    ) -> io::Result<Self> {
        let prefix = seal::random().map_err(io::Error::other)?;
        writeln!(out, "{magic}")?;
        out.write_all(&length(head.len())?)?;
        out.write_all(head)?;
        out.write_all(&prefix)?;
        Ok(Self {
            out,
            key,
            base,
            prefix,
            number: 0,
        })
    }

    /// Writes one frame.
    pub(crate) fn frame(&mut self, plain: &[u8]) -> io::Result<()> {
        self.write(plain, false)
    }

    /// Writes the last frame and returns the output.
    pub(crate) fn finish(mut self, items: u64) -> io::Result<W> {
        self.write(&items.to_le_bytes(), true)?;
        Ok(self.out)
    }

    fn write(&mut self, plain: &[u8], last: bool) -> io::Result<()> {
        let mut body = Vec::with_capacity(plain.len() + TAG);
        body.extend_from_slice(plain);
        let nonce = nonce(&self.prefix, self.number);
        let aad = aad(&self.base, self.number, last);
        seal::seal_in_place(self.key.bytes(), &nonce, &aad, &mut body).map_err(io::Error::other)?;
        self.out.write_all(&length(body.len())?)?;
        self.out.write_all(&body)?;
        self.number += 1;
        Ok(())
    }
}

/// Reads the magic line and the head. The rest of `input` are prefix and frames.
pub(crate) fn read_head(input: &mut impl Read, magic: &str) -> Result<Vec<u8>, String> {
    let mut found = vec![0u8; magic.len() + 1];
    input
        .read_exact(&mut found)
        .map_err(|_| "it is too short".to_owned())?;
    if found.strip_suffix(b"\n") != Some(magic.as_bytes()) {
        return Err(format!("it does not start with the line {magic}"));
    }
    read_block(input, MAX_HEAD)?.ok_or_else(|| "it is cut off".to_owned())
}

/// Reads all frames, calling `item` with each; returns the number in the last frame.
pub(crate) fn read_frames(
    input: &mut impl Read,
    key: &Secret32,
    base: &[u8],
    mut item: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<u64, String> {
    let mut prefix = [0u8; 16];
    input
        .read_exact(&mut prefix)
        .map_err(|_| "it is cut off".to_owned())?;
    let mut number = 0u64;
    loop {
        let Some(body) = read_block(input, MAX_FRAME)? else {
            return Err(format!("it is cut off after frame {number}"));
        };
        let nonce = nonce(&prefix, number);
        let open = |last| {
            let mut plain = Zeroizing::new(body.clone());
            seal::open_in_place(key.bytes(), &nonce, &aad(base, number, last), &mut plain)
                .map(|()| plain)
        };
        if let Ok(plain) = open(false) {
            item(&plain)?;
        } else if let Ok(plain) = open(true) {
            let items = <[u8; 8]>::try_from(plain.as_slice())
                .map_err(|_| "its last frame is not one".to_owned())?;
            let mut rest = [0u8; 1];
            return match input.read(&mut rest) {
                Ok(0) => Ok(u64::from_le_bytes(items)),
                _ => Err("there is something after its last frame".to_owned()),
            };
        } else {
            return Err(format!("frame {number} was changed, or the key is wrong"));
        }
        number += 1;
    }
}

/// Reads `length ‖ bytes`; `None` at the end of the input.
fn read_block(input: &mut impl Read, highest: u64) -> Result<Option<Vec<u8>>, String> {
    let mut length = [0u8; 4];
    if let Err(e) = input.read_exact(&mut length) {
        return match e.kind() {
            io::ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(e.to_string()),
        };
    }
    let length = u64::from(u32::from_le_bytes(length));
    if length > highest {
        return Err(format!("a part of {length} bytes is too long"));
    }
    let mut bytes = Vec::new();
    // `take` grows the buffer with what is there, not with what a damaged length promises.
    let read = input
        .take(length)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    Ok((u64::try_from(read) == Ok(length)).then_some(bytes))
}

fn length(bytes: usize) -> io::Result<[u8; 4]> {
    u32::try_from(bytes)
        .map(u32::to_le_bytes)
        .map_err(io::Error::other)
}

fn nonce(prefix: &[u8; 16], number: u64) -> [u8; 24] {
    let mut nonce = [0u8; 24];
    let (start, end) = nonce.split_at_mut(16);
    start.copy_from_slice(prefix);
    end.copy_from_slice(&number.to_le_bytes());
    nonce
}

fn aad(base: &[u8], number: u64, last: bool) -> Vec<u8> {
    let mut aad = base.to_vec();
    aad.extend_from_slice(&number.to_le_bytes());
    aad.push(u8::from(last));
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &Secret32) -> Vec<u8> {
        let mut writer =
            FrameWriter::start(Vec::new(), "magic-v1", b"{}", key, b"base".to_vec()).unwrap();
        writer.frame(b"one").unwrap();
        writer.frame(b"two").unwrap();
        writer.finish(2).unwrap()
    }

    fn read(mut bytes: &[u8], key: &Secret32) -> Result<(u64, Vec<Vec<u8>>), String> {
        let head = read_head(&mut bytes, "magic-v1")?;
        if head != b"{}" {
            return Err("other head".to_owned());
        }
        let mut items = Vec::new();
        let count = read_frames(&mut bytes, key, b"base", |item| {
            items.push(item.to_vec());
            Ok(())
        })?;
        Ok((count, items))
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let key = Secret32::random().unwrap();
        let good = file(&key);
        assert_eq!(
            read(&good, &key).unwrap(),
            (2, vec![b"one".to_vec(), b"two".to_vec()])
        );
        for at in 0..good.len() {
            assert!(read(&good[..at], &key).is_err(), "cut at {at}");
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert!(read(&bad, &key).is_err(), "byte {at}");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert!(read(&longer, &key).is_err());
        assert!(read(&good, &Secret32::random().unwrap()).is_err());
    }
}
