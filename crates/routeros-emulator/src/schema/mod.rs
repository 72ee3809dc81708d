//! The language in which menus are described, and the form compiled for one RouterOS version.

mod compiled;
mod field;
mod menu;
mod print;
mod types;

pub(crate) use compiled::{Compiled, CompiledMenu, FieldIx, schema_for};
pub(crate) use field::{Access, Field, Secret, f, ro};
pub(crate) use menu::{Kind, Menu, monitor_arguments};
pub(crate) use print::print_arguments;
pub(crate) use types::{
    Type, addresses, date, enum_of, hex, list_of, not, num, range4, range6, ref_to, refs_to, set_of, time,
    time_between, words,
};
