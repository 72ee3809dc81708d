//! Which layer a setting comes from.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    Environment,
    keys::{ConfigArgs, KEYS},
};

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A flag.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// The file.
    File(PathBuf),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Variable(variable) => f.write_str(variable),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting somebody made, as text.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) source: Source,
}

/// For each key the value of the highest layer that has one.
pub(super) fn resolve(
    args: &ConfigArgs,
    environment: Environment<'_>,
    mut file: Table,
    path: Option<&Path>,
    errors: &mut Vec<String>,
) -> Vec<Given> {
    let mut given = Vec::new();
    for key in KEYS {
        let from_file = file.remove(key.name).and_then(|value| match text(&value) {
            Some(value) => Some((value, Source::File(path.unwrap_or(Path::new("")).to_owned()))),
            None => {
                let kind = value.type_str();
                errors.push(format!("{} is a text ({}), not of type {kind}", key.name, key.value));
                None
            }
        });
        // An empty variable is as good as none: that is how they are unset in unit files.
        let from_environment = environment(&key.variable())
            .filter(|value| !value.is_empty())
            .map(|value| (value, Source::Variable(key.variable())));
        let from_flag = args.flag(key.name).map(|value| (value.to_owned(), Source::Flag(key.flag())));
        if let Some((value, source)) = from_flag.or(from_environment).or(from_file) {
            given.push(Given { name: key.name, value, source });
        }
    }
    given
}

/// Numbers and booleans are as good as the text that shows them.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}
