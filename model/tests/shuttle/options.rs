//! What the harness was asked for.

use crate::planted::Planted;
use crate::runner::{Runner, value};
use core::num::{NonZeroU32, NonZeroU64};
use shuttle::scheduler::ReplayScheduler;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::str::FromStr;
use striped_pool_model::programs::Program;

pub(crate) const HELP: &str = "\
Random programs on the shipped runtime, on schedules that shuttle samples.

Usage: cargo test -p striped-pool-model --features shuttle --test shuttle -- [OPTIONS]

Options:
  --seed N        the first program, and what schedules are drawn (default 1)
  --programs N    how many programs (default 200)
  --iterations N  on how many schedules of either kind each (default 300)
  --program P     instead of those: this one, such as 'Take,Put | Close from Tight'
  --replay S      with --program: on this schedule alone, as a failure prints it
  -h, --help      this
";

/// The option by which the harness asks a child to explore a range of seeds.
pub(crate) const RANGE: &str = "range";
/// The option by which the harness asks a child to fail.
pub(crate) const PLANTED: &str = "planted";

/// What to do, and with what.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) runner: Runner,
    pub(crate) seed: u64,
    pub(crate) programs: u64,
    pub(crate) iterations: u32,
    pub(crate) program: Option<Program>,
    pub(crate) replay: Option<Schedule>,
    /// In a child: the first seed, and the one after the last.
    pub(crate) range: Option<(u64, u64)>,
    pub(crate) planted: Option<Planted>,
}

impl Options {
    pub(crate) fn read() -> Result<Self, lexopt::Error> {
        let (mut seed, mut programs, mut iterations) = (None::<u64>, None::<NonZeroU64>, None::<NonZeroU32>);
        let (mut program, mut replay, mut range, mut planted) = (None, None, None, None);
        let runner = Runner::read(|option, arguments| {
            match option {
                "seed" => seed = value(option, arguments)?,
                "programs" => programs = value(option, arguments)?,
                "iterations" => iterations = value(option, arguments)?,
                "program" => program = value(option, arguments)?,
                "replay" => replay = value(option, arguments)?,
                RANGE => range = value(option, arguments)?.zip(value(option, arguments)?),
                PLANTED => planted = value(option, arguments)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let (seed, programs) = (seed.unwrap_or(1), programs.map_or(200, NonZeroU64::get));
        if replay.is_some() && program.is_none() {
            return Err("a schedule to --replay is of a --program".into());
        }
        if seed.checked_add(programs).is_none() {
            return Err(format!("there are no {programs} programs from --seed {seed} on").into());
        }
        let iterations = iterations.map_or(300, NonZeroU32::get);
        Ok(Self { runner, seed, programs, iterations, program, replay, range, planted })
    }
}

/// A schedule in shuttle's notation.
#[derive(Debug)]
pub(crate) struct Schedule(pub(crate) ReplayScheduler);

impl FromStr for Schedule {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !has_steps(text).unwrap_or(false) {
            return Err("no schedule of shuttle's");
        }
        // shuttle panics at much of what it cannot read.
        let hook = take_hook();
        set_hook(Box::new(|_| {}));
        let scheduler = catch_unwind(|| ReplayScheduler::new_from_encoded(text));
        set_hook(hook);
        let mut scheduler = scheduler.map_err(|_| "no schedule of shuttle's")?;
        // A program that does not fail any more goes on where the failure ended the schedule.
        scheduler.set_allow_incomplete();
        Ok(Self(scheduler))
    }
}

/// Whether a schedule can have as many steps as it says, at a bit for each or more; shuttle makes room for them unseen. They
/// are the second number of two after the first byte, in groups of seven bits.
fn has_steps(text: &str) -> Option<bool> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let (mut steps, mut shift, mut ended) = (0_usize, 0, 0);
    for pair in digits.chunks(2).skip(1) {
        let &[high, low] = pair else { return None };
        let (group, is_last) = ((high % 8 * 16 + low) as usize, high < 8);
        if ended == 1 {
            steps = steps.checked_add(group.checked_mul(1_usize.checked_shl(shift)?)?)?;
            shift += 7;
        }
        ended += usize::from(is_last);
        if ended == 2 {
            return Some(0 < steps && steps <= digits.len() * 4);
        }
    }
    None
}
