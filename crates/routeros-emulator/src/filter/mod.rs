//! The language of `/routing/filter/rule`: `if (MATCH) { ACTIONS } else { ACTIONS }`, or bare actions.
//!
//! Properties, operators and commands are those of the manual's page on route selection and filters. What the
//! page does not show is refused (assumption `filter-grammar`).

mod parse;
mod properties;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use parse::parse;
