//! What a change made of its routers, noted in the transaction that ends it (design, invariant 8).

use moxxie_core::{ChangeId, plan::Action};
use moxxie_routeros::REVISION;
use moxxie_store::{NewApplied, Tx};
use serde_json::json;

use super::drive::Place;
use crate::{Engine, Error};

impl Engine {
    /// Notes the rows that the routers have now, and those they have no more.
    pub(super) async fn note_applied(
        &self,
        tx: &mut Tx,
        change: ChangeId,
        places: &[Place],
    ) -> Result<(), Error> {
        let routers: Vec<_> = places
            .iter()
            .map(|place| {
                let (gone, rows): (Vec<_>, Vec<_>) =
                    place.plan.commands.iter().partition(|command| command.action == Action::Remove);
                NewApplied {
                    router: place.router.id,
                    facts: facts(place),
                    rows: rows.into_iter().map(|command| &command.row).collect(),
                    gone: gone.into_iter().map(|c| (c.row.menu.as_str(), &c.row.mark)).collect(),
                    settled: &place.plan.settled,
                }
            })
            .collect();
        Ok(tx.put_applied(change, REVISION, &routers, self.now()).await?)
    }
}

/// What the router said about itself: in this try, or when it was enrolled.
fn facts(place: &Place) -> serde_json::Value {
    match (&place.state, &place.router.identity) {
        (Some(state), _) => {
            let facts = &state.facts;
            json!({"version": facts.version_text, "board": facts.board, "serial": facts.serial})
        }
        (None, Some(was)) => json!({"version": was.version, "board": was.board, "serial": was.serial}),
        (None, None) => json!({}),
    }
}
