use moxxie_core::{
    change::StepName,
    plan::{Action, Command, Plan},
};

use super::*;
use crate::{
    diff_text,
    testing::{PROFILES, binding, facts, intent, network, rendered, stacked, tenant_id},
};

/// Rows as text, with ids of objects shortened to what tells them apart.
fn text(rows: &[Row]) -> String {
    let commands =
        rows.iter().map(|row| Command { wave: 0, action: Action::Add, row: row.clone() }).collect();
    let text = diff_text(&Plan { commands, ..Plan::default() });
    let short = |text: String, prefix: &str| {
        let full = format!("{prefix}-00000000-0001-7");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(&full) {
            out.push_str(&rest[..at]);
            let id = &rest[at..at + prefix.len() + 37];
            out.push_str(&format!("{prefix}-{}", &id[id.len() - 2..]));
            rest = &rest[at + id.len()..];
        }
        out + rest
    };
    let text = short(short(short(text, "net"), "ten"), "dom");
    text.replace("mx1:ab12:", "")
        .replace("mx-010101010101", "mx-N1")
        .replace("mx-s-d0d0d0d0d0d0", "mx-s-D")
        .replace("mx-t-a1a1a1a1a1a1", "mx-t-T1")
}

#[test]
fn an_isolated_network_inside_a_service_vlan() {
    let expected = "\
# router_vlan_creation
+ /interface/vlan name=mx-s-D interface=ether2 vlan-id=1000 use-service-tag=yes comment=\"dom-d0:svlan service VLAN\"
+ /interface/vlan name=mx-N1 interface=mx-s-D vlan-id=101 use-service-tag=no comment=\"net-01:vlan acme/n1\"
# router_configuration
+ /ip/address address=10.1.1.1/24 interface=mx-N1 comment=\"net-01:address acme/n1\"
# firewall_rules
+ /interface/list name=mx-nets comment=\"fw:list-mx-nets all networks of moxxie\"
+ /interface/list name=mx-isolated comment=fw-isolated:list-mx-isolated
+ /interface/list name=mx-service comment=\"fw-service:list-mx-service service VLANs\"
+ /ip/firewall/address-list list=mx-mgmt address=192.168.88.0/24 comment=fw:mgmt-192.168.88.0/24
+ /ip/firewall/filter chain=mx-forward action=accept connection-state=established,related comment=fw:forward-established
+ /ip/firewall/filter chain=mx-input action=accept connection-state=established,related comment=fw:input-established
+ /ip/firewall/filter chain=mx-isolated-in action=return in-interface-list=\"!mx-nets\" src-address-list=mx-mgmt comment=fw-isolated:in-management
+ /ip/firewall/filter chain=mx-forward action=drop connection-state=invalid comment=fw:forward-invalid
+ /ip/firewall/filter chain=mx-input action=drop in-interface-list=mx-service comment=fw-service:input-drop
+ /ip/firewall/filter chain=mx-input action=accept protocol=icmp comment=fw:input-icmp
+ /ip/firewall/filter chain=mx-forward action=drop in-interface-list=mx-service comment=fw-service:forward-drop
+ /ip/firewall/filter chain=mx-input action=accept protocol=udp dst-port=67 comment=fw:input-dhcp
+ /ip/firewall/filter chain=mx-forward action=jump jump-target=mx-isolated-out in-interface-list=mx-isolated comment=fw-isolated:jump-out
+ /ip/firewall/filter chain=mx-forward action=jump jump-target=mx-isolated-in out-interface-list=mx-isolated comment=fw-isolated:jump-in
+ /ip/firewall/filter chain=mx-forward action=accept comment=fw:forward-accept
+ /ip/firewall/filter chain=mx-input action=drop comment=fw:input-drop
+ /ip/firewall/filter chain=mx-isolated-in action=drop comment=fw-isolated:in-drop
+ /ip/firewall/filter chain=mx-isolated-out action=drop comment=fw-isolated:out-drop
+ /ip/firewall/filter chain=forward action=jump jump-target=mx-forward in-interface-list=mx-nets comment=fw:jump-forward-in
+ /ip/firewall/filter chain=input action=jump jump-target=mx-input in-interface-list=mx-nets comment=fw:jump-input
+ /ip/firewall/filter chain=forward action=jump jump-target=mx-forward out-interface-list=mx-nets comment=fw:jump-forward-out
+ /interface/list/member list=mx-service interface=mx-s-D comment=dom-d0:in-mx-service
+ /interface/list/member list=mx-isolated interface=mx-N1 comment=\"net-01:in-mx-isolated acme/n1\"
+ /interface/list/member list=mx-nets interface=mx-s-D comment=dom-d0:in-mx-nets
+ /interface/list/member list=mx-nets interface=mx-N1 comment=\"net-01:in-mx-nets acme/n1\"
# dhcp_configuration
+ /ip/dhcp-server/network address=10.1.1.0/24 gateway=10.1.1.1 dns-server=9.9.9.9 comment=\"net-01:dhcp-network acme/n1\"
+ /ip/pool name=mx-N1 ranges=10.1.1.100-10.1.1.200 comment=\"net-01:pool acme/n1\"
+ /ip/dhcp-server name=mx-N1 interface=mx-N1 address-pool=mx-N1 lease-time=10m comment=\"net-01:dhcp-server acme/n1\"
";
    assert_eq!(text(&rendered(&[stacked(1, "isolated")])), expected);
}

