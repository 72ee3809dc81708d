//! Connections without a transcript: ends, waves under pressure, time-outs.

use std::time::Duration;

use routeros_client::{Command, Connection, Error, LostCause, Outcome};
use routeros_wire::{Decoder, Sentence};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::script::{Router, Step, config, parse};

#[tokio::test]
async fn after_close_nothing_is_sent() {
    let router = Router::scripts(vec![parse("! login\n\n> /a\n> .tag=1\n")]).await;
    let connection = router.connect().await;
    let other = connection.clone();
    let running = tokio::spawn(async move { other.run("/a").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    connection.close().await;
    let error = running.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Lost { sent: true, cause: LostCause::ClosedHere, .. }), "{error:?}");

    let error = connection.run("/b").await.unwrap_err();
    assert!(matches!(error, Error::Lost { sent: false, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotSent);
    let error = connection.stream("/c").next().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    router.finish().await;
}

#[tokio::test]
async fn nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = Connection::open(&config(address)).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("connecting to {address}"));
}

#[tokio::test]
async fn a_router_that_says_nothing() {
    let silent = vec![login_expected(), Step::Pause(Duration::from_secs(1))];
    let router = Router::scripts(vec![silent]).await;
    let config = router.config().connect_timeout(Duration::from_millis(100));
    let error = Connection::open(&config).await.unwrap_err();
    assert!(matches!(error, Error::ConnectTimeout { stage: "login", .. }), "{error:?}");
    router.finish().await;
}

fn login_expected() -> Step {
    parse("> /login\n> =name=admin\n> =password=secret\n").remove(0)
}

/// A router whose answers pile up: it reads on only as fast as its answers are taken. Both sides writing
/// more than the kernel buffers would stand still for good if the client did not read while it writes.
#[tokio::test]
async fn a_large_wave_does_not_stand_still() {
    const COMMANDS: usize = 20_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut decoder = Decoder::new();
        let mut out = Vec::new();
        while socket.read_buf(decoder.buffer_mut()).await.unwrap() != 0 {
            while let Some(sentence) = decoder.next_sentence().unwrap() {
                let tag = sentence.tag().map(|tag| [b".tag=", tag].concat());
                let text = [b"=ret=".to_vec(), vec![b'x'; 500]].concat();
                let words = [b"!done".to_vec()]
                    .into_iter()
                    .chain(tag.map(|tag| vec![tag, text]).into_iter().flatten());
                Sentence::new(words).encode_to(&mut out);
                socket.write_all(&out).await.unwrap();
                out.clear();
            }
        }
    });
    let connection = Connection::open(&config(address)).await.unwrap();
    let wave = (0..COMMANDS).map(|n| {
        Command::new("/x")
            .attr("n", n.to_string())
            .attr("pad", "y".repeat(200))
            .deadline(Duration::from_secs(60))
    });
    let results = connection.run_all(wave).await;
    assert_eq!(results.len(), COMMANDS);
    assert!(results.iter().all(Result::is_ok));
    drop(connection);
    router.await.unwrap();
}

/// What lay behind a full socket when the connection went away was never sent, and is told apart.
#[tokio::test]
async fn commands_behind_a_stuck_socket_are_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut login = [0; 64];
        _ = socket.read(&mut login).await.unwrap();
        socket.write_all(b"\x05!done\x00").await.unwrap();
        // Reads nothing more, so that the client's buffers fill.
        tokio::time::sleep(Duration::from_millis(500)).await;
        socket.set_zero_linger().unwrap();
    });
    let connection = Connection::open(&config(address)).await.unwrap();
    let big = |n: u32| Command::new(format!("/x{n}")).attr("pad", vec![b'y'; 1 << 20]);
    let outcomes: Vec<_> = connection
        .run_all((0..40).map(big))
        .await
        .into_iter()
        .map(|result| result.unwrap_err().outcome())
        .collect();
    assert_eq!(outcomes.first(), Some(&Outcome::Unknown));
    assert_eq!(outcomes.last(), Some(&Outcome::NotSent));
    let first_unsent = outcomes.iter().position(|outcome| *outcome == Outcome::NotSent).unwrap();
    assert!(outcomes[first_unsent..].iter().all(|outcome| *outcome == Outcome::NotSent));
    router.await.unwrap();
}
