//! A manager that does what it is told, whose resources are counted outside the pool.
//!
//! A resource is alive from the first step of its create to the last step of its end, by whichever of the manager's calls that
//! is. So a place that is given again too early shows in [`World::most`], one that is lost in [`World::assert_at_rest`].

use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::panic_any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use striped_pool::{AsyncManager, BlockingManager, ManagedPool, ManagedPoolBuilder, Manager, Usage};

pub(crate) type TestPool = ManagedPool<Ours>;

/// What a manager is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Create,
    Validate,
    Recycle,
    Free,
    Close,
    Detach,
}

const PARTS: usize = 6;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Good,
    /// An error, or no.
    Bad,
    /// Panics with [`Oops`], after the last suspension.
    Panics,
}

/// What a test panics with, so that it is not mistaken for a failed assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Oops(pub(crate) Part);

/// What is wrong with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// How one part behaves.
#[derive(Clone)]
struct Role {
    answer: Answer,
    /// How often it is pending, where it is awaited.
    suspends: u32,
    /// Runs first.
    aside: Option<Arc<dyn Fn() + Send + Sync>>,
    calls: u32,
}

/// What the outside world knows of its resources.
pub(crate) struct World {
    roles: Mutex<[Role; PARTS]>,
    alive: AtomicU32,
    most: AtomicU32,
    made: AtomicU32,
    freed: AtomicU32,
    closed: AtomicU32,
    let_go: AtomicU32,
    last_usage: Mutex<Option<Usage>>,
    /// How many there may be at once.
    allowed: AtomicU32,
}

/// Something that is there outside the pool.
#[derive(Debug)]
struct Alive(Arc<World>);

impl Alive {
    fn new(world: &Arc<World>) -> Self {
        let alive = world.alive.fetch_add(1, Ordering::SeqCst) + 1;
        world.most.fetch_max(alive, Ordering::SeqCst);
        Self(Arc::clone(world))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl core::fmt::Debug for World {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let of = |counter: &AtomicU32| counter.load(Ordering::SeqCst);
        f.debug_struct("World")
            .field("alive", &of(&self.alive))
            .field("made", &of(&self.made))
            .field("freed", &of(&self.freed))
            .field("closed", &of(&self.closed))
            .field("let_go", &of(&self.let_go))
            .finish_non_exhaustive()
    }
}

/// A resource with a number, counted from 0 as they are made.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: u32,
    /// For a hook to write on.
    pub(crate) note: &'static str,
    _alive: Alive,
}

/// Is pending so many times, and sees to it that it is polled again.
struct Suspends(u32);

