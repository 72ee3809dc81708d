//! Import and export: a table of what is taken, in and out.

mod arranged;
mod export;
mod import;
mod inventory;
mod lines;
mod read;
mod record;
mod table;

pub use self::export::Export;
