//! The pool at work: `make demo`, or `cargo run --release -p striped-pool-tests --bin demo -- --help`.

use std::process::ExitCode;

/// Loom's primitives work only inside loom's scheduler, and this program runs on real threads.
#[cfg(feature = "loom")]
fn main() -> ExitCode {
    eprintln!("demo: not a loom program; build it without the feature `loom`");
    ExitCode::from(2)
}

#[cfg(not(feature = "loom"))]
fn main() -> ExitCode {
    demo::main()
}

#[cfg(not(feature = "loom"))]
mod demo {
    use std::io::{self, Write};
    use std::process::ExitCode;
    use striped_pool_tests::options::{Command, HELP, Options};
    use striped_pool_tests::progress::Progress;

    pub(super) fn main() -> ExitCode {
        match Command::parse(std::env::args_os().skip(1)) {
            Ok(Command::Run(options)) => run(&options),
            Ok(Command::Help) => print(HELP, 0),
            Err(error) => {
                eprintln!("demo: {error}; --help lists the options");
                ExitCode::from(2)
            }
        }
    }

    fn run(options: &Options) -> ExitCode {
        let mut progress = Progress::start();
        let report = striped_pool_tests::run(options, |live| progress.show(live));
        progress.end();
        match report {
            Ok(report) => print(&report.to_string(), u8::from(!report.is_passed())),
            Err(error) => {
                eprintln!("demo: the run failed: {error}");
                ExitCode::FAILURE
            }
        }
    }

    /// The exit code says what the text does, also when nobody reads the text to its end.
    fn print(text: &str, code: u8) -> ExitCode {
        let _ = io::stdout().lock().write_all(text.as_bytes());
        ExitCode::from(code)
    }
}
