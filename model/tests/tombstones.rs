//! The seed's layout by itself: what it keeps, when it lets go, and that its view shows none of it.
#![cfg(not(feature = "loom"))]

use striped_pool::stripe::{Event, Recipient, WaiterId, WakeResult};
use striped_pool_model::{Effect, Input, Machine, Tombstones};

/// As it is after `event`, which must have these effects.
fn after(machine: &Tombstones, event: Input, effects: &[Effect]) -> Tombstones {
    let stepped = machine.step(event);
    assert_eq!(stepped.effects, effects, "{event:?}");
    stepped.machine
}

fn wake(wake: u8, result: WakeResult<u8>) -> Effect {
    Effect::Wake(Recipient::Slot(wake), result)
}

/// One resource, created and lent; one patient waiter, in slot 7.
fn patient() -> Tombstones {
    let machine = after(&Tombstones::new(1), Event::Take { wake: 0 }, &[wake(0, WakeResult::Create)]);
    after(&machine, Event::Take { wake: 7 }, &[])
}

/// `times` takes that queue up behind and are given up.
fn given_up(mut machine: Tombstones, times: u64) -> Tombstones {
    for _ in 0..times {
        let id = WaiterId(machine.observe().next_id);
        machine = after(&machine, Event::Take { wake: 8 }, &[]);
        machine = after(&machine, Event::Cancel { id }, &[wake(8, WakeResult::Cancelled)]);
    }
    machine
}

#[test]
fn cancels_behind_a_patient_waiter_pile_up_and_the_view_does_not_show_them() {
    let shown = patient().observe();
    for times in [1, 10, 1000] {
        let machine = given_up(patient(), times);
        assert_eq!(machine.kept(), 1 + usize::try_from(times).unwrap());
        let view = machine.observe();
        assert_eq!((view.waiters, view.tombstones), (shown.waiters.clone(), vec![]));
    }
}

#[test]
fn a_grant_consumes_the_tombstones_before_it_and_keeps_those_behind() {
    let machine = given_up(patient(), 3);
    let machine = after(&machine, Event::Take { wake: 9 }, &[]);
    let machine = given_up(machine, 2);
    let machine = after(&machine, Event::Return { resource: 0 }, &[wake(7, WakeResult::Deliver(0))]);
    assert_eq!(machine.kept(), 6);
    let machine = after(&machine, Event::Return { resource: 0 }, &[wake(9, WakeResult::Deliver(0))]);
    assert_eq!(machine.kept(), 2);
    let machine = after(&machine, Event::CreateFailed, &[]);
    assert_eq!((machine.kept(), machine.observe().available), (0, 1));
}

#[test]
fn what_publishes_nothing_forgets_nothing() {
    let machine = given_up(patient(), 1);
    let machine = after(&machine, Event::Cancel { id: WaiterId(0) }, &[wake(7, WakeResult::Cancelled)]);
    let stepped = machine.step(Event::Return { resource: 0 });
    assert_eq!(stepped.effects, [Effect::InsertWithTimestamp(0)]);
    assert!(!stepped.changed && stepped.machine == machine && machine.kept() == 2);
}
