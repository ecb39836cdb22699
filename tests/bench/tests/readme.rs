//! The table under "Speed" in the README, and the note below it, say what `docs/bench.md` says. `UPDATE=1` writes them anew.

use std::path::Path;
use std::{env, fs};

const HEAD: &str = "| workload | ours | beside |\n|---|---|---|\n";
/// What follows them.
const TAIL: &str = "\n![one thread, one round trip]";
const TRIP: &str = "### Nanoseconds for a round trip";
const OURS: &str = "striped-pool (borrowed)";

/// A report of `make bench`, read back.
struct Report(String);

impl Report {
    /// The rows of the table under this heading, cell by cell.
    fn rows(&self, heading: &str) -> Vec<Vec<&str>> {
        let (_, rest) = self.0.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
        let table = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        table.skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }

    /// The first number in this cell of this row.
    fn figure(&self, heading: &str, row: &str, cell: usize) -> f64 {
        let rows = self.rows(heading);
        let row = rows.iter().find(|cells| cells[0] == row).unwrap_or_else(|| panic!("{heading}: no row {row}"));
        number(row[cell])
    }

    fn bar(&self, name: &str) -> f64 {
        self.figure("## Bars", name, 3)
    }

    /// How many times as many the best other pool serves.
    fn other(&self, name: &str) -> String {
        short(1.0 / self.bar(name))
    }

    /// How many times as many as ours the best barging pool serves, and how many times as often as the median a thread of one.
    fn barging(&self, held: &str) -> (f64, f64) {
        let heading = format!("### 8 on 2, held {held}");
        let ours = self.figure(&heading, OURS, 2);
        let rows = self.rows(&heading);
        let barging = rows.iter().filter(|cells| cells[1] == "barging");
        barging.fold((0.0, 0.0), |(most, unfair), cells| {
            (f64::max(most, number(cells[2]) / ours), f64::max(unfair, number(cells[3])))
        })
    }

    fn table(&self) -> String {
        let w1 = |pool: &str| short(self.figure(TRIP, pool, 3));
        let one = format!(
            "| one thread, get and drop | 1 ({:.0} ns; no allocation) | {} deadpool unmanaged (`try_get`: {}), {} asyncband, {} r2d2 \
             (`try_get`: {}), {} bb8, {} deadpool managed; {} a mutex and a condition variable by hand |",
            self.figure(TRIP, OURS, 2),
            w1("deadpool unmanaged"),
            w1("deadpool unmanaged (try_get)"),
            w1("asyncband"),
            w1("r2d2"),
            w1("r2d2 (try_get)"),
            w1("bb8"),
            w1("deadpool managed"),
            w1("parking_lot by hand"),
        );
        let fifo = |size: &str, held: &str| self.other(&format!("w3 {size}, {held}: throughput / best FIFO"));
        let barging = ["0 µs", "1 µs busy", "20 µs busy"].map(|held| self.barging(held));
        let unfair = barging.iter().map(|(_, unfair)| *unfair).fold(0.0, f64::max);
        let eight = format!(
            "| 8 threads on 2 resources, served a second | 1 | {} the best other pool that is first come, first served (held for 0 µs), \
             {} (1 µs), {} (20 µs busy); pools that let others barge in serve {} (20 µs busy) to {} times as many (0 µs), some threads \
             up to {} times as often as others |",
            fifo("8 on 2", "0 µs"),
            fifo("8 on 2", "1 µs busy"),
            fifo("8 on 2", "20 µs busy"),
            short(barging[2].0),
            short(barging[0].0),
            short(unfair),
        );
        let many = format!(
            "| 64 threads on 8 resources, served a second | 1 | {} the best other first come, first served (0 µs), {} (1 µs), {} (20 µs \
             busy), {} (20 µs asleep) |",
            fifo("64 on 8", "0 µs"),
            fifo("64 on 8", "1 µs busy"),
            fifo("64 on 8", "20 µs busy"),
            fifo("64 on 8", "20 µs asleep"),
        );
        let across = "### 1000 tasks on 8, held across a yield";
        let tasks = format!(
            "| 1 000 tasks on 8 resources, 2 workers, served a second | 1 | held for nothing: {} the best other; held across a yield, so \
             that nearly all wait: {}, and a bare line behind a lock, which cannot cancel, create or close, {} |",
            self.other("w4 held for nothing: throughput / best"),
            self.other("w4 held across a yield: throughput / best"),
            short(self.figure(across, "floor: line by hand", 2) / self.figure(across, OURS, 2)),
        );
        let striped = format!(
            "| the same, ours with two stripes | 1 | held for nothing: {} the best other; held across a yield: {} |",
            self.other("w4 held for nothing: throughput / best, two stripes"),
            self.other("w4 held across a yield: throughput / best, two stripes"),
        );
        let growth = format!(
            "| 10 000 waiters instead of 1; 10 000 idle instead of 8; 64 stripes instead of 1 | {:.1}; {:.2}; {:.2} times the cost | |",
            self.bar("w7 10 000 waiters / 1 waiter"),
            self.bar("w7 10 000 idle / 8 idle"),
            self.bar("w7 64 stripes / 1 stripe"),
        );
        [one, eight, many, tasks, striped, growth].map(|row| row + "\n").concat()
    }

    /// What the table does not say of its figures.
    fn note(&self) -> String {
        format!(
            "Each is the median of the ratios within a round, but for two that are ratios of two medians: how many times as many the \
             pools serve that let others barge in, and the bare line.\nOne thread: our lease borrows the pool, as those of bb8 and of the \
             mutex by hand do; those of deadpool, asyncband and r2d2 do not, and ours when it does not takes {} times as long.\n",
            short(self.figure(TRIP, "striped-pool (owned)", 3))
        )
    }
}

/// The number that a cell begins with; thousands are apart by a space of some kind.
fn number(cell: &str) -> f64 {
    let digits = cell.split(" (").next().unwrap_or(cell);
    let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number: {cell}"))
}

/// To two digits, as a person would say it.
fn short(ratio: f64) -> String {
    if ratio < 1.0 { format!("{ratio:.2}") } else { format!("{ratio:.1}") }
}

#[test]
fn the_table_under_speed_is_that_of_the_report() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let report = Report(fs::read_to_string(root.join("docs/bench.md")).unwrap());
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (before, rest) = readme.split_once(HEAD).expect("the table under Speed");
    let (written, after) = rest.split_once(TAIL).expect("the picture after the table");
    let wanted = format!("{}\n{}", report.table(), report.note());
    if env::var_os("UPDATE").is_some() {
        fs::write(root.join("README.md"), format!("{before}{HEAD}{wanted}{TAIL}{after}")).unwrap();
    } else {
        assert_eq!(written, wanted, "UPDATE=1 writes it");
    }
}
