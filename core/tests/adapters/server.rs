//! What managers connect to: it writes down each call, and fails as it is told.
#![allow(dead_code, reason = "each adapter uses a part of it")]

use core::fmt;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Default)]
pub(crate) struct Server {
    made: AtomicU32,
    faults: Mutex<HashSet<Fault>>,
    calls: Mutex<Vec<String>>,
}

/// What goes wrong, until it is mended; with which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    Down,
    ConnectPanics,
    Invalid(u32),
    CheckPanics(u32),
    CheckHangs(u32),
    Broken(u32),
    BrokenPanics(u32),
}

/// That the server is down, or one connection to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server is down")
    }
}

impl std::error::Error for Down {}

pub(crate) struct Connection {
    pub(crate) id: u32,
    server: Arc<Server>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.server.note(format!("end {}", self.id));
    }
}

impl Server {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn break_down(&self, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(fault);
    }

    pub(crate) fn mend(&self) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was called since this was asked last.
    pub(crate) fn calls(&self) -> Vec<String> {
        core::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn note(&self, call: String) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    pub(crate) fn connect(self: &Arc<Self>) -> Result<Connection, Down> {
        if self.has(Fault::Down) {
            self.note(String::from("no connect"));
            return Err(Down);
        }
        if self.has(Fault::ConnectPanics) {
            self.note(String::from("connect panics"));
            panic!("connect panics");
        }
        let id = self.made.fetch_add(1, Ordering::SeqCst);
        self.note(format!("connect {id}"));
        Ok(Connection { id, server: Arc::clone(self) })
    }

    /// Whether the connection can be used.
    pub(crate) fn check(&self, connection: &Connection) -> Result<(), Down> {
        let id = connection.id;
        self.note(format!("check {id}"));
        self.answer(id)
    }

    /// The same, for a task: it may hang.
    pub(crate) async fn check_async(&self, connection: &Connection) -> Result<(), Down> {
        let id = connection.id;
        self.note(format!("check {id}"));
        if self.has(Fault::CheckHangs(id)) {
            core::future::pending::<()>().await;
        }
        self.answer(id)
    }

    pub(crate) fn has_broken(&self, connection: &Connection) -> bool {
        let id = connection.id;
        self.note(format!("broken? {id}"));
        assert!(!self.has(Fault::BrokenPanics(id)), "has_broken panics");
        self.has(Fault::Broken(id))
    }

    fn answer(&self, id: u32) -> Result<(), Down> {
        assert!(!self.has(Fault::CheckPanics(id)), "the check panics");
        if self.has(Fault::Invalid(id)) { Err(Down) } else { Ok(()) }
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).contains(&fault)
    }
}
