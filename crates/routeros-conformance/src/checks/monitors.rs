//! Commands that go on, and what the router says of its own commands.

use std::time::Duration;

use routeros_client::{Command, Reply};

use crate::check::{Ending, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "monitor.once",
        source: "routeros-skills, CHR 7.22.1: `once` gives one sample without a number",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(once(lab)),
    },
    Check {
        name: "monitor.duration",
        source: "routeros-skills, CHR 7.22.1: `duration` gives samples with `.section` 0, 1, ... and ends",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(duration(lab)),
    },
    Check {
        name: "monitor.until-cancelled",
        source: "manual, API: a command that goes on is stopped by /cancel",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(until_cancelled(lab)),
    },
    Check {
        name: "ping.count",
        source: "manual, ping: one row for each packet, and an end after `count`",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(ping(lab)),
    },
    Check {
        name: "inspect.child",
        source: "restraml, 7.9 to 7.24: /console/inspect lists the arguments of a command",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(inspect(lab)),
    },
    Check {
        name: "inspect.nothing",
        source: "lsp-routeros-ts, CHR 7.23.2: a path that is not there is an empty answer, not an error",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(inspect_nothing(lab)),
    },
    Check {
        name: "execute.as-string",
        source: "centrs, CHR 7.23: /execute with `as-string` answers what the script put",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(execute(lab)),
    },
];

/// A monitor that needs nothing of the router: the load of its processor.
fn monitor() -> Command {
    Command::new("/system/resource/monitor")
}

fn sections(reply: &Reply) -> Vec<Option<String>> {
    reply.rows.iter().map(|row| row.get(".section").map(str::to_owned)).collect()
}

async fn once(lab: &mut Lab) -> Ending {
    let reply = lab.run(monitor().flag("once")).await?;
    same("samples", sections(&reply), vec![None])
}

async fn duration(lab: &mut Lab) -> Ending {
    let reply = lab
        .run(monitor().attr("interval", "500ms").attr("duration", "2s").deadline(Duration::from_secs(20)))
        .await?;
    let found = sections(&reply);
    let counted: Vec<_> = (0..found.len()).map(|number| Some(number.to_string())).collect();
    that(found.len() >= 2, || format!("{} samples in two seconds", found.len()))?;
    same("numbers of the samples", found, counted)
}

async fn until_cancelled(lab: &mut Lab) -> Ending {
    let mut samples = lab.connection().stream(monitor().deadline(Duration::from_secs(20)));
    for number in ["0", "1"] {
        let row = samples.next().await?;
        let found = row.and_then(|row| row.get(".section").map(str::to_owned));
        same("number of the sample", found.as_deref(), Some(number))?;
    }
    samples.cancel().await?;
    lab.run("/system/identity/print").await.map(drop)
}

async fn ping(lab: &mut Lab) -> Ending {
    let ping = Command::new("/tool/ping").attr("address", "127.0.0.1").attr("count", "2");
    let reply = lab.run(ping.attr("interval", "200ms").deadline(Duration::from_secs(20))).await?;
    let seqs: Vec<_> = reply.rows.iter().map(|row| row.get("seq").unwrap_or_default().to_owned()).collect();
    same("packets", seqs, vec!["0".to_owned(), "1".to_owned()])
}

async fn inspect(lab: &mut Lab) -> Ending {
    let inspect = Command::new("/console/inspect").attr("request", "child").attr("path", "ip,address,add");
    let reply = lab.run(inspect).await?;
    let is = |row: &routeros_client::Row, name: &str, value: &str| row.get(name) == Some(value);
    let argument = reply.rows.iter().find(|row| is(row, "name", "interface") && is(row, "type", "child"));
    let kind = argument.and_then(|row| row.get("node-type"));
    same("node-type of the argument `interface`", kind, Some("arg"))
}

async fn inspect_nothing(lab: &mut Lab) -> Ending {
    let inspect = Command::new("/console/inspect").attr("request", "child").attr("path", "ip,no-such-thing");
    same("rows", lab.run(inspect).await?.rows.len(), 0)
}

async fn execute(lab: &mut Lab) -> Ending {
    let word = lab.name("word");
    let execute = Command::new("/execute").attr("script", format!(":put {word}")).flag("as-string");
    let reply = lab.run(execute).await?;
    same("what it put", reply.ret().map(str::trim_end), Some(word.as_str()))
}
