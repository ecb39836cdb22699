//! The program: reads the options, runs the workloads, prints and writes the report.

use std::env;
use std::process::ExitCode;
use striped_pool_bench::bars::Judged;
use striped_pool_bench::machine::Machine;
use striped_pool_bench::options::{Command, HELP, Options};
use striped_pool_bench::progress::Progress;
use striped_pool_bench::report::{Report, settings_text};
use striped_pool_bench::workload::{Effort, WORKLOADS};

fn main() -> ExitCode {
    match Command::parse(env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Command::List) => {
            list();
            ExitCode::SUCCESS
        }
        Ok(Command::Run(options)) => run(&options),
        Err(error) => {
            eprintln!("{error}; see --help");
            ExitCode::from(2)
        }
    }
}

fn list() {
    println!("workloads (about how long: quick, full)");
    for workload in WORKLOADS {
        let seconds = |effort| (workload.cost)(effort).as_secs_f64();
        let (quick, full) = (seconds(Effort::Quick), seconds(Effort::Full));
        println!("  {}  {:<44}{quick:>5.0} s {full:>5.0} s", workload.id, workload.title);
    }
    println!("\npools\n{}", settings_text());
}

fn run(options: &Options) -> ExitCode {
    let machine = Machine::observe();
    let expected = options.workloads.iter().map(|workload| (workload.cost)(options.effort)).sum();
    let mut progress = Progress::start(expected);
    let sections = options.workloads.iter().map(|workload| (*workload, (workload.run)(options.effort, &mut progress)));
    let sections = sections.collect();
    progress.end();
    let report = Report::new(options.effort, &machine, sections);
    print!("{}", report.text());
    if let Some(folder) = &options.out
        && let Err(error) = report.write(folder)
    {
        eprintln!("{} cannot be written: {error}", folder.display());
        return ExitCode::from(2);
    }
    eprint!("{}", report.gaps());
    let is_missed = report.bars().iter().any(Judged::is_missed_must);
    ExitCode::from(u8::from(options.is_checked && is_missed))
}
