//! The pool of `examples/naive`: its lost wake-up is found, and told; fixed, it passes.

#[path = "../examples/naive/pool.rs"]
mod pool;
#[path = "../examples/naive/sync.rs"]
mod sync;

#[cfg(feature = "loom")]
mod explored {
    use super::pool::{Fixed, Naive};
    use striped_pool_model::programs::programs;
    use striped_pool_model::real::{Bounds, RealPool, explore_all};

    const STORY: &str = include_str!("golden/naive-lost-wake-up.txt");

    #[test]
    fn the_lost_wake_up_is_found_and_told() {
        let all = programs(Naive::OPERATIONS, 2, 1);
        let wrong = explore_all::<Naive>(&all, Bounds::default()).unwrap_err();
        let story = wrong.story("naive pool");
        assert_eq!(story.text(), STORY);
        let page = story.html();
        assert!(page.contains("lost wake-up") && !page.contains("src="), "one file, and nothing from elsewhere");
    }

    #[test]
    fn fixed_it_passes() {
        let all = programs(Fixed::OPERATIONS, 2, 1);
        let bounds = Bounds { preemptions: 3, ..Bounds::default() };
        let explored = explore_all::<Fixed>(&all, bounds).unwrap();
        println!("{explored}");
        // Exact: 312 histories if the order of calls and answers were not explored.
        assert_eq!((explored.programs, explored.histories), (24, 471));
    }
}

#[cfg(not(feature = "loom"))]
mod sampled {
    use super::pool::{Fixed, Naive};
    use std::time::Duration;
    use striped_pool_model::real::{Fault, Reason, Sampling, sample};

    /// Whether it is found depends on the system; what is found does not.
    #[test]
    fn a_lost_wake_up_is_all_that_is_found_on_real_threads() {
        let sampling = Sampling { threads: 8, rounds: 1_000, patience: Duration::from_secs(2), ..Sampling::default() };
        match sample::<Naive>(&sampling) {
            Ok(sampled) => println!("not found: {sampled}"),
            Err(wrong) => {
                println!("{}", wrong.program);
                let Fault::Wrong(found) = wrong.fault else { panic!("{}", wrong.fault) };
                assert!(matches!(found.reason, Reason::Sleeps | Reason::SleepsClosed), "{}", found.reason);
            }
        }
    }

    #[test]
    fn fixed_it_passes_on_real_threads() {
        for threads in [4, 8] {
            let sampling = Sampling { threads, rounds: 300, ..Sampling::default() };
            let sampled =
                sample::<Fixed>(&sampling).unwrap_or_else(|wrong| panic!("{}", wrong.story("fixed pool").text()));
            println!("{threads} threads: {sampled}");
            assert_eq!(sampled.rounds, sampling.rounds);
        }
    }
}
