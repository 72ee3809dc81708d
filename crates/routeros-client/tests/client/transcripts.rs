//! Every transcript, replayed.

use std::time::Duration;

use routeros_client::{Command, Connection, DecodeError, Error, LostCause, Outcome, TrapKind};

use crate::script::Router;

#[tokio::test]
async fn login_new() {
    let router = Router::file("login-new.txt").await;
    let connection = router.connect().await;
    let reply = connection.run("/system/identity/print").await.unwrap();
    assert_eq!(reply.first().unwrap().get("name"), Some("r1"));
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn login_by_challenge() {
    let router = Router::file("login-old.txt").await;
    drop(router.connect().await);
    router.finish().await;
}

#[tokio::test]
async fn login_refused() {
    let router = Router::file("login-wrong.txt").await;
    let error = router.try_connect().await.unwrap_err();
    assert!(matches!(error, Error::Login { .. }), "{error:?}");
    assert_eq!(error.trap_kind(), Some(TrapKind::Login));
    assert_eq!(error.trap().unwrap().message, "invalid user name or password (6)");
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.is_permanent());
    router.finish().await;
}

#[tokio::test]
async fn login_ended_by_the_router() {
    let router = Router::file("login-fatal.txt").await;
    let error = router.try_connect().await.unwrap_err();
    assert!(
        matches!(&error, Error::LoginCut { cause: LostCause::Fatal(reason), .. } if reason == "not logged in"),
        "{error:?}"
    );
    router.finish().await;

    let router = Router::file("login-cut.txt").await;
    let error = router.try_connect().await.unwrap_err();
    assert!(matches!(&error, Error::LoginCut { cause: LostCause::Closed, .. }), "{error:?}");
    assert!(error.to_string().contains("max-sessions"), "{error}");
    router.finish().await;
}

