//! A real `PostgreSQL` server, a bank in it, and a load of tasks on few connections, through the managers of other pools.
//!
//! ```text
//!   server: initdb, postgres on a Unix socket in a temporary folder; killed, stopped, started again
//!      ▲ ▲
//!      │ └─ census: counts the pool's backends as the server sees them, from outside, all the time
//!   doorman: who came and went at the client's end; waits at the door until who left is gone at the server's
//!      ▲
//!   load: tasks that transfer money, lose patience, are dropped, panic ─▶ outcome ─▶ checks
//! ```
//!
//! # What is counted, and where
//!
//! The pool bounds what its manager has created and not yet freed. A backend of `PostgreSQL` ends a moment after its client: the
//! clients of bb8 and deadpool tell the server nothing until after `free` has returned, and a create that is dropped half-way
//! leaves behind a backend that nobody has seen yet. So with these managers as they are, the server can see more backends than
//! the pool's maximum, by those whose client has let them go (`tests/postgres/lingering.rs` holds one back and sees it).
//!
//! A manager can close that gap, and [`Doorman`] does: `close` is ready when the backend's process is gone, and a create first
//! waits for all that left before. Then the count at the server is bounded as strictly as the count at the client. It does not
//! know the maximum, so with a pool that breaks its bound the server's count breaks it too, which a rigged run shows.

mod bank;
mod census;
mod doorman;
mod load;
mod outcome;
mod run;
mod server;
mod session;

pub use bank::{ACCOUNTS, Audit, START};
pub use census::{Census, Seen, backends, connect};
pub use doorman::{Door, Doorman, Guest};
pub use load::Count;
pub use outcome::{Check, Outcome};
pub use run::{Notes, Options, Rest, Rig, run};
pub use server::{Halt, Server, StartError};
pub use session::{Database, Session};
