//! Pools of connections to a real `PostgreSQL` server, for tasks, through the managers of bb8 and deadpool.
//!
//! Without a server on the machine these tests do nothing but say so; with `STRIPED_POOL_REQUIRE_POSTGRES=1` they fail then.
#![cfg(all(unix, not(feature = "loom")))]

#[path = "postgres/lingering.rs"]
mod lingering;
#[path = "postgres/load.rs"]
mod load;
#[path = "postgres/server.rs"]
mod server;
#[path = "postgres/timeouts.rs"]
mod timeouts;
#[path = "postgres/world.rs"]
mod world;
