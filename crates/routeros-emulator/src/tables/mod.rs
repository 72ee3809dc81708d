//! Every emulated menu, as data. Adding a menu is adding an entry to one of these files.
//!
//! Fields, enumerations, unsettable fields and version ranges follow the command trees of real routers
//! (`schema/` of the reference); defaults, uniqueness and references its section 4.

mod bgp;
mod bgp_session;
mod bridge;
mod certificate;
mod dhcp;
mod dns;
mod file;
mod firewall;
mod firewall6;
mod firewall_more;
mod interfaces;
mod ip;
mod ip_more;
mod ipv6;
mod log;
mod matchers;
mod queue;
mod routing;
mod routing_filter;
mod routing_more;
mod system;
mod system_more;
mod user;
mod virtual_interfaces;

use crate::schema::Menu;

/// Enumerations that several menus share.
mod shared {
    pub(super) const ARP: &[&str] = &["disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only"];
    pub(super) const INTERFACE: &[&str] = &["/interface"];
    pub(super) const INTERFACE_OR_LIST: &[&str] = &["/interface", "/interface/list"];
    pub(super) const LIST: &[&str] = &["/interface/list"];
    pub(super) const TABLES: &[&str] = &["/routing/table"];
    pub(super) const VRFS: &[&str] = &["/ip/vrf"];
    pub(super) const FRAME_TYPES: &[&str] =
        &["admit-all", "admit-only-untagged-and-priority-tagged", "admit-only-vlan-tagged"];
}

/// All menus of all versions.
pub(crate) fn all() -> Vec<Menu> {
    [
        interfaces::menus(),
        virtual_interfaces::menus(),
        bridge::menus(),
        ip::menus(),
        ip_more::menus(),
        dhcp::menus(),
        dns::menus(),
        firewall::menus(),
        firewall_more::menus(),
        ipv6::menus(),
        firewall6::menus(),
        routing::menus(),
        routing_more::menus(),
        routing_filter::menus(),
        bgp::menus(),
        queue::menus(),
        certificate::menus(),
        system::menus(),
        system_more::menus(),
        user::menus(),
        log::menus(),
        file::menus(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
