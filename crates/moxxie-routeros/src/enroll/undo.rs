//! The way back: what a failed enrolment has to take away again.

use super::{CERTIFICATE, Part, Step, Survey, Wish, step::Word};
use crate::{StateRow, menu::path};

/// The commands that are still needed to undo the parts that were begun, in the opposite order, by what the
/// router showed before and shows now. What became of each command is read and not remembered, so a lost
/// answer is no special case; what was there before is never removed.
#[must_use]
pub fn leftovers(wish: &Wish, begun: &[Part], before: &Survey, now: &Survey) -> Vec<Step> {
    let mut begun = begun.to_vec();
    begun.sort_unstable();
    begun.dedup();
    begun.iter().rev().filter_map(|part| undo(*part, wish, before, now)).collect()
}

fn undo(part: Part, wish: &Wish, before: &Survey, now: &Survey) -> Option<Step> {
    let user = &wish.user;
    match part {
        Part::Group => gone(part, "/user/group/remove", before.group(user), now.group(user), user),
        Part::User => match (before.user(user), now.user(user)) {
            // Its password was nobody's; the rest goes back.
            (Some(was), Some(is)) => {
                back(part, "/user/set", was, is, &["group", "address", "disabled"], user)
            }
            (was, is) => gone(part, "/user/remove", was, is, user),
        },
        Part::Certificate => {
            let (was, is) = (before.certificate(CERTIFICATE), now.certificate(CERTIFICATE));
            gone(part, "/certificate/remove", was, is, CERTIFICATE)
        }
        // Goes with the certificate; a template of an earlier run is as good signed.
        Part::Signature => None,
        Part::Service => {
            let (was, is) = (before.service("api-ssl")?, now.service("api-ssl")?);
            back(part, "/ip/service/set", was, is, &["certificate", "tls-version", "disabled"], "api-ssl")
        }
        Part::Anchor(filter, chain) => {
            let is_new = |rule: &&StateRow| {
                rule.comment() == wish.binding.anchor.as_str()
                    && before.rules(filter, chain).all(|old| old.id != rule.id)
            };
            let rule = now.rules(filter, chain).find(is_new)?;
            let remove = match filter {
                path::FILTER6 => "/ipv6/firewall/filter/remove",
                _ => "/ip/firewall/filter/remove",
            };
            gone(part, remove, None, Some(rule), &rule.id)
        }
    }
}

fn gone(
    part: Part,
    path: &'static str,
    was: Option<&StateRow>,
    is: Option<&StateRow>,
    name: &str,
) -> Option<Step> {
    let row = is.filter(|row| was.is_none_or(|was| was.id != row.id))?;
    Some(Step { part, path, target: Some((".id", row.id.clone(), name.to_owned())), words: Vec::new() })
}

/// Writes back the fields that differ.
fn back(
    part: Part,
    path: &'static str,
    was: &StateRow,
    is: &StateRow,
    fields: &[&'static str],
    name: &str,
) -> Option<Step> {
    let differs = |field: &&&str| was.text(field) != is.text(field);
    let old = |field: &str| match (field, was.text(field)) {
        ("certificate", None) => "none".to_owned(),
        (_, value) => value.unwrap_or_default().into_owned(),
    };
    let words: Vec<_> = fields.iter().filter(differs).map(|field| (*field, Word::Text(old(field)))).collect();
    let target = Some((".id", is.id.clone(), name.to_owned()));
    (!words.is_empty()).then_some(Step { part, path, target, words })
}
