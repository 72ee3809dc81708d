//! The scheduler, on which dead man's switches rest.

use std::time::Duration;

use crate::check::{Ending, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "scheduler.rows",
        source: "manual, scheduler: a row has interval, on-event, owner, run-count and policy",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(rows(lab)),
    },
    Check {
        name: "scheduler.fires",
        source: "manual, scheduler: on-event runs each interval, and run-count counts it",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(fires(lab)),
    },
];

const MENU: &str = "/system/scheduler";

async fn rows(lab: &mut Lab) -> Ending {
    let name = lab.name("timer");
    let fields =
        [("name", name.as_str()), ("interval", "2m"), ("on-event", ":log info x"), ("disabled", "yes")];
    let id = lab.add(MENU, &fields).await?;
    same("interval", lab.value(MENU, &id, "interval").await?.as_deref(), Some("2m"))?;
    same("on-event", lab.value(MENU, &id, "on-event").await?.as_deref(), Some(":log info x"))?;
    same("owner", lab.value(MENU, &id, "owner").await?.as_deref(), Some(lab.target().user.as_str()))?;
    same("run-count", lab.value(MENU, &id, "run-count").await?.as_deref(), Some("0"))?;
    that(lab.value(MENU, &id, "policy").await?.is_some(), || "no policy".to_owned())
}

async fn fires(lab: &mut Lab) -> Ending {
    let name = lab.name("timer");
    let event = format!(":log info {name}");
    let fields = [("name", name.as_str()), ("interval", "1s"), ("on-event", event.as_str())];
    let id = lab.add(MENU, &fields).await?;
    lab.wait("run-count above 0", Duration::from_secs(10), async |lab| {
        let count = lab.value(MENU, &id, "run-count").await?;
        Ok(count.is_some_and(|count| count != "0"))
    })
    .await
}
