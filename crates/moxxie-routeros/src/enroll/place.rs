//! Where an anchor goes that an operator has not placed.
//!
//! A passthrough rule does nothing by itself; its place decides what moxxie's jumps come before. Too low,
//! and a rule before it lets pass what a profile drops, or drops what a profile allows; too high, and an
//! operator's block list no longer holds for moxxie's networks. So it goes behind the leading rules that
//! cannot open anything and do not cut more than certain sources off, and no further.

use super::Survey;
use crate::{StateRow, bypass::may_be_new};

/// The rule before which the anchor of a chain goes; `None`: at the end.
pub(super) fn successor<'a>(survey: &'a Survey, filter: &str, chain: &'a str) -> Option<&'a StateRow> {
    survey.rules(filter, chain).find(|rule| !is_preamble(rule))
}

/// A rule that may stay before the anchor: it does nothing, or sees no new connection, or only turns
/// certain sources away.
fn is_preamble(rule: &StateRow) -> bool {
    if rule.mark().is_some() {
        return false;
    }
    let action = rule.text("action");
    let action = action.as_deref().unwrap_or("accept");
    let passive = matches!(action, "passthrough" | "log") || action.starts_with("add-");
    let drops = matches!(action, "drop" | "reject" | "tarpit");
    let old = !may_be_new(rule) && (drops || matches!(action, "accept" | "fasttrack-connection"));
    let named = |field| rule.text(field).is_some_and(|value| !value.is_empty() && !value.starts_with('!'));
    rule.flag("disabled")
        || rule.flag("invalid")
        || passive
        || old
        || (drops && (named("src-address") || named("src-address-list")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(fields: &[(&str, &str)]) -> StateRow {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        StateRow { id: "*1".into(), fields: fields.collect() }
    }

    #[test]
    fn what_may_stay_before_an_anchor() {
        for (fields, stays) in [
            (&[("action", "accept"), ("connection-state", "established,related")][..], true),
            (&[("action", "fasttrack-connection"), ("connection-state", "established,related")], true),
            (&[("action", "drop"), ("connection-state", "invalid")], true),
            (&[("action", "passthrough"), ("dynamic", "true")], true),
            (&[("action", "log")], true),
            (&[("action", "drop"), ("src-address-list", "blocked")], true),
            (&[("action", "accept"), ("disabled", "true")], true),
            (&[("action", "drop"), ("src-address-list", "!lan")], false),
            (&[("action", "drop"), ("in-interface-list", "WAN")], false),
            (&[("action", "drop")], false),
            (&[("action", "accept")], false),
            (&[("action", "accept"), ("protocol", "icmp")], false),
            (&[("action", "jump"), ("jump-target", "mine")], false),
            (&[("action", "accept"), ("connection-state", "new")], false),
            (&[], false),
        ] {
            assert_eq!(is_preamble(&rule(fields)), stays, "{fields:?}");
        }
    }
}
