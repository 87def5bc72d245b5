//! Ports that a process takes again when it starts anew: below those that the system gives to connections, or one of these might have it.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context as _;

const FIRST: u16 = 20_000;
const END: u16 = 32_000;

/// Gives free ports, each once.
#[derive(Debug)]
pub(crate) struct Ports {
    next: u16,
}

impl Ports {
    /// Begins at a place of its own, so that runs beside each other do not meet.
    pub(crate) fn new() -> Self {
        let places = u32::from(END - FIRST);
        let place = std::process::id().wrapping_mul(97) % places;
        Self { next: FIRST + u16::try_from(place).unwrap_or_default() }
    }

    pub(crate) fn free(&mut self) -> anyhow::Result<u16> {
        for _ in FIRST..END {
            let port = self.next;
            self.next = if port + 1 < END { port + 1 } else { FIRST };
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(port);
            }
        }
        None.context("no port is free")
    }
}
