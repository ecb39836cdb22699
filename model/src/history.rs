//! The recorded transitions of a real stripe, told as a [`Story`] (feature `trace`).
//!
//! Owns the names: addresses of resources become `r0`, `r1` … in the order in which they appear, and a wake slot is called
//! by the thread whose take it belongs to, which has one at a time. The words are those of `render`.
//!
//! The transitions are in commit order, as `replay` has them, and are stepped through the pure machine on the way. The
//! story ends where the record is not a run of the machine's, and says so.

use crate::machine::{Effect, Input, Machine, Shipped, View};
use crate::render;
use crate::story::{Panel, Step, Story};
use striped_pool::runtime::trace::{Mismatch, Replay, Transition};
use striped_pool::runtime::{PoolEvent, ResourceHandle, WakeHandle};
use striped_pool::stripe::{Event, Recipient};

/// A committed transition and the thread that committed it; none if it was not one of the program's.
pub type Line = (Option<usize>, Transition);

/// What `threads` threads did to a stripe of `capacity`, in the order in which they committed it, and what is wrong with it:
/// `verdict` is found at the end, unless the record is wrong before.
#[must_use]
pub fn story(title: &str, verdict: &str, capacity: u32, threads: usize, mut lines: Vec<Line>) -> Story {
    lines.sort_by_key(|(_, transition)| (transition.number, !transition.changed));
    let columns = (0..threads).map(|thread| format!("thread {thread}")).chain(["harness".to_owned()]);
    let mut teller = Teller::new(capacity, threads);
    let start = teller.start();
    let steps = core::iter::once(start).chain(lines.iter().map_while(|(thread, line)| teller.tell(*thread, line)));
    let (mut steps, columns): (Vec<Step>, _) = (steps.collect(), columns.collect());
    if let Some(last) = steps.last_mut().filter(|last| last.failed.is_empty()) {
        last.failed.push(verdict.to_owned());
    }
    Story { title: title.to_owned(), verdict: verdict.to_owned(), about: Vec::new(), steps, columns }
}

/// What the machine makes of the lines, twice: with addresses, to compare, and with names, to show.
struct Teller {
    threads: usize,
    replay: Replay,
    named: Shipped,
    resources: Vec<ResourceHandle>,
    wakes: Vec<(WakeHandle, u8)>,
    is_over: bool,
}

impl Teller {
    fn new(capacity: u32, threads: usize) -> Self {
        // In order, so nothing has to be kept.
        let (replay, named) = (Replay::new(capacity, 0), <Shipped as Machine>::new(capacity));
        Self { threads, replay, named, resources: Vec::new(), wakes: Vec::new(), is_over: false }
    }

    fn start(&self) -> Step {
        let view = self.named.observe();
        Step { summary: render::counts(&view), panels: panels(&view), ..Step::default() }
    }

    fn tell(&mut self, thread: Option<usize>, line: &Transition) -> Option<Step> {
        if self.is_over {
            return None;
        }
        let failed = Vec::from_iter(self.judge(line));
        self.is_over = !failed.is_empty();
        let column = thread.filter(|thread| *thread < self.threads).unwrap_or(self.threads);
        let input = self.rename(line.event, column);
        let stepped = self.named.step(input);
        self.named = stepped.machine;
        let (answers, told) = told(&stepped.effects);
        let view = self.named.observe();
        let (summary, panels) = (render::counts(&view), panels(&view));
        let waits = |thread: usize| view.waiters.iter().any(|(_, waiter)| usize::from(*waiter) == thread);
        let doing = (0..=self.threads).map(|thread| if waits(thread) { "waits".to_owned() } else { String::new() });
        let (action, doing, note) = (render::event(&input), doing.collect(), String::new());
        Some(Step { column: Some(column), action, answers, told, doing, panels, summary, note, failed })
    }

    /// What is wrong with the line.
    fn judge(&mut self, line: &Transition) -> Option<String> {
        match self.replay.push(line.clone()) {
            Ok(_) => None,
            Err(Mismatch::Gap { after, .. }) => Some(format!("change {after} is followed by change {}", line.number)),
            Err(Mismatch::Differs { .. }) => Some(format!("the record has other effects: {:?}", line.effects)),
            Err(Mismatch::Violates { invariants, .. }) => Some(format!("violates {invariants:?}")),
            Err(other) => Some(other.to_string()),
        }
    }

    fn rename(&mut self, event: PoolEvent, thread: usize) -> Input {
        match event {
            Event::Take { wake } => Event::Take { wake: self.waiter(wake, thread) },
            Event::TryTake { wake: Recipient::Caller } => Event::TryTake { wake: Recipient::Caller },
            Event::TryTake { wake: Recipient::Slot(wake) } => {
                Event::TryTake { wake: Recipient::Slot(self.waiter(wake, thread)) }
            }
            Event::Put { resource, now } => Event::Put { resource: self.resource(resource), now },
            Event::Return { resource } => Event::Return { resource: self.resource(resource) },
            Event::Discard { resource } => Event::Discard { resource: self.resource(resource) },
            Event::Freed { count } => Event::Freed { count },
            Event::CreateFailed => Event::CreateFailed,
            Event::Detach => Event::Detach,
            Event::Cancel { id } => Event::Cancel { id },
            Event::Reap { now, ttl, keep } => Event::Reap { now, ttl, keep },
            Event::Drain => Event::Drain,
            Event::Resize { capacity } => Event::Resize { capacity },
            Event::Close => Event::Close,
        }
    }

    fn waiter(&mut self, wake: WakeHandle, thread: usize) -> u8 {
        let name = u8::try_from(thread).unwrap_or(u8::MAX);
        self.wakes.retain(|(known, _)| *known != wake);
        self.wakes.push((wake, name));
        name
    }

    fn resource(&mut self, handle: ResourceHandle) -> u8 {
        let place = self.resources.iter().position(|known| *known == handle).unwrap_or_else(|| {
            self.resources.push(handle);
            self.resources.len() - 1
        });
        u8::try_from(place).unwrap_or(u8::MAX)
    }
}

/// The effects in words, and the threads that they wake.
fn told(effects: &[Effect]) -> (Vec<String>, Vec<usize>) {
    let told = effects.iter().flat_map(render::woken).map(usize::from).collect();
    (effects.iter().map(render::effect).collect(), told)
}

fn panels(view: &View) -> Vec<Panel> {
    render::view_panels(view, "thread").into()
}
