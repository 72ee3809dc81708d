//! A Python with independent RouterOS clients, for the conformance tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::exec::Shell;
use crate::tools;

/// Where the tests find it.
pub(crate) const VARIABLE: &str = "MOXXIE_TEST_PYTHON";

/// What is installed with pip; its content names the directory, so that a changed pin makes a new one.
const REQUIREMENTS: &str = "xtask/tools/clients.txt";

/// The wheel whose one collection is unpacked beside it: all of it would be half a gigabyte.
const ANSIBLE: &str = "xtask/tools/ansible.txt";

/// Unpacks one collection of a wheel (first argument) into a directory (second).
const UNPACK: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = [name for name in wheel.namelist() if name.startswith('ansible_collections/community/routeros/')]
    assert names, 'the wheel has no community.routeros'
    wheel.extractall(sys.argv[2], names)
";

/// Works in a whole environment only, and says so by its exit code.
const PROBE: &str = "import ansible, librouteros, ansible_collections.community.routeros.plugins.modules.api";

/// The path of the environment's Python; makes the environment if there is none.
pub(crate) fn ensure(shell: &Shell, install: bool) -> Result<PathBuf> {
    let venv = shell.target().join("tools").join(format!("python-clients-{:016x}", pins(shell)?));
    let python = venv.join("bin/python");
    if python.is_file() && shell.output(shell.command(&python).args(["-c", PROBE])).is_ok() {
        return Ok(python);
    }
    if !install {
        bail!("installing is switched off, and there is no Python environment at {}", venv.display());
    }
    println!("installing librouteros and Ansible's community.routeros");
    make(shell, &venv).context("installing the independent clients")?;
    Ok(python)
}

/// FNV-1a over both files: no more than a name is asked of it.
fn pins(shell: &Shell) -> Result<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in [REQUIREMENTS, ANSIBLE] {
        let file = shell.root().join(file);
        for byte in fs::read(&file).with_context(|| format!("reading {}", file.display()))? {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(hash)
}

fn make(shell: &Shell, venv: &Path) -> Result<()> {
    let tools = venv.parent().context("tools have a directory")?;
    fs::create_dir_all(tools).with_context(|| format!("making {}", tools.display()))?;
    // Beside its destination, so that the last step is a rename: several of us may install at once.
    let scratch =
        tempfile::Builder::new().prefix("install-").tempdir_in(tools).context("making a directory")?;
    let made = scratch.path().join("venv");
    shell.run(shell.command(tools::python_with_venv(shell)?).args(["-m", "venv"]).arg(&made))?;
    let pip = |verb: &str| {
        let mut command = shell.command(made.join("bin/python"));
        command.args(["-m", "pip", verb, "--quiet", "--disable-pip-version-check", "--no-deps"]);
        command.arg("--only-binary=:all:");
        command
    };
    shell.run(pip("install").args(["-r", REQUIREMENTS]))?;
    let wheels = scratch.path().join("wheels");
    shell.run(pip("download").args(["--require-hashes", "-r", ANSIBLE, "-d"]).arg(&wheels))?;
    let wheel = fs::read_dir(&wheels)
        .with_context(|| format!("reading {}", wheels.display()))?
        .find_map(|entry| entry.ok().map(|entry| entry.path()))
        .context("no wheel was downloaded")?;
    let packages = shell.output(
        shell
            .command(made.join("bin/python"))
            .args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]),
    )?;
    shell
        .run(shell.command(made.join("bin/python")).args(["-c", UNPACK]).arg(&wheel).arg(packages.trim()))?;
    shell.run(shell.command(made.join("bin/python")).args(["-c", PROBE]))?;
    if venv.exists() {
        fs::remove_dir_all(venv).with_context(|| format!("removing the broken {}", venv.display()))?;
    }
    match fs::rename(&made, venv) {
        // Somebody else was faster.
        Err(_) if venv.exists() => Ok(()),
        renamed => renamed.with_context(|| format!("moving the environment to {}", venv.display())),
    }
}
