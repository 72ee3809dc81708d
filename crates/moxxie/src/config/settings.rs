//! The settings in force, checked.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Environment,
    keys::KEYS,
    layers::{Given, Source},
};
use crate::duration;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: String,
    pub(crate) master_key_file: PathBuf,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) change_deadline: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) scan_interval: Duration,
    pub(crate) connect_deadline: Duration,
    pub(crate) command_deadline: Duration,
    pub(crate) lease_ttl: Duration,
    pub(crate) settle: Duration,
    pub(crate) chunk_commands: usize,
    pub(crate) reality_interval: Duration,
    pub(crate) reality_seen_age: Duration,
    pub(crate) reality_silent_after: Duration,
    pub(crate) reality_keep: Duration,
    pub(crate) reality_verify_deadline: Duration,
    pub(crate) drift_interval: Duration,
    pub(crate) drift_poll: Duration,
    pub(crate) drift_keep: Duration,
}

/// A setting as it may be shown.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Shown {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its value, secrets masked.
    pub(crate) value: String,
    /// Where it came from.
    pub(crate) source: String,
}

/// What a lease must have left beyond two commands, or it would be renewed before every wave.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// The variable that takes the place of the master key file.
pub(crate) const MASTER_KEY: &str = "MOXXIE_MASTER_KEY";

/// Checks all settings; each wrong one adds an error.
pub(super) fn read(
    given: Vec<Given>,
    environment: Environment<'_>,
    errors: &mut Vec<String>,
) -> Option<(Settings, Vec<Shown>)> {
    let mut reader = Reader { given, errors, ok: true };
    let data_dir = reader.path("data_dir").unwrap_or_else(|| default_data_dir(environment));
    let settings = Settings {
        listen: reader.read("listen", SocketAddr::from(([127, 0, 0, 1], 8080)), |text| {
            text.parse().map_err(|_| {
                format!("{text:?} is not an address and port; write for example 127.0.0.1:8080 or [::]:8080")
            })
        }),
        database: reader.read("database", in_dir("sqlite:", &data_dir, "moxxie.db"), database),
        master_key_file: reader.path("master_key_file").unwrap_or_else(|| data_dir.join("master.key")),
        log_level: reader.read("log_level", "info".to_owned(), log_level),
        log_format: reader.read("log_format", LogFormat::Text, |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("{text:?} is not a format; text and json are")),
        }),
        change_deadline: reader.span("change_deadline", 600),
        max_backoff: reader.span("max_backoff", 30),
        scan_interval: reader.span("scan_interval", 2),
        connect_deadline: reader.span("connect_deadline", 10),
        command_deadline: reader.span("command_deadline", 20),
        lease_ttl: reader.span("lease_ttl", 60),
        settle: reader.span("settle", 2),
        chunk_commands: reader.read("chunk_commands", 80, |text| match text.parse() {
            Ok(number @ 20..=80) => Ok(number),
            _ => Err(format!("{text:?} is not a number from 20 to 80: a router's safe mode keeps about 100")),
        }),
        reality_interval: reader.read("reality_interval", Duration::from_secs(300), |text| match text {
            "off" => Ok(Duration::ZERO),
            span => duration::parse(span),
        }),
        reality_seen_age: reader.span("reality_seen_age", 24 * 3600),
        reality_silent_after: reader.span("reality_silent_after", 24 * 3600),
        reality_keep: reader.span("reality_keep", 30 * 24 * 3600),
        reality_verify_deadline: reader.span("reality_verify_deadline", 5),
        drift_interval: reader.read("drift_interval", Duration::from_secs(300), |text| match text {
            "off" => Ok(Duration::ZERO),
            span => duration::parse(span),
        }),
        drift_poll: reader.span("drift_poll", 2),
        drift_keep: reader.span("drift_keep", 90 * 24 * 3600),
        data_dir,
    };
    let least = settings.command_deadline * 2 + LEASE_MARGIN;
    if settings.lease_ttl < least {
        let (least, command) = (duration::show(least), duration::show(settings.command_deadline));
        reader.fail(format!("lease_ttl must be at least {least} with a command_deadline of {command}"));
    }
    let hex = |key: &str| key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if environment(MASTER_KEY).is_some_and(|key| !key.is_empty() && !hex(key.trim())) {
        reader.fail(format!("{MASTER_KEY} is not 64 hex digits; make one with `openssl rand -hex 32`"));
    }
    let shown = KEYS.iter().map(|key| settings.shown(key.name, &reader.given)).collect();
    reader.ok.then_some((settings, shown))
}

