//! Where workers run: threads of the system, or tasks on a runtime.

use core::future::pending;
use core::pin::Pin;
use core::time::Duration;
use smol::future::{block_on, or, yield_now};
use std::sync::LazyLock;
use std::thread;

/// A future of whatever kind.
pub(crate) type Boxed<'a, A> = Pin<Box<dyn Future<Output = A> + Send + 'a>>;

/// Drops the future of a worker where it is, soon. Not called, the worker goes on.
pub(crate) type Cancel = Box<dyn FnOnce()>;

/// What the suite asks of a runtime.
pub(crate) trait Runtime: Send + Sync + 'static {
    /// Starts a worker.
    fn spawn(work: Boxed<'static, ()>) -> Cancel;

    /// Is ready after `time`.
    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// Lets others run.
    fn give_way() -> impl Future<Output = ()> + Send;
}

/// A thread for each worker; whatever it awaits blocks it.
pub(crate) struct Threads;

impl Runtime for Threads {
    fn spawn(work: Boxed<'static, ()>) -> Cancel {
        thread::spawn(|| block_on(work));
        Box::new(|| unreachable!("a thread is not dropped"))
    }

    async fn sleep(time: Duration) {
        thread::sleep(time);
    }

    async fn give_way() {
        thread::yield_now();
    }
}

/// Tasks of a tokio runtime with several threads.
pub(crate) struct Tokio;

/// More than one, also on a machine with one core.
const WORKERS: usize = 4;

static TOKIO: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_time()
        .build()
        .expect("the system has threads left")
});

impl Runtime for Tokio {
    fn spawn(work: Boxed<'static, ()>) -> Cancel {
        let task = TOKIO.spawn(work);
        Box::new(move || task.abort())
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    fn give_way() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
}

/// Tasks of a smol executor that several threads run.
pub(crate) struct Smol;

static SMOL: LazyLock<&'static smol::Executor<'static>> = LazyLock::new(|| {
    let executor: &smol::Executor<'_> = Box::leak(Box::default());
    for _ in 0..WORKERS {
        thread::spawn(|| block_on(executor.run(pending::<()>())));
    }
    executor
});

impl Runtime for Smol {
    fn spawn(work: Boxed<'static, ()>) -> Cancel {
        let (cancel, cancelled) = smol::channel::bounded::<()>(1);
        // Told to, it drops the work; a sender that is dropped tells nothing.
        let told = async move {
            if cancelled.recv().await.is_err() {
                pending::<()>().await;
            }
        };
        SMOL.spawn(or(told, work)).detach();
        Box::new(move || cancel.try_send(()).expect("the first to tell"))
    }

    async fn sleep(time: Duration) {
        smol::Timer::after(time).await;
    }

    fn give_way() -> impl Future<Output = ()> + Send {
        yield_now()
    }
}
