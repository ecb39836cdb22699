//! A recorded history is told in commit order, with names for addresses; a record that is wrong is told up to there.
#![cfg(all(feature = "trace", not(feature = "loom")))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use striped_pool::LocalPool;
use striped_pool::runtime::trace::{Recorder, Transition};
use striped_pool_model::history::{Line, story};

/// Thread 0 creates and gives back while thread 1 waits and then goes.
fn recorded() -> Vec<Line> {
    let lines: Arc<Mutex<Vec<Transition>>> = Arc::default();
    let mut pool = LocalPool::new(1, drop::<u32>);
    let sink = Arc::clone(&lines);
    pool.set_recorder(Recorder::new(move |transition| sink.lock().unwrap().push(transition)));
    let Ok(striped_pool::Acquired::Permit(permit)) = pool.try_acquire() else { panic!("a fresh pool") };
    let lease = permit.fulfil(1);
    let waits = pool.enqueue();
    drop(lease);
    drop(waits);
    pool.close();
    drop(pool);
    let lines = core::mem::take(&mut *lines.lock().unwrap());
    // Who did what: the take and what comes back of it are thread 1's, and the end is the harness's.
    let by = [Some(0), Some(1), Some(0), Some(1), Some(1)];
    lines.into_iter().enumerate().map(|(at, line)| (by.get(at).copied().flatten(), line)).collect()
}

#[test]
fn a_history_is_told_in_commit_order() {
    let mut lines = recorded();
    let told = story("a title", "nothing is wrong", 1, 2, lines.clone()).text();
    let expected = "\
a title
nothing is wrong

#  thread 0     thread 1     harness  effects                               afterwards
0                                                                           capacity 1 available 1
1  try to take                        answer permit                         capacity 1 available 0
2               take for 1                                                  capacity 1 available 0 queue [#0=1]
3  put r0 at 0                        wake 1 with r0                        capacity 1 available 0
4               return r0             insert r0 with a timestamp            capacity 1 available 0
5               put r0 at 0                                                 capacity 1 available 0 idle [r0@0]
6                            close    free [r0]                             capacity 1 available 0 freeing 1 closed
7                            freed 1                                        capacity 1 available 1 closed
8                            close    reject: the stripe is closed already  capacity 1 available 1 closed
step 8 fails nothing is wrong
";
    assert_eq!(told, expected);
    // Those that change nothing after the same change are told as they come.
    lines.rotate_left(3);
    assert_eq!(story("a title", "nothing is wrong", 1, 2, lines).text(), expected);
}

#[test]
fn a_wrong_record_is_told_up_to_where_it_is_wrong() {
    let mut lines = recorded();
    drop(lines.remove(2));
    let told = story("", "", 1, 2, lines).text();
    assert!(told.ends_with("step 3 fails change 2 is followed by change 3\n"), "{told}");
    let mut lines = recorded();
    let (wake, close) = (lines[2].1.effects.clone(), lines[5].1.effects.clone());
    (lines[2].1.effects, lines[5].1.effects) = (close, wake);
    let told = story("", "", 1, 2, lines).text();
    assert!(told.contains("step 3 fails the record has other effects: "), "{told}");
}
