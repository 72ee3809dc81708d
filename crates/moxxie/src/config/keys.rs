//! What can be set, by every way.

use std::{ffi::OsString, path::PathBuf};

use clap::{Arg, ArgMatches, FromArgMatches, parser::ValueSource};

use crate::exit::Usage;

/// One setting.
pub(crate) struct Key {
    /// Its name in the file; the flag has `-` for `_`, the variable is `MOXXIE_` and capitals.
    pub(crate) name: &'static str,
    /// What its value is called in `--help`.
    pub(crate) value: &'static str,
    /// What it means, with its default.
    pub(crate) help: &'static str,
}

impl Key {
    /// Its flag without the dashes.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("MOXXIE_{}", self.name.to_uppercase())
    }
}

/// All settings, in the order they are shown.
pub(crate) const KEYS: &[Key] = &[
    Key { name: "listen", value: "ADDRESS:PORT", help: "Where to listen [default: 127.0.0.1:8080]" },
    Key {
        name: "data_dir",
        value: "DIR",
        help: "Where the server keeps its files [default: $XDG_STATE_HOME/moxxie or ~/.local/state/moxxie]",
    },
    Key {
        name: "database",
        value: "URL",
        help: "sqlite:<file> or postgres://... [default: sqlite:<data_dir>/moxxie.db]",
    },
    Key {
        name: "master_key_file",
        value: "FILE",
        help: "Key that seals the routers' passwords, made at the first start; MOXXIE_MASTER_KEY (64 hex \
               digits) takes its place [default: <data_dir>/master.key]",
    },
    Key {
        name: "log_level",
        value: "LEVEL",
        help: "error, warn, info, debug, trace, or by module like info,sqlx=warn [default: info]",
    },
    Key { name: "log_format", value: "FORMAT", help: "text or json, on standard error [default: text]" },
    Key {
        name: "change_deadline",
        value: "SPAN",
        help: "How long a change is tried before it is given up [default: 10m]",
    },
    Key {
        name: "max_backoff",
        value: "SPAN",
        help: "Longest pause between two tries of a change that waits [default: 30s]",
    },
    Key {
        name: "scan_interval",
        value: "SPAN",
        help: "How often the workers look at the database without being woken [default: 2s]",
    },
    Key {
        name: "connect_deadline",
        value: "SPAN",
        help: "Deadline of reaching a router and logging in [default: 10s]",
    },
    Key {
        name: "command_deadline",
        value: "SPAN",
        help: "Deadline of one command to a router [default: 20s]",
    },
    Key {
        name: "lease_ttl",
        value: "SPAN",
        help: "How long a process has a router for itself without renewing; at least twice the command \
               deadline and 10s [default: 60s]",
    },
    Key {
        name: "settle",
        value: "SPAN",
        help: "How long commands may be under way that a dead process left behind [default: 2s]",
    },
    Key {
        name: "chunk_commands",
        value: "NUMBER",
        help: "Most commands to a router under one guard, 20 to 80; larger changes go in several chunks \
               [default: 80]",
    },
    Key {
        name: "reality_interval",
        value: "SPAN",
        help: "How often every router is looked at for what is in use; off: only when asked [default: 5m]",
    },
    Key {
        name: "reality_seen_age",
        value: "SPAN",
        help: "How long an address or VLAN id that a router showed is not handed out [default: 24h]",
    },
    Key {
        name: "reality_silent_after",
        value: "SPAN",
        help: "How long nothing is seen of a recorded host before it is called silent [default: 24h]",
    },
    Key {
        name: "reality_keep",
        value: "SPAN",
        help: "How long is remembered when somebody was last seen [default: 720h]",
    },
    Key {
        name: "reality_verify_deadline",
        value: "SPAN",
        help: "How long a router may take to tell whether addresses are in use [default: 5s]",
    },
    Key {
        name: "drift_interval",
        value: "SPAN",
        help: "How often every router is read whole for drift, beside what it tells by itself; off: routers are \
               not watched [default: 5m]",
    },
    Key {
        name: "drift_poll",
        value: "SPAN",
        help: "How often a watched router's history is looked at, and the shortest time between two checks \
               [default: 2s]",
    },
    Key {
        name: "drift_keep",
        value: "SPAN",
        help: "How long is remembered what drift there was [default: 2160h]",
    },
];

/// The file that is read when none is named.
pub(crate) const DEFAULT_FILE: &str = "moxxie.toml";
const FILE_VARIABLE: &str = "MOXXIE_CONFIG";

/// The settings given as flags, and the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfigArgs {
    file: Option<PathBuf>,
    /// Do not even read the default file.
    no_file: bool,
    flags: Vec<(&'static str, String)>,
}

impl ConfigArgs {
    /// The file to read. A file that was named must exist; the default one need not.
    pub(crate) fn file(&self) -> Result<Option<PathBuf>, Usage> {
        match &self.file {
            Some(file) if file.exists() => Ok(Some(file.clone())),
            Some(file) => Err(Usage(format!("there is no configuration file {}", file.display()))),
            None if self.no_file => Ok(None),
            None => Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists())),
        }
    }

    /// A setting given as a flag.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(flag, _)| *flag == name).map(|(_, value)| value.as_str())
    }

    /// Settings as if given by flags, and no file at all.
    pub(crate) fn only(flags: &[(&'static str, String)]) -> Self {
        Self { file: None, no_file: true, flags: flags.to_vec() }
    }

    /// A file, and settings as if given by flags.
    #[cfg(test)]
    pub(crate) fn with(file: &std::path::Path, flags: &[(&'static str, String)]) -> Self {
        Self { file: Some(file.to_owned()), no_file: false, flags: flags.to_vec() }
    }
}

// By hand rather than by derive, so that a setting is named once, in `KEYS`.
impl clap::Args for ConfigArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .env(FILE_VARIABLE)
            .value_parser(clap::value_parser!(PathBuf))
            .help(format!("Configuration file [default: {DEFAULT_FILE}, if there is one]"));
        KEYS.iter().fold(command.arg(file), |command, key| {
            // The variable is read by the layers below; here it is only told of.
            let help = format!("{} [env: {}]", key.help, key.variable());
            command.arg(
                Arg::new(key.name)
                    .long(key.flag())
                    .value_name(key.value)
                    .value_parser(clap::value_parser!(OsString))
                    .help(help),
            )
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConfigArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &&Key| matches.value_source(key.name) == Some(ValueSource::CommandLine);
        let mut flags = Vec::new();
        for key in KEYS.iter().filter(given) {
            if let Some(value) = matches.get_one::<OsString>(key.name) {
                let value = value.to_str().ok_or_else(|| {
                    let text = format!("--{} is not UTF-8\n", key.flag());
                    clap::Error::raw(clap::error::ErrorKind::InvalidUtf8, text)
                })?;
                flags.push((key.name, value.to_owned()));
            }
        }
        Ok(Self { file: matches.get_one::<PathBuf>("config").cloned(), no_file: false, flags })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
