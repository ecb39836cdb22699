//! The seventh fault: the configured number of stripes is proved to lie between 1 and the maximum, and then ignored.
//!
//! Published: `newPool` takes the number of stripes as an argument of its own, does not look at the configuration's,
//! and gives each stripe `div maxres numstripes` resources, one more to the first `mod maxres numstripes`.

use core::fmt::Write;

/// The largest maximum and the largest argument tried.
const BOUND: u32 = 4;

/// The capacities of the stripes that the published `newPool` builds: `configured` is not looked at.
fn new_pool(argument: u32, max_resources: u32, _configured: u32) -> Vec<u32> {
    let (base, rest) = (max_resources / argument, max_resources % argument);
    (0..argument).map(|stripe| base + u32::from(stripe < rest)).collect()
}

/// The smallest valid configuration and argument for which other stripes are built than configured, as a trace.
#[must_use]
pub fn stripe_count_is_ignored() -> Option<String> {
    let valid = (1..=BOUND).flat_map(|max| (1..=max).map(move |configured| (max, configured)));
    let calls = valid.flat_map(|(max, configured)| (1..=BOUND).map(move |argument| (max, configured, argument)));
    let (max, configured, argument) = calls.into_iter().find(|(max, configured, argument)| {
        u32::try_from(new_pool(*argument, *max, *configured).len()) != Ok(*configured)
    })?;
    let stripes = new_pool(argument, max, configured);
    let mut text = String::new();
    let _ = writeln!(text, "configured: at most {max}, in {configured} stripes, 1 ≤ {configured} ≤ {max} proved");
    let _ = writeln!(text, "built by newPool {argument}: {} stripes of capacity {stripes:?}", stripes.len());
    if let Some(empty) = stripes.iter().position(|capacity| *capacity == 0) {
        let _ = writeln!(text, "take on stripe {empty}: available 0, nothing is out, it waits for ever");
    }
    Some(text)
}
