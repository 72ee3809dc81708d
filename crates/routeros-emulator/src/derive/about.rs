//! Why a row does not work, as the console prints it in red (reference 1.7).

use super::has_dead_reference;
use crate::state::{Router, Row};
use crate::value::Value;

/// The text of `.about`, if there is something to say.
pub(crate) fn about(router: &Router, row: &Row) -> Option<String> {
    let text = |field: &str| router.value_of(row, field).and_then(Value::as_str);
    let seen = match row.menu {
        // Seen on real rows (sample rows of the reference).
        "/interface/bonding" if text("mode") == Some("802.3ad") && text("link-monitoring") != Some("mii") => {
            Some("802.3ad mode must use mii link-monitoring".to_owned())
        }
        "/routing/bgp/template" | "/routing/bgp/instance" if text("router-id") == Some("0.0.0.0") => {
            Some("invalid value '0.0.0.0' of 'router-id'".to_owned())
        }
        "/routing/filter/rule" => missing_chain(router, text("rule")?),
        _ => None,
    };
    // Assumption `about-texts`.
    seen.or_else(|| has_dead_reference(router, row).then(|| "refers to something that is gone".to_owned()))
}

/// A chain that is in no rule is an unknown reference (reference 4).
fn missing_chain(router: &Router, rule: &str) -> Option<String> {
    let rule = crate::filter::parse(rule).ok()?;
    let menu = router.menu("/routing/filter/rule")?;
    let missing = rule.jumps().find(|chain| {
        !router.stored(&menu).any(|row| router.value_of(row, "chain").and_then(Value::as_str) == Some(*chain))
    })?;
    Some(format!("chain {missing} does not exist"))
}
