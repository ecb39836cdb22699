//! Finds the lost wake-up of a naive pool, and nothing in the same pool fixed.
//!
//! ```sh
//! cargo run -p striped-pool-model --features loom --example naive -- lost-wake-up.html   # every interleaving
//! cargo run -p striped-pool-model --example naive                                        # real threads
//! ```
//!
//! Prints the counterexample as a table, writes it as a page if it is told where, and prints what was explored. Exits with
//! 0 if the naive pool fails and the fixed one does not. On real threads the naive one is usually lucky, in thousands of rounds: the gap
//! is some nanoseconds wide. So there it is only reported.

mod pool;
mod sync;

use pool::{Fixed, Naive};
use std::process::ExitCode;
use striped_pool_model::real::Counterexample;

#[cfg(feature = "loom")]
mod check {
    use std::time::Instant;
    use striped_pool_model::programs::programs;
    use striped_pool_model::real::{Bounds, Counterexample, RealPool, explore_all};

    /// Whether a wrong pool is sure to be found out.
    pub(crate) const IS_SURE: bool = true;

    /// Two threads with one operation each, then three, then two with two: small ones first.
    pub(crate) fn check<P: RealPool>() -> Result<String, Counterexample> {
        let suite = |(threads, length, preemptions)| {
            let begin = Instant::now();
            let bounds = Bounds { preemptions, ..Bounds::default() };
            let explored = explore_all::<P>(&programs(P::OPERATIONS, threads, length), bounds)?;
            let seconds = begin.elapsed().as_secs_f64();
            Ok(format!("{threads} x {length}, bound {preemptions}: {explored}, {seconds:.1} s\n"))
        };
        [(2, 1, 3), (3, 1, 1), (2, 2, 1)].into_iter().map(suite).collect()
    }
}

#[cfg(not(feature = "loom"))]
mod check {
    use std::time::{Duration, Instant};
    use striped_pool_model::real::{Counterexample, RealPool, Sampling, sample};

    pub(crate) const IS_SURE: bool = false;

    /// Eight threads that share two resources.
    pub(crate) fn check<P: RealPool>() -> Result<String, Counterexample> {
        let begin = Instant::now();
        let sampling = Sampling { threads: 8, rounds: 2_000, patience: Duration::from_secs(3), ..Sampling::default() };
        let sampled = sample::<P>(&sampling)?;
        Ok(format!("{sampled}, {:.1} s\n", begin.elapsed().as_secs_f64()))
    }
}

/// Tells what is wrong, and writes the page.
fn tell(wrong: &Counterexample, page: Option<String>) -> std::io::Result<()> {
    let story = wrong.story("naive pool");
    println!("{}", story.text());
    page.map_or(Ok(()), |path| std::fs::write(path, story.html()))
}

fn main() -> ExitCode {
    let naive = check::check::<Naive>();
    let is_found = match &naive {
        Ok(said) => {
            println!("naive pool: nothing found\n{said}");
            !check::IS_SURE
        }
        Err(wrong) => match tell(wrong, std::env::args().nth(1)) {
            Ok(()) => true,
            Err(error) => {
                eprintln!("the page cannot be written: {error}");
                false
            }
        },
    };
    let is_fixed = match check::check::<Fixed>() {
        Ok(said) => {
            println!("fixed pool: nothing found\n{said}");
            true
        }
        Err(wrong) => {
            println!("{}", wrong.story("fixed pool").text());
            false
        }
    };
    if is_found && is_fixed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
