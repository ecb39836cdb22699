//! What is to be reached: each bar as data, and the judgement.
//!
//! A bar is set on a figure that a workload names by its key. It is met if the median over the rounds is within the bound;
//! the quartiles are shown, so that a close call can be seen. A workload that ran owes the figures of all its bars: a bar
//! without one is missed.

use crate::measure::Spread;
use crate::section::Figure;
use crate::show;
use crate::w3::{HOLDS, Hold, SIZES, key};
use crate::{w4, w6};

/// How much a bar matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What ships reaches it.
    Must,
    /// What we want.
    Goal,
}

/// On which side of the bar is good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The figure, at most.
    AtMost(f64),
    /// The figure, at least.
    AtLeast(f64),
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The key of the figure: its workload, then a formula that says what is divided by what.
    pub key: String,
    /// How much it matters.
    pub level: Level,
    /// How high it is.
    pub bound: Bound,
}

/// What came of a bar.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The bar.
    pub bar: Bar,
    /// What was measured; nothing if its workload did not run, `NaN` if it ran and the figure could not be taken.
    pub measured: Option<Spread>,
}

/// How a bar ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Reached.
    Met,
    /// Not reached, or not measured although its workload ran.
    Missed,
    /// Its workload did not run.
    NotRun,
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn shown(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", show::number(most)),
            Self::AtLeast(least) => format!("≥ {}", show::number(least)),
        }
    }
}

impl Bar {
    /// By what its workload is asked for.
    pub fn workload(&self) -> &str {
        self.key.split(' ').next().unwrap_or_default()
    }
}

impl Judged {
    /// How it ended.
    pub fn verdict(&self) -> Verdict {
        match self.measured {
            Some(measured) if self.bar.bound.holds(measured.median) => Verdict::Met,
            Some(_) => Verdict::Missed,
            None => Verdict::NotRun,
        }
    }

    /// Whether it is one that must be met, and is missed.
    pub fn is_missed_must(&self) -> bool {
        self.bar.level == Level::Must && self.verdict() == Verdict::Missed
    }

    /// Whether its workload ran and came to no figure for it.
    pub fn is_owed(&self) -> bool {
        self.measured.is_some_and(|measured| measured.median.is_nan())
    }

    /// Cells of a row: figure, level, bar, measured, verdict.
    pub fn row(&self) -> Vec<String> {
        let level = match self.bar.level {
            Level::Must => "must",
            Level::Goal => "goal",
        };
        let verdict = match self.verdict() {
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::NotRun => "not run",
        };
        let measured = match self.measured {
            Some(_) if self.is_owed() => "not measured".into(),
            Some(measured) => show::spread(measured),
            None => "–".into(),
        };
        vec![self.bar.key.clone(), level.into(), self.bar.bound.shown(), measured, verdict.into()]
    }
}

/// Judges all bars by what the workloads that ran have measured.
pub fn judge(ran: &[&str], figures: &[Figure]) -> Vec<Judged> {
    let measured = |bar: &Bar| {
        let figure = figures.iter().find(|figure| figure.key == bar.key);
        let values = figure.map_or(&[][..], |figure| &figure.values);
        ran.contains(&bar.workload()).then(|| Spread::of(values))
    };
    bars().into_iter().map(|bar| Judged { measured: measured(&bar), bar }).collect()
}

