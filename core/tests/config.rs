//! Configurations: what is refused and with which words, what is just possible, and what can be read back. And the
//! error types: what they say, and that they are errors.
//!
//! Not here: what a pool does with its configuration (`pool.rs`).
#![cfg(not(feature = "loom"))]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lints keep the pool behind its facade; its tests use std, as its users do"
)]

#[path = "common/world.rs"]
mod world;

use core::time::Duration;
use std::error::Error;
use striped_pool::pool::PoolConfigBuilder;
use striped_pool::{ConfigError, GetError, Pool, PoolConfig, ResizeError, Unavailable};
use world::{Refused, assert_sound};

fn builder(max_resources: u32) -> PoolConfigBuilder<u32, Refused> {
    PoolConfig::builder(max_resources, || Ok(7))
}

/// Just longer than the pool's clock can tell.
fn too_long() -> Duration {
    Duration::from_nanos(u64::MAX) + Duration::from_nanos(1)
}

#[track_caller]
fn refused(builder: PoolConfigBuilder<u32, Refused>) -> ConfigError {
    builder.build().expect_err("no pool can have this")
}

#[test]
fn impossible_settings_are_typed_errors() {
    assert_eq!(refused(builder(0)), ConfigError::ZeroMaxResources);
    assert_eq!(refused(builder(1).stripes(0)), ConfigError::ZeroStripes);
    for (stripes, max_resources) in [(2, 1), (6, 5), (u32::MAX, u32::MAX - 1)] {
        let expected = ConfigError::MoreStripesThanResources { stripes, max_resources };
        assert_eq!(refused(builder(max_resources).stripes(stripes)), expected);
    }
    assert_eq!(refused(builder(1).cache_ttl(Duration::ZERO)), ConfigError::ZeroCacheTtl);
    for ttl in [too_long(), Duration::MAX] {
        assert_eq!(refused(builder(1).cache_ttl(ttl)), ConfigError::CacheTtlTooLong { ttl });
    }
}

#[test]
fn of_several_faults_the_first_is_named() {
    let all = || builder(0).stripes(0).cache_ttl(Duration::ZERO);
    assert_eq!(refused(all()), ConfigError::ZeroMaxResources);
    assert_eq!(refused(builder(1).stripes(0).cache_ttl(Duration::ZERO)), ConfigError::ZeroStripes);
    assert_eq!(
        refused(builder(1).stripes(2).cache_ttl(Duration::ZERO)),
        ConfigError::MoreStripesThanResources { stripes: 2, max_resources: 1 }
    );
}

#[test]
fn the_last_word_counts() {
    let config = builder(3).stripes(9).stripes(2).cache_ttl(Duration::ZERO).cache_ttl(Duration::from_secs(1));
    let config = config.label("first").label("second").build().expect("valid");
    assert_eq!((config.stripes(), config.cache_ttl(), config.label()), (2, Some(Duration::from_secs(1)), "second"));
}

#[test]
fn each_error_says_what_is_wrong_and_what_to_do() {
    let stripes = ConfigError::MoreStripesThanResources { stripes: 6, max_resources: 5 };
    let messages: [(&dyn Error, &[&str]); 10] = [
        (&ConfigError::ZeroMaxResources, &["max_resources is 0", "at least one"]),
        (&ConfigError::ZeroStripes, &["stripes is 0", "at least one"]),
        (&stripes, &["6 stripes", "5 resources", "at most 5"]),
        (&ConfigError::ZeroCacheTtl, &["cache_ttl is 0", "leave it unset"]),
        (&ConfigError::CacheTtlTooLong { ttl: Duration::from_secs(u64::MAX) }, &["cache_ttl", "584", "leave it unset"]),
        (&ResizeError::FewerThanStripes { stripes: 3, max_resources: 2 }, &["to 2", "3 stripes", "at least 3"]),
        (&ResizeError::Closed, &["closed"]),
        (&Unavailable::Exhausted, &["all resources are lent", "get_timeout", "max_resources", "resize"]),
        (&Unavailable::TimedOut, &["in time", "wait longer", "max_resources", "resize"]),
        (&Unavailable::Closed, &["the pool is closed"]),
    ];
    for (error, parts) in messages {
        let message = error.to_string();
        for part in parts {
            assert!(message.contains(part), "{error:?} does not say {part:?}: {message}");
        }
        assert!(error.source().is_none());
        assert!(!message.ends_with('.') && !message.contains('\n'), "one line, to be put into another: {message}");
    }
}

