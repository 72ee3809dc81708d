//! A PostgreSQL server that lives as long as we do, in a temporary directory.
//!
//! ```no_run
//! use throwaway_postgres::{Durability, Server, binaries};
//!
//! let bin = binaries().ok_or("PostgreSQL is not installed")?;
//! let mut server = Server::start(&bin, Durability::None, &|| false)?;
//! println!("{}", server.url());
//! server.kill()?; // as a power cut would, for what PostgreSQL knows
//! server.restart(&|| false)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A slow machine takes a few seconds; past this something is wrong, and the log says what.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long processes may take to end.
const END_LIMIT: Duration = Duration::from_secs(10);

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

/// Many clients. No Unix socket, whose path could grow too long.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "shared_buffers=128MB",
    "timezone=UTC",
];

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The end of a client. For tests that do not stop the server: fast.
    None,
    /// The server killed and the machine's power cut: PostgreSQL's own defaults.
    Full,
}

impl Durability {
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::None => &["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
            Self::Full => &[],
        }
    }
}

/// The directory with `initdb` and `postgres`: the newest that Debian's packages brought, or the one in `PATH`.
#[must_use]
pub fn binaries() -> Option<PathBuf> {
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut packaged: Vec<(u32, PathBuf)> = packaged
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, dir)| complete(dir))
        .collect();
    packaged.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    packaged.pop().map(|(_, dir)| dir).or_else(|| std::env::split_paths(&path).find(|dir| complete(dir)))
}

fn complete(dir: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file())
}

/// A running server; dropping it ends it and deletes its data.
#[derive(Debug)]
pub struct Server {
    url: String,
    port: u16,
    bin: PathBuf,
    user: Option<User>,
    durability: Durability,
    keeper: Child,
    /// Held open: its end is the order to stop.
    leash: Option<ChildStdin>,
    dir: TempDir,
}

impl Server {
    /// Makes and starts a server with the programs of this directory; gives up when `interrupted` says so.
    ///
    /// # Errors
    /// When a program is missing or the server does not start within a minute; with the server's own log.
    pub fn start(bin: &Path, durability: Durability, interrupted: &dyn Fn() -> bool) -> Result<Self> {
        let user = User::choose()?;
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
        initialise(user, bin, dir.path(), &secret)?;

        let port = free_port()?;
        let mut keeper = spawn(user, bin, dir.path(), port, durability)?;
        let leash = keeper.stdin.take();
        let url = format!("postgres://moxxie:{password}@127.0.0.1:{port}/postgres");
        let bin = bin.to_owned();
        let mut server = Self { url, port, bin, user, durability, keeper, leash, dir };
        server.wait_until_ready(interrupted)?;
        Ok(server)
    }

    /// `postgres://user:password@host:port/database`, a superuser's.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills every process of the server at once (SIGKILL). Its data stays, for [`Server::restart`].
    ///
    /// # Errors
    /// When its processes cannot be found or do not end.
    pub fn kill(&mut self) -> Result<()> {
        let text = fs::read_to_string(self.state()).context("reading postmaster.pid")?;
        let main: i32 =
            text.lines().next().and_then(|line| line.trim().parse().ok()).context("a process id")?;
        // The main process first, or it would start what is missing again.
        let mut processes = vec![main];
        processes.extend(children(main)?);
        for id in &processes {
            if let Some(id) = Pid::from_raw(*id) {
                // One that has ended by itself meanwhile is fine.
                let _ = kill_process(id, Signal::KILL);
            }
        }
        let start = Instant::now();
        while processes.iter().any(|id| alive(*id)) {
            if start.elapsed() > END_LIMIT {
                bail!("processes of the killed PostgreSQL do not end");
            }
            pause();
        }
        wait_for(&mut self.keeper, END_LIMIT)?.context("the keeper of the killed PostgreSQL does not end")?;
        fs::remove_file(self.state()).context("removing the state of the killed PostgreSQL")
    }