#[test]
fn a_standard_network_on_a_plain_trunk_adds_what_its_tenant_needs() {
    let mut asking = network(1, "standard");
    asking.dhcp.as_mut().unwrap().dns = vec!["10.1.1.1".parse().unwrap()];
    let text = text(&rendered(&[asking]));
    let parts = [
        "+ /interface/vlan name=mx-N1 interface=ether2 vlan-id=101 use-service-tag=no",
        "+ /ip/firewall/filter chain=mx-standard-in action=return in-interface-list=mx-t-T1 out-interface-list=mx-t-T1 comment=ten-a1:in-own",
        "+ /interface/list/member list=mx-t-T1 interface=mx-N1",
        "+ /ip/firewall/filter chain=mx-input action=accept in-interface-list=mx-dns protocol=udp dst-port=53 comment=fw-dns:input-udp",
        "+ /interface/list/member list=mx-dns interface=mx-N1",
    ];
    for part in parts {
        let short = part.replace(" in-interface-list=mx-dns protocol=udp dst-port=53", "");
        assert!(text.contains(part) || text.contains(&short), "{part}\n{text}");
    }
    assert!(
        !text.contains("svlan") && !text.contains("mx-standard-out") && !text.contains("isolated"),
        "{text}"
    );
}

#[test]
fn rules_do_not_grow_with_networks() {
    let rules = |count: u8| {
        let networks: Vec<_> = (1..=count).map(|n| network(n, PROFILES[usize::from(n) % 4])).collect();
        rendered(&networks).iter().filter(|row| row.menu == "/ip/firewall/filter").count()
    };
    assert_eq!(rules(60), rules(4));
}

