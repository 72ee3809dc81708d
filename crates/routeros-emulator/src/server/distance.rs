//! A router that is far away: bytes take their time in each direction, and none waits for another.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Bytes that are taken from one end at once.
const PIECE: usize = 64 * 1024;

/// Runs `session` on the far end of a line that is so long; the near end is `stream`.
pub(super) async fn at<S, F>(distance: Duration, stream: S, session: impl FnOnce(DuplexStream) -> F)
where
    S: AsyncRead + AsyncWrite,
    F: Future<Output = ()>,
{
    let (far, router) = tokio::io::duplex(PIECE);
    let (near_in, near_out) = tokio::io::split(stream);
    let (far_in, far_out) = tokio::io::split(far);
    let towards = carry(near_in, far_out, distance);
    let back = carry(far_in, near_out, distance);
    // What the router said last still arrives; what is said to it after its end does not matter.
    let all = async { tokio::join!(session(router), back) };
    let endless = async {
        towards.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = all => {}
        () = endless => {}
    }
}

/// One direction, until either end is gone.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, distance: Duration) {
    let (begin, mut end) = mpsc::unbounded_channel::<(Instant, Bytes)>();
    let departures = async move {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(PIECE);
            match from.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) if begin.send((Instant::now() + distance, buffer.split().freeze())).is_err() => return,
                Ok(_) => {}
            }
        }
    };
    let arrivals = async move {
        while let Some((at, bytes)) = end.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
                return;
            }
        }
        // An end that is gone hears nothing any more.
        let _ = to.shutdown().await;
    };
    tokio::join!(departures, arrivals);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_are_on_their_way_together_and_come_in_order() {
        let (mut ours, theirs) = tokio::io::duplex(PIECE);
        let start = Instant::now();
        let line = at(Duration::from_millis(30), theirs, |mut stream| async move {
            let mut heard = [0; 1];
            while stream.read_exact(&mut heard).await.is_ok() {
                if stream.write_all(&heard).await.is_err() {
                    return;
                }
            }
        });
        let talk = async move {
            for letter in b"abcdefghijklmnopqrstuvwxyz" {
                ours.write_all(&[*letter]).await.unwrap();
                tokio::task::yield_now().await;
            }
            let mut heard = [0; 26];
            ours.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"abcdefghijklmnopqrstuvwxyz");
            // Nothing is there before it can be.
            assert!(start.elapsed() >= Duration::from_millis(60));
        };
        tokio::join!(line, talk);
    }
}
