//! The chapters of the story, in its order.

pub(crate) mod addresses;
pub(crate) mod failure;
pub(crate) mod provision;
pub(crate) mod refusals;
pub(crate) mod register;
pub(crate) mod removal;
