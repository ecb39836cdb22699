//! The pool of this project, once for each way to use it.

use super::{AsyncPeer, Facts, Kind, Maker, NotLent, Order, Peer, Resource};
use core::time::Duration;
use striped_pool::{GetError, Lease, OwnedLease, Pool, PoolConfig};

const VERSION: &str = concat!("striped-pool ", env!("CARGO_PKG_VERSION"));

type Inner = Pool<Resource, super::MakeError>;

fn pool(capacity: u32, stripes: u32, ttl: Option<Duration>, maker: Maker) -> Inner {
    let builder = PoolConfig::builder(capacity, move || maker.make()).stripes(stripes);
    let builder = match ttl {
        Some(ttl) => builder.cache_ttl(ttl),
        None => builder,
    };
    Pool::new(builder.build().unwrap_or_else(|error| panic!("{error}")))
}

/// One with so many stripes, and eight idle resources on each.
pub fn striped(stripes: u32) -> Borrowed {
    let striped = Borrowed(pool(8 * stripes, stripes, None, Maker::default()));
    let lent: Vec<_> = (0..8 * stripes).map(|_| striped.get()).collect();
    drop(lent);
    striped
}

#[inline]
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` passes it")]
fn reason(error: GetError<super::MakeError>) -> NotLent {
    match error {
        GetError::TimedOut(_) => NotLent::TimedOut,
        GetError::Unavailable(_) | GetError::Create(_) | GetError::Refused | _ => NotLent::Failed,
    }
}

const FACTS: Facts = Facts {
    name: "striped-pool",
    version: VERSION,
    order: Order::Fifo,
    kind: Kind::Borrowed,
    is_ours: true,
    settings: "one stripe, no time to live; `get`, in tasks `get_async`",
};

macro_rules! ours {
    ($(#[$doc:meta])* $name:ident, $lease:ty, $get:ident, $get_timeout:ident, $stripes:expr, $ttl:expr, $facts:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(pub Inner);

        impl Peer for $name {
            const FACTS: Facts = $facts;
            type Lease<'a> = $lease;

            fn build(capacity: u32, maker: Maker) -> Self {
                Self(pool(capacity, $stripes, $ttl, maker))
            }

            #[inline]
            fn get(&self) -> Result<Self::Lease<'_>, NotLent> {
                self.0.$get().map_err(reason)
            }

            fn get_timeout(&self, wait: Duration) -> Result<Self::Lease<'_>, NotLent> {
                self.0.$get_timeout(wait).map_err(reason)
            }

            fn discard(lease: Self::Lease<'_>) {
                lease.discard();
            }
        }
    };
}

ours!(
    /// One stripe, leases that borrow.
    Borrowed, Lease<'a, Resource>, get, get_timeout, 1, None,
    Facts { name: "striped-pool (borrowed)", ..FACTS }
);
ours!(
    /// One stripe, leases that do not borrow.
    Owned, OwnedLease<Resource>, get_owned, get_owned_timeout, 1, None,
    Facts {
        name: "striped-pool (owned)",
        kind: Kind::Owned,
        settings: "one stripe, no time to live; `get_owned`, in tasks `get_owned_async`",
        ..FACTS
    }
);
ours!(
    /// One stripe with a time to live: each return reads the clock.
    WithTtl, Lease<'a, Resource>, get, get_timeout, 1, Some(Duration::from_secs(3600)),
    Facts { name: "striped-pool (borrowed, TTL)", settings: "one stripe, `cache_ttl` one hour; `get`", ..FACTS }
);
ours!(
    /// Two stripes: order and waiting are per stripe.
    TwoStripes, Lease<'a, Resource>, get, get_timeout, 2, None,
    Facts {
        name: "striped-pool (borrowed, 2 stripes)",
        order: Order::Barging,
        settings: "two stripes, no time to live; `get`, in tasks `get_async`; first come, first served on each stripe only",
        ..FACTS
    }
);

impl AsyncPeer for Borrowed {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get_async().await.map_err(reason)
    }
}

impl AsyncPeer for TwoStripes {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get_async().await.map_err(reason)
    }
}

impl AsyncPeer for Owned {
    #[inline]
    async fn get_async(&self) -> Result<Self::Lease<'_>, NotLent> {
        self.0.get_owned_async().await.map_err(reason)
    }
}
