//! Accepting connections.
//!
//! `axum::serve` has no bound on slow or huge headers, hence this loop over hyper.

use std::{io, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How long the head of a request may take to arrive, and how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// Largest head of a request, and size of a connection's read buffer.
const HEAD_SIZE: usize = 64 * 1024;

/// Connections at a time; more wait in the listener's queue.
const CONNECTIONS: usize = 4096;

/// How long requests in progress may take to end after `shutdown`.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `app` until `shutdown`: then no connection is accepted any more, live event streams end,
/// requests in progress are answered, and what takes longer than ten seconds is cut off.
///
/// # Errors
/// None today; a failure to accept one connection is logged and the next one is accepted.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept(), if connections.len() < CONNECTIONS => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Usually too many open files: others have to end first.
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let app = app.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            app.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_SIZE)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!(open = connections.len(), "cutting off requests that did not end in time");
    }
    connections.shutdown().await;
    Ok(())
}
