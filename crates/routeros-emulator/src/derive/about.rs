//! Why a row does not work, as the console prints it in red (reference 1.7).

use super::has_dead_reference;
use crate::state::{Router, Row};
use crate::value::{Value, show};

/// The text of `.about`, if there is something to say.
pub(crate) fn about(router: &Router, row: &Row) -> Option<String> {
    let text = |field: &str| router.value_of(row, field).and_then(Value::as_str);
    let word = |field: &str| router.value_of(row, field).map(|value| show(value, router));
    let seen = match row.menu {
        // Seen on real rows (sample rows of the reference).
        "/interface/bonding" if text("mode") == Some("802.3ad") && text("link-monitoring") != Some("mii") => {
            Some("802.3ad mode must use mii link-monitoring".to_owned())
        }
        "/routing/bgp/template" | "/routing/bgp/instance" if text("router-id") == Some("0.0.0.0") => {
            Some("invalid value '0.0.0.0' of 'router-id'".to_owned())
        }
        "/routing/bgp/vpn" if word("vrf").is_some_and(|vrf| *vrf == *b"main") => {
            Some("main vrf not suitable for export".to_owned())
        }
        "/routing/bgp/connection" => connection(router, row).map(str::to_owned),
        "/routing/filter/rule" => missing_chain(router, text("rule")?),
        _ => None,
    };
    // Assumption `about-texts`.
    seen.or_else(|| has_dead_reference(router, row).then(|| "refers to something that is gone".to_owned()))
}

/// Why a BGP connection never gets a session (assumption `about-texts`).
fn connection(router: &Router, row: &Row) -> Option<&'static str> {
    let config = router.bgp_config(row);
    let instance = config.iter().find(|row| row.menu == "/routing/bgp/instance");
    let off = |field: &str| router.value_of(row, field).is_some_and(|value| !value.is_true());
    if router.minor() >= 20 && instance.is_none() {
        Some("instance is missing")
    } else if instance.is_some_and(|row| !router.enabled(row) || about(router, row).is_some()) {
        Some("instance is not active")
    } else if !config.iter().any(|row| router.value_of(row, "as").is_some()) {
        Some("as is missing")
    } else if off("connect") && off("listen") {
        Some("neither connect nor listen")
    } else {
        None
    }
}

/// A chain that is in no rule is an unknown reference (reference 4).
fn missing_chain(router: &Router, rule: &str) -> Option<String> {
    let rule = crate::filter::parse(rule).ok()?;
    let menu = router.menu("/routing/filter/rule")?;
    let missing = rule.jumps().into_iter().find(|chain| {
        !router.stored(&menu).any(|row| router.value_of(row, "chain").and_then(Value::as_str) == Some(*chain))
    })?;
    Some(format!("chain {missing} does not exist"))
}
