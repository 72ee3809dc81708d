//! Being told of changes.

use std::time::Duration;

use routeros_client::{Command, Row, RowStream};

use crate::check::{Ending, Stop, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "listen.changes",
        source: "manual, API: listen tells of added and changed rows in full, by whomever they are made",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(changes(lab)),
    },
    Check {
        name: "listen.dead",
        source: "centrs on 7.23: a removed row comes as its .id and .dead=true",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(dead(lab)),
    },
    Check {
        name: "listen.singleton",
        source: "tik4net on 7.23: a menu that cannot listen says `unknown parameter follow-only`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(singleton(lab)),
    },
    Check {
        name: "listen.follow",
        source: "command tree: print with follow sends the rows, then the changes",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(follow(lab)),
    },
];

const MENU: &str = "/ip/pool";

/// Waits for a row with this id.
async fn next(stream: &mut RowStream, id: &str) -> Result<Row, Stop> {
    let wait = async {
        while let Some(row) = stream.next().await? {
            if row.id() == Some(id) {
                return Ok(row);
            }
        }
        Err(Stop::Differs("the stream ended".to_owned()))
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
    waited.unwrap_or_else(|_| Err(Stop::Differs(format!("nothing about {id} within 10 s"))))
}

/// A stream that the target has surely begun.
async fn listening(lab: &Lab) -> Result<RowStream, Stop> {
    let stream = lab.connection().listen(MENU);
    lab.run("/system/identity/print").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(stream)
}

async fn pool(lab: &mut Lab) -> Result<String, Stop> {
    let name = lab.name("pool");
    lab.add(MENU, &[("name", &name), ("ranges", "192.0.2.10-192.0.2.20")]).await
}

async fn changes(lab: &mut Lab) -> Ending {
    let mut stream = listening(lab).await?;
    let id = pool(lab).await?;
    let row = next(&mut stream, &id).await?;
    same("ranges", row.get("ranges"), Some("192.0.2.10-192.0.2.20"))?;
    let other = lab.another().await?;
    other.run(Command::new("/ip/pool/set").id(&id).attr("comment", "changed")).await?;
    let row = next(&mut stream, &id).await?;
    same("comment", row.get("comment"), Some("changed"))?;
    that(row.has("ranges") && row.has("name"), || format!("not in full: {row:?}"))?;
    other.close().await;
    Ok(stream.cancel().await?)
}

async fn dead(lab: &mut Lab) -> Ending {
    let id = pool(lab).await?;
    let mut stream = listening(lab).await?;
    lab.remove(MENU, &id).await?;
    let row = next(&mut stream, &id).await?;
    same(".dead", row.get(".dead"), Some("true"))?;
    same("properties", row.iter().count(), 2)?;
    Ok(stream.cancel().await?)
}

async fn singleton(lab: &mut Lab) -> Ending {
    let trap = lab.refusal(Command::new("/system/identity/listen")).await?;
    same("text", trap.message.as_str(), "unknown parameter follow-only")
}

async fn follow(lab: &mut Lab) -> Ending {
    let first = pool(lab).await?;
    let mut stream = lab.connection().stream(Command::new("/ip/pool/print").flag("follow"));
    next(&mut stream, &first).await?;
    let second = pool(lab).await?;
    next(&mut stream, &second).await?;
    Ok(stream.cancel().await?)
}
