//! On what it was measured, as far as the machine tells.

use std::fs;
use std::process::Command;
use std::thread;

/// What figures depend on besides the code.
#[derive(Clone, Debug)]
pub struct Machine {
    processor: String,
    cores: usize,
    compiler: String,
    load: String,
}

impl Machine {
    /// As it is now.
    pub fn observe() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model_name(&text));
        Self {
            processor: processor.unwrap_or_else(|| "unknown processor".into()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            compiler: compiler().unwrap_or_else(|| "unknown compiler".into()),
            load: load(),
        }
    }

    /// In a line. Only the load before the run says something of others: W3 makes plenty itself.
    pub fn describe(&self) -> String {
        let Self { processor, cores, compiler, load } = self;
        format!("{processor}, {cores} cores; {compiler}; load average before the run {load}")
    }
}

fn model_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().into())
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split(" (").next()?.trim().into())
}

/// Of the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_found() {
        assert_eq!(model_name("processor : 0\nmodel name\t: Some CPU @ 2\n"), Some("Some CPU @ 2".into()));
        assert_eq!(model_name("nothing"), None);
    }
}
