//! How figures are written.

use crate::measure::Spread;

/// Three digits or so.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        "–".into()
    } else if value.is_infinite() {
        "∞".into()
    } else if value.abs() >= 99.95 {
        grouped(value)
    } else if value.abs() >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// Digits in groups of three.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(' ');
        }
        shown.push(digit);
    }
    if value < 0.0 { format!("-{shown}") } else { shown }
}

/// The median, and the quartiles in brackets.
pub fn spread(spread: Spread) -> String {
    format!("{} ({}–{})", number(spread.median), number(spread.low), number(spread.high))
}

/// A time in the unit that fits.
pub fn nanos(nanos: f64) -> String {
    if nanos.is_nan() {
        "–".into()
    } else if nanos < 1e3 {
        format!("{} ns", number(nanos))
    } else if nanos < 1e6 {
        format!("{} µs", number(nanos / 1e3))
    } else {
        format!("{} ms", number(nanos / 1e6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_three_digits_or_so() {
        let shown = [0.254, 4.0, 9.996, 39.04, 187.6, 6290.2, 1_735_000.0, f64::INFINITY, f64::NAN].map(number);
        assert_eq!(shown, ["0.25", "4.00", "10.0", "39.0", "188", "6 290", "1 735 000", "∞", "–"]);
    }

    #[test]
    fn a_time_has_the_unit_that_fits() {
        assert_eq!([12.0, 12_300.0, 4.2e6].map(nanos), ["12.0 ns", "12.3 µs", "4.20 ms"]);
    }
}