/// All bars.
pub fn bars() -> Vec<Bar> {
    use Bound::AtMost;
    use Level::{Goal, Must};
    let mut bars: Vec<_> = [
        ("w1 borrowed / managed peers", Must, AtMost(0.4)),
        ("w1 borrowed / managed peers", Goal, AtMost(0.25)),
        ("w1 borrowed / deadpool unmanaged get", Must, AtMost(0.7)),
        ("w1 borrowed / deadpool unmanaged get", Goal, AtMost(0.4)),
        ("w1 borrowed / deadpool unmanaged try_get", Must, AtMost(0.7)),
        ("w1 borrowed / deadpool unmanaged try_get", Goal, AtMost(0.4)),
        ("w1 borrowed / qp", Goal, AtMost(1.0)),
        ("w1 borrowed / by hand", Goal, AtMost(2.0)),
        ("w1 borrowed / floor", Goal, AtMost(4.0)),
        ("w1 owned / managed peers", Must, AtMost(0.5)),
        ("w1 ttl / borrowed", Must, AtMost(1.25)),
        ("w2 two stripes / one thread", Must, AtMost(0.6)),
        ("w2 one stripe / best FIFO", Must, AtMost(1.0)),
        (w4::ROUND_TRIP, Must, AtMost(1.5)),
        ("w6 bytes more after 10 N timeouts than after N", Must, AtMost(w6::KEPT)),
        ("w7 10 000 idle / 8 idle", Must, AtMost(1.3)),
        ("w7 10 000 waiters / 1 waiter", Must, AtMost(4.0)),
        ("w7 64 stripes / 1 stripe", Must, AtMost(1.3)),
        ("w8 allocations for a round trip, borrowed", Must, AtMost(0.0)),
        ("w8 allocations for a round trip, TTL", Must, AtMost(0.0)),
        ("w8 allocations for a round trip, owned", Must, AtMost(0.0)),
    ]
    .into_iter()
    .map(|(key, level, bound)| Bar { key: key.into(), level, bound })
    .collect();
    bars.extend(waiting_bars());
    bars.extend(task_bars());
    bars
}

/// W3: what holds for which cells.
fn waiting_bars() -> Vec<Bar> {
    use Bound::{AtLeast, AtMost};
    use Level::{Goal, Must};
    let [few, many] = SIZES;
    let mut bars = Vec::new();
    for hold in HOLDS {
        let mut bar = |what: &str, level, bound| bars.push(Bar { key: key(what, few, hold), level, bound });
        let is_long = hold.is_long();
        match hold {
            Hold::Busy(_) if is_long => bar("throughput / best FIFO", Must, AtLeast(2.0)),
            Hold::Busy(_) => bar("throughput / best FIFO", Must, AtLeast(4.0)),
            Hold::Asleep(_) => {}
        }
        if is_long {
            bar("throughput / best barging", Must, AtLeast(0.8));
            bar("throughput / best barging", Goal, AtLeast(0.95));
        }
        bar("longest wait / shortest of barging", Must, AtMost(0.5));
        bar("longest wait / shortest of barging", Goal, AtMost(0.25));
        bar("served max / median", Must, AtMost(1.1));
    }
    let ahead = |hold| Bar { key: key("throughput / best FIFO", many, hold), level: Must, bound: AtLeast(1.0) };
    bars.extend(HOLDS.map(ahead));
    bars
}