struct Reader<'a> {
    given: Vec<Given>,
    errors: &'a mut Vec<String>,
    ok: bool,
}

impl Reader<'_> {
    fn fail(&mut self, error: String) {
        self.errors.push(error);
        self.ok = false;
    }

    fn read<T>(&mut self, name: &str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let Some(given) = self.given.iter().find(|given| given.name == name) else { return default };
        match parse(&given.value) {
            Ok(value) => value,
            Err(error) => {
                let error = format!("{name} (from {}): {error}", given.source);
                self.fail(error);
                default
            }
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.given.iter().find(|given| given.name == name).map(|given| PathBuf::from(&given.value))
    }

    fn span(&mut self, name: &str, default_s: u64) -> Duration {
        self.read(name, Duration::from_secs(default_s), |text| {
            let span = duration::parse(text)?;
            if span.is_zero() { Err("must be more than nothing".into()) } else { Ok(span) }
        })
    }
}

impl Settings {
    fn shown(&self, key: &'static str, given: &[Given]) -> Shown {
        let value = match key {
            "listen" => self.listen.to_string(),
            "data_dir" => self.data_dir.display().to_string(),
            "database" => masked(&self.database),
            "master_key_file" => self.master_key_file.display().to_string(),
            "log_level" => self.log_level.clone(),
            "log_format" => format!("{:?}", self.log_format).to_lowercase(),
            "change_deadline" => duration::show(self.change_deadline),
            "max_backoff" => duration::show(self.max_backoff),
            "scan_interval" => duration::show(self.scan_interval),
            "connect_deadline" => duration::show(self.connect_deadline),
            "lease_ttl" => duration::show(self.lease_ttl),
            "settle" => duration::show(self.settle),
            "chunk_commands" => self.chunk_commands.to_string(),
            "command_deadline" => duration::show(self.command_deadline),
            "reality_interval" if self.reality_interval.is_zero() => "off".to_owned(),
            "reality_interval" => duration::show(self.reality_interval),
            "reality_seen_age" => duration::show(self.reality_seen_age),
            "reality_silent_after" => duration::show(self.reality_silent_after),
            "reality_keep" => duration::show(self.reality_keep),
            "reality_verify_deadline" => duration::show(self.reality_verify_deadline),
            "drift_interval" if self.drift_interval.is_zero() => "off".to_owned(),
            "drift_interval" => duration::show(self.drift_interval),
            "drift_poll" => duration::show(self.drift_poll),
            "drift_keep" => duration::show(self.drift_keep),
            _ => String::new(),
        };
        let source = given.iter().find(|given| given.name == key).map_or(&Source::Default, |g| &g.source);
        Shown { key, value, source: source.to_string() }
    }
}

fn in_dir(prefix: &str, dir: &Path, name: &str) -> String {
    format!("{prefix}{}", dir.join(name).display())
}

fn default_data_dir(environment: Environment<'_>) -> PathBuf {
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map_or_else(|| PathBuf::from("moxxie-data"), |state| state.join("moxxie"))
}

/// The value is not repeated in the error: it may hold a password.
fn database(text: &str) -> Result<String, String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        Err("is not the address of a database; write sqlite:<file> or postgres://user@host/database".into())
    }
}

fn log_level(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is not a level; error, warn, info, debug and trace are")),
    }
}

/// An address of a database without its password: between the first `:` after the scheme and the
/// last `@`, and everything that follows a `password=`.
pub(crate) fn masked(database: &str) -> String {
    let Some((scheme, rest)) = database.split_once("://") else { return database.to_owned() };
    let (user, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let user = match user.map(|user| user.split_once(':').ok_or(user)) {
        Some(Ok((user, _))) => format!("{user}:********@"),
        Some(Err(user)) => format!("{user}@"),
        None => String::new(),
    };
    let query = query.map(|query| {
        let parts = query.split('&').map(|part| match part.split_once('=') {
            Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=********"),
            _ => part.to_owned(),
        });
        format!("?{}", parts.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{user}{rest}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_databases_are_masked() {
        for (address, shown) in [
            ("sqlite:/var/x.db", "sqlite:/var/x.db"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u:p@ss@h:5432/d", "postgres://u:********@h:5432/d"),
            ("postgres://h/d?user=u&password=p", "postgres://h/d?user=u&password=********"),
            ("postgres://u:p?x@h/d", "postgres://u:********@h/d"),
        ] {
            assert_eq!(masked(address), shown);
        }
    }
}
