//! The program: exit codes, table, JSON; and every way in which there is no CHR.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use routeros_emulator::{Emulator, Fault, FaultKind, Matcher};
use tokio::process::Command;

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

async fn program(args: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_routeros-conformance"))
        .args(args)
        .env("ROUTER_PASSWORD", "secret")
        .kill_on_drop(true)
        .output()
        .await
        .expect("works on every test machine");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("works on every test machine");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

async fn emulator() -> Emulator {
    Emulator::builder().user("admin", "secret").start().await.expect("works on every test machine")
}

fn at(emulator: &Emulator) -> String {
    emulator.addr().to_string()
}

const PASSWORD: [&str; 2] = ["--password-env", "ROUTER_PASSWORD"];

#[tokio::test]
async fn a_router_is_asked_and_reported() {
    let emulator = emulator().await;
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("report.json");
    let address = at(&emulator);
    let args = ["run", "--address", &address, "--only", "query", "--json", json.to_str().unwrap()];
    let ended = program(&[&args[..], &PASSWORD].concat()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("passed   manual    query.equal"), "{}", ended.out);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(report["version"], "7.24");
    assert_eq!(report["outcomes"][0]["name"], "query.equal");
    assert_eq!(report["outcomes"][0]["verdict"], "passed");
    assert_eq!(report["outcomes"][0]["quality"], "manual");
}

#[tokio::test]
async fn what_concerns_others_is_asked_only_when_allowed() {
    let emulator = emulator().await;
    let address = at(&emulator);
    let args = ["run", "--address", &address, "--only", "safe-mode", "--only", "policy"];
    let ended = program(&[&args[..], &PASSWORD].concat()).await;
    assert!(ended.out.contains("not allowed: --allow safe-mode"), "{}", ended.out);
    assert!(ended.out.contains("0 passed"), "{}", ended.out);
}

#[tokio::test]
async fn over_tls_bare_sentences_are_skipped() {
    let emulator = Emulator::builder().user("admin", "secret").api_ssl("127.0.0.1:0").start().await.unwrap();
    let address = emulator.tls_addr().unwrap().to_string();
    let pin = routeros_client::fetch_pin(&address, Duration::from_secs(5)).await.unwrap().to_string();
    let args = ["run", "--address", &address, "--tls-pin", &pin, "--only", "add", "--only", "tags"];
    let ended = program(&[&args[..], &PASSWORD].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("passed   manual    add.ret"), "{}", ended.out);
    assert!(ended.out.contains("needs the plain API"), "{}", ended.out);
}

#[tokio::test]
async fn a_difference_is_a_failure_only_where_the_fact_is_well_known() {
    let emulator = emulator().await;
    emulator.faults().inject(Fault {
        on: Matcher::path("/ip/pool/remove").times(0),
        what: FaultKind::Refuse("failure: not today".into()),
    });
    let address = at(&emulator);
    let args = ["run", "--address", &address, "--only", "item.by-name", "--only", "item.id-survives"];
    let ended = program(&[&args[..], &PASSWORD].concat()).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("failure: not today"), "{}", ended.out);
    assert!(ended.out.contains("LEFT OVER, please remove: /ip/pool *"), "{}", ended.out);

    emulator.faults().clear();
    emulator.faults().inject(Fault {
        on: Matcher::path("/ip/pool/set").times(0),
        what: FaultKind::Refuse("failure: not today".into()),
    });
    let ended = program(&[&args[..], &PASSWORD].concat()).await;
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    assert!(ended.out.contains("FAILED   manual    item.by-name"), "{}", ended.out);
    assert!(ended.out.contains("documented: manual, API: an item is named by its name"), "{}", ended.out);
    assert!(ended.out.contains("differs  assumed   item.id-survives-changes"), "{}", ended.out);
}

