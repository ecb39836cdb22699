//! A striped resource pool whose whole concurrency is one pure state machine.

pub mod stripe;
pub(crate) mod sync;
