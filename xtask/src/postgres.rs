//! A PostgreSQL server that lives as long as we do, in a temporary directory.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::exec::{self, Shell};
use crate::tools;

/// The variable that carries the server's URL to the tests.
pub(crate) const VARIABLE: &str = "MOXXIE_TEST_POSTGRES";

/// A slow machine takes a few seconds; past this something is wrong, and the log says what.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Ends the server when its standard input ends, which happens however we end, SIGKILL included.
///
/// `$1` is the directory, the rest the server's command. Standard input is copied to descriptor 3 because a shell
/// gives its background jobs an empty one. SIGQUIT is "immediate shutdown": the data is thrown away anyhow.
const KEEPER: &str = r#"
dir=$1; shift
exec 3<&0 </dev/null
"$@" 3<&- >"$dir/log" 2>&1 &
server=$!
( cat <&3 >/dev/null; : >"$dir/stop"; kill -QUIT $server ) &
wait $server; status=$?
cd /
[ ! -e "$dir/stop" ] || rm -rf -- "$dir"
exit $status
"#;

/// Durability off, many clients: a database for tests. No Unix socket, whose path could grow too long.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "shared_buffers=128MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "timezone=UTC",
];

/// The directory with `initdb` and `postgres`: the newest that Debian's packages brought, or the one in `PATH`.
pub(crate) fn binaries() -> Option<PathBuf> {
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut packaged: Vec<(u32, PathBuf)> = packaged
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, dir)| complete(dir))
        .collect();
    packaged.sort();
    packaged
        .pop()
        .map(|(_, dir)| dir)
        .or_else(|| Some(exec::find("initdb")?.parent()?.to_owned()).filter(|dir| complete(dir)))
}

fn complete(dir: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file())
}

/// A running server; dropping it ends it and deletes its data.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    keeper: Child,
    /// Held open: its end is the order to stop.
    leash: Option<ChildStdin>,
    dir: TempDir,
}

impl Server {
    /// Makes and starts a server with the programs of this directory.
    pub(crate) fn start(shell: &Shell, bin: &Path) -> Result<Self> {
        let user = User::choose(shell)?;
        let dir = tempfile::Builder::new()
            .prefix("moxxie-postgres-")
            .tempdir()
            .context("making a temporary directory for PostgreSQL")?;
        let password = random_hex()?;
        let secret = dir.path().join("password");
        fs::write(&secret, &password).context("writing the password of the throw-away PostgreSQL")?;
        if let Some(User { uid, gid }) = user {
            for path in [dir.path(), &secret] {
                std::os::unix::fs::chown(path, Some(uid), Some(gid))
                    .with_context(|| format!("giving {} to an unprivileged user", path.display()))?;
            }
        }
        initialise(&user, bin, dir.path(), &secret)?;

        let port = free_port()?;
        let mut command = clean(&user, "sh", dir.path());
        command.args(["-c", KEEPER, "sh"]).arg(dir.path()).arg(bin.join("postgres"));
        command.arg("-D").arg(dir.path().join("data")).arg("-p").arg(port.to_string());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        // A process group of its own, so that Ctrl-C does not end it before the tests that use it.
        command.stdin(Stdio::piped()).process_group(0);
        let mut keeper = command.spawn().context("starting PostgreSQL")?;
        let leash = keeper.stdin.take();
        let url = format!("postgres://moxxie:{password}@127.0.0.1:{port}/postgres");
        let mut server = Self { url, keeper, leash, dir };
        server.wait_until_ready(shell)?;
        Ok(server)
    }

    /// `postgres://user:password@host:port/database`, a superuser's.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self, shell: &Shell) -> Result<()> {
        let start = Instant::now();
        let state = self.dir.path().join("data/postmaster.pid");
        loop {
            // The eighth line is the state, since PostgreSQL 10.
            let ready = fs::read_to_string(&state).unwrap_or_default();
            if ready.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            let ended = self.keeper.try_wait().context("waiting for PostgreSQL")?;
            if ended.is_some() || start.elapsed() > START_LIMIT {
                let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start; its log says:\n{}", log.trim_end());
            }
            if shell.interrupted() {
                bail!("interrupted");
            }
            exec::pause();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.take());
        if !matches!(exec::wait_for(&mut self.keeper, Duration::from_secs(10)), Ok(Some(_))) {
            eprintln!("xtask: PostgreSQL in {} did not end in time", self.dir.path().display());
        }
    }
}

/// Whom the server runs as.
#[derive(Debug)]
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Nobody else, unless we are root, as whom PostgreSQL refuses to run.
    fn choose(shell: &Shell) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            let id = |flag| -> Option<u32> {
                let mut command = shell.command("id");
                command.args([flag, name]).stderr(Stdio::null());
                let output = command.output().ok().filter(|output| output.status.success())?;
                String::from_utf8(output.stdout).ok()?.trim().parse().ok()
            };
            if let (Some(uid), Some(gid)) = (id("-u"), id("-g")) {
                return Ok(Some(Self { uid, gid }));
            }
        }
        bail!("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")
    }
}

/// A command of the server's user that knows nothing of our environment: `PGDATA` and the like would mislead it.
fn clean(user: &Option<User>, program: impl AsRef<std::ffi::OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).env_clear().env("LC_ALL", "C").env("TZ", "UTC");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(User { uid, gid }) = user {
        command.uid(*uid).gid(*gid);
    }
    command
}

fn initialise(user: &Option<User>, bin: &Path, dir: &Path, secret: &Path) -> Result<()> {
    let mut command = clean(user, bin.join("initdb"), dir);
    command.args(["--username=moxxie", "--encoding=UTF8", "--locale=C", "--no-sync", "--auth=password"]);
    command.arg("--pwfile").arg(secret).arg("-D").arg(dir.join("data"));
    command.stdin(Stdio::null()).process_group(0);
    let output = command.output().context("starting initdb")?;
    if !output.status.success() {
        bail!("initdb failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

/// A port that was free a moment ago; should somebody take it meanwhile, the server says so and does not start.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port")?;
    Ok(listener.local_addr().context("looking for a free port")?.port())
}

/// A password, because other users of the machine can reach the port too.
fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("reading random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `cargo xtask postgres`: a server for one command, or until Ctrl-C.
pub(crate) fn serve(shell: &Shell, command: &[String]) -> Result<ExitCode> {
    let server = Server::start(shell, &tools::postgres(shell, true)?)?;
    let Some((program, args)) = command.split_first() else {
        println!("export {VARIABLE}={}", server.url());
        eprintln!("Ctrl-C ends it and deletes its data.");
        while !shell.interrupted() {
            exec::pause();
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut child = shell.command(program);
    child.args(args).env(VARIABLE, server.url());
    shell.foreground(child)
}
