//! docs/routeros-setup.md: its RouterOS commands run in order through the API on emulated routers of every
//! version they are for, and its `cargo xtask` commands run as the program they stand for.

mod console;

use std::process::Command as Process;

use console::{Block, blocks, sentence};
use routeros_client::{Command, Config, Connection, Security};
use routeros_emulator::Emulator;

const GUIDE: &str = include_str!("../../../../docs/routeros-setup.md");
const MINORS: [u32; 8] = [16, 18, 19, 20, 21, 22, 23, 24];

fn guide(language: &str) -> Vec<Block> {
    let all = blocks(GUIDE).unwrap_or_else(|error| panic!("docs/routeros-setup.md: {error}"));
    let chosen: Vec<_> = all.into_iter().filter(|block| block.language == language).collect();
    assert!(chosen.len() > 4, "the guide has {} blocks of {language}", chosen.len());
    chosen
}

async fn router(minor: u32) -> Emulator {
    Emulator::builder()
        .version(&format!("7.{minor}"))
        .expect("emulated")
        .user("admin", "ad min")
        .ethernet(4)
        .bind("127.0.0.1:0")
        .api_ssl("127.0.0.1:0")
        .without_certificate()
        .start()
        .await
        .expect("starts")
}

#[tokio::test]
async fn every_routeros_command_works_on_every_version_it_is_for() {
    let mut done = 0;
    for minor in MINORS {
        let emulator = router(minor).await;
        let config = Config::new(&emulator.addr().to_string(), "admin", "ad min".into(), Security::Plain);
        let connection = Connection::open(&config).await.expect("login");
        for block in guide("routeros") {
            if block.note("since").is_some_and(|since| minor < since)
                || block.note("until").is_some_and(|until| minor > until)
            {
                continue;
            }
            for line in &block.lines {
                let (path, words) =
                    sentence(line).unwrap_or_else(|error| panic!("nobody knows how to run {error}"));
                let command =
                    words.iter().fold(Command::new(path), |command, (kind, name, value)| match kind {
                        '?' => command.equal(name, value),
                        _ => command.attr(name, value),
                    });
                let answer = connection.run(command).await;
                let reply = answer.unwrap_or_else(|error| panic!("7.{minor}: {line}: {error:?}"));
                if line.contains("print where") {
                    assert!(!reply.rows.is_empty(), "7.{minor}: {line} finds nothing");
                }
                done += 1;
            }
        }
        // What the guide prepares is a router that answers over TLS.
        let address = emulator.tls_addr().expect("a port").to_string();
        let pin = routeros_client::fetch_pin(&address, std::time::Duration::from_secs(10))
            .await
            .expect("a certificate");
        let login = Config::new(&address, "moxxie", "choose a long one".into(), Security::TlsPinned(pin));
        Connection::open(&login).await.expect("moxxie's user logs in").close().await;
        emulator.shutdown().await;
    }
    assert!(done > MINORS.len() * 15, "{done} commands ran");
}

#[test]
fn a_line_nobody_knows_is_not_passed_over() {
    for bad in
        ["ip service print", "/ip/service/print stray", "/user/add moxxie", "/x/set a b", "/x/add name=\"a"]
    {
        assert!(sentence(bad).is_err(), "{bad}");
    }
    assert!(blocks("```python\nx\n```\n").is_err() && blocks("```sh\nx\n").is_err());
    assert!(blocks("```sh whatever=1\nx\n```").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cargo_command_works_and_no_other_program_is_named() {
    let emulator = router(22).await;
    let directory = tempfile::tempdir().expect("a directory");
    let mut done = 0;
    for block in guide("sh") {
        for line in &block.lines {
            let words: Vec<_> = line.split_whitespace().collect();
            let verb = match words.as_slice() {
                // The test of the program moxxie runs these.
                ["moxxie", ..] => continue,
                ["cargo", "xtask", "conformance", ..] => "run",
                ["cargo", "xtask", "chr", ..] => "chr",
                _ => panic!("nobody knows how to run: {line}"),
            };
            let address = emulator.addr().to_string();
            let arguments =
                words[3..].iter().map(|word| if *word == "192.0.2.2:8728" { address.as_str() } else { word });
            let mut program = Process::new(env!("CARGO_BIN_EXE_routeros-conformance"));
            program.arg(verb).args(arguments).env("ADMIN_PASSWORD", "ad min").current_dir(directory.path());
            let output =
                tokio::task::spawn_blocking(move || program.output()).await.expect("a thread").expect("runs");
            let wanted = block.note("exit").unwrap_or(0);
            let code = output.status.code().map(u32::try_from);
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert_eq!(code, Some(Ok(wanted)), "{line}: {text}");
            done += 1;
        }
    }
    assert_eq!(done, 3, "commands of the suite");
    assert!(directory.path().join("report.json").exists());
    emulator.shutdown().await;
}
