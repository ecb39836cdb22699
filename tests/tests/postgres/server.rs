//! The server's guard.

use crate::world;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use tokio_postgres::config::Host;

#[test]
fn a_panic_ends_the_server_and_removes_its_folder() {
    let Some(server) = world::server() else { return };
    let hosts = server.config();
    let Some(Host::Unix(folder)) = hosts.get_hosts().first() else { panic!("no Unix socket") };
    let socket: PathBuf = folder.join(".s.PGSQL.5432");
    UnixStream::connect(&socket).expect("it listens");
    let postmaster = Pid::from_raw(server.postmaster().expect("it runs")).expect("a process");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _server = server;
        resume_unwind(Box::new("a test fails"));
    }));
    assert!(panicked.is_err());
    assert_eq!(test_kill_process(postmaster), Err(Errno::SRCH), "the server still runs");
    assert!(!folder.exists(), "{folder:?} is left");
}
