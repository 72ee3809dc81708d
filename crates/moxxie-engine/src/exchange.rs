//! Import and export: a table of what is taken, in and out.

mod export;
mod import;
mod inventory;
mod lines;
mod read;
mod table;

pub use self::export::Export;
