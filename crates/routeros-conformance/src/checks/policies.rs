//! What a user may do.

use routeros_client::{Command, Connection, Error, TrapKind};

use crate::check::{Ending, Stop, same, that};
use crate::{Capability, Check, Lab, Need, Quality};

const NEED: Need = Need::Allowed(Capability::Users);

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "policy.read-only",
        source: "users' reports: a change without the policy write is `not enough permissions (9)`",
        quality: Quality::Reported,
        need: NEED,
        run: |lab| Box::pin(read_only(lab)),
    },
    Check {
        name: "policy.api",
        source: "manual, user: without the policy api there is no API session",
        quality: Quality::Manual,
        need: NEED,
        run: |lab| Box::pin(api(lab)),
    },
    Check {
        name: "user.password-hidden",
        source: "tik4net: passwords of users never come back",
        quality: Quality::Measured,
        need: NEED,
        run: |lab| Box::pin(hidden(lab)),
    },
];

const PASSWORD: &str = "Some 20 characters 9";

async fn user(lab: &mut Lab, policy: &str) -> Result<(String, String), Stop> {
    let (group, user) = (lab.name("group"), lab.name("user"));
    lab.add("/user/group", &[("name", &group), ("policy", policy)]).await?;
    let fields = [("name", user.as_str()), ("group", &group), ("password", PASSWORD)];
    let id = lab.add("/user", &fields).await?;
    Ok((user, id))
}

async fn open(lab: &Lab, user: &str) -> Result<Connection, Error> {
    Connection::open(&lab.target().config_as(user, PASSWORD.to_owned().into())).await
}

async fn read_only(lab: &mut Lab) -> Ending {
    let (user, _) = user(lab, "read,api").await?;
    let session = open(lab, &user).await?;
    session.run("/ip/pool/print").await?;
    let name = lab.name("pool");
    let fields = [("name", name.as_str()), ("ranges", "192.0.2.10-192.0.2.20")];
    let add = lab.command("/ip/pool", "add", &fields);
    let answer = session.run(add).await;
    session.close().await;
    match answer {
        Ok(_) => Err(Stop::Differs("the change was made".to_owned())),
        Err(error) => match error.trap() {
            Some(trap) => same("text", trap.message.as_str(), "not enough permissions (9)"),
            None => Err(error.into()),
        },
    }
}

async fn api(lab: &mut Lab) -> Ending {
    let (user, _) = user(lab, "read,write").await?;
    match open(lab, &user).await {
        Ok(_) => Err(Stop::Differs("logged in without the policy".to_owned())),
        Err(Error::Login { trap, .. }) => {
            that(matches!(trap.kind, TrapKind::Login | TrapKind::Permission), || trap.message.clone())
        }
        Err(Error::LoginCut { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn hidden(lab: &mut Lab) -> Ending {
    let (_, id) = user(lab, "read,api").await?;
    let print = Command::new("/user/print").equal(".id", &id);
    let rows = lab.run(print).await?.rows;
    same("rows", rows.len(), 1)?;
    that(rows[0].pairs().all(|(_, value)| value != PASSWORD), || "the password is shown".to_owned())
}
