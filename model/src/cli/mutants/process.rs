//! One process, with its output in files, ended if it takes too long or if Ctrl-C is pressed.

use super::is_interrupted;
use core::time::Duration;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// How often to look.
const LOOK: Duration = Duration::from_millis(10);

/// How it ended.
pub(super) enum Ended {
    /// By itself, successfully or not.
    Itself { succeeded: bool },
    /// Because it took too long.
    TooLong,
    /// Because of Ctrl-C.
    Interrupted,
}

/// Runs it to its end; stdout and stderr go into these files.
pub(super) fn run(command: &mut Command, out: &Path, err: &Path, timeout: Duration) -> io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(File::create(out)?).stderr(File::create(err)?);
    let mut child = in_its_own_group(command).spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ended::Itself { succeeded: status.success() });
        }
        let ended = match (is_interrupted(), start.elapsed() > timeout) {
            (true, _) => Ended::Interrupted,
            (false, true) => Ended::TooLong,
            (false, false) => {
                std::thread::sleep(LOOK);
                continue;
            }
        };
        end(&mut child)?;
        return Ok(ended);
    }
}

/// So that what it starts can be ended with it.
#[cfg(unix)]
fn in_its_own_group(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    command.process_group(0)
}

#[cfg(not(unix))]
fn in_its_own_group(command: &mut Command) -> &mut Command {
    command
}

fn end(child: &mut Child) -> io::Result<()> {
    if cfg!(unix) {
        // The whole group: harnesses start processes of their own.
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
    child.wait().map(drop)
}
