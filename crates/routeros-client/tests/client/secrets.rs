//! Secrets planted, and looked for everywhere.

use std::io;
use std::sync::{Arc, Mutex};

use routeros_client::{Client, Command, Config, RetryPolicy, Security};

use crate::script::{Router, parse};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// One thread, so that the subscriber of this test sees the connection's task and no other test's.
#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_shown() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let script = "\
> /login\n> =name=admin\n> =password=pl4nted-login\n\n< !done\n
> /user/add\n> =name=bob\n> =password=pl4nted-user\n> .tag=1\n
< !re\n< .tag=1\n< =password=pl4nted-row\n\n< !trap\n< .tag=1\n< =message=failure: no\n\n< !done\n< .tag=1\n
> /ppp/secret/print\n> .tag=2\n
< !re\n< .tag=2\n< =password=pl4nted-row\n\n< !done\n< .tag=2\n< =ret=pl4nted-ret\n
> /x\n> .tag=3\n> !surplus\n";
    let script = parse(&script.replace("> !surplus\n", "\n! close\n"));
    let router = Router::scripts(vec![script]).await;
    let config = Config::new(&router.address.to_string(), "admin", "pl4nted-login".into(), Security::Plain);
    let client = Client::new(config.clone(), RetryPolicy::default());
    let connection = client.connection().await.unwrap();
    let mut shown = format!("{config:?} {client:?} {connection:?}");

    let add = Command::new("/user/add").attr("name", "bob").secret("password", &"pl4nted-user".into());
    shown += &format!("{add:?} {add}");
    let error = connection.run(add).await.unwrap_err();
    shown += &format!("{error:?} {error}");
    let reply = connection.run("/ppp/secret/print").await.unwrap();
    shown += &format!("{reply:?} {:?}", reply.rows[0]);
    let error = connection.run("/x").await.unwrap_err();
    shown += &format!("{error:?} {error}");
    drop((connection, client));
    router.finish().await;
    drop(guard);

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("/user/add"), "the log was captured: {log}");
    assert!(!log.contains("pl4nted"), "{log}");
    assert!(!shown.contains("pl4nted"), "{shown}");
}
