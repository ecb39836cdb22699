//! `striped-pool-model`, the model checker as a program: searches, refutes, replays and shows.
//!
//! Everything it does is in the library; here are arguments, exit codes, and what is printed. `--help` says what there is.

#![forbid(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
