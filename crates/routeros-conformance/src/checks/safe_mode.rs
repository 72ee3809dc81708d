//! Safe mode over the API.

use std::time::Duration;

use routeros_client::{Command, Connection, Row};

use crate::check::{Ending, Stop, same, that};
use crate::{Capability, Check, Lab, Need, Quality};

const NEED: Need = Need::Allowed(Capability::SafeMode);

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "safe-mode.take",
        source: "command tree and safe-mode reference: print shows enabled, and current in the holder's session",
        quality: Quality::Measured,
        need: NEED,
        run: |lab| Box::pin(take(lab)),
    },
    Check {
        name: "safe-mode.release",
        source: "tik4net: what was done under safe mode stays after release",
        quality: Quality::Measured,
        need: NEED,
        run: |lab| Box::pin(release(lab)),
    },
    Check {
        name: "safe-mode.unroll",
        source: "tik4net: unroll takes it back at once, and the session goes on",
        quality: Quality::Measured,
        need: NEED,
        run: |lab| Box::pin(unroll(lab)),
    },
    Check {
        name: "safe-mode.close",
        source: "tik4net: the end of the holding session takes it back, about two seconds later",
        quality: Quality::Measured,
        need: NEED,
        run: |lab| Box::pin(close(lab)),
    },
    Check {
        name: "safe-mode.take-twice",
        source: "safe-mode reference: taking it again in the same session does nothing",
        quality: Quality::Reported,
        need: NEED,
        run: |lab| Box::pin(take_twice(lab)),
    },
    Check {
        name: "safe-mode.toggle",
        source: "safe-mode reference: toggle takes when off and releases when on",
        quality: Quality::Reported,
        need: NEED,
        run: |lab| Box::pin(toggle(lab)),
    },
    Check {
        name: "safe-mode.one-holder",
        source: "safe-mode reference: a second session does not get it while it is held",
        quality: Quality::Reported,
        need: NEED,
        run: |lab| Box::pin(one_holder(lab)),
    },
];

const TAKE: &str = "/safe-mode/take";

async fn state(session: &Connection) -> Result<Row, Stop> {
    let rows = session.run("/safe-mode/print").await?.rows;
    rows.into_iter().next().ok_or_else(|| Stop::Differs("/safe-mode/print has no row".to_owned()))
}

/// A session of its own, where nobody holds safe mode: somebody's changes must not be taken back.
async fn session(lab: &Lab) -> Result<Connection, Stop> {
    if !lab.since(18) {
        return Err(Stop::Skipped("there is no /safe-mode before 7.18".to_owned()));
    }
    let session = lab.another().await?;
    if state(&session).await?.flag("enabled") {
        return Err(Stop::Skipped("somebody holds safe mode".to_owned()));
    }
    Ok(session)
}

/// A pool made in that session; the lab removes it if it stays.
async fn pool(lab: &mut Lab, session: &Connection) -> Result<String, Stop> {
    let name = lab.name("pool");
    let fields = [("name", name.as_str()), ("ranges", "192.0.2.10-192.0.2.20")];
    session.run(lab.command("/ip/pool", "add", &fields)).await?;
    Ok(name)
}

async fn there(lab: &Lab, name: &str) -> Result<bool, Stop> {
    Ok(!lab.run(Command::new("/ip/pool/print").equal("name", name)).await?.rows.is_empty())
}

async fn take(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run(TAKE).await?;
    let (own, other) = (state(&session).await?, state(lab.connection()).await?);
    session.run("/safe-mode/release").await?;
    let after = state(&session).await?;
    session.close().await;
    that(own.flag("enabled") && own.flag("current"), || "enabled and current are not both true".to_owned())?;
    that(other.flag("enabled") && !other.flag("current"), || "it is current elsewhere, too".to_owned())?;
    same("user", own.get("user"), Some(lab.target().user.as_str()))?;
    that(!after.flag("enabled"), || "still enabled after release".to_owned())
}

async fn release(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run(TAKE).await?;
    let name = pool(lab, &session).await?;
    session.run("/safe-mode/release").await?;
    session.close().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    that(there(lab, &name).await?, || "it is gone".to_owned())?;
    lab.remove("/ip/pool", &name).await.map(drop)
}

async fn unroll(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run(TAKE).await?;
    let name = pool(lab, &session).await?;
    session.run("/safe-mode/unroll").await?;
    let gone = !there(lab, &name).await?;
    let enabled = state(&session).await?.flag("enabled");
    session.close().await;
    that(gone, || "it is still there".to_owned())?;
    that(!enabled, || "still enabled after unroll".to_owned())
}

async fn close(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run(TAKE).await?;
    let name = pool(lab, &session).await?;
    that(there(lab, &name).await?, || "others do not see it while safe mode is held".to_owned())?;
    session.close().await;
    lab.wait("taken back", Duration::from_secs(30), async |lab| Ok(!there(lab, &name).await?)).await
}

async fn take_twice(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run(TAKE).await?;
    let again = session.run(TAKE).await;
    let current = state(&session).await?.flag("current");
    session.run("/safe-mode/release").await?;
    session.close().await;
    again?;
    that(current, || "not current after the second take".to_owned())
}

async fn toggle(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run("/safe-mode/toggle").await?;
    let on = state(&session).await?.flag("current");
    session.run("/safe-mode/toggle").await?;
    let off = !state(&session).await?.flag("enabled");
    session.close().await;
    same("on, then off", (on, off), (true, true))
}

async fn one_holder(lab: &mut Lab) -> Ending {
    let session = session(lab).await?;
    session.run(TAKE).await?;
    let second = lab.another().await?;
    // Whether it is refused in words or only not given is not established.
    _ = second.run(Command::new(TAKE).attr("on-error", "abort")).await;
    let (first_has, second_has) = (state(&session).await?, state(&second).await?);
    second.close().await;
    session.run("/safe-mode/release").await?;
    session.close().await;
    same("current", (first_has.flag("current"), second_has.flag("current")), (true, false))
}
