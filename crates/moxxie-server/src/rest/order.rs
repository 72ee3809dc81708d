//! Orders: writes that open a change, and waiting for its end.

use std::time::Duration;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use moxxie_api::change::Change;
use moxxie_engine::Context;

use crate::{AppState, limits, problem::Failure};

/// How a change stands when the client's wait is over.
pub(super) enum Settled {
    /// It is applied.
    Applied(Change),
    /// It goes on: ask again.
    Running(Change),
}

/// Seconds to wait, if they are within bounds.
pub(super) fn seconds(wait: Option<u32>) -> Result<Option<Duration>, Failure> {
    match wait {
        Some(seconds) if seconds > limits::WAIT_S => Err(Failure::invalid(
            "wait",
            format!("must be 0 to {} seconds; follow the change's events for longer", limits::WAIT_S),
        )),
        wait => Ok(wait.map(|seconds| Duration::from_secs(seconds.into()))),
    }
}

/// Waits for a change as long as the client wants to. Without a wait it goes on; what comes from an
/// idempotency key may be the answer of another day, and is shown as it is now.
pub(super) async fn settle(
    state: &AppState,
    context: &Context,
    change: Change,
    wait: Option<Duration>,
) -> Result<Settled, Failure> {
    let Some(wait) = wait else {
        let change = match context.idempotency {
            Some(_) => state.engine.change(context, &change.change_id).await?,
            None => change,
        };
        return Ok(Settled::Running(change));
    };
    let change = tokio::select! {
        waited = state.engine.wait_for_change(context, &change.change_id, wait) => waited?,
        // The change is in the database and goes on elsewhere or after the restart; the client need not
        // hold up the shutdown.
        () = state.shutdown.cancelled() => change,
    };
    match change.state.as_str() {
        "applied" => Ok(Settled::Applied(change)),
        "rolled_back" | "cancelled" | "needs_operator" => Err(Failure::change(&change)),
        _ => Ok(Settled::Running(change)),
    }
}

/// 202: the change, and where to look for its end.
pub(super) fn accepted(change: Change) -> Response {
    let location = format!("{}/changes/{}", moxxie_api::BASE, change.change_id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(change)).into_response()
}
