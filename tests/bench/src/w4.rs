//! W4: a thousand tasks on eight resources, on a tokio runtime of two workers; and what awaiting costs when nobody waits.
//!
//! Rules, the same for every pool:
//! 1. A task takes, uses, holds, gives back, in a loop, until a flag. A window of time is measured, as in W3, with a pool, a
//!    runtime and tasks of its own. The task shares the pool with the others and borrows from it.
//! 2. A task whose gets never have to wait would keep its worker to itself. So it spends a unit of tokio's budget before each
//!    get, as tokio asks of loops that may never wait: after 128 of them another task has its turn. tokio's semaphore, which
//!    deadpool and mobc are built on, spends another unit in each get, so that a task of deadpool's has 64. That is how they
//!    are used. (On 2026-11-30, on a shared Xeon, `unconstrained` around each pool's get changed their throughput by 2 % at most, less than
//!    the spread.)
//! 3. Throughput, fairness and waits are as in W3. Waits are recorded by the worker, not by the task: a histogram for each
//!    task would not fit a cache.
//!
//! With two workers no more than two resources are lent at any moment unless a lease is held across an await. So nobody waits
//! where it is not, and hundreds do where it is.

use crate::measure::{Contender, Series, Spread, best_of, ratios, run_rounds};
use crate::peers::{AsyncPeer, AsyncVisitor, Order, asyncband, bb8, deadpool, for_each_async_peer, ours};
use crate::peers::{Facts, Peer};
use crate::progress::Progress;
use crate::section::{Figure, Panel, Plot, PlotBar, Section, Table};
use crate::show;
use crate::w1::{calibrate, nanos, time};
use crate::waiting::{self, Phase, Sample, Waits, no_waits};
use crate::workload::Effort;
use core::cell::RefCell;
use core::hint::spin_loop;
use core::time::Duration;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{consume_budget, yield_now};

const TASKS: u32 = 1_000;
const RESOURCES: u32 = 8;
const WORKERS: usize = 2;
/// Three of ours, five others, and the floor.
const CONTENDERS: u32 = 9;
/// Below so many leases for a task, the most served and the median say more of where the window ends than of the pool.
const ENOUGH: f64 = 20.0;
/// With these it is compared; mobc is for reference.
const PEERS: [Facts; 4] =
    [deadpool::Managed::FACTS, deadpool::Unmanaged::FACTS, bb8::Bb8::FACTS, asyncband::Asyncband::FACTS];
const BLOCKING: &str = ", blocking";

/// What a task does with its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Gives it back at once.
    Nothing,
    /// Keeps its worker busy for so long.
    Busy(Duration),
    /// Lets other tasks run once.
    Yield,
    /// Sleeps for so long by tokio's timer, which ticks each millisecond.
    Asleep(Duration),
}

/// From nothing at all to a query over a network.
pub const HOLDS: [Hold; 4] =
    [Hold::Nothing, Hold::Busy(Duration::from_micros(1)), Hold::Yield, Hold::Asleep(Duration::from_millis(1))];

impl Hold {
    /// As it stands in tables and in keys of figures.
    pub fn name(self) -> String {
        match self {
            Self::Nothing => "for nothing".into(),
            Self::Busy(time) => format!("{} µs busy", time.as_micros()),
            Self::Yield => "across a yield".into(),
            Self::Asleep(time) => format!("{} ms asleep", time.as_millis()),
        }
    }

    /// Whether holding takes time that no pool can save: so much that it, and not the pool, decides how many are served.
    pub fn is_long(self) -> bool {
        match self {
            Self::Nothing | Self::Yield => false,
            Self::Busy(_) | Self::Asleep(_) => true,
        }
    }

    #[inline]
    async fn hold(self) {
        match self {
            Self::Nothing => {}
            Self::Busy(time) => {
                let started = Instant::now();
                while started.elapsed() < time {
                    spin_loop();
                }
            }
            Self::Yield => yield_now().await,
            Self::Asleep(time) => tokio::time::sleep(time).await,
        }
    }
}

/// The key of a figure about one hold.
pub fn key(what: &str, hold: Hold) -> String {
    format!("w4 held {}: {what}", hold.name())
}

