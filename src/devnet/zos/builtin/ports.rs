//! `socat.*`: reserving ports of the machine.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::info;
use crate::devnet::zos::jobs::{Commands, Failure};

/// How long a reserved port is not given to anybody else.
const RESERVED: Duration = Duration::from_secs(120);
/// First port that is handed out.
const FIRST: u16 = 1024;

/// The ports that were handed out lately.
#[derive(Debug, Default)]
pub struct Ports {
    reserved: Mutex<HashMap<u16, Instant>>,
}

impl Ports {
    /// Hands out so many free ports; `taken` are those that are forwarded.
    ///
    /// # Errors
    /// When none or more than there are were asked for.
    pub fn reserve(&self, number: usize, taken: &[u16]) -> Result<Vec<u16>, Failure> {
        if number == 0 {
            return Err(Failure::arguments("reseve number cannot be zero"));
        }
        let listening: Vec<u16> = info::listening().iter().map(|socket| socket.port).collect();
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        reserved.retain(|_, at| at.elapsed() < RESERVED);
        let free = (FIRST..=u16::MAX)
            .filter(|port| !listening.contains(port) && !taken.contains(port))
            .filter(|port| !reserved.contains_key(port));
        let ports: Vec<u16> = free.take(number).collect();
        if ports.len() < number {
            return Err(format!("{number} ports asked for, {} are free", ports.len()).into());
        }
        reserved.extend(ports.iter().map(|port| (*port, Instant::now())));
        Ok(ports)
    }
}

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    number: usize,
}

/// Adds them; `forwarded` tells source and target of what is forwarded.
pub fn add(
    commands: &mut Commands,
    forwarded: impl Fn() -> Vec<(u16, String)> + Clone + Send + Sync + 'static,
) {
    let ports = Arc::new(Ports::default());
    let of_reserve = forwarded.clone();
    commands.add_blocking("socat.reserve", move |mut call| {
        let Arguments { number } = call.arguments()?;
        let taken: Vec<u16> = of_reserve().into_iter().map(|(port, _)| port).collect();
        Ok(ports.reserve(number, &taken)?.into())
    });
    commands.add_blocking("socat.list", move |_| {
        let rules: Vec<Json> = forwarded()
            .into_iter()
            .map(|(_, rule)| rule.into())
            .collect();
        Ok(if rules.is_empty() {
            Json::Null
        } else {
            rules.into()
        })
    });
}
