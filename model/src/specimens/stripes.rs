//! The seventh fault: the configured number of stripes is proved to lie between 1 and the maximum, and then ignored.
//!
//! Published: `newPool` takes the number of stripes as an argument of its own, does not look at the configuration's,
//! and gives each stripe `div maxres numstripes` resources, one more to the first `mod maxres numstripes`.

use super::STRIPE_COUNT;
use crate::story::{Panel, Step, Story};
use core::fmt::Write;

/// The largest maximum and the largest argument tried.
const BOUND: u32 = 4;

/// The capacities of the stripes that the published `newPool` builds: `configured` is not looked at.
fn new_pool(argument: u32, max_resources: u32, _configured: u32) -> Vec<u32> {
    let (base, rest) = (max_resources / argument, max_resources % argument);
    (0..argument).map(|stripe| base + u32::from(stripe < rest)).collect()
}

/// A valid configuration for which other stripes are built than configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miscounted {
    max_resources: u32,
    configured: u32,
    argument: u32,
    /// The capacities of the stripes that are built.
    stripes: Vec<u32>,
}

/// The smallest valid configuration and argument for which other stripes are built than configured.
#[must_use]
pub fn stripe_count_is_ignored() -> Option<Miscounted> {
    let valid = (1..=BOUND).flat_map(|max| (1..=max).map(move |configured| (max, configured)));
    let calls = valid.flat_map(|(max, configured)| (1..=BOUND).map(move |argument| (max, configured, argument)));
    let built = calls.map(|(max_resources, configured, argument)| {
        let stripes = new_pool(argument, max_resources, configured);
        Miscounted { max_resources, configured, argument, stripes }
    });
    built.into_iter().find(|built| u32::try_from(built.stripes.len()) != Ok(built.configured))
}

impl Miscounted {
    /// As a trace.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { max_resources: max, configured, argument, stripes } = self;
        let mut text = String::new();
        let _ = writeln!(text, "configured: at most {max}, in {configured} stripes, 1 ≤ {configured} ≤ {max} proved");
        let _ = writeln!(text, "built by newPool {argument}: {} stripes of capacity {stripes:?}", stripes.len());
        if let Some(empty) = self.empty() {
            let _ = writeln!(text, "take on stripe {empty}: available 0, nothing is out, it waits for ever");
        }
        text
    }

    /// As a story.
    #[must_use]
    pub fn story(&self) -> Story {
        let Self { max_resources: max, configured, argument, stripes } = self;
        let configuration = || Panel::new("configuration", [format!("at most {max}"), format!("stripes {configured}")]);
        let capacity = |(place, capacity): (usize, &u32)| format!("stripe {place} capacity {capacity}");
        let built = || Panel::new("stripes", stripes.iter().enumerate().map(capacity));
        let mut steps = vec![
            Step {
                panels: vec![configuration(), Panel::new("stripes", [])],
                summary: format!("configured: at most {max}, stripes {configured}"),
                ..Step::default()
            },
            Step {
                column: Some(0),
                action: format!("newPool {argument}"),
                answers: vec![format!("{} stripes instead of {configured}", stripes.len())],
                panels: vec![configuration(), built()],
                summary: format!("capacities {stripes:?}"),
                failed: vec!["the configured count".to_owned()],
                ..Step::default()
            },
        ];
        steps.extend(self.empty().map(|empty| Step {
            column: Some(1),
            action: format!("take on stripe {empty}"),
            answers: vec!["available 0, nothing is out".to_owned()],
            doing: vec![String::new(), "waits for ever".to_owned()],
            panels: vec![configuration(), built()],
            summary: format!("capacities {stripes:?}"),
            ..Step::default()
        }));
        Story {
            title: STRIPE_COUNT.to_owned(),
            verdict: format!("{} stripes are built where {configured} is configured", stripes.len()),
            about: vec![(
                "published".to_owned(),
                "the configured number of stripes is proved to be valid; newPool does not look at it".to_owned(),
            )],
            columns: ["owner", "client 0"].map(str::to_owned).into(),
            steps,
        }
    }

    fn empty(&self) -> Option<usize> {
        self.stripes.iter().position(|capacity| *capacity == 0)
    }
}
