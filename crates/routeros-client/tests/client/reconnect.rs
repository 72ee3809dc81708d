//! The client above the connection: coming back, giving up for a while, facts.

use std::time::Duration;

use routeros_client::{Client, Error, HardwareId, Outcome, RetryPolicy, Version};
use tokio::net::TcpListener;

use crate::script::{Router, Step, config, parse};

fn policy() -> RetryPolicy {
    RetryPolicy {
        first_delay: Duration::from_millis(10),
        max_delay: Duration::from_millis(200),
        open_after: 3,
        ..RetryPolicy::default()
    }
}

fn one_answer(end: &str) -> Vec<Step> {
    parse(&format!("! login\n\n> /a\n> .tag=1\n\n< !done\n< .tag=1\n\n{end}\n"))
}

#[tokio::test]
async fn it_comes_back_after_a_loss() {
    let router = Router::scripts(vec![one_answer("! close"), one_answer("")]).await;
    let client = Client::new(router.config(), policy());
    let first = client.connection().await.unwrap();
    client.run("/a").await.unwrap();
    first.closed().await;
    client.run("/a").await.unwrap();
    drop(client);
    router.finish().await;
}

#[tokio::test]
async fn a_write_with_unknown_outcome_is_not_repeated() {
    let lost = parse("! login\n\n> /a\n> .tag=1\n\n! close\n");
    let router = Router::scripts(vec![lost, one_answer("")]).await;
    let client = Client::new(router.config(), policy());
    let error = client.run("/a").await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    client.run("/a").await.unwrap();
    client.disconnect().await;
    router.finish().await;
}

#[tokio::test]
async fn back_off_then_an_open_circuit_then_one_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(config(address), policy());

    // Three attempts with pauses between; the third opens the circuit.
    let error = client.run("/a").await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    let error = client.run("/a").await.unwrap_err();
    let Error::CircuitOpen { failures: 3, retry_after, last: Some(last), .. } = error else {
        panic!("{error:?}")
    };
    assert!(retry_after <= Duration::from_millis(40), "{retry_after:?}");
    assert!(matches!(*last, Error::Connect { .. }));

    // One attempt is let through after the pause.
    tokio::time::sleep(retry_after).await;
    let error = client.run("/a").await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(matches!(client.run("/a").await, Err(Error::CircuitOpen { failures: 4, .. })));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let refused = parse(
        "> /login\n> =name=admin\n> =password=secret\n\n\
         < !trap\n< =message=invalid user name or password (6)\n\n< !done\n",
    );
    let router = Router::scripts(vec![refused]).await;
    let client = Client::new(router.config(), policy());
    assert!(matches!(client.run("/a").await, Err(Error::Login { .. })));
    assert!(matches!(client.run("/a").await, Err(Error::CircuitOpen { failures: 1, .. })));
    router.finish().await;
}

#[tokio::test]
async fn a_dead_path_is_found_out_and_left() {
    // Answers nothing to the command and nothing to the check.
    let dead = parse("! login\n\n! pause 400\n");
    let router = Router::scripts(vec![dead_end(dead), one_answer("")]).await;
    let config = router.config().command_deadline(Duration::from_millis(50));
    let client = Client::new(config, RetryPolicy { check_deadline: Duration::from_millis(50), ..policy() });
    let error = client.run("/a").await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
    assert!(client.connection().await.unwrap().silent_for() < Duration::from_millis(400));
    client.disconnect().await;
    drop(router);
}

/// A script whose end does not care what the client said.
fn dead_end(mut script: Vec<Step>) -> Vec<Step> {
    script.push(Step::Close);
    script
}

const CHR: &str = "\
! login

> /system/resource/print
> .tag=1

> /system/identity/print
> .tag=2

> /system/routerboard/print
> .tag=3

> /system/license/print
> .tag=4

< !re
< .tag=1
< =uptime=UPTIME
< =version=7.22rc1 (testing)
< =board-name=CHR
< =architecture-name=x86_64

< !done
< .tag=1

< !trap
< .tag=3
< =message=no such command prefix

< !done
< .tag=3

< !re
< .tag=2
< =name=lab r1

< !done
< .tag=2

< !re
< .tag=4
< =system-id=abcDEF
< =level=free

< !done
< .tag=4
";

#[tokio::test]
async fn facts_and_a_reboot() {
    let before = parse(&format!("{}\n! close\n", CHR.replace("UPTIME", "1d2h")));
    let after = parse(&CHR.replace("UPTIME", "42s"));
    let router = Router::scripts(vec![before, after]).await;
    let client = Client::new(router.config(), policy());

    let first = client.connection().await.unwrap();
    let facts = client.facts().await.unwrap();
    assert_eq!(facts.version, "7.22rc1".parse::<Version>().unwrap());
    assert!(facts.version.has(7, 22) && facts.version < Version::new(7, 22, 0));
    assert_eq!((facts.board.as_str(), facts.architecture.as_str()), ("CHR", "x86_64"));
    assert_eq!(facts.hardware_id, HardwareId::SystemId("abcDEF".to_owned()));
    assert_eq!(facts.identity, "lab r1");
    assert_eq!(facts.uptime, Duration::from_secs(93_600));
    assert_eq!(client.reboots(), 0);

    first.closed().await;
    assert_eq!(client.facts().await.unwrap().uptime, Duration::from_secs(42));
    assert_eq!(client.reboots(), 1);
    assert_eq!(client.last_facts().unwrap().identity, "lab r1");
    drop(client);
    router.finish().await;
}

#[tokio::test]
async fn facts_of_a_routerboard() {
    let board = CHR
        .replace("UPTIME", "00:10:00")
        .replace(
            "< !trap\n< .tag=3\n< =message=no such command prefix",
            "< !re\n< .tag=3\n< =serial-number=HXX1",
        )
        .replace("< =system-id=abcDEF\n", "");
    let router = Router::scripts(vec![parse(&board)]).await;
    let client = Client::new(router.config(), policy());
    assert_eq!(client.facts().await.unwrap().hardware_id, HardwareId::Serial("HXX1".to_owned()));
    drop(client);
    router.finish().await;
}
