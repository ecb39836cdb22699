//! W6: a timeout storm. Eight threads ask an exhausted pool for a resource with hardly any patience, again and again, behind
//! one that waits for as long as it takes.
//!
//! Throughput is measured here; memory by the program `memory`, which counts what is allocated (W8 says why).

use crate::child;
use crate::measure::{Contender, Series, Spread, ratios, run_rounds};
use crate::peers::{NotLent, Order, Peer, Visitor, for_each_peer, ours};
use crate::progress::Progress;
use crate::section::{Figure, Section, Table};
use crate::show;
use crate::workload::Effort;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// How many have hardly any patience.
pub const IMPATIENT: u32 = 8;
/// How much they have. Timers of tokio tick each millisecond, so pools that use them wait longer.
pub const PATIENCE: Duration = Duration::from_micros(1);
/// What threads may keep of a stripe of ours, whatever the traffic: 16 nodes of 512 bytes each (`core/src/reclaim.rs`, rule 7).
/// Which thread has how many changes all the time.
pub const KEPT: f64 = (IMPATIENT as f64 + 2.0) * 16.0 * 512.0;
/// Three of ours and seven others have a time limit.
const CONTENDERS: u32 = 10;

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 3, 7)
}

fn window(effort: Effort) -> Duration {
    effort.pick(Duration::from_millis(5), Duration::from_millis(100), Duration::from_millis(500))
}

/// For how long the first storm lasts after which memory is looked at.
pub fn first_storm(effort: Effort) -> Duration {
    effort.pick(Duration::from_millis(5), Duration::from_millis(60), Duration::from_millis(300))
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    (window(effort) * rounds(effort) + first_storm(effort) * 11) * CONTENDERS
}

/// Measures all pools that have a time limit.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    let mut collect = Collect { window: window(effort), contenders: Vec::new() };
    for_each_peer(&mut collect);
    let series = run_rounds(collect.contenders, rounds(effort), window(effort), "W6", progress);
    progress.show("W6, memory");
    let measured = child::measure("storm", effort);
    progress.advance(first_storm(effort) * 11 * CONTENDERS);
    let mut section = Section {
        text: format!(
            "{IMPATIENT} threads call `get` with {} µs of patience on an exhausted pool, behind one that waits without limit. {} \
             rounds; a figure is of a window of {} ms. Where the pool has no time limit of its own, tokio's is put around \
             it; tokio's timers tick each millisecond. Memory: each thread of ours keeps up to 8 KiB for reuse, so the bytes in use \
             move within that, whatever the traffic.",
            PATIENCE.as_micros(),
            rounds(effort),
            window(effort).as_millis()
        ),
        tables: vec![throughput(&series)],
        ..Section::default()
    };
    match measured {
        Ok(measured) => {
            section.tables.push(memory(&measured, &series));
            let growth = measured.get(ours::Borrowed::FACTS.name, "growth");
            section
                .figures
                .push(Figure { key: "w6 bytes more after 10 N timeouts than after N".into(), values: growth });
        }
        Err(gap) => section.gap = Some(gap),
    }
    section
}

struct Collect {
    window: Duration,
    contenders: Vec<Contender<f64>>,
}

impl Visitor for Collect {
    fn visit<P: Peer>(&mut self) {
        if !is_measured::<P>() {
            return;
        }
        let window = self.window;
        self.contenders.push(Contender::new(P::FACTS, move || per_second::<P>(window)));
    }
}

/// Whether it has a time limit, and one queue.
pub fn is_measured<P: Peer>() -> bool {
    P::FACTS.order != Order::NoWaiting && P::FACTS != ours::TwoStripes::FACTS
}

fn per_second<P: Peer>(window: Duration) -> f64 {
    let mut counted = 0.0;
    storm::<P>(|go_on| {
        let started = Instant::now();
        counted = f64::from(go_on(window)) / started.elapsed().as_secs_f64();
    });
    counted
}

/// Exhausts a pool, lets one wait patiently, and the others stand ready; `go_on` lets these time out for a while, and
/// says how often they did.
///
/// # Panics
///
/// If the pool lends nothing at first, or nothing to the patient one in the end.
pub fn storm<P: Peer>(direct: impl FnOnce(&mut dyn FnMut(Duration) -> u32)) {
    let pool = P::primed(1);
    let (is_ended, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    let barrier = Barrier::new(IMPATIENT as usize + 1);
    let timed_out = AtomicU32::new(0);
    let impatient = || {
        P::on_thread(|| {
            loop {
                barrier.wait();
                if is_ended.load(Ordering::Relaxed) {
                    return;
                }
                timed_out.fetch_add(time_out(&pool, &is_over), Ordering::Relaxed);
                barrier.wait();
            }
        });
    };
    let held = P::on_thread(|| pool.get());
    assert!(held.is_ok(), "{} lent nothing", P::FACTS.name);
    thread::scope(|scope| {
        let patient = scope.spawn(|| P::on_thread(|| pool.get().is_ok()));
        thread::sleep(Duration::from_millis(2));
        (0..IMPATIENT).for_each(|_| drop(scope.spawn(impatient)));
        direct(&mut |time| {
            is_over.store(false, Ordering::Relaxed);
            timed_out.store(0, Ordering::Relaxed);
            barrier.wait();
            thread::sleep(time);
            is_over.store(true, Ordering::Relaxed);
            barrier.wait();
            timed_out.load(Ordering::Relaxed)
        });
        is_ended.store(true, Ordering::Relaxed);
        barrier.wait();
        P::on_thread(|| drop(held));
        assert!(matches!(patient.join(), Ok(true)), "the patient one of {} got nothing", P::FACTS.name);
    });
}

/// The measured loop of one thread.
#[inline(never)]
fn time_out<P: Peer>(pool: &P, is_over: &AtomicBool) -> u32 {
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        // Anything else cannot be: nothing is there to be lent. It would count as nothing.
        count += u32::from(matches!(pool.get_timeout(PATIENCE), Err(NotLent::TimedOut)));
    }
    count
}

fn throughput(series: &[Series<f64>]) -> Table {
    let ours = series.first().map_or(&[][..], |ours| &ours.samples);
    let rows = series.iter().map(|series| {
        vec![
            series.name.clone(),
            show::spread(Spread::of(&series.samples).times(1e-3)),
            show::number(Spread::of(&ratios(&series.samples, ours)).median),
        ]
    });
    Table {
        title: "Timeouts per second of all threads together".into(),
        columns: ["pool", "thousand/s (quartiles)", "÷ ours, borrowed"].map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

fn memory(measured: &child::Measured, series: &[Series<f64>]) -> Table {
    let rows = series.iter().map(|series| {
        let cell = |figure| show::number(Spread::of(&measured.get(&series.name, figure)).median);
        vec![series.name.clone(), cell("timeouts"), cell("after N"), cell("after 10 N"), cell("growth")]
    });
    Table {
        title: "Bytes in use after N and after 10 N timeouts, more than before the first".into(),
        columns: ["pool", "N", "after N", "after 10 N", "difference"].map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoke_run_has_a_row_for_each_contender() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert!(section.tables.iter().all(|table| table.rows.len() == CONTENDERS as usize), "{section:?}");
    }
}
