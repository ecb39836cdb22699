//! A throw-away server.
//!
//! Rules:
//! 1. It listens on a Unix socket in its own temporary folder, and nowhere else.
//! 2. `PostgreSQL` refuses to run as root: then it runs as the user `postgres`, or `nobody`, to whom the folder is given.
//! 3. The server is a child of this process, not `pg_ctl`'s: so its end can be waited for, however it ends, and a Ctrl-C at the
//!    terminal reaches it too. Its signals are those of `pg_ctl stop` (SIGQUIT is `-m immediate`).
//! 4. Dropped, also by a panic, it ends and its folder is removed.
//! 5. No wait is for ever: each ends at [`PATIENCE`], with the end of the server's log.

use core::fmt;
use core::time::Duration;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;
use tempfile::TempDir;

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(2);
/// Where Debian puts the servers of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The longest path of a Unix socket, on all systems.
const LONGEST: usize = 103;
const LOG: &str = "log";
const DATA: &str = "data";

/// A server that runs, or has been stopped and can be started again.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    folder: TempDir,
    programs: PathBuf,
    user: Option<User>,
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// As `pg_ctl stop -m immediate`: every backend is told to drop everything.
    Immediate,
    /// The postmaster alone is killed; its backends find out.
    Kill,
}

/// Why there is no server.
#[derive(Debug)]
pub enum StartError {
    /// None is installed.
    Absent,
    /// There is one, and this went wrong.
    Failed(String),
}

/// Whom the server runs as.
#[derive(Clone, Copy, Debug)]
struct User {
    user: u32,
    group: u32,
}

impl Server {
    /// Makes a new database cluster and starts a server on it. Takes a second or two.
    ///
    /// # Errors
    ///
    /// [`StartError::Absent`] if no `initdb` is on the `PATH` or in Debian's place.
    pub fn start() -> Result<Self, StartError> {
        let programs = find().ok_or(StartError::Absent)?;
        let folder = tempfile::Builder::new().prefix("striped-pool-pg").tempdir()?;
        let user = if geteuid().is_root() { Some(User::find()?) } else { None };
        if let Some(User { user, group }) = user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        if folder.path().as_os_str().len() + "/.s.PGSQL.5432".len() > LONGEST {
            return Err(StartError::Failed(format!(
                "{folder:?} is too long for a socket: set TMPDIR to a shorter one"
            )));
        }
        let mut server = Self { child: None, folder, programs, user };
        server.initialise()?;
        server.start_again()?;
        Ok(server)
    }

    fn initialise(&self) -> Result<(), StartError> {
        let mut command = self.command("initdb");
        command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        let output = command.arg(self.data()).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(StartError::Failed(format!("initdb: {}", String::from_utf8_lossy(&output.stderr))))
    }

    /// Starts it, if it does not run, and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// [`StartError::Failed`] with the end of its log.
    pub fn start_again(&mut self) -> Result<(), StartError> {
        if self.child.is_some() {
            return Ok(());
        }
        let started = self.start_by(Instant::now() + PATIENCE);
        if started.is_err() {
            // What went wrong first is told.
            let _ = self.stop(Halt::Immediate);
        }
        started
    }

    /// The same; after an error the server may run.
    fn start_by(&mut self, deadline: Instant) -> Result<(), StartError> {
        loop {
            let data = self.data();
            let spawned = self.spawn()?;
            let child = self.child.insert(spawned);
            // If it ends: the backends of a killed postmaster may still hold its memory, so once more.
            while child.try_wait()?.is_none() {
                if is_ready(&data, child.id())? {
                    return Ok(());
                }
                if Instant::now() > deadline {
                    return Err(self.late());
                }
                sleep(PAUSE);
            }
            self.child = None;
            if Instant::now() > deadline {
                return Err(self.late());
            }
            sleep(PAUSE);
        }
    }

    fn late(&self) -> StartError {
        StartError::Failed(format!("no server within {PATIENCE:?}; its log ends: {}", self.log()))
    }

