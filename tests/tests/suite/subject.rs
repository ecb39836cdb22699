//! What the suite asks of a pool, and how it puts workers to work on one.
//!
//! Each kind of pool implements [`Subject`]; the behaviours see a [`Kind`] and its [`TestPool`]s, so that they are compiled once.
//!
//! Nothing here measures time: limits only turn a hang into a failure.

use crate::runtimes::{Boxed, Cancel, Runtime};
use crate::world::{LIMIT, Oops, Resource, World};
use core::ops::DerefMut;
use core::time::Duration;
use smol::future::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Instant;

/// A kind of pool, on some runtime.
pub(crate) trait Subject: Send + Sync + Sized + 'static {
    /// Where its workers run.
    type Runtime: Runtime;
    /// What it lends.
    type Lease: Lent;

    /// How often a get tries to create before it fails.
    const ATTEMPTS: usize = 1;

    /// When to call a hang a hang.
    fn limit() -> Duration {
        LIMIT
    }

    /// A pool of at most `max_resources` resources of `world`.
    fn new(world: &Arc<World>, max_resources: u32) -> Self;

    /// A resource, whatever it takes. On a blocking pool the future blocks its thread.
    fn get(&self) -> impl Future<Output = Result<Self::Lease, Failure>> + Send;

    /// The same, for at most `wait`.
    fn get_within(&self, wait: Duration) -> impl Future<Output = Result<Self::Lease, Failure>> + Send;

    /// Frees all that is idle.
    fn drain(&self);

    /// Closes the pool.
    fn close(&self);

    /// What it looks like.
    fn look(&self) -> Look;
}

/// A lease: gives back when dropped.
pub(crate) trait Lent: DerefMut<Target = Resource> + Send + 'static {
    /// Gives the resource back to be freed.
    fn discard(self: Box<Self>);

    /// Takes the resource out of the pool for good.
    fn detach(self: Box<Self>) -> Resource;
}

/// A lease of whatever kind.
pub(crate) type Lease = Box<dyn Lent>;

/// What a get comes to.
pub(crate) type Got = Result<Lease, Failure>;

/// A subject, of which the behaviours know no more than this.
trait AnyPool: Send + Sync {
    fn get(&self) -> Boxed<'_, Got>;
    fn get_within(&self, wait: Duration) -> Boxed<'_, Got>;
    fn drain(&self);
    fn close(&self);
    fn look(&self) -> Look;
}

impl<S: Subject> AnyPool for S {
    fn get(&self) -> Boxed<'_, Got> {
        // Called at once, so that a pool which does something before it is polled shows.
        let get = Subject::get(self);
        Box::pin(async { get.await.map(|lease| Box::new(lease) as Lease) })
    }

    fn get_within(&self, wait: Duration) -> Boxed<'_, Got> {
        let get = Subject::get_within(self, wait);
        Box::pin(async { get.await.map(|lease| Box::new(lease) as Lease) })
    }

    fn drain(&self) {
        Subject::drain(self);
    }

    fn close(&self) {
        Subject::close(self);
    }

    fn look(&self) -> Look {
        Subject::look(self)
    }
}

/// A subject's type, as a value.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// How often a get tries to create before it fails.
    pub(crate) attempts: usize,
    limit: fn() -> Duration,
    make: fn(&Arc<World>, u32) -> Arc<dyn AnyPool>,
    spawn: fn(Boxed<'static, ()>) -> Cancel,
    sleep: fn(Duration) -> Boxed<'static, ()>,
    give_way: fn() -> Boxed<'static, ()>,
}

impl Kind {
    /// The kind that `S` is.
    pub(crate) fn of<S: Subject>() -> Self {
        Self {
            attempts: S::ATTEMPTS,
            limit: S::limit,
            make: |world, max_resources| Arc::new(S::new(world, max_resources)),
            spawn: S::Runtime::spawn,
            sleep: |time| Box::pin(async move { S::Runtime::sleep(time).await }),
            give_way: || Box::pin(async { S::Runtime::give_way().await }),
        }
    }

    /// When to call a hang a hang.
    pub(crate) fn limit(self) -> Duration {
        (self.limit)()
    }

    /// A pool of at most `max_resources` resources of `world`.
    pub(crate) fn pool(self, world: &Arc<World>, max_resources: u32) -> TestPool {
        TestPool { pool: (self.make)(world, max_resources), kind: self }
    }
}

/// A pool under test. A clone is another handle to the same pool.
#[derive(Clone)]
pub(crate) struct TestPool {
    pool: Arc<dyn AnyPool>,
    kind: Kind,
}

impl TestPool {
    /// A pool that there is already.
    pub(crate) fn of<S: Subject>(pool: S) -> Self {
        Self { pool: Arc::new(pool), kind: Kind::of::<S>() }
    }

    pub(crate) fn get(&self) -> Boxed<'_, Got> {
        self.pool.get()
    }

    pub(crate) fn get_within(&self, wait: Duration) -> Boxed<'_, Got> {
        self.pool.get_within(wait)
    }

    pub(crate) fn drain(&self) {
        self.pool.drain();
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn look(&self) -> Look {
        self.pool.look()
    }

    /// Is ready after `time`, for a worker.
    pub(crate) fn sleep(&self, time: Duration) -> Boxed<'static, ()> {
        (self.kind.sleep)(time)
    }

    /// Lets other workers run.
    pub(crate) fn give_way(&self) -> Boxed<'static, ()> {
        (self.kind.give_way)()
    }

    /// Waits until `is_done`; panics if that takes longer than the kind's limit.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_done: impl FnMut() -> bool) {
        wait_until(self.kind.limit(), what, is_done);
    }
}

