//! The writing half of a connection: a slow reader on the other side must not keep us from reading.

use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::shared::Shared;
use crate::conditions::Way;

/// What the writing half is told.
pub(super) enum Write {
    Bytes(Vec<u8>),
    Close,
}

pub(super) fn spawn<S: AsyncWrite + Send + 'static>(
    shared: Arc<Shared>,
    mut half: WriteHalf<S>,
) -> (mpsc::UnboundedSender<Write>, JoinHandle<()>) {
    let (writer, mut writes) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let mut silence = shared.faults.silence();
        while let Some(Write::Bytes(bytes)) = writes.recv().await {
            for portion in bytes.chunks(shared.faults.portion()) {
                // Packets that vanish are sent again until they get through.
                let heard = silence.wait_for(|silent| !*silent).await.is_ok();
                if !heard || half.write_all(portion).await.is_err() {
                    return;
                }
                let now = Instant::now();
                let until = shared.faults.carry(Way::Out, portion.len(), now);
                // Even a sleep of no length costs a turn of the timer.
                if until > now {
                    tokio::time::sleep_until(until).await;
                }
            }
        }
        let _ = half.shutdown().await;
    });
    (writer, task)
}