#[tokio::test]
async fn nobody_there_and_no_password() {
    let ended = program(&["run", "--address", "127.0.0.1:1", PASSWORD[0], PASSWORD[1]]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("asking 127.0.0.1:1: connecting to 127.0.0.1:1"), "{}", ended.err);
    let ended = program(&["run", "--address", "127.0.0.1:1", "--password-env", "NOT_SET_ANYWHERE"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("from the variable NOT_SET_ANYWHERE"), "{}", ended.err);
}

/// A directory with something that looks like an image, and a program in QEMU's place.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new(qemu: &str) -> Self {
        let bench = Self { dir: tempfile::tempdir().expect("works on every test machine") };
        let mut image = vec![0; 1024];
        image[510..512].copy_from_slice(&[0x55, 0xaa]);
        std::fs::write(bench.image(), image).expect("works on every test machine");
        // `$serial` is the file that QEMU would write the console to.
        let serial = r#"for arg; do case "$arg" in file:*) serial=${arg#file:} ;; esac; done"#;
        std::fs::write(bench.qemu(), format!("#!/bin/sh\n{serial}\n{qemu}\n"))
            .expect("works on every test machine");
        std::fs::set_permissions(bench.qemu(), std::fs::Permissions::from_mode(0o755))
            .expect("works on every test machine");
        bench
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("chr.img")
    }

    fn qemu(&self) -> PathBuf {
        self.dir.path().join("qemu")
    }

    async fn chr(&self, more: &[&str]) -> Ended {
        let (image, qemu) = (self.image(), self.qemu());
        chr(&image, &qemu, more).await
    }
}

async fn chr(image: &Path, qemu: &Path, more: &[&str]) -> Ended {
    let args = [
        "chr",
        "--image",
        image.to_str().expect("works on every test machine"),
        "--qemu",
        qemu.to_str().expect("works on every test machine"),
    ];
    program(&[&args[..], more].concat()).await
}

#[tokio::test]
async fn chr_without_an_image() {
    let bench = Bench::new("exit 0");
    let ended = chr(Path::new("/nonexistent/chr.img"), &bench.qemu(), &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("there is no CHR image at /nonexistent/chr.img"), "{}", ended.err);
    for (content, why) in
        [(&b"PK\x03\x04"[..], "unpack it first"), (&[0; 512], "no boot sector"), (b"", "no boot")]
    {
        std::fs::write(bench.image(), content).unwrap();
        let ended = bench.chr(&[]).await;
        assert!(ended.code == Some(2) && ended.err.contains(why), "{}", ended.err);
    }
}

#[tokio::test]
async fn chr_without_qemu() {
    let bench = Bench::new("exit 0");
    let ended = chr(&bench.image(), Path::new("qemu-of-nobody"), &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("qemu-of-nobody is not installed"), "{}", ended.err);
}

#[tokio::test]
async fn chr_when_qemu_ends() {
    let bench = Bench::new("echo 'Could not set up host forwarding rule' >&2; exit 1");
    let ended = bench.chr(&[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("QEMU ended before the router answered (exit status: 1)"), "{}", ended.err);
    assert!(ended.err.contains("Could not set up host forwarding rule"), "{}", ended.err);
}

#[tokio::test]
async fn chr_that_does_not_boot() {
    let bench = Bench::new("echo 'No bootable device.' > \"$serial\"; exec sleep 60");
    let start = Instant::now();
    let ended = bench.chr(&[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("the image does not boot"), "{}", ended.err);
    assert!(start.elapsed() < Duration::from_secs(20), "it did not wait for the time-out");
}

#[tokio::test]
async fn chr_that_never_answers() {
    let bench = Bench::new("echo 'Starting services...' > \"$serial\"; exec sleep 60");
    let ended = bench.chr(&["--boot-timeout", "1"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("no router answered within 1 s"), "{}", ended.err);
    assert!(ended.err.contains("Starting services..."), "{}", ended.err);
}

/// The emulator is where QEMU would forward to.
#[tokio::test]
async fn chr_that_boots() {
    let emulator = Emulator::builder().user("admin", "").start().await.unwrap();
    let port = emulator.addr().port().to_string();
    let bench = Bench::new("exec sleep 60");
    let ended = bench.chr(&["--port", &port, "--only", "add"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("passed   manual    add.ret"), "{}", ended.out);
    let ended = bench.chr(&["--port", &port, "--user", "nobody"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("does not let nobody in"), "{}", ended.err);
}
