//! Anchors: the operator's rules that say where ours go.

use moxxie_core::row::Mark;

use crate::{DeviceState, Refusal, StateRow};

/// The anchor of a chain of one family's filter: the one rule there, not ours and not dynamic, whose comment is the text or begins
/// with it. A disabled rule serves as well: it only marks a place.
///
/// # Errors
/// [`Refusal::NoAnchor`] when there is none, or more than one.
pub(crate) fn anchor<'a>(
    state: &'a DeviceState,
    filter: &str,
    chain: &str,
    comment: &str,
) -> Result<&'a StateRow, Refusal> {
    let of_chain = || {
        let rows = state.rows(filter).iter();
        rows.filter(|row| {
            row.text("chain").as_deref() == Some(chain) && !row.is_dynamic() && row.mark().is_none()
        })
    };
    let exact: Vec<_> = of_chain().filter(|row| row.comment() == comment).collect();
    let begins: Vec<_> = of_chain().filter(|row| row.comment().starts_with(comment)).collect();
    let refuse = |hint: String| Refusal::NoAnchor {
        menu: filter.to_owned(),
        chain: chain.to_owned(),
        comment: comment.to_owned(),
        hint,
    };
    match (exact.as_slice(), begins.as_slice()) {
        ([one], _) | ([], [one]) => Ok(one),
        ([], []) => Err(refuse(format!(
            "no rule has a comment that begins with {comment:?}, so moxxie does not know where its rules go; add one \
             there, for example {filter}/add chain={chain} action=passthrough comment={}",
            crate::script::quote(comment)
        ))),
        (many, begins) => Err(refuse(format!(
            "{} rules have a comment that begins with {comment:?}, and only one may mark the place of moxxie's rules",
            many.len().max(begins.len())
        ))),
    }
}

/// The row that `before` of a rendered row names: one of ours by its mark, or an anchor by its comment.
pub(crate) fn place<'a>(
    state: &'a DeviceState,
    filter: &str,
    chain: &str,
    before: &str,
) -> Option<&'a StateRow> {
    match before.parse::<Mark>() {
        Ok(mark) => state.rows(filter).iter().find(|row| row.mark().as_ref() == Some(&mark)),
        Err(_) => anchor(state, filter, chain, before).ok(),
    }
}