#[test]
fn the_error_of_a_get_has_the_error_of_the_create_as_its_source() {
    let failed = GetError::Create(Refused("no route to host"));
    let source = failed.source().expect("the create's error");
    assert_eq!(
        (source.to_string(), source.downcast_ref()),
        ("no route to host".into(), Some(&Refused("no route to host")))
    );
    assert_eq!(failed.to_string(), "creating a resource failed");
    for reason in [Unavailable::Exhausted, Unavailable::TimedOut, Unavailable::Closed] {
        let error = GetError::<Refused>::from(reason);
        assert_eq!((error.clone(), error.to_string()), (GetError::Unavailable(reason), reason.to_string()));
        assert!(error.source().is_none(), "its message is the reason's already");
    }
    let boxed: Box<dyn Error + Send + Sync> = Box::new(failed);
    assert!(boxed.is::<GetError<Refused>>());
}

#[test]
fn an_error_is_exactly_one_of_its_kinds() {
    let kinds = |error: GetError<()>| (error.is_exhausted(), error.is_timeout(), error.is_closed());
    assert_eq!(kinds(Unavailable::Exhausted.into()), (true, false, false));
    assert_eq!(kinds(Unavailable::TimedOut.into()), (false, true, false));
    assert_eq!(kinds(Unavailable::Closed.into()), (false, false, true));
    assert_eq!(kinds(GetError::Create(())), (false, false, false));
}

#[test]
fn settings_at_the_edge_are_possible() {
    for (max_resources, stripes) in [(1, 1), (5, 5), (5, 1), (64, 63)] {
        let pool = Pool::new(builder(max_resources).stripes(stripes).build().expect("valid"));
        assert_eq!(pool.status().stripes.len(), usize::try_from(stripes).expect("small"));
        assert_sound(&pool);
    }
    let largest = Pool::new(builder(u32::MAX).build().expect("valid"));
    assert_eq!((largest.status().available(), largest.with(|value| *value)), (u32::MAX, Ok(7)));
    let many = builder(u32::MAX).stripes(u32::MAX).build().expect("valid, though nobody has the memory to use it");
    assert_eq!((many.max_resources(), many.stripes()), (u32::MAX, u32::MAX));
    for ttl in [Duration::from_nanos(1), Duration::from_nanos(u64::MAX)] {
        let pool = Pool::new(builder(2).cache_ttl(ttl).build().expect("valid"));
        assert_eq!(pool.config().cache_ttl(), Some(ttl));
        assert_sound(&pool);
        pool.reap();
        assert_sound(&pool);
    }
}

#[test]
fn a_configuration_tells_what_it_is() {
    let plain = builder(4).build().expect("valid");
    assert_eq!((plain.max_resources(), plain.stripes(), plain.cache_ttl(), plain.label()), (4, 1, None, ""));
    let ttl = Duration::from_millis(1500);
    let full = builder(4).stripes(3).cache_ttl(ttl).label(String::from("db")).build().expect("valid");
    assert_eq!((full.max_resources(), full.stripes(), full.cache_ttl(), full.label()), (4, 3, Some(ttl), "db"));
    let pool = Pool::new(full.clone());
    assert_eq!((pool.config().max_resources(), pool.config().label(), pool.status().label), (4, "db", "db".into()));
    assert_eq!((full.stripes(), pool.config().stripes(), pool.config().cache_ttl()), (3, 3, Some(ttl)));
}

#[test]
fn a_configuration_may_make_several_pools() {
    let config = builder(1).build().expect("valid");
    let (first, second) = (Pool::new(config.clone()), Pool::new(config));
    let lease = first.get().expect("room");
    assert!(second.try_get().is_ok(), "another pool");
    first.close();
    assert!(!second.is_closed());
    drop(lease);
    assert_sound(&second);
}

#[test]
fn everything_has_a_debug_form() {
    let building = builder(4).stripes(2).cache_ttl(Duration::from_secs(3)).label("db");
    assert!(format!("{building:?}").contains("PoolConfigBuilder"));
    let config = building.build().expect("valid");
    let text = format!("{config:?}");
    assert!(["\"db\"", "4", "2", "3s"].iter().all(|part| text.contains(part)), "{text}");
    let pool = Pool::new(config);
    let lease = pool.get().expect("room");
    let text = format!("{pool:?} {pool:#?} {lease:?}");
    assert!(["Pool {", "\"db\"", "out: 1", "Lease(7)"].iter().all(|part| text.contains(part)), "{text}");
    assert_eq!(format!("{:?}", GetError::Create(Refused("no"))), "Create(Refused(\"no\"))");
    assert!(format!("{:?} {:?}", ResizeError::Closed, ConfigError::ZeroStripes).contains("ZeroStripes"));
}

#[test]
fn a_configuration_is_cloned_whatever_it_pools() {
    struct NotClone;
    let config = PoolConfig::builder(3, || Ok::<_, NotClone>(NotClone)).label("twice").build().expect("valid");
    let twin = config.clone();
    assert_eq!((twin.max_resources(), twin.label()), (config.max_resources(), config.label()));
    assert!(Pool::new(config).try_get().is_ok() && Pool::new(twin).try_get().is_ok());
}
