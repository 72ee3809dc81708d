//! The language of `/routing/filter/rule`: `if (MATCH) { ACTIONS } else { ACTIONS }`, where actions may be further
//! `if`s, or bare actions.
//!
//! Properties, operators and commands are those of the manual's page on route selection and filters. What the
//! page does not show is refused (assumption `filter-grammar`).

mod judge;
mod parse;
mod properties;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use judge::{Route as Candidate, Source, passes};
pub(crate) use parse::parse;
pub(crate) use tree::Rule;
