//! Pictures: horizontal bars on logarithmic scales, as SVG written by hand.
//!
//! ```text
//!   title
//!   caption
//!            panel title          panel title
//!   label    ▆▆▆▆▆▆▆├─┤ 39        ▆▆▆├┤ 2.1          one row of panels
//!   label    ▆▆▆▆▆▆▆▆▆▆▆├┤ 205    ▆▆▆▆▆▆▆├──┤ 14
//!            10   100   1 000     1    10            ticks at powers of ten
//! ```

use crate::measure::Spread;
use crate::section::{Panel, Plot, PlotBar};
use crate::show;
use core::fmt::Write as _;

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 20.0;
/// For labels, at the left of each row of panels.
const LABELS: f64 = 265.0;
/// Between panels.
const GAP: f64 = 24.0;
/// For the figure behind a bar.
const FIGURE: f64 = 70.0;
const HEAD: f64 = 70.0;
const PANEL_TITLE: f64 = 30.0;
const TICKS: f64 = 32.0;
const BAR: f64 = 22.0;

const OURS: &str = "#0b6e4f";
const PEER: &str = "#9aa5b1";
const INK: &str = "#1f2933";
const GRID: &str = "#dde3ea";

/// A logarithmic scale from a power of ten to another.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    low: i32,
    high: i32,
    left: f64,
    width: f64,
}

impl Scale {
    /// From the power of ten at or below the least figure to that at or above the greatest.
    fn of(values: impl Iterator<Item = f64>, left: f64, width: f64) -> Self {
        let logs = values.filter(|value| value.is_finite() && *value > 0.0).map(f64::log10);
        let (least, most) =
            logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), log| (least.min(log), most.max(log)));
        if least > most {
            return Self { low: 0, high: 1, left, width };
        }
        let (low, high) = (whole(least.floor()), whole(most.ceil()));
        // A bar that ends where its scale begins could not be seen.
        let low = if (least - f64::from(low)).abs() < 0.05 { low - 1 } else { low };
        Self { low, high: high.max(low + 1), left, width }
    }

    /// Where a figure is; the ends for what is beyond them.
    fn place(self, value: f64) -> f64 {
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let log = if value > 0.0 { value.log10().clamp(low, high) } else { low };
        self.left + (log - low) / (high - low) * self.width
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the logarithm of a figure that is shown")]
fn whole(value: f64) -> i32 {
    value as i32
}

#[expect(clippy::cast_precision_loss, reason = "a handful of bars")]
fn count(items: &[impl Sized]) -> f64 {
    items.len() as f64
}

fn row_height(row: &[Panel]) -> f64 {
    PANEL_TITLE + row.first().map_or(0.0, |panel| count(&panel.bars)) * BAR + TICKS
}

/// The picture.
pub fn svg(plot: &Plot) -> String {
    let height = HEAD + plot.rows.iter().map(|row| row_height(row)).sum::<f64>() + MARGIN / 2.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"{INK}\">\n\
         <title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(&plot.title)
    );
    text(&mut svg, (MARGIN, 30.0), "font-size=\"18\" font-weight=\"600\"", &plot.title);
    text(&mut svg, (MARGIN, 52.0), "font-size=\"12\"", &plot.caption);
    let mut top = HEAD;
    for row in &plot.rows {
        draw_row(&mut svg, plot, row, top);
        top += row_height(row);
    }
    svg.push_str("</svg>\n");
    svg
}

/// All figures of the panels below each other, which have one scale so that they can be compared.
fn column(plot: &Plot, index: usize) -> impl Iterator<Item = f64> {
    let bars = plot.rows.iter().filter_map(move |row| row.get(index)).flat_map(|panel| &panel.bars);
    bars.flat_map(|bar| [bar.value.low, bar.value.median, bar.value.high])
}

fn draw_row(svg: &mut String, plot: &Plot, row: &[Panel], top: f64) {
    let panels = count(row).max(1.0);
    let width = (WIDTH - 2.0 * MARGIN - LABELS - GAP * (panels - 1.0)) / panels;
    let mut left = MARGIN + LABELS;
    for (index, panel) in row.iter().enumerate() {
        if index == 0 {
            draw_labels(svg, &panel.bars, top);
        }
        let scale = Scale::of(column(plot, index), left, width - FIGURE);
        draw_panel(svg, panel, scale, top);
        left += width + GAP;
    }
}

fn draw_labels(svg: &mut String, bars: &[PlotBar], top: f64) {
    let mut base = top + PANEL_TITLE + BAR * 0.72;
    for bar in bars {
        let weight = if bar.is_ours { " font-weight=\"600\"" } else { "" };
        text(svg, (MARGIN + LABELS - 10.0, base), &format!("text-anchor=\"end\"{weight}"), &bar.label);
        base += BAR;
    }
}