    /// Starts a killed server again, on the same port and data.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn restart(&mut self, interrupted: &dyn Fn() -> bool) -> Result<()> {
        self.keeper = spawn(self.user, &self.bin, self.dir.path(), self.port, self.durability)?;
        self.leash = self.keeper.stdin.take();
        self.wait_until_ready(interrupted)
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("data/postmaster.pid")
    }

    fn wait_until_ready(&mut self, interrupted: &dyn Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        let state = self.state();
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
            if interrupted() {
                bail!("interrupted");
            }
            pause();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.take());
        if !matches!(wait_for(&mut self.keeper, END_LIMIT), Ok(Some(()))) {
            eprintln!("PostgreSQL in {} did not end in time", self.dir.path().display());
        }
    }
}

/// Waits for a child's end; `None` when it takes too long.
fn wait_for(child: &mut Child, limit: Duration) -> Result<Option<()>> {
    let start = Instant::now();
    while child.try_wait().context("waiting for a child")?.is_none() {
        if start.elapsed() > limit {
            return Ok(None);
        }
        pause();
    }
    Ok(Some(()))
}

#[expect(clippy::disallowed_methods, reason = "waiting for a process; there is no runtime here")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Whether a process runs; one that ended and was not waited for does not.
fn alive(id: i32) -> bool {
    stat(id).is_some_and(|(state, _)| state != "Z")
}

/// State and parent of a process, from `/proc`.
fn stat(id: i32) -> Option<(String, i32)> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in between may hold anything, brackets included.
    let mut rest = text.rsplit_once(") ")?.1.split(' ');
    Some((rest.next()?.to_owned(), rest.next()?.parse().ok()?))
}

fn children(parent: i32) -> Result<Vec<i32>> {
    let all = fs::read_dir("/proc").context("reading /proc")?.flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    Ok(ids.filter(|id| stat(*id).is_some_and(|(_, of)| of == parent)).collect())
}

fn spawn(user: Option<User>, bin: &Path, dir: &Path, port: u16, durability: Durability) -> Result<Child> {
    let mut command = clean(user, "sh", dir);
    command.args(["-c", KEEPER, "sh"]).arg(dir).arg(bin.join("postgres"));
    command.arg("-D").arg(dir.join("data")).arg("-p").arg(port.to_string());
    for setting in SETTINGS.iter().chain(durability.settings()) {
        command.args(["-c", setting]);
    }
    // A process group of its own, so that Ctrl-C does not end it before the tests that use it.
    command.stdin(Stdio::piped()).process_group(0);
    command.spawn().context("starting PostgreSQL")
}

/// Whom the server runs as.
#[derive(Debug, Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Nobody else, unless we are root, as whom PostgreSQL refuses to run.
    fn choose() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            let id = |flag| -> Option<u32> {
                let mut command = Command::new("id");
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
fn clean(user: Option<User>, program: impl AsRef<std::ffi::OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).env_clear().env("LC_ALL", "C").env("TZ", "UTC");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
    command
}

fn initialise(user: Option<User>, bin: &Path, dir: &Path, secret: &Path) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Killed as a crash would, it comes back on its port with its data.
    #[test]
    fn killed_and_started_again() {
        let Some(bin) = binaries() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs PostgreSQL's programs");
            eprintln!("PostgreSQL is not installed: skipped");
            return;
        };
        let mut server = Server::start(&bin, Durability::Full, &|| false).unwrap();
        let ask = |url: &str, sql: &str| {
            Command::new("psql")
                .args(["-Atq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
                .output()
                .unwrap()
        };
        let url = server.url().to_owned();
        assert!(ask(&url, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (7)").status.success());
        server.kill().unwrap();
        assert!(!ask(&url, "SELECT 1").status.success(), "it still answers");
        server.restart(&|| false).unwrap();
        assert_eq!(ask(&url, "SELECT n FROM kept").stdout, b"7\n");
        let dir = server.dir.path().to_owned();
        drop(server);
        assert!(!dir.exists(), "its data is left");
    }
}
