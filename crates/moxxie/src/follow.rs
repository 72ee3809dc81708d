//! Following a change to its end.

use std::time::Duration;

use moxxie_api::change::{Change, ChangeEvent};

use crate::{
    client::{Api, Error},
    exit::ChangeFailed,
    output::steps::Told,
};

const ABOVE: &str = "for the reason above";
/// Pause before a stream that ended early is opened again.
const PAUSE: Duration = Duration::from_millis(300);
/// How often in a row opening it may fail: the server may be restarting meanwhile.
const PATIENCE: u32 = 20;

/// Hands over each event of a change as it happens, and gives the change as it ended. A change that
/// needs an operator has ended as far as watching goes.
pub(crate) async fn change(
    api: &Api,
    id: &str,
    mut each: impl FnMut(&ChangeEvent) -> anyhow::Result<()>,
) -> anyhow::Result<Change> {
    let mut after = 0;
    let mut failures = 0;
    loop {
        match stream(api, id, &mut after, &mut each).await {
            Ok(()) => failures = 0,
            Err(error) => match error.downcast_ref::<Error>() {
                Some(Error::Unreachable { .. }) if failures < PATIENCE => failures += 1,
                _ => return Err(error),
            },
        }
        match api.get::<Change>(&["changes", id]).await {
            Ok(change) if is_over(&change) => return Ok(change),
            Ok(_) => {}
            Err(Error::Unreachable { .. }) if failures < PATIENCE => failures += 1,
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn stream(
    api: &Api,
    id: &str,
    after: &mut i64,
    each: &mut impl FnMut(&ChangeEvent) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut events = api.events(id, *after).await?;
    while let Some(event) = events.next().await? {
        // The server may send old ones again after a reconnect.
        if event.seq > *after {
            *after = event.seq;
            each(&event)?;
        }
        if event.kind == "state" && event.name == "needs_operator" {
            break;
        }
    }
    Ok(())
}

fn is_over(change: &Change) -> bool {
    change.finished || change.state == "needs_operator"
}

/// An error unless the change ended applied. A reason that stands above already is not said again.
pub(crate) fn succeeded(change: &Change, told: &Told) -> Result<(), ChangeFailed> {
    if change.state == "applied" {
        return Ok(());
    }
    let why = match &change.error {
        Some(error) if told.has(&error.message) => ABOVE,
        Some(error) => &error.message,
        None => "no reason is known",
    };
    let next = match change.state.as_str() {
        "needs_operator" => format!(
            "\n  its VLAN and prefix stay held; see `moxxie change show {0}`, then retry or resolve it",
            change.change_id
        ),
        _ => String::new(),
    };
    let state = change.state.replace('_', " ");
    let colon = if why == ABOVE { "" } else { ":" };
    Err(ChangeFailed(format!("change {} {state}{colon} {why}{next}", change.change_id)))
}
