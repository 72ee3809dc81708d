//! Rows of a router as the story shows them: those of networks, and of each the fields that tell something.

use std::collections::BTreeMap;

use moxxie_api::router::RouterRows;

/// What is shown of each menu, in this order.
const SHOWN: &[(&str, &[&str])] = &[
    ("/interface/vlan", &["name", "interface", "vlan-id", "use-service-tag"]),
    ("/ip/address", &["address", "interface"]),
    ("/interface/list/member", &["list", "interface"]),
    ("/ip/pool", &["name", "ranges"]),
    ("/ip/dhcp-server", &["name", "interface", "address-pool", "lease-time"]),
    ("/ip/dhcp-server/network", &["address", "gateway", "dns-server"]),
    ("/ip/firewall/filter", &["chain", "action"]),
];

/// The rows of networks and service VLANs, one a line, and how many others there are.
pub(crate) fn excerpt(rows: &RouterRows) -> (String, usize) {
    let total: usize = rows.menus.values().map(Vec::len).sum();
    let mut lines = String::new();
    let mut shown = 0;
    for (menu, fields) in SHOWN {
        let own = rows.menus.get(*menu).into_iter().flatten().filter(|row| is_special(row));
        for row in own {
            shown += 1;
            let fields: Vec<_> = fields
                .iter()
                .filter_map(|field| row.get(*field).map(|value| (field, value)))
                .filter(|(_, value)| *value != "false" && *value != "no")
                .map(|(field, value)| format!("{field}={value}"))
                .collect();
            lines.push_str(&format!("{menu:<24} {}\n", fields.join(" ")));
        }
    }
    (lines, total - shown)
}

/// Whether a row is there for one network or for one VLAN domain, by the object in its mark.
fn is_special(row: &BTreeMap<String, String>) -> bool {
    let mark = row.get("comment").map(String::as_str).unwrap_or_default();
    let object = mark.split(':').nth(2).unwrap_or_default();
    object.starts_with("net-") || object.starts_with("dom-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn rows_of_networks_are_shown_and_shared_ones_counted() {
        let own = row(&[("chain", "x"), ("action", "drop"), ("comment", "mx1:i:net-1:drop acme")]);
        let shared = row(&[("chain", "x"), ("comment", "mx1:i:fw:drop")]);
        let menus = [("/ip/firewall/filter".to_owned(), vec![own, shared])].into();
        let (lines, rest) = excerpt(&RouterRows { router: "r1".into(), menus });
        assert_eq!((lines.as_str(), rest), ("/ip/firewall/filter      chain=x action=drop\n", 1));
    }
}