fn draw_panel(svg: &mut String, panel: &Panel, scale: Scale, top: f64) {
    text(svg, (scale.left, top + 19.0), "font-weight=\"600\"", &panel.title);
    let first = top + PANEL_TITLE;
    let last = first + count(&panel.bars) * BAR;
    for power in scale.low..=scale.high {
        let value = 10_f64.powi(power);
        let x = scale.place(value);
        let _ = writeln!(svg, "<path d=\"M{x:.1} {first:.1}V{:.1}\" stroke=\"{GRID}\"/>", last + 3.0);
        text(svg, (x, last + 17.0), "font-size=\"12\" text-anchor=\"middle\"", &tick(value));
    }
    let mut y = first;
    for bar in &panel.bars {
        draw_bar(svg, bar, scale, y);
        y += BAR;
    }
}

fn draw_bar(svg: &mut String, bar: &PlotBar, scale: Scale, y: f64) {
    let Spread { low, median, high } = bar.value;
    let (from, to, end) = (scale.place(low), scale.place(median), scale.place(high));
    let colour = if bar.is_ours { OURS } else { PEER };
    let middle = y + BAR / 2.0;
    let _ = writeln!(
        svg,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
        scale.left,
        y + 3.0,
        to - scale.left,
        BAR - 6.0
    );
    let _ = writeln!(
        svg,
        "<path d=\"M{from:.1} {middle:.1}H{end:.1}M{from:.1} {:.1}v8M{end:.1} {:.1}v8\" stroke=\"{INK}\" fill=\"none\"/>",
        middle - 4.0,
        middle - 4.0
    );
    text(svg, (end.max(to) + 6.0, y + BAR * 0.72), "", &show::number(median));
}

/// A power of ten, as short as it goes.
fn tick(value: f64) -> String {
    if value < 1.0 { format!("{value}") } else { show::number(value).trim_end_matches(".00").replace(".0", "") }
}

fn text(svg: &mut String, (x, y): (f64, f64), attributes: &str, content: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{}</text>", escaped(content));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_reaches_from_power_to_power_and_is_logarithmic() {
        let scale = Scale::of([20.0, 700.0].into_iter(), 100.0, 200.0);
        assert_eq!((scale.low, scale.high), (1, 3));
        let places = [10.0, 100.0, 1_000.0].map(|value| scale.place(value));
        assert_eq!(places.map(whole), [100, 200, 300]);
        assert_eq!([0.0, 1e9].map(|value| whole(scale.place(value))), [100, 300]);
    }

    #[test]
    fn a_scale_never_begins_at_a_figure_and_is_never_empty() {
        let scale = Scale::of([10.0, 10.0].into_iter(), 0.0, 1.0);
        assert_eq!((scale.low, scale.high), (0, 1));
        let scale = Scale::of([f64::NAN, f64::INFINITY, 0.0].into_iter(), 0.0, 1.0);
        assert_eq!((scale.low, scale.high), (0, 1));
    }

    #[test]
    fn panels_below_each_other_have_one_scale() {
        let panel = |median| Panel {
            title: "t".into(),
            bars: vec![PlotBar { label: "l".into(), value: Spread::of(&[median]), is_ours: true }],
        };
        let rows = vec![vec![panel(2.0), panel(30.0)], vec![panel(500.0), panel(40.0)]];
        let svg = svg(&Plot { file: "f".into(), title: "t".into(), caption: "c".into(), rows });
        let ticks = |label: &str| svg.matches(&format!(">{label}</text>")).count();
        assert_eq!(["1", "10", "100", "1 000"].map(ticks), [2, 4, 4, 2]);
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!([0.01, 0.1, 1.0, 10.0, 1_000.0].map(tick), ["0.01", "0.1", "1", "10", "1 000"]);
    }

    #[test]
    fn longer_bars_are_longer_and_text_is_escaped() {
        let bar = |label: &str, median| PlotBar {
            label: label.into(),
            value: Spread { low: median, median, high: median },
            is_ours: false,
        };
        let panel = Panel { title: "ns & more".into(), bars: vec![bar("a<b", 20.0), bar("c", 200.0)] };
        let plot = Plot { file: "f".into(), title: "t".into(), caption: "c".into(), rows: vec![vec![panel]] };
        let svg = svg(&plot);
        assert!(svg.contains("ns &amp; more") && svg.contains("a&lt;b"));
        let widths: Vec<f64> = svg
            .lines()
            .filter(|line| line.contains(PEER))
            .filter_map(|line| line.split("width=\"").nth(1)?.split('"').next()?.parse().ok())
            .collect();
        assert_eq!(widths.len(), 2);
        assert!(widths[0] < widths[1], "{widths:?}");
    }
}
