//! Clients that others wrote, on the emulator: where one fails, the emulator is wrong until proven otherwise.

use std::path::{Path, PathBuf};
use std::time::Duration;

use routeros_emulator::Emulator;
use tokio::process::Command;

/// A Python that has the clients; `cargo xtask test` makes it.
const VARIABLE: &str = "MOXXIE_TEST_PYTHON";

fn python() -> Option<PathBuf> {
    let python = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    if python.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
        assert!(!ci, "{VARIABLE} is not set, and nothing may be skipped here");
        println!("skipped: {VARIABLE} is not set; `cargo xtask test` makes the environment and sets it");
    }
    python
}

/// Runs a Python program on a router, which must look afterwards as it did before.
async fn works_on(version: &str, arguments: &[&str]) {
    let Some(python) = python() else { return };
    let builder = Emulator::builder().version(version).expect("a known version").user("admin", "secret");
    let emulator = builder.start().await.expect("an emulator");
    let before = emulator.snapshot();
    let home = tempfile::tempdir().expect("a directory");
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let running = Command::new(python)
        .args(arguments)
        .current_dir(&scripts)
        .env("ROUTER_PORT", emulator.addr().port().to_string())
        .env("ANSIBLE_CONFIG", scripts.join("ansible.cfg"))
        .env("HOME", home.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Ansible insists on UTF-8.
        .env("LC_ALL", "C.UTF-8")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(200), running).await;
    let output = output.expect("the client ends").expect("Python runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "RouterOS {version}: {}\n{out}\n{err}", output.status);
    println!("{out}");
    let after = emulator.snapshot();
    assert_eq!(before, after, "{}", before.diff(&after));
    emulator.shutdown().await;
}

macro_rules! librouteros {
    ($($name:ident $version:literal)*) => {$(
        #[tokio::test]
        async fn $name() {
            works_on($version, &["librouteros_client.py"]).await;
        }
    )*};
}

librouteros! {
    librouteros_7_16 "7.16" librouteros_7_20 "7.20" librouteros_7_24 "7.24"
}

#[tokio::test]
async fn ansible_community_routeros() {
    works_on("7.22", &["-m", "ansible", "playbook", "community_routeros.yml"]).await;
}