#[tokio::test]
async fn interleaved_tags() {
    let router = Router::file("interleaved.txt").await;
    let connection = router.connect().await;
    let mut both = connection
        .run_all([Command::new("/interface/print"), Command::new("/ip/address/print")])
        .await
        .into_iter()
        .map(|result| result.unwrap());
    let (interfaces, addresses) = (both.next().unwrap(), both.next().unwrap());
    let names: Vec<_> = interfaces.rows.iter().map(|row| row.get("name").unwrap()).collect();
    assert_eq!(names, ["ether1", "ether2"]);
    assert_eq!(addresses.first().unwrap().get("address"), Some("10.0.0.1/24"));
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn odd_replies_are_tolerated() {
    let router = Router::file("tolerated.txt").await;
    let connection = router.connect().await;
    let rows = connection.run(Command::new("/ip/address/print").proplist(["comment"])).await.unwrap().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get("comment"), Some("ours"));
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn nothing_found_bare_rows_and_bytes_that_are_no_text() {
    let router = Router::file("empty.txt").await;
    let connection = router.connect().await;
    let none =
        connection.run(Command::new("/ip/address/print").query("?address=192.0.2.1/32")).await.unwrap();
    assert!(none.rows.is_empty());
    let rows = connection.run(Command::new("/ip/address/print").proplist(["comment"])).await.unwrap().rows;
    assert_eq!(rows.len(), 2);
    assert!(rows[0].is_empty());
    assert_eq!(rows[1].get("comment"), None, "not UTF-8");
    assert_eq!(rows[1].bytes("comment"), Some(&b"caf\xe9 \x8a"[..]));
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn returned_values_and_bytes_as_given() {
    let router = Router::file("returned.txt").await;
    let connection = router.connect().await;
    let add = Command::new("/ip/address/add").attr("address", "10.0.0.1/24").attr("interface", "ether1");
    let added = connection.run(add.attr("comment", b"caf\xe9")).await.unwrap();
    assert_eq!(added.ret(), Some("*1A"));
    let count = connection.run(Command::new("/ip/address/print").flag("count-only")).await.unwrap();
    assert_eq!(count.ret(), Some("17"));
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn several_traps() {
    let router = Router::file("traps.txt").await;
    let connection = router.connect().await;
    let error = connection.run(Command::new("/ip/route/remove").id("*99,*80000001")).await.unwrap_err();
    let messages: Vec<_> = error.traps().iter().map(|trap| trap.message.as_str()).collect();
    assert_eq!(messages, ["no such item", "failure: this is configured elsewhere"]);
    assert_eq!(error.trap().unwrap().category, Some(0));
    assert_eq!(error.trap_kind(), Some(TrapKind::MissingItem));
    assert_eq!(error.outcome(), Outcome::Unknown, "one of several targets may have been removed");

    let add = Command::new("/interface/vlan/add").attr("name", "v1");
    let add = add.attr("vlan-id", "7").attr("interface", "ether1");
    let error = connection.run(add).await.unwrap_err();
    assert_eq!((error.trap_kind(), error.outcome()), (Some(TrapKind::Duplicate), Outcome::Refused));
    assert_eq!(error.to_string(), "/interface/vlan/add was refused by the router");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "failure: already have interface with such name");

    connection.run("/system/identity/print").await.unwrap();
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn fatal_ends_everything() {
    let router = Router::file("fatal.txt").await;
    let connection = router.connect().await;
    let fetch = Command::new("/tool/fetch").attr("url", "http://192.0.2.1/");
    let commands = [fetch, Command::new("/quit")];
    for result in connection.run_all(commands).await {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, Error::Fatal { reason, .. } if reason == "session terminated on request"),
            "{error:?}"
        );
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(error.is_connection_lost());
    }
    assert!(connection.is_closed());
    let error = connection.run("/ip/address/print").await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    router.finish().await;
}

async fn lost(transcript: &str, command: Command) -> (Connection, LostCause) {
    let router = Router::file(transcript).await;
    let connection = router.connect().await;
    let error = connection.run(command).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
    // A control byte makes the client leave, which ends the script.
    router.finish().await;
    match error {
        Error::Lost { sent: true, cause, .. } => (connection, cause),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn lost_in_mid_sentence() {
    let add = Command::new("/ip/address/add").attr("address", "10.0.0.1/24");
    let (_, cause) = lost("reset-mid-sentence.txt", add).await;
    assert!(matches!(cause, LostCause::Io(_) | LostCause::Cut), "{cause:?}");

    let (connection, cause) = lost("closed-mid-sentence.txt", Command::new("/ip/address/print")).await;
    assert!(matches!(cause, LostCause::Cut), "{cause:?}");
    assert!(matches!(connection.closed().await, LostCause::Cut));
}

#[tokio::test]
async fn a_control_byte_ends_the_connection() {
    let (_, cause) = lost("control-byte.txt", Command::new("/ip/address/print")).await;
    assert!(matches!(cause, LostCause::Decode(DecodeError::ControlByte(0xF8))), "{cause:?}");
}

#[tokio::test]
async fn a_deadline_cancels_on_the_router() {
    let router = Router::file("deadline.txt").await;
    let connection = router.connect().await;
    let fetch = Command::new("/tool/fetch").attr("url", "http://192.0.2.1/");
    let error = connection.run(fetch.deadline(Duration::from_millis(50))).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    let reply = connection.run("/system/identity/print").await.unwrap();
    assert_eq!(reply.rows.len(), 1);
    assert!(!connection.is_suspect(), "the router was heard since");
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn a_dropped_future_cancels_on_the_router() {
    let router = Router::file("deadline.txt").await;
    let connection = router.connect().await;
    let fetch = Command::new("/tool/fetch").attr("url", "http://192.0.2.1/");
    assert!(tokio::time::timeout(Duration::from_millis(50), connection.run(fetch)).await.is_err());
    connection.run("/system/identity/print").await.unwrap();
    drop(connection);
    router.finish().await;
}

#[tokio::test]
async fn listening_and_cancelling() {
    let router = Router::file("listen.txt").await;
    let connection = router.connect().await;
    let mut changes = connection.listen("/ip/address");
    drop(connection);
    let added = changes.next().await.unwrap().unwrap();
    assert_eq!((added.id(), added.is_dead()), (Some("*A"), false));
    let removed = changes.next().await.unwrap().unwrap();
    assert_eq!((removed.id(), removed.is_dead()), (Some("*A"), true));
    changes.cancel().await.unwrap();
    router.finish().await;
}

#[tokio::test]
async fn a_menu_that_cannot_listen() {
    let router = Router::file("listen-refused.txt").await;
    let connection = router.connect().await;
    let mut changes = connection.listen("/system/identity/");
    let error = changes.next().await.unwrap_err();
    assert_eq!(error.trap_kind(), Some(TrapKind::UnknownParameter));
    assert!(changes.next().await.unwrap().is_none());
    drop((connection, changes));
    router.finish().await;
}

#[tokio::test]
async fn a_dropped_stream_cancels_on_the_router() {
    let router = Router::file("stream-dropped.txt").await;
    let connection = router.connect().await;
    let monitor = Command::new("/interface/monitor-traffic").attr("interface", "ether1");
    let mut samples = connection.stream(monitor.clone());
    assert_eq!(samples.next().await.unwrap().unwrap().get(".section"), Some("0"));
    drop(samples);
    connection.run("/system/identity/print").await.unwrap();
    drop(connection);
    router.finish().await;

    // The same where a deadline of its own ends it.
    let router = Router::file("stream-dropped.txt").await;
    let connection = router.connect().await;
    let mut samples = connection.stream(monitor.deadline(Duration::from_millis(100)));
    assert!(samples.next().await.unwrap().is_some());
    assert!(matches!(samples.next().await, Err(Error::Deadline { .. })));
    assert!(samples.next().await.unwrap().is_none());
    connection.run("/system/identity/print").await.unwrap();
    drop((connection, samples));
    router.finish().await;
}

#[tokio::test]
async fn a_reader_too_far_behind() {
    let router = Router::file("backlog.txt").await;
    let connection = Connection::open(&router.config().stream_backlog(2)).await.unwrap();
    let mut log = connection.listen("/log");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(log.next().await.unwrap().unwrap().get("message"), Some("1"));
    assert_eq!(log.next().await.unwrap().unwrap().get("message"), Some("2"));
    assert!(matches!(log.next().await, Err(Error::Backlog { backlog: 2, .. })));
    drop((connection, log));
    router.finish().await;
}

#[tokio::test]
async fn a_wave_leaves_before_any_answer() {
    let router = Router::file("wave.txt").await;
    let connection = router.connect().await;
    let adds = (1..=3).map(|n| Command::new("/ip/address/add").attr("address", format!("10.0.0.{n}/24")));
    let results = connection.run_all(adds).await;
    assert_eq!(results[0].as_ref().unwrap().ret(), Some("*1"));
    assert_eq!(results[1].as_ref().unwrap_err().trap_kind(), Some(TrapKind::Duplicate));
    assert_eq!(results[2].as_ref().unwrap().ret(), Some("*3"));
    drop(connection);
    router.finish().await;
}