#[test]
fn a_profile_that_a_user_wrote_is_a_chain_per_direction() {
    let expected = "\
+ /interface/list name=mx-p-web comment=fw-p-web:list-mx-p-web
+ /ip/firewall/address-list list=mx-p-web.offices address=203.0.113.0/24 comment=fw-p-web:set-offices-203.0.113.0/24
+ /ip/firewall/address-list list=mx-p-web.repos address=198.51.100.7/32 comment=fw-p-web:set-repos-198.51.100.7/32
+ /ip/firewall/filter chain=mx-p-web-in action=return in-interface-list=\"!mx-nets\" src-address-list=mx-p-web.offices comment=fw-p-web:in-office
+ /ip/firewall/filter chain=mx-p-web-out action=drop out-interface-list=\"!mx-nets\" protocol=tcp dst-port=25 comment=fw-p-web:out-smtp
+ /ip/firewall/filter chain=mx-p-web-router action=accept protocol=udp dst-port=123 comment=fw-p-web:router-time
+ /ip/firewall/filter chain=mx-p-web-out action=return dst-address-list=mx-p-web.repos comment=fw-p-web:out-repo
+ /ip/firewall/filter chain=mx-p-web-in action=return in-interface-list=mx-t-T1 out-interface-list=mx-t-T1 protocol=tcp dst-port=80,443,8000-8100 comment=ten-a1:p-web.in-own
+ /ip/firewall/filter chain=mx-p-web-in action=return protocol=icmp comment=fw-p-web:in-ping
+ /ip/firewall/filter chain=mx-forward action=jump jump-target=mx-p-web-out in-interface-list=mx-p-web comment=fw-p-web:jump-out
+ /ip/firewall/filter chain=mx-input action=jump jump-target=mx-p-web-router in-interface-list=mx-p-web comment=fw-p-web:jump-router
+ /ip/firewall/filter chain=mx-forward action=jump jump-target=mx-p-web-in out-interface-list=mx-p-web comment=fw-p-web:jump-in
+ /ip/firewall/filter chain=mx-p-web-in action=drop comment=fw-p-web:in-drop
+ /interface/list/member list=mx-p-web interface=mx-N1 comment=\"net-01:in-mx-p-web acme/n1\"
";
    let text = text(&rendered(&[network(1, "web")]));
    let of_profile: String =
        text.lines().filter(|line| line.contains("p-web")).map(|line| format!("{line}\n")).collect();
    assert_eq!(of_profile, expected);
}

#[test]
fn nothing_is_shared_by_nobody() {
    assert_eq!(rendered(&[]), []);
}

#[test]
fn names_are_ascii_and_marks_are_read_back() {
    for row in rendered(&[stacked(1, "standard"), stacked(2, "open")]) {
        assert_eq!(row.comment().parse(), Ok(row.mark.clone()));
        assert!(row.comment().is_ascii() && !row.mark.to_string().contains(' '));
        assert!(row.key.iter().all(|name| row.fields.contains_key(name)), "{row:?}");
    }
}

#[test]
fn order_is_the_chain() {
    let rows = rendered(&[network(1, "standard"), network(2, "isolated")]);
    for chain in ["mx-forward", "mx-input", "mx-standard-in", "forward"] {
        let ranks: Vec<_> = rows
            .iter()
            .filter(|row| row.fields.get("chain").is_some_and(|c| c == chain))
            .map(|row| row.rank)
            .collect();
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{chain}: {ranks:?}");
    }
}

#[test]
fn what_cannot_be_rendered_is_named() {
    let bad = |change: &dyn Fn(&mut moxxie_core::device::NetworkIntent)| {
        let mut one = network(1, "open");
        change(&mut one);
        render(&intent(&[one]), &binding(), &facts()).unwrap_err().to_string()
    };
    let six = bad(&|net| net.gateway = "2001:db8::1/64".parse().unwrap());
    assert!(six.ends_with("DHCP 10.1.1.100-10.1.1.200 is of the wrong family"), "{six}");
    let both = bad(&|net| net.second = Some("10.9.9.1/24".parse().unwrap()));
    assert!(both.ends_with("gateway 10.9.9.1/24 beside 10.1.1.1/24 is of the wrong family"), "{both}");
    let range = bad(&|net| net.gateway = "10.9.9.1/24".parse().unwrap());
    assert!(range.ends_with("DHCP range 10.1.1.100-10.1.1.200 is not inside 10.9.9.1/24"), "{range}");
    let twice = render(&intent(&[network(1, "open"), network(1, "open")]), &binding(), &facts());
    assert!(matches!(twice, Err(RenderError::SameName { .. })));
    let binding = Binding { install: "x".into(), ..binding() };
    assert!(matches!(render(&intent(&[]), &binding, &facts()), Err(RenderError::Binding(_))));
}

#[test]
fn two_tenants_do_not_share_a_list() {
    let other = moxxie_core::device::NetworkIntent { tenant: tenant_id(2), ..network(2, "standard") };
    let rows = rendered(&[network(1, "standard"), other]);
    let own = rows.iter().filter(|row| row.mark.part == "in-own").count();
    assert_eq!(own, 2);
    assert!(rows.iter().all(|row| row.step != StepName::Verification));
}