impl Future for Suspends {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(()) };
        self.0 = left;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        let role = Role { answer: Answer::Good, suspends: 0, aside: None, calls: 0 };
        Arc::new(Self {
            roles: Mutex::new(core::array::from_fn(|_| role.clone())),
            alive: AtomicU32::new(0),
            most: AtomicU32::new(0),
            made: AtomicU32::new(0),
            freed: AtomicU32::new(0),
            closed: AtomicU32::new(0),
            let_go: AtomicU32::new(0),
            last_usage: Mutex::new(None),
            allowed: AtomicU32::new(0),
        })
    }

    pub(crate) fn builder(self: &Arc<Self>, max_resources: u32) -> ManagedPoolBuilder<Ours> {
        self.allowed.fetch_max(max_resources, Ordering::SeqCst);
        ManagedPool::builder(max_resources, Ours(Arc::clone(self)))
    }

    pub(crate) fn pool(self: &Arc<Self>, max_resources: u32) -> TestPool {
        self.builder(max_resources).build().expect("valid")
    }

    fn roles(&self) -> MutexGuard<'_, [Role; PARTS]> {
        self.roles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on.
    pub(crate) fn answer(&self, part: Part, answer: Answer) {
        self.roles()[part as usize].answer = answer;
    }

    /// From now on, where it is awaited.
    pub(crate) fn suspend(&self, part: Part, times: u32) {
        self.roles()[part as usize].suspends = times;
    }

    /// From now on `aside` runs whenever `part` begins.
    pub(crate) fn aside(&self, part: Part, aside: impl Fn() + Send + Sync + 'static) {
        self.roles()[part as usize].aside = Some(Arc::new(aside));
    }

    /// How much `pool` has to lend, idle or new, whenever `part` begins from now on. (Not asserted there: a drop would swallow
    /// it.)
    pub(crate) fn look(&self, part: Part, pool: &TestPool) -> Arc<Mutex<Vec<u32>>> {
        let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
        let (pool, looks) = (pool.clone(), Arc::clone(&seen));
        self.aside(part, move || {
            let status = pool.status();
            looks.lock().expect("whole").push(status.available() + status.idle());
        });
        seen
    }

    /// From now on everything is as at the start.
    pub(crate) fn behave(&self) {
        for role in self.roles().iter_mut() {
            *role = Role { answer: Answer::Good, suspends: 0, aside: None, calls: role.calls };
        }
    }

    /// How often the manager was asked for `part`.
    pub(crate) fn calls(&self, part: Part) -> u32 {
        self.roles()[part as usize].calls
    }

    /// What the manager was told of the last resource that it was to check.
    pub(crate) fn last_usage(&self) -> Option<Usage> {
        *self.last_usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are there now.
    pub(crate) fn alive(&self) -> u32 {
        self.alive.load(Ordering::SeqCst)
    }

    /// How many were there at once at most.
    pub(crate) fn most(&self) -> u32 {
        self.most.load(Ordering::SeqCst)
    }

    /// How many creates were finished.
    pub(crate) fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst)
    }

    /// How many went to `free`.
    pub(crate) fn freed(&self) -> u32 {
        self.freed.load(Ordering::SeqCst)
    }

    /// How many went to `close`.
    pub(crate) fn closed(&self) -> u32 {
        self.closed.load(Ordering::SeqCst)
    }

    /// How many `detach` let go.
    pub(crate) fn let_go(&self) -> u32 {
        self.let_go.load(Ordering::SeqCst)
    }

    /// Asserts that nobody has anything of `pool` or waits for it, that each resource that was made is idle or has ended in one
    /// way, and that there never were more than allowed.
    #[track_caller]
    pub(crate) fn assert_at_rest(&self, pool: &TestPool) {
        let status = pool.status();
        assert_eq!((status.out(), status.waiting()), (0, 0), "{status:?}, {self:?}");
        let ended = self.freed() + self.closed() + self.let_go();
        if !status.is_closed() {
            assert_eq!(status.available() + status.idle(), status.max_resources(), "a place was lost: {status:?}");
        }
        assert_eq!(self.made() - ended, status.idle(), "one was lost, or ended twice: {status:?}, {self:?}");
        assert_eq!(self.alive(), status.idle(), "{status:?}, {self:?}");
        let allowed = self.allowed.load(Ordering::SeqCst) + self.let_go();
        assert!(self.most() <= allowed, "there were {} at once: {status:?}", self.most());
    }

    /// Begins a part: how often it suspends, and what it comes to afterwards.
    fn begin(&self, part: Part) -> (u32, Answer) {
        let role = {
            let mut roles = self.roles();
            let role = &mut roles[part as usize];
            role.calls += 1;
            role.clone()
        };
        if let Some(aside) = role.aside {
            aside();
        }
        (role.suspends, role.answer)
    }

    /// A part that does not suspend.
    fn act(&self, part: Part) -> Result<(), Broken> {
        let (_, answer) = self.begin(part);
        finish(part, answer)
    }

    fn note_usage(&self, usage: &Usage) {
        *self.last_usage.lock().unwrap_or_else(PoisonError::into_inner) = Some(*usage);
    }

    fn finished(&self, alive: Alive) -> Resource {
        Resource { id: self.made.fetch_add(1, Ordering::SeqCst), note: "", _alive: alive }
    }
}

fn finish(part: Part, answer: Answer) -> Result<(), Broken> {
    match answer {
        Answer::Good => Ok(()),
        Answer::Bad => Err(Broken),
        Answer::Panics => panic_any(Oops(part)),
    }
}

/// The manager, for threads and for tasks.
pub(crate) struct Ours(pub(crate) Arc<World>);

impl Manager for Ours {
    type Resource = Resource;
    type Error = Broken;

    fn recycle(&self, _: &mut Resource, usage: &Usage) -> bool {
        self.0.note_usage(usage);
        self.0.act(Part::Recycle).is_ok()
    }

    fn free(&self, _resource: Resource) {
        self.0.freed.fetch_add(1, Ordering::SeqCst);
        let _ = self.0.act(Part::Free);
    }

    fn detach(&self, _: &mut Resource) {
        let _ = self.0.act(Part::Detach);
        self.0.let_go.fetch_add(1, Ordering::SeqCst);
    }
}

impl BlockingManager for Ours {
    fn create(&self) -> Result<Resource, Broken> {
        let alive = Alive::new(&self.0);
        self.0.act(Part::Create)?;
        Ok(self.0.finished(alive))
    }

    fn validate(&self, _: &mut Resource, usage: &Usage) -> Result<(), Broken> {
        self.0.note_usage(usage);
        self.0.act(Part::Validate)
    }
}

impl AsyncManager for Ours {
    async fn create(&self) -> Result<Resource, Broken> {
        let alive = Alive::new(&self.0);
        let (suspends, answer) = self.0.begin(Part::Create);
        Suspends(suspends).await;
        finish(Part::Create, answer)?;
        Ok(self.0.finished(alive))
    }

    async fn validate(&self, _: &mut Resource, usage: &Usage) -> Result<(), Broken> {
        self.0.note_usage(usage);
        let (suspends, answer) = self.0.begin(Part::Validate);
        Suspends(suspends).await;
        finish(Part::Validate, answer)
    }

    async fn close(&self, _resource: Resource) {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
        let (suspends, answer) = self.0.begin(Part::Close);
        Suspends(suspends).await;
        let _ = finish(Part::Close, answer);
    }
}