/// What a bar is set on: the pool as it comes, one line for all.
pub const BEST: &str = "throughput / best";
/// And with a stripe for each worker, as the documentation advises where order among all does not matter.
pub const BEST_STRIPED: &str = "throughput / best, two stripes";

/// Where nobody else is.
pub const ROUND_TRIP: &str = "w4 async round trip / blocking";

fn rounds(effort: Effort) -> u32 {
    effort.pick(2, 3, 15)
}

/// What runs before anything counts, and the window.
fn windows(effort: Effort, hold: Hold) -> (Duration, Duration) {
    let millis = Duration::from_millis;
    let full = (millis(50), millis(300));
    match hold {
        // The queue is a thousand long: each task shall have its turn more than once.
        Hold::Yield | Hold::Asleep(_) => effort.pick((millis(1), millis(4)), full, full),
        Hold::Nothing | Hold::Busy(_) => effort.pick((millis(1), millis(4)), (millis(20), millis(150)), full),
    }
}

fn slice(effort: Effort, hold: Hold) -> Duration {
    let (before, window) = windows(effort, hold);
    before + window
}

fn trip_rounds(effort: Effort) -> u32 {
    effort.pick(2, 400, 2_000)
}

/// Short, so that what else runs on the machine is in few of them.
fn trip_slice(effort: Effort) -> Duration {
    Duration::from_micros(effort.pick(50, 100, 200))
}

/// About how long it takes.
pub fn cost(effort: Effort) -> Duration {
    let windows: Duration = HOLDS.iter().map(|hold| slice(effort, *hold)).sum();
    windows * rounds(effort) * CONTENDERS + trip_slice(effort) * trip_rounds(effort) * CONTENDERS * 2
}

/// Measures all pools that tasks can wait for.
pub fn run(effort: Effort, progress: &mut Progress) -> Section {
    let mut section = Section { text: text(effort), ..Section::default() };
    let mut panels = Vec::new();
    for hold in HOLDS {
        let mut collect = Collect { hold, effort, contenders: Vec::new() };
        for_each_async_peer(&mut collect);
        let label = format!("W4, held {}", hold.name());
        let series = run_rounds(collect.contenders, rounds(effort), slice(effort, hold), &label, progress);
        section.tables.push(table(&series, hold));
        section.figures.push(throughput(&series, hold, BEST, ours::Borrowed::FACTS));
        section.figures.push(throughput(&series, hold, BEST_STRIPED, ours::TwoStripes::FACTS));
        panels.push(self::panels(&series, hold));
    }
    section.plots.push(plot(panels));
    round_trips(effort, progress, &mut section);
    section
}

fn text(effort: Effort) -> String {
    let (before, window) = windows(effort, Hold::Yield);
    format!(
        "{TASKS} tasks, {RESOURCES} resources, a tokio runtime of {WORKERS} workers, one stripe unless a name says two. {} rounds; a figure \
         is of a window of {} ms after {} ms that do not count (in a short run less where nobody waits), with a pool, \
         a runtime and tasks of its own. Before each get a task spends a unit of tokio's budget (`consume_budget`), \
         so that one that never waits lets others run after 128 trips; where nobody waits, fairness is as coarse as \
         that. tokio's semaphore, which deadpool and mobc are built on, spends another unit in each get, so that such a \
         task of deadpool's lets others run after 64; ours, bb8, asyncband and the floor spend none there. No more than two resources are lent at once, and nobody waits, unless a lease is held across an await: \
         held for nothing and held busy are what two threads do to each other; held across a yield is a queue of \
         nearly a thousand tasks and a hand-over to each. Where the hold takes time of its own it decides how many \
         are served, whatever the pool: two workers that are busy for 1 µs serve less than 2 million a second, 8 \
         resources that sleep for 1 ms and until the next tick of tokio's timer about 4 thousand; the bar is not set \
         on these. The bars compare with the best of deadpool, bb8 and asyncband in each round; mobc is for \
         reference, and so is the floor, one line behind a lock that hands over and can do nothing else: a mutex around \
         a `Vec` of what is idle and a `VecDeque` of wakers, without cancelling, creating or closing. Served: the most that one task was, divided by the \
         median of the tasks; left out where the median is less than {ENOUGH}. Cores busy: the processor time of the whole \
         process, divided by the window. The last table: one task on a runtime of one thread, {RESOURCES} idle resources, {} \
         rounds of slices of about {} µs, each beside the same pool used by a thread.",
        rounds(effort),
        window.as_millis(),
        before.as_millis(),
        trip_rounds(effort),
        trip_slice(effort).as_micros()
    )
}