    /// What is lost if the machine goes down is of no interest; what is lost if the server does is: that does not need `fsync`.
    fn spawn(&self) -> Result<Child, StartError> {
        let log = File::options().create(true).append(true).open(self.folder.path().join(LOG))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        let settings =
            ["listen_addresses=", "max_connections=100", "shared_buffers=16MB", "fsync=off", "max_wal_size=256MB"];
        for setting in settings {
            command.args(["-c", setting]);
        }
        Ok(command.stdout(log.try_clone()?).stderr(log).spawn()?)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env_remove("PGDATA").env("LC_ALL", "C");
        if let Some(User { user, group }) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Ends it, and waits until it has ended.
    ///
    /// # Errors
    ///
    /// [`StartError::Failed`] if it does not end; it is killed then.
    pub fn stop(&mut self, halt: Halt) -> Result<(), StartError> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let signal = match halt {
            Halt::Immediate => Signal::QUIT,
            Halt::Kill => Signal::KILL,
        };
        send(Pid::from_child(&child), signal)?;
        send(Pid::from_child(&child), Signal::CONT)?;
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                child.kill().and_then(|()| child.wait())?;
                return Err(StartError::Failed(format!("the server did not end; its log ends: {}", self.log())));
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    /// The process that accepts connections, if the server runs.
    #[must_use]
    pub fn postmaster(&self) -> Option<i32> {
        self.child.as_ref().map(|child| Pid::from_child(child).as_raw_nonzero().get())
    }

    /// Holds a process of the server: it does nothing until it is [released](Self::release).
    ///
    /// # Errors
    ///
    /// If there is no such process.
    pub fn hold(&self, process: i32) -> io::Result<()> {
        Pid::from_raw(process).map_or(Err(io::ErrorKind::InvalidInput.into()), |process| send(process, Signal::STOP))
    }

    /// Lets a process go on. One that has ended is no error.
    ///
    /// # Errors
    ///
    /// If it may not be signalled.
    pub fn release(&self, process: i32) -> io::Result<()> {
        Pid::from_raw(process).map_or(Err(io::ErrorKind::InvalidInput.into()), |process| send(process, Signal::CONT))
    }

    /// How to connect, as the server's superuser.
    #[must_use]
    pub fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.folder.path()).user("postgres").dbname("postgres");
        config
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(DATA)
    }

    /// The end of what the server wrote.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(2_000)..]).into_owned()
    }
}

/// As `pg_ctl` looks: the server writes its state into the last line of its lock file.
fn is_ready(data: &Path, process: u32) -> io::Result<bool> {
    let text = match fs::read_to_string(data.join("postmaster.pid")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        text => text?,
    };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    Ok(lines.first() == Some(&&*process.to_string()) && lines.get(7) == Some(&"ready"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to be told; what does not end is killed.
        let _ = self.stop(Halt::Immediate);
    }
}

impl User {
    fn find() -> Result<Self, StartError> {
        let users = fs::read_to_string("/etc/passwd")?;
        let find = |name: &str| {
            let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
            let fields = fields.into_iter().find(|fields| fields.first() == Some(&name))?;
            Some(Self { user: fields.get(2)?.parse().ok()?, group: fields.get(3)?.parse().ok()? })
        };
        let none = || StartError::Failed("no user postgres or nobody: the server does not run as root".into());
        find("postgres").or_else(|| find("nobody")).ok_or_else(none)
    }
}

/// A signal; who has ended already needs none.
fn send(process: Pid, signal: Signal) -> io::Result<()> {
    match kill_process(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The folder with both programs: on the `PATH`, else Debian's newest.
fn find() -> Option<PathBuf> {
    let has_both = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(has_both).or_else(|| {
        let version = |folder: &Path| folder.file_name().and_then(OsStr::to_str).and_then(|name| name.parse().ok());
        let folders = fs::read_dir(DEBIAN).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let mut versions: Vec<(u32, PathBuf)> =
            folders.filter_map(|folder| Some((version(&folder)?, folder.join("bin")))).collect();
        versions.sort();
        versions.into_iter().map(|(_, folder)| folder).rfind(has_both)
    })
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(
                f,
                "no PostgreSQL server (initdb and postgres on the PATH, or in {DEBIAN}/*/bin): apt-get install postgresql"
            ),
            Self::Failed(why) => write!(f, "the PostgreSQL server: {why}"),
        }
    }
}

impl Error for StartError {}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
