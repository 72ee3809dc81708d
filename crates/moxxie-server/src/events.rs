//! A change's events as a live stream (server-sent events, HTML standard section 9.2).

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderMap, HeaderName},
    response::sse::{Event, KeepAlive, Sse},
};
use futures::Stream;
use moxxie_engine::{Context, Engine, Error};
use tokio::time::Instant;

use crate::{AppState, problem::Failure};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Longest pause between two looks. The engine's signal is faster; it does not cover what another
/// instance does, nor what happens between a look and listening.
const LOOK: Duration = Duration::from_secs(1);

/// A stream ends after this long, so that the token is asked for again: it may have been revoked.
const LIFE: Duration = Duration::from_secs(600);

/// The event a client that reconnects has seen last.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Failure> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(seq) if seq >= 0 => Ok(Some(seq)),
        _ => Err(Failure::invalid("Last-Event-ID", "must be the number of an event, 0 or more")),
    }
}

/// The events after number `after`, and new ones until the change is over.
pub(crate) fn stream(
    state: AppState,
    context: Context,
    id: String,
    mut after: i64,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = async_stream::stream! {
        let end = Instant::now() + LIFE;
        loop {
            let (finished, events) = match look(&state.engine, &context, &id, after).await {
                Ok(seen) => seen,
                Err(error) => {
                    // The status line is long gone; ending the stream makes the client come again.
                    tracing::warn!(%error, change = id, "following a change");
                    break;
                }
            };
            for (seq, event) in events {
                after = seq;
                yield Ok(event);
            }
            if finished || Instant::now() >= end {
                break;
            }
            tokio::select! {
                () = state.engine.changed(LOOK) => {}
                () = state.shutdown.cancelled() => break,
            }
        }
    };
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Whether the change is over, and its events after number `after`. In this order: whatever happened before
/// it was over is then among the events.
async fn look(
    engine: &Engine,
    context: &Context,
    id: &str,
    after: i64,
) -> Result<(bool, Vec<(i64, Event)>), Error> {
    let finished = engine.change(context, id).await?.finished;
    let events = engine.change_events(context, id, after).await?;
    let events = events.into_iter().map(|event| {
        let sent = Event::default().id(event.seq.to_string()).event(&event.kind).json_data(&event);
        sent.map(|sent| (event.seq, sent)).map_err(|error| Error::Internal(error.into()))
    });
    Ok((finished, events.collect::<Result<_, _>>()?))
}