struct Collect {
    hold: Hold,
    effort: Effort,
    contenders: Vec<Contender<Sample>>,
}

impl AsyncVisitor for Collect {
    fn visit<P: AsyncPeer>(&mut self) {
        let &mut Self { hold, effort, .. } = self;
        self.contenders.push(Contender::new(P::FACTS, move || contend::<P>(hold, windows(effort, hold))));
    }
}

/// What the tasks of one window share.
struct Shared<P> {
    pool: P,
    phase: Phase,
}

thread_local! {
    /// The waits that ended on this worker.
    static WAITS: RefCell<Waits> = RefCell::new(no_waits());
}

/// A runtime whose workers add their waits to `all` when they stop.
fn workers(all: &Arc<Mutex<Waits>>) -> Runtime {
    let all = Arc::clone(all);
    let hand_in = move || WAITS.with_borrow(|waits| waiting::add(&mut all.lock(), waits));
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(WORKERS).enable_time().on_thread_stop(hand_in).build();
    built.unwrap_or_else(|error| panic!("no runtime: {error}"))
}

fn contend<P: AsyncPeer>(hold: Hold, (before, window): (Duration, Duration)) -> Sample {
    let waits = Arc::new(Mutex::new(no_waits()));
    let runtime = workers(&waits);
    let shared = Arc::new(Shared { pool: runtime.block_on(P::primed_async(RESOURCES)), phase: Phase::default() });
    let tasks: Vec<_> = (0..TASKS).map(|_| runtime.spawn(serve(Arc::clone(&shared), hold))).collect();
    let counted = shared.phase.pass(before, window);
    let served: Vec<_> = runtime.block_on(async {
        let mut served = Vec::new();
        for task in tasks {
            served.extend(task.await);
        }
        // Some pools need the runtime for their end.
        drop(shared);
        served
    });
    // Waits for the workers.
    drop(runtime);
    assert_eq!(served.len(), TASKS as usize, "a task of {} panicked", P::FACTS.name);
    Sample::of(&served, &waits.lock(), counted)
}

/// The measured loop of one task: how often it was served.
async fn serve<P: AsyncPeer>(shared: Arc<Shared<P>>, hold: Hold) -> u32 {
    let Shared { pool, phase } = &*shared;
    let mut served = 0;
    loop {
        consume_budget().await;
        if phase.is_over() {
            return served;
        }
        let asked = Instant::now();
        let Ok(mut lease) = pool.get_async().await else { panic!("{} lent nothing", P::FACTS.name) };
        let waited = asked.elapsed();
        if !phase.is_before() {
            WAITS.with_borrow_mut(|waits| waiting::record(waits, waited));
        }
        if phase.is_over() {
            return served;
        }
        lease.uses += 1;
        hold.hold().await;
        drop(lease);
        if phase.is_counting() {
            served += 1;
        }
    }
}

fn table(series: &[Series<Sample>], hold: Hold) -> Table {
    let fairness = |series: &Series<Sample>| {
        let spread = |figure: fn(&Sample) -> f64| Spread::of(&series.figures(figure));
        let is_enough = spread(|sample| sample.median_served).median >= ENOUGH;
        if is_enough { show::number(spread(|sample| sample.unfairness).median) } else { "–".into() }
    };
    waiting::table(format!("{TASKS} tasks on {RESOURCES}, held {}", hold.name()), series, fairness)
}

fn throughput(series: &[Series<Sample>], hold: Hold, what: &str, ours: Facts) -> Figure {
    let per_second = |facts: Facts| {
        let found = series.iter().find(|series| series.facts == facts);
        found.map_or_else(Vec::new, |series| series.figures(|sample| sample.per_second))
    };
    let peers = PEERS.map(per_second);
    let best = best_of(&peers.each_ref().map(Vec::as_slice), f64::max);
    Figure { key: key(what, hold), values: ratios(&per_second(ours), &best) }
}

