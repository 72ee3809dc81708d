//! The table of facts, by what they are about.

mod changes;
mod errors;
mod items;
mod listen;
mod login;
mod monitors;
mod order;
mod policies;
mod print;
mod queries;
mod references;
mod safe_mode;
mod scheduler;
mod tags;

use crate::Check;

/// Every check, in the order they run.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        login::CHECKS,
        tags::CHECKS,
        print::CHECKS,
        queries::CHECKS,
        changes::CHECKS,
        items::CHECKS,
        errors::CHECKS,
        references::CHECKS,
        order::CHECKS,
        listen::CHECKS,
        monitors::CHECKS,
        scheduler::CHECKS,
        policies::CHECKS,
        safe_mode::CHECKS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_sources_are_named() {
        let mut names = BTreeSet::new();
        for check in super::all() {
            assert!(names.insert(check.name), "{} twice", check.name);
            assert!(check.source.contains(": "), "{}: a fact and where it stands", check.name);
        }
        assert!(names.len() >= 60, "{}", names.len());
    }
}
