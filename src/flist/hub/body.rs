//! A body whose bytes come from a file, piece by piece.
use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Is told how many bytes went out, of how many.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// Pieces that wait to be sent.
const WAITING: usize = 4;

/// A body whose bytes come from a file: `head`, so many bytes of the file, `tail`.
///
/// A thread of the runtime reads ahead a few pieces; it ends when the body is dropped.
#[derive(Debug)]
pub struct FileBody {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    left: u64,
}

impl FileBody {
    /// Begins to read; must be called on a runtime. `length` is what the file must have, else the
    /// body ends with an error.
    pub fn new(
        head: Vec<u8>,
        file: File,
        length: u64,
        tail: Vec<u8>,
        progress: Option<Progress>,
    ) -> Self {
        let left = length
            .saturating_add(head.len() as u64)
            .saturating_add(tail.len() as u64);
        let (send, pieces) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            let mut done = 0_u64;
            let mut out = |piece: io::Result<Bytes>| -> Result<(), ()> {
                done = done.saturating_add(piece.as_ref().map_or(0, |piece| piece.len() as u64));
                send.blocking_send(piece).map_err(|_| ())?;
                if let Some(progress) = &progress {
                    progress(done, left);
                }
                Ok(())
            };
            // An error says that nobody waits for the rest any more.
            let _ = read(head, file, length, tail, &mut out);
        });
        Self { pieces, left }
    }
}

fn read(
    head: Vec<u8>,
    file: File,
    length: u64,
    tail: Vec<u8>,
    out: &mut dyn FnMut(io::Result<Bytes>) -> Result<(), ()>,
) -> Result<(), ()> {
    if !head.is_empty() {
        out(Ok(head.into()))?;
    }
    let mut file = file.take(length);
    let mut rest = length;
    while rest > 0 {
        let mut piece = Vec::with_capacity(PIECE);
        match file.by_ref().take(PIECE as u64).read_to_end(&mut piece) {
            Ok(0) => return out(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => {
                rest = rest.saturating_sub(read as u64);
                out(Ok(piece.into()))?;
            }
            Err(error) => return out(Err(error)),
        }
    }
    match tail.is_empty() {
        true => Ok(()),
        false => out(Ok(tail.into())),
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.pieces.poll_recv(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Some(Ok(piece))) => {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
