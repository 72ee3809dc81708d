//! Every emulated menu, as data. Adding a menu is adding an entry to one of these files.
//!
//! Fields, enumerations, unsettable fields and version ranges follow the command trees of real routers
//! (`schema/` of the reference); defaults, uniqueness and references its section 4.

mod bridge;
mod dhcp;
mod dns;
mod firewall;
mod interfaces;
mod ip;
mod log;
mod matchers;
mod routing;
mod system;
mod user;

use crate::schema::Menu;

/// Enumerations that several menus share.
mod shared {
    pub(super) const ARP: &[&str] = &["disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only"];
    pub(super) const INTERFACE: &[&str] = &["/interface"];
    pub(super) const INTERFACE_OR_LIST: &[&str] = &["/interface", "/interface/list"];
    pub(super) const LIST: &[&str] = &["/interface/list"];
    pub(super) const FRAME_TYPES: &[&str] =
        &["admit-all", "admit-only-untagged-and-priority-tagged", "admit-only-vlan-tagged"];
}

/// All menus of all versions.
pub(crate) fn all() -> Vec<Menu> {
    [
        interfaces::menus(),
        bridge::menus(),
        ip::menus(),
        dhcp::menus(),
        dns::menus(),
        firewall::menus(),
        routing::menus(),
        system::menus(),
        user::menus(),
        log::menus(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
