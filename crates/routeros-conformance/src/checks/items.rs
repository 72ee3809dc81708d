//! How an item is named.

use routeros_client::{Command, TrapKind};

use crate::check::{Ending, same, that};
use crate::{Check, Lab, Need, Quality, Stop};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "item.by-name",
        source: "manual, API: an item is named by its name where the menu has names",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(by_name(lab)),
    },
    Check {
        name: "item.numbers",
        source: "librouteros and others: =numbers= names items as =.id= does",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(numbers(lab)),
    },
    Check {
        name: "item.position-refused",
        source: "manual, API: the position of a console print names no item",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(position(lab)),
    },
    Check {
        name: "item.none-refused",
        source: "manual, API: set without an item is refused in a list menu",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(without(lab)),
    },
    Check {
        name: "item.id-not-reused",
        source: "skills: the id of a removed row is not given to the next one",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(not_reused(lab)),
    },
    Check {
        name: "item.id-survives-changes",
        source: "skills: an id stays through changes, a new name included",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(survives(lab)),
    },
];

const POOL: &str = "/ip/pool";

async fn pool(lab: &mut Lab) -> Result<(String, String), Stop> {
    let name = lab.name("pool");
    let id = lab.add(POOL, &[("name", &name), ("ranges", "192.0.2.10-192.0.2.20")]).await?;
    Ok((name, id))
}

async fn by_name(lab: &mut Lab) -> Ending {
    let (name, id) = pool(lab).await?;
    lab.set(POOL, &name, &[("ranges", "192.0.2.30-192.0.2.40")]).await?;
    let ranges = lab.value(POOL, &id, "ranges").await?;
    same("ranges", ranges.as_deref(), Some("192.0.2.30-192.0.2.40"))?;
    lab.remove(POOL, &name).await?;
    same("row", lab.row(POOL, &id).await?, None)
}

async fn numbers(lab: &mut Lab) -> Ending {
    let (name, id) = pool(lab).await?;
    for item in [&name, &id] {
        let ranges = format!("192.0.2.{0}-192.0.2.{0}", item.len());
        let set = lab.command(POOL, "set", &[("numbers", item), ("ranges", &ranges)]);
        lab.run(set).await?;
        let found = lab.value(POOL, &id, "ranges").await?.unwrap_or_default();
        that(found.starts_with(&format!("192.0.2.{}", item.len())), || format!("{item}: ranges {found}"))?;
    }
    Ok(())
}

async fn position(lab: &mut Lab) -> Ending {
    let (_, id) = pool(lab).await?;
    // Far beyond the last position: where positions did count, nobody's row would be hit.
    let set = lab.command(POOL, "set", &[("numbers", "999999"), ("comment", "x")]);
    same("kind", lab.refusal(set).await?.kind, TrapKind::MissingItem)?;
    that(lab.row(POOL, &id).await?.is_some(), || "the pool is gone".to_owned())
}

async fn without(lab: &mut Lab) -> Ending {
    pool(lab).await?;
    // The value is bad as well, so that a router that did take it would still change nothing.
    lab.refusal(Command::new("/ip/pool/set").attr("ranges", "nonsense")).await.map(drop)
}

async fn not_reused(lab: &mut Lab) -> Ending {
    let (_, first) = pool(lab).await?;
    lab.remove(POOL, &first).await?;
    let (_, second) = pool(lab).await?;
    that(first != second, || format!("both are {first}"))
}

async fn survives(lab: &mut Lab) -> Ending {
    let (_, id) = pool(lab).await?;
    let name = lab.name("pool");
    lab.set(POOL, &id, &[("name", &name)]).await?;
    same("name", lab.value(POOL, &id, "name").await?, Some(name))
}