/// Why a get failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Closed,
    TimedOut,
    /// The create failed, as planned.
    Refused,
    /// What no test expects.
    Other(String),
}

/// A pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// How many more may be created.
    pub(crate) available: u32,
    /// How many are idle.
    pub(crate) idle: u32,
    /// How many are out: lent, being created, on their way, or being freed.
    pub(crate) out: u32,
    /// How many gets wait in line.
    pub(crate) waiting: u32,
}

/// A worker on its way.
pub(crate) struct Worker<A> {
    limit: Duration,
    cancel: Cancel,
    answer: Receiver<Result<A, Oops>>,
}

/// Waits until `is_done`; panics if that takes longer than `limit`.
#[track_caller]
pub(crate) fn wait_until(limit: Duration, what: &str, mut is_done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < limit, "waited in vain until {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Starts a worker that does `work` with its own handle of the pool.
pub(crate) fn start<A: Send + 'static, F>(pool: &TestPool, work: impl FnOnce(TestPool) -> F) -> Worker<A>
where
    F: Future<Output = A> + Send + 'static,
{
    let (sender, answer) = channel();
    let work = AssertUnwindSafe(work(pool.clone())).catch_unwind();
    let cancel = (pool.kind.spawn)(Box::pin(async move {
        // A panic that is not planned is the test's, which joins the worker and finds that nothing was sent.
        let ended = work.await.map_err(|panic| *panic.downcast::<Oops>().expect("only planned panics"));
        // Nobody listens if the test has failed.
        let _ = sender.send(ended);
    }));
    Worker { limit: pool.kind.limit(), cancel, answer }
}

/// Starts a worker that does `work`, which must come to wait for the pool; returns when it does.
#[track_caller]
pub(crate) fn start_waiter<A: Send + 'static, F>(pool: &TestPool, work: impl FnOnce(TestPool) -> F) -> Worker<A>
where
    F: Future<Output = A> + Send + 'static,
{
    let before = pool.look().waiting;
    let waiter = start(pool, work);
    pool.wait_until("the worker waits for the pool", || pool.look().waiting == before + 1);
    waiter
}

/// A worker that waits in line, and answers with the id of what it got.
#[track_caller]
pub(crate) fn start_taker(pool: &TestPool) -> Worker<Result<u32, Failure>> {
    start_waiter(pool, |pool| async move { pool.get().await.map(|lease| lease.id) })
}

impl<A> Worker<A> {
    /// What it came to, or the panic that was planned.
    #[track_caller]
    pub(crate) fn ended(self) -> Result<A, Oops> {
        let mut ended = None;
        wait_until(self.limit, "a worker ends", || match self.answer.try_recv() {
            Ok(answer) => {
                ended = Some(answer);
                true
            }
            Err(TryRecvError::Empty) => false,
            Err(TryRecvError::Disconnected) => panic!("a worker panicked"),
        });
        ended.expect("waited for")
    }

    /// What it came to.
    #[track_caller]
    pub(crate) fn joined(self) -> A {
        self.ended().expect("no panic was planned")
    }

    /// Drops the worker's future where it is, and waits until it is gone. Only for tasks.
    #[track_caller]
    pub(crate) fn cancel(self) {
        (self.cancel)();
        wait_until(self.limit, "a worker is dropped", || match self.answer.try_recv() {
            Ok(_) => panic!("it ended before it was dropped"),
            Err(TryRecvError::Empty) => false,
            Err(TryRecvError::Disconnected) => true,
        });
    }
}

/// A lease, by a worker, so that it is taken where the pool's runtime is.
#[track_caller]
pub(crate) fn take(pool: &TestPool) -> Lease {
    start(pool, |pool| async move { pool.get().await }).joined().expect("there is room")
}

/// Waits until nobody has, makes, frees or awaits anything.
#[track_caller]
pub(crate) fn await_rest(pool: &TestPool) {
    pool.wait_until("the pool is at rest", || {
        let look = pool.look();
        (look.out, look.waiting) == (0, 0)
    });
}

/// Conservation, at the end of each test on a pool of `max_resources` of which the test has detached `detached`, all dropped:
/// what was made and not freed is idle, all capacity is there, and it can be lent.
#[track_caller]
pub(crate) fn assert_sound(world: &World, pool: &TestPool, max_resources: u32, detached: u32) {
    let assert_conserved = || {
        await_rest(pool);
        let look = pool.look();
        assert_eq!(look.idle + look.available, max_resources, "room was lost or won: {look:?}");
        let freed = u32::try_from(world.freed().len()).expect("a small number");
        assert_eq!(
            world.made() - freed - detached,
            look.idle,
            "a resource was lost or freed twice: {look:?}, {world:?}"
        );
        assert_eq!(world.live(), look.idle, "{look:?}, {world:?}");
    };
    assert_conserved();
    let leases: Vec<_> = (0..max_resources).map(|_| take(pool)).collect();
    assert_eq!(pool.look(), Look { available: 0, idle: 0, out: max_resources, waiting: 0 });
    drop(leases);
    assert_conserved();
}

/// Conservation at the end of a test that closed the pool and gave everything back: all that was made was freed once, but for
/// what the test has detached and dropped.
#[track_caller]
pub(crate) fn assert_gone(world: &World, pool: &TestPool) {
    await_rest(pool);
    assert_eq!(world.freed(), (0..world.made()).collect::<Vec<_>>(), "each freed, and once");
    assert_eq!((world.live(), pool.look().idle), (0, 0));
}
