//! The server as its clients see it, on an engine with a database of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod document;
mod exchange;
mod idempotency;
mod ipam_refusals;
mod lifecycle;
mod modify;
mod pages;
mod past;
mod planned;
mod profiles;
mod refusals;
mod removal;
mod rights;
mod search;
mod serving;
mod several;
mod support;
mod waiting;
