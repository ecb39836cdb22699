//! Numbers and names from the command line, and what is allowed.

use super::Wrong;
use core::fmt::Display;
use core::ops::RangeInclusive;
use core::str::FromStr;
use striped_pool_model::Which;

/// The value of `option` as a number within `allowed`.
pub(super) fn number<T>(arguments: &mut lexopt::Parser, option: &str, allowed: RangeInclusive<T>) -> Result<T, Wrong>
where
    T: FromStr + PartialOrd + Display,
{
    let value = text(arguments)?;
    let number = value.parse().ok().filter(|number| allowed.contains(number));
    let (least, most) = (allowed.start(), allowed.end());
    number.ok_or_else(|| Wrong(format!("{option} {value} is impossible: allowed is {least} to {most}")))
}

/// The value of `--machine`.
pub(super) fn machine(arguments: &mut lexopt::Parser) -> Result<Which, Wrong> {
    Which::of(&text(arguments)?).map_err(Wrong)
}

/// The value of an option as text.
pub(super) fn text(arguments: &mut lexopt::Parser) -> Result<String, Wrong> {
    Ok(arguments.value()?.to_string_lossy().into_owned())
}