fn panels(series: &[Series<Sample>], hold: Hold) -> Vec<Panel> {
    let panel = |title: String, figure: fn(&Sample) -> f64| {
        let bars = series.iter().map(|series| PlotBar {
            label: format!("{}{}", series.name, if series.facts.order == Order::Fifo { "" } else { " *" }),
            value: Spread::of(&series.figures(figure)),
            is_ours: series.facts.is_ours,
        });
        Panel { title, bars: bars.collect() }
    };
    vec![
        panel(format!("held {}: thousand per second", hold.name()), |sample| sample.per_second / 1e3),
        panel("longest wait, ms".into(), |sample| sample.longest / 1e6),
    ]
}

fn plot(rows: Vec<Vec<Panel>>) -> Plot {
    Plot {
        file: "bench-w4".into(),
        title: format!("{TASKS} tasks on {RESOURCES} resources, {WORKERS} workers"),
        caption: "Median and quartiles over the rounds; logarithmic scales. Left: longer is better; right: shorter is better. \
                  * not first come, first served"
            .into(),
        rows,
    }
}

/// One task and nobody else, beside a thread and nobody else.
fn round_trips(effort: Effort, progress: &mut Progress, section: &mut Section) {
    progress.show("W4, calibrating");
    let mut collect = CollectTrips { slice: trip_slice(effort), contenders: Vec::new() };
    for_each_async_peer(&mut collect);
    let series = run_rounds(collect.contenders, trip_rounds(effort), trip_slice(effort), "W4, one task", progress);
    let pairs: Vec<_> = series.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect();
    let Some((ours, our_blocking)) = pairs.first() else { return };
    section.figures.push(Figure { key: ROUND_TRIP.into(), values: ratios(&ours.samples, &our_blocking.samples) });
    let rows = pairs.iter().map(|(task, thread)| {
        vec![
            task.name.clone(),
            show::spread(Spread::of(&task.samples)),
            show::spread(Spread::of(&thread.samples)),
            show::spread(Spread::of(&ratios(&task.samples, &thread.samples))),
            show::spread(Spread::of(&ratios(&task.samples, &ours.samples))),
        ]
    });
    section.tables.push(Table {
        title: "One task: nanoseconds for a round trip".into(),
        columns: ["pool", "task: ns (quartiles)", "thread: ns (quartiles)", "task ÷ thread", "task ÷ ours, borrowed"]
            .map(String::from)
            .to_vec(),
        rows: rows.collect(),
    });
}

struct CollectTrips {
    slice: Duration,
    contenders: Vec<Contender<f64>>,
}

impl AsyncVisitor for CollectTrips {
    fn visit<P: AsyncPeer>(&mut self) {
        let runtime = one_thread();
        let pool = runtime.block_on(P::primed_async(RESOURCES));
        let trips = calibrate(|trips| least(|| time_async(&runtime, &pool, trips)), self.slice);
        let contender = Contender::new(P::FACTS, move || nanos(time_async(&runtime, &pool, trips), trips));
        self.contenders.push(contender);
        let pool = P::primed(RESOURCES);
        let trips = calibrate(|trips| least(|| time(&pool, trips)), self.slice);
        self.contenders.push(Contender::new(P::FACTS, move || nanos(time(&pool, trips), trips)).variant(BLOCKING));
    }
}

/// The least of three: so that what else runs on the machine does not make all slices short.
fn least(mut time: impl FnMut() -> Duration) -> Duration {
    time().min(time()).min(time())
}

/// A runtime of one thread.
///
/// # Panics
///
/// If there is none to be had.
pub fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap_or_else(|error| panic!("no runtime: {error}"))
}

/// About `trips` round trips of 100 tasks on one thread, each held across a yield: all but the first few are handed over.
/// For a program that counts instructions.
///
/// # Panics
///
/// If a task did.
pub fn hand_over<P: AsyncPeer>(trips: u32) {
    const HANDS: u32 = 100;
    one_thread().block_on(async {
        let pool = Arc::new(P::primed_async(RESOURCES).await);
        let task = |pool: Arc<P>| async move {
            for _ in 0..trips / HANDS {
                let lease = pool.get_async().await;
                yield_now().await;
                drop(lease);
            }
        };
        let tasks: Vec<_> = (0..HANDS).map(|_| tokio::spawn(task(Arc::clone(&pool)))).collect();
        for task in tasks {
            assert!(task.await.is_ok(), "a task of {} panicked", P::FACTS.name);
        }
    });
}

