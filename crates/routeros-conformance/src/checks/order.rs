//! Lists whose order means something: rules of a chain that nothing jumps to, all disabled.

use routeros_client::{Command, TrapKind};

use crate::check::{Ending, Stop, same};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "order.appended",
        source: "manual, API: rows come in the menu's order, a new one last",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(appended(lab)),
    },
    Check {
        name: "order.place-before",
        source: "command tree: add takes place-before with an id",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(place_before(lab)),
    },
    Check {
        name: "order.place-before-missing",
        source: "quickchr: place-before an item that is not there is refused",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(place_before_missing(lab)),
    },
    Check {
        name: "order.move",
        source: "command tree: move puts a row before its destination",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(moved(lab)),
    },
    Check {
        name: "order.move-to-end",
        source: "commonly known: move without a destination puts a row last",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(moved_to_end(lab)),
    },
    Check {
        name: "order.nextid",
        source: "real rows: .nextid is the id of the row that follows, *FFFFFFFF for the last",
        quality: Quality::Reported,
        need: Need::Session,
        run: |lab| Box::pin(nextid(lab)),
    },
];

const MENU: &str = "/ip/firewall/filter";

/// The chain and its rules `a`, `b`, `c`.
async fn rules(lab: &mut Lab) -> Result<(String, Vec<String>), Stop> {
    let chain = lab.name("chain");
    let mut ids = Vec::new();
    for comment in ["a", "b", "c"] {
        ids.push(lab.add(MENU, &fields(&chain, comment)).await?);
    }
    Ok((chain, ids))
}

fn fields<'a>(chain: &'a str, comment: &'a str) -> [(&'a str, &'a str); 4] {
    [("chain", chain), ("action", "accept"), ("disabled", "yes"), ("comment", comment)]
}

async fn is(lab: &Lab, chain: &str, expected: &str) -> Ending {
    let print = Command::new(format!("{MENU}/print")).equal("chain", chain);
    let rows = lab.run(print).await?.rows;
    same("order", rows.iter().filter_map(|row| row.get("comment")).collect::<String>().as_str(), expected)
}

async fn appended(lab: &mut Lab) -> Ending {
    let (chain, _) = rules(lab).await?;
    is(lab, &chain, "abc").await
}

async fn place_before(lab: &mut Lab) -> Ending {
    let (chain, ids) = rules(lab).await?;
    let placed = [&fields(&chain, "x")[..], &[("place-before", ids[1].as_str())]].concat();
    let id = lab.add(MENU, &placed).await?;
    is(lab, &chain, "axbc").await?;
    same("stored", lab.value(MENU, &id, "place-before").await?, None)
}

async fn place_before_missing(lab: &mut Lab) -> Ending {
    let (chain, ids) = rules(lab).await?;
    lab.remove(MENU, &ids[2]).await?;
    let placed = [&fields(&chain, "x")[..], &[("place-before", ids[2].as_str())]].concat();
    let add = lab.command(MENU, "add", &placed);
    same("kind", lab.refusal(add).await?.kind, TrapKind::MissingItem)?;
    is(lab, &chain, "ab").await
}

async fn moved(lab: &mut Lab) -> Ending {
    let (chain, ids) = rules(lab).await?;
    lab.run(Command::new(format!("{MENU}/move")).attr("numbers", &ids[2]).attr("destination", &ids[0]))
        .await?;
    is(lab, &chain, "cab").await
}

async fn moved_to_end(lab: &mut Lab) -> Ending {
    let (chain, ids) = rules(lab).await?;
    lab.run(Command::new(format!("{MENU}/move")).attr("numbers", &ids[0])).await?;
    is(lab, &chain, "bca").await
}

async fn nextid(lab: &mut Lab) -> Ending {
    let (_, ids) = rules(lab).await?;
    let mut found = Vec::new();
    for id in &ids {
        let print = Command::new(format!("{MENU}/print")).proplist([".nextid"]).equal(".id", id);
        let rows = lab.run(print).await?.rows;
        found.push(rows.first().and_then(|row| row.get(".nextid")).unwrap_or("none").to_owned());
    }
    same(".nextid", found, vec![ids[1].clone(), ids[2].clone(), "*FFFFFFFF".to_owned()])
}
