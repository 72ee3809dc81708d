//! The server as its clients see it, on an engine with a database of its own.

mod document;
mod lifecycle;
mod pages;
mod refusals;
mod rights;
mod serving;
mod support;
mod waiting;