/// The timed loop. Not inlined, so that each pool's is a function of its own and can be found in a profile.
#[inline(never)]
pub fn time_async<P: AsyncPeer>(runtime: &Runtime, pool: &P, trips: u32) -> Duration {
    runtime.block_on(async {
        let started = Instant::now();
        for _ in 0..trips {
            pool.round_trip_async().await;
        }
        started.elapsed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::mobc;
    use crate::waiting::Counted;
    use core::future::poll_fn;
    use core::pin::pin;
    use core::task::Poll;

    #[test]
    fn a_smoke_run_has_a_row_for_each_contender_and_no_figure_is_missing() {
        let section = run(Effort::Smoke, &mut Progress::silent());
        assert_eq!(section.tables.len(), HOLDS.len() + 1);
        assert!(section.tables.iter().all(|table| table.rows.len() == CONTENDERS as usize));
        assert_eq!(section.figures.len(), 2 * HOLDS.len() + 1);
        assert!(section.figures.iter().all(|figure| figure.values.len() == 2), "{:?}", section.figures);
        assert_eq!(section.plots.len(), 1);
    }

    #[test]
    fn tasks_wait_where_a_lease_is_held_across_an_await_and_the_workers_tell() {
        let millis = Duration::from_millis;
        let longest = |hold| contend::<ours::Borrowed>(hold, (millis(20), millis(60))).longest;
        // With 992 in line, somebody waits longer than a hold by far.
        assert!(longest(Hold::Asleep(millis(1))) > 10e6);
    }

    struct TripsInATurn(Vec<(&'static str, u32)>);

    impl AsyncVisitor for TripsInATurn {
        fn visit<P: AsyncPeer>(&mut self) {
            // mobc gives back by another task, so that this one has to wait.
            if P::FACTS == mobc::Mobc::FACTS {
                return;
            }
            let runtime = one_thread();
            let pool = runtime.block_on(P::primed_async(RESOURCES));
            let mut trips = 0;
            runtime.block_on(async {
                let mut task = pin!(async {
                    loop {
                        consume_budget().await;
                        pool.round_trip_async().await;
                        trips += 1;
                    }
                });
                poll_fn(|context| Poll::Ready(task.as_mut().poll(context).is_pending())).await
            });
            self.0.push((P::FACTS.name, trips));
        }
    }

    #[test]
    fn a_task_that_never_waits_has_128_trips_or_64_if_the_pool_spends_budget_as_well() {
        let mut trips = TripsInATurn(Vec::new());
        for_each_async_peer(&mut trips);
        for (name, trips) in trips.0 {
            let expected = if name.starts_with("deadpool") { 64 } else { 128 };
            assert_eq!(trips, expected, "{name}");
        }
    }

    #[test]
    fn the_throughput_is_beside_the_best_of_the_named_peers() {
        let second = Counted { time: Duration::from_secs(1), work: Duration::ZERO };
        let sample = |per_second| Sample { per_second, ..Sample::of(&[1], &no_waits(), second) };
        let series = |facts: Facts, per_second| Series {
            facts,
            name: facts.name.into(),
            samples: vec![sample(per_second), sample(per_second)],
        };
        let named =
            [deadpool::Managed::FACTS, deadpool::Unmanaged::FACTS, bb8::Bb8::FACTS, asyncband::Asyncband::FACTS];
        let mut all: Vec<_> =
            named.into_iter().zip([3.0, 8.0, 2.0, 1.0]).map(|(facts, it)| series(facts, it)).collect();
        all.push(series(ours::Borrowed::FACTS, 4.0));
        all.push(series(mobc::Mobc::FACTS, 100.0));
        assert_eq!(throughput(&all, Hold::Yield, BEST, ours::Borrowed::FACTS).values, [0.5, 0.5]);
    }
}
