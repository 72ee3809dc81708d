//! The next free number in memory, from empty to nearly full.

use std::time::Instant;

use moxxie_core::free_range::{FreeRanges, RangeSet};
use serde_json::{Value, json};

/// Nanoseconds for the next free one (and giving it back) at several fills, in a space of so many numbers. What is
/// free is scattered: the worst there is for ranges.
pub(crate) fn next_free(numbers: u128) -> Vec<Value> {
    const ROUNDS: u32 = 100_000;
    // As many free gaps as a process would ever hold in memory for one space, or fewer where less is free.
    const GAPS: u128 = 1_000_000;
    let mut figures = Vec::new();
    for permille_full in [0_u128, 500, 900, 990, 999] {
        let free = numbers / 1000 * (1000 - permille_full);
        let set: RangeSet = if permille_full == 0 {
            [(0, numbers - 1)].into_iter().collect()
        } else {
            let gaps = free.min(GAPS);
            let (size, every) = (free / gaps, numbers / gaps);
            (0..gaps).map(|gap| (gap * every, gap * every + size - 1)).collect()
        };
        let gaps = set.ranges();
        let mut ranges = FreeRanges::new(set);
        let spared = RangeSet::default();
        let start = Instant::now();
        for _ in 0..ROUNDS {
            if let Some(number) = ranges.take_lowest(&spared) {
                ranges.give(number);
            }
            ranges.settle();
        }
        let ns = start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS);
        figures.push(json!({"full": permille_full as f64 / 10.0, "gaps": gaps, "ns": ns.round()}));
    }
    figures
}
