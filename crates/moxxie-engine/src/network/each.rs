//! Networks that carry something else from now on, each something of its own, by one change.

use moxxie_api::network::{NetworkUpdate, NetworksModified};
use moxxie_core::{NetworkId, change::ChangeKind, identity::Role, network::NetworkStatus};
use serde_json::json;

use super::modify::Wish;
use crate::{Context, Engine, Error, intent::Turn, prefix::refused_items, write::transaction};

impl Engine {
    /// Gives each network its options. Those on routers get one change, which brings all routers after it or is
    /// undone whole; the others are changed at once. Needs operator.
    ///
    /// # Errors
    /// See [`Engine::modify_network`]; what is wrong with a network names it, as in `items[3].options`.
    pub(crate) async fn modify_each(
        &self,
        context: &Context,
        requests: &[(NetworkId, NetworkUpdate)],
    ) -> Result<NetworksModified, Error> {
        context.require(Role::Operator)?;
        let alone = |index: usize, error: Error| match error {
            Error::Invalid(_) | Error::Conflict { .. } | Error::NotFound { .. } => {
                refused_items(requests.len(), vec![(index, error)])
            }
            other => other,
        };
        let mut wishes = Vec::with_capacity(requests.len());
        for (index, (id, request)) in requests.iter().enumerate() {
            wishes.push((index, *id, Wish::check(&request.options).map_err(|error| alone(index, error))?));
        }
        // In order of id, as every order locks them.
        wishes.sort_by_key(|(_, id, _)| *id);
        let result = transaction!(self, |tx| {
            let (mut modified, mut turns) = (Vec::new(), Vec::new());
            for (index, id, wish) in &wishes {
                let turned = async {
                    let before = tx.lock_network(context.principal.scope, *id).await?;
                    let before = before.ok_or_else(|| Error::not_found("network", id))?;
                    self.refuse_open_change(&tx, &before).await?;
                    self.known_wish(&tx, wish).await?;
                    let after = self.wished(&mut tx, &before, wish).await?;
                    Ok(after.map(|after| Turn { before, after }))
                };
                let Some(turn) = turned.await.map_err(|error| alone(*index, error))? else { continue };
                if turn.before.status == NetworkStatus::Allocated {
                    let detail = json!({"before": turn.before.options, "after": turn.after.options});
                    let kind = ChangeKind::Modify;
                    self.note_network(&mut tx, context, kind, &turn.after, "succeeded", detail);
                    modified.push(turn.after.id.to_string());
                } else {
                    turns.push(turn);
                }
            }
            let change = match turns.as_slice() {
                [] => None,
                turns => {
                    let request = json!({"networks": turns.len()});
                    Some(self.order_turns(&mut tx, context, turns, request).await?)
                }
            };
            NetworksModified { change, modified }
        });
        self.wake();
        result
    }
}
