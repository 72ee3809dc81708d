//! A network is taken off again, and the trail of it all is checked.

use moxxie_api::{
    audit::{AuditEvent, AuditVerification},
    change::Change,
};

use crate::demo::story::{Story, ensure};

pub(crate) async fn deprovision(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("A network is taken off again")?;
    let Some(network) = story.networks.iter().find(|network| network.datacenter == "dc1").cloned() else {
        anyhow::bail!("there is no network in dc1 to take off");
    };
    let id = network.network_id.as_str();
    story.stage.say(&format!("moxxie network deprovision {}", network.name))?;
    let change: Change = story.api.delete(&["networks", id], &[]).await?;
    let change = story.follow(&change.change_id).await?;
    let so = ensure(change.state == "applied", || format!("it is {}", change.state));
    story.stage.check("the change is applied", so)?;

    let rows = story.rows("r1").await?;
    let left: Vec<_> = rows
        .menus
        .iter()
        .flat_map(|(menu, rows)| rows.iter().map(move |row| (menu, row)))
        .filter(|(_, row)| row.get("comment").is_some_and(|comment| comment.contains(id)))
        .map(|(menu, _)| menu.as_str())
        .collect();
    let so = ensure(left.is_empty(), || format!("there are rows left in {}", left.join(", ")));
    story.stage.check("no row of it is left on r1", so)?;
    let office = story.lab.dc1.emulator.rows("/interface/vlan");
    let so = office.iter().any(|row| row.get("name").is_some_and(|name| name == "office"));
    story.stage.check("the VLAN of somebody else is still there", ensure(so, || "it is gone".into()))?;
    let gone = !story.all_networks().await?.iter().any(|other| other.network_id == network.network_id);
    story.stage.check("its VLAN and prefix are free again", ensure(gone, || "it is still listed".into()))?;

    let again: Change = story.api.delete(&["networks", id], &[]).await?;
    let so = ensure(again.finished && again.state == "applied", || format!("it is {}", again.state));
    story.stage.check("asking again does nothing and gives the same answer", so)
}

pub(crate) async fn audit(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("Who did what")?;
    let mut events: Vec<AuditEvent> = story.api.list(&["audit"], &[], 1000).await?;
    events.reverse();
    let shown = events.iter().filter(|event| !event.action.starts_with("router.commands"));
    let rows: Vec<_> = shown
        .map(|event| {
            let at = event.at.strftime("%H:%M:%S").to_string();
            let object = short(&event.object);
            vec![at, event.actor.clone(), event.action.clone(), object, event.outcome.clone()]
        })
        .collect();
    story.stage.table(&["TIME", "ACTOR", "ACTION", "OBJECT", "OUTCOME"], &rows)?;
    let found: AuditVerification = story.api.get(&["audit", "verify"]).await?;
    story.stage.say(&format!("{} events, {} signed checkpoints", found.events, found.checkpoints))?;
    let so = ensure(found.intact && found.events > 0, || found.problems.join("; "));
    story.stage.check("the chain of hashes holds", so)?;
    let refused = events.iter().any(|event| event.outcome == "refused" || event.outcome == "failed");
    let so = ensure(refused, || "none is there".into());
    story.stage.check("refusals and failures are in the trail too", so)
}

/// An id by its kind and its end, which is what names of rows carry too.
fn short(id: &str) -> String {
    match (id.split_once('-'), id.rsplit_once('-')) {
        (Some((kind, _)), Some((_, end))) => format!("{kind}-..{end}"),
        _ => id.to_owned(),
    }
}