/// W4: the same for every hold that takes no time of its own.
fn task_bars() -> Vec<Bar> {
    let ahead = |what, hold, level, least| Bar { key: w4::key(what, hold), level, bound: Bound::AtLeast(least) };
    let short = w4::HOLDS.into_iter().filter(|hold| !hold.is_long());
    let of_a_hold = |hold| {
        [w4::BEST, w4::BEST_STRIPED]
            .map(|what| [ahead(what, hold, Level::Must, 1.5), ahead(what, hold, Level::Goal, 3.0)])
    };
    short.flat_map(of_a_hold).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::WORKLOADS;

    fn judged(values: &[f64], level: Level, bound: Bound) -> Judged {
        let bar = Bar { key: String::from("a / b"), level, bound };
        Judged { bar, measured: (!values.is_empty()).then(|| Spread::of(values)) }
    }

    #[test]
    fn a_bar_is_judged_by_the_median() {
        let low = judged(&[0.3, 0.4, 9.0], Level::Must, Bound::AtMost(0.4));
        assert_eq!((low.verdict(), low.is_missed_must()), (Verdict::Met, false));
        let high = judged(&[0.1, 0.41, 0.5], Level::Must, Bound::AtMost(0.4));
        assert_eq!((high.verdict(), high.is_missed_must()), (Verdict::Missed, true));
        let least = judged(&[3.9, 4.0, 4.1], Level::Goal, Bound::AtLeast(4.0));
        assert_eq!(least.verdict(), Verdict::Met);
    }

    #[test]
    fn a_missed_goal_and_a_must_whose_workload_did_not_run_fail_no_run() {
        let goal = judged(&[3.0], Level::Goal, Bound::AtLeast(4.0));
        assert_eq!((goal.verdict(), goal.is_missed_must()), (Verdict::Missed, false));
        let not_run = judged(&[], Level::Must, Bound::AtLeast(4.0));
        assert_eq!((not_run.verdict(), not_run.is_missed_must(), not_run.is_owed()), (Verdict::NotRun, false, false));
    }

    #[test]
    fn a_workload_that_ran_owes_its_bars_and_the_others_do_not() {
        // Of W8 nothing came; of W6 a figure without a value.
        let figures = [Figure { key: "w6 bytes more after 10 N timeouts than after N".into(), values: Vec::new() }];
        let (owed, others): (Vec<_>, Vec<_>) =
            judge(&["w6", "w8"], &figures).into_iter().partition(|one| ["w6", "w8"].contains(&one.bar.workload()));
        assert_eq!(owed.len(), 4);
        assert!(owed.iter().all(|one| one.is_missed_must() && one.is_owed()), "{owed:?}");
        assert_eq!(owed[0].row()[3..], ["not measured", "MISSED"]);
        assert!(others.iter().all(|one| one.verdict() == Verdict::NotRun), "{others:?}");
    }

    #[test]
    fn every_bar_is_of_a_workload() {
        let is_of_one = |bar: &Bar| WORKLOADS.iter().any(|workload| workload.id == bar.workload());
        assert!(bars().iter().all(is_of_one));
    }

    #[test]
    fn what_is_no_number_misses() {
        assert_eq!(judged(&[f64::NAN], Level::Must, Bound::AtMost(1.0)).verdict(), Verdict::Missed);
        assert_eq!(judged(&[f64::NAN], Level::Must, Bound::AtLeast(1.0)).verdict(), Verdict::Missed);
    }

    #[test]
    fn a_figure_is_found_by_its_key() {
        let key = "w1 borrowed / managed peers";
        let judged = judge(&["w1"], &[Figure { key: key.into(), values: vec![0.3] }]);
        let verdicts: Vec<_> = judged.iter().filter(|one| one.bar.key == key).map(Judged::verdict).collect();
        assert_eq!(verdicts, [Verdict::Met, Verdict::Missed]);
        assert!(judged.iter().any(|one| one.verdict() == Verdict::NotRun));
    }

    #[test]
    fn the_cells_of_w3_have_their_bars() {
        let musts = |hold| {
            let bars = waiting_bars();
            let of_hold = bars.into_iter().filter(move |bar| bar.key == key("throughput / best FIFO", SIZES[0], hold));
            of_hold.map(|bar| bar.bound).collect::<Vec<_>>()
        };
        let [nothing, short, busy, asleep] = HOLDS.map(musts);
        assert_eq!([&nothing[..], &short[..]], [[Bound::AtLeast(4.0)]; 2]);
        assert_eq!(busy, [Bound::AtLeast(2.0)]);
        assert!(asleep.is_empty());
    }

    #[test]
    fn a_thousand_tasks_have_bars_where_the_hold_decides_nothing() {
        let keys: Vec<_> = task_bars().into_iter().map(|bar| bar.key).collect();
        let (nothing, across) = ("w4 held for nothing: throughput / best", "w4 held across a yield: throughput / best");
        let [nothing_striped, across_striped] = [nothing, across].map(|key| format!("{key}, two stripes"));
        let wanted =
            [nothing, nothing, &nothing_striped, &nothing_striped, across, across, &across_striped, &across_striped];
        assert_eq!(keys, wanted);
    }
}
