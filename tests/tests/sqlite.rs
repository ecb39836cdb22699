//! `SQLite` through the manager that r2d2 has for it, for threads; and through one of our own for tasks, whose blocking calls run
//! where tokio wants them.
#![cfg(not(feature = "loom"))]

#[path = "sqlite/bank.rs"]
mod bank;
#[path = "sqlite/tasks.rs"]
mod tasks;
#[path = "sqlite/threads.rs"]
mod threads;
