//! Counts memory for the workloads W6, W8 and W9, which run it: an allocator that counts would cost the timed loops
//! something. Usage: `memory sizes|storm|explorer smoke|quick|full`; a line for each figure.

use std::env;
use std::process::ExitCode;
use striped_pool_bench::counting::Counting;
use striped_pool_bench::memory;
use striped_pool_bench::workload::Effort;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let effort = match arguments.get(1).map(String::as_str) {
        Some("smoke") => Some(Effort::Smoke),
        Some("quick") => Some(Effort::Quick),
        Some("full") => Some(Effort::Full),
        _ => None,
    };
    let measured = effort.zip(arguments.first()).and_then(|(effort, what)| memory::measure(what, effort));
    let Some(measured) = measured else {
        eprintln!("usage: memory sizes|storm|explorer smoke|quick|full");
        return ExitCode::from(2);
    };
    print!("{}", measured.text());
    ExitCode::SUCCESS
}
