//! Layers as streams: checked and made a tree of, without their contents.
use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read, Take};
use std::sync::atomic::{AtomicBool, Ordering};

use super::blob::{BUFFER, same};
use super::digest::{Digest, Hashed};
use super::error::{ImageError, Result};
use super::limits::Limits;
use super::members::Members;
use super::open::Layer;
use super::plan::{Plan, PlanError};
use crate::flist::Error;
use crate::flist::unpack::{Metered, TooMuch, unpacked};

/// A decompressed layer.
pub(super) type Plain<'a> = Box<dyn Read + 'a>;

/// What a layer is called in messages: `layer 2 of 3`.
pub(super) fn called(place: usize, of: usize) -> String {
    format!("layer {} of {of}", place + 1)
}

/// Makes the tree of layers, and checks everything about them.
pub(super) fn plan(layers: &[Layer], limits: &Limits, stop: Option<&AtomicBool>) -> Result<Plan> {
    let mut plan = Plan::new(*limits);
    let left = Cell::new(limits.unpacked);
    for (place, layer) in layers.iter().enumerate() {
        let name = called(place, layers.len());
        plan.begin(place);
        read(layer, &name, &left, limits, |members| {
            while let Some(member) = members.next().map_err(Problem::Stream)? {
                if is_set(stop) {
                    return Err(Problem::Stopped);
                }
                plan.apply(&member).map_err(Problem::Plan)?;
            }
            Ok(())
        })?;
    }
    Ok(plan)
}

enum Problem {
    Stream(std::io::Error),
    Plan(PlanError),
    Stopped,
}

/// Returns true when somebody asked to stop.
pub(super) fn is_set(stop: Option<&AtomicBool>) -> bool {
    stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
}

/// Reads a layer from its first to its last byte, and compares its digests.
fn read(
    layer: &Layer,
    name: &str,
    left: &Cell<u64>,
    limits: &Limits,
    each: impl FnOnce(&mut Members<&mut dyn Read>) -> std::result::Result<(), Problem>,
) -> Result<()> {
    let failed = |problem: Problem| match problem {
        Problem::Stopped => Error::Stopped.into(),
        Problem::Stream(error) if error.get_ref().is_some_and(|inner| inner.is::<TooMuch>()) => {
            ImageError::Limit {
                what: name.to_owned(),
                most: limits.unpacked,
                unit: "bytes",
            }
        }
        Problem::Stream(error) => ImageError::Layer {
            layer: name.to_owned(),
            reason: match error.kind() {
                std::io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
                _ => error.to_string(),
            },
        },
        Problem::Plan(PlanError::Member(reason)) => ImageError::Layer {
            layer: name.to_owned(),
            reason,
        },
        Problem::Plan(PlanError::Entries) => ImageError::Limit {
            what: name.to_owned(),
            most: limits.entries,
            unit: "entries",
        },
        Problem::Plan(PlanError::Names) => ImageError::Limit {
            what: name.to_owned(),
            most: limits.names,
            unit: "bytes of names",
        },
    };
    let file = layer.blob.open()?;
    let packed_as = layer.digest.clone().unwrap_or_else(|| Digest::of(b""));
    let plain_as = layer.diff_id.clone().unwrap_or_else(|| Digest::of(b""));
    let mut packed = Hashed::new(file, &packed_as);
    let read = {
        let buffered = BufReader::with_capacity(BUFFER, &mut packed);
        let plain = unpacked(buffered).map_err(|e| failed(Problem::Stream(e)))?;
        let metered = Metered { inner: plain, left };
        let mut plain = Hashed::new(metered, &plain_as);
        let outcome = {
            let source: &mut dyn Read = &mut plain;
            let mut members = Members::new(source);
            each(&mut members).and_then(|()| members.drain().map_err(Problem::Stream))
        };
        outcome.map(|()| plain.finish())
    };
    // Damage in what is packed explains every other error, so it is looked for first. What stands
    // after the end of a compressed stream belongs to the blob.
    if layer.digest.is_some() && !is_limit(&read) {
        std::io::copy(&mut packed, &mut std::io::sink()).map_err(|e| layer.blob.failed(e))?;
        let (count, digest) = packed.finish();
        if count != layer.blob.size {
            return Err(failed(Problem::Stream(
                std::io::ErrorKind::UnexpectedEof.into(),
            )));
        }
        same(name, &packed_as, digest)?;
    }
    let (_, digest) = read.map_err(failed)?;
    match layer.diff_id {
        Some(_) => same(name, &plain_as, digest),
        None => Ok(()),
    }
}

/// A bomb is not read to its end, and nothing is when somebody asked to stop.
fn is_limit<T>(outcome: &std::result::Result<T, Problem>) -> bool {
    match outcome {
        Err(Problem::Plan(problem)) => !matches!(problem, PlanError::Member(_)),
        Err(Problem::Stream(error)) => error.get_ref().is_some_and(|inner| inner.is::<TooMuch>()),
        Err(Problem::Stopped) => true,
        Ok(_) => false,
    }
}

/// Opens a layer that was checked, to read it again.
pub(super) fn again(layer: &Layer) -> Result<Members<Plain<'static>>> {
    let file: Take<File> = layer.blob.open()?;
    let plain = unpacked(BufReader::with_capacity(BUFFER, file));
    Ok(Members::new(plain.map_err(|e| layer.blob.failed(e))?))
}
