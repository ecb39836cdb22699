//! `transitions`: what the shipped machine does, for the checker that runs the proved one beside it.

use super::{End, Wrong, options};
use std::io::{self, BufWriter, ErrorKind, Write};
use striped_pool_model::transitions::{FORMAT, Writer, exhaustive, random};

const HELP: &str = "\
Writes transitions of the shipped machine on stdout: what happened, what it answered, and the state after it. The checker
in proofs/conformance reads them and makes the same transitions on the machine that the proofs are about.

Usage: striped-pool-model transitions [OPTIONS]

Options, at least one of the first three; several are written one after the other:
  --exhaustive    every event in every state that capacities 1 to 3 lead to, stale and impossible events included, within:
                  4 waiters, 9 waits, clock readings 0 to 2, 3 resources
  --random N      N transitions of long random sequences: hundreds of waiters and idle entries, resizes, closes
  --recorded N    at least N transitions that 4 real threads committed on real stripes (only with the feature `trace`)
  --seed N        for the random sequences and what the threads do (default 0)
  -h, --help      this

";

/// More would not be counted in time.
const MOST: u64 = 1_000_000_000_000;

#[derive(Default)]
struct Options {
    exhaustive: bool,
    random: Option<u64>,
    recorded: Option<u64>,
    seed: u64,
}

impl Options {
    fn read(arguments: &mut lexopt::Parser) -> Result<Option<Self>, Wrong> {
        use lexopt::prelude::{Long, Short, Value};
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("exhaustive") => options.exhaustive = true,
                Long("random") => options.random = Some(options::number(arguments, "--random", 1..=MOST)?),
                Long("recorded") => options.recorded = Some(options::number(arguments, "--recorded", 1..=MOST)?),
                Long("seed") => options.seed = options::number(arguments, "--seed", 0..=u64::MAX)?,
                Long("help") | Short('h') => return Ok(None),
                other @ (Long(_) | Short(_) | Value(_)) => return Err(other.unexpected().into()),
            }
        }
        if !options.exhaustive && options.random.is_none() && options.recorded.is_none() {
            return Err(Wrong("transitions needs --exhaustive, --random N or --recorded N".to_owned()));
        }
        if options.recorded.is_some() && !CAN_RECORD {
            let feature = "the feature `trace`, and neither `loom` nor `shuttle`";
            return Err(Wrong(format!("--recorded needs a program that was built with {feature}")));
        }
        Ok(Some(options))
    }

    /// Writes what was asked for, and says on stderr how much that was.
    fn write(&self) -> io::Result<()> {
        let mut writer = Writer::new(BufWriter::with_capacity(1 << 16, io::stdout().lock()));
        let mut before = 0;
        let mut say = |kind: &str, count: u64, of: String| {
            let _ = writeln!(io::stderr(), "{kind}: {} transitions, {of}", count - before);
            before = count;
        };
        if self.exhaustive {
            let states = exhaustive::write(&mut writer)?;
            say("exhaustive", writer.count(), format!("{states} states"));
        }
        if let Some(count) = self.random {
            let machines = random::write(&mut writer, count, self.seed)?;
            say("random", writer.count(), format!("{machines} machines"));
        }
        if let Some(count) = self.recorded {
            let stripes = record(&mut writer, count, self.seed)?;
            say("recorded", writer.count(), format!("{stripes} stripes"));
        }
        writer.end()
    }
}

/// Whether real pools can be recorded: see [`record`].
const CAN_RECORD: bool = cfg!(all(feature = "trace", not(any(feature = "loom", feature = "shuttle"))));

#[cfg(all(feature = "trace", not(any(feature = "loom", feature = "shuttle"))))]
fn record(writer: &mut Writer<impl Write>, count: u64, seed: u64) -> io::Result<u64> {
    striped_pool_model::transitions::recorded::write(writer, count, seed)
}

/// Nothing is recorded without the feature, and the primitives of loom and shuttle work only inside their schedulers.
#[cfg(not(all(feature = "trace", not(any(feature = "loom", feature = "shuttle")))))]
fn record(_: &mut Writer<impl Write>, _: u64, _: u64) -> io::Result<u64> {
    Err(io::Error::other("nothing can be recorded"))
}

pub(super) fn run(mut arguments: lexopt::Parser) -> Result<(String, End), Wrong> {
    let Some(options) = Options::read(&mut arguments)? else {
        return Ok((format!("{HELP}{FORMAT}"), End::Holds));
    };
    match options.write() {
        // Whoever closes the pipe has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Wrong(format!("transitions: {error}"))),
        Ok(()) | Err(_) => Ok((String::new(), End::Holds)),
    }
}
