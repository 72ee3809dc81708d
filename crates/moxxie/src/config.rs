//! The server's configuration: flag over environment over file over default.
//!
//! [`keys`] is the one list of what can be set; flags, environment variables, the file and
//! `config check` all follow from it.

mod expand;
mod file;
mod keys;
mod layers;
mod resources;
mod settings;

pub(crate) use keys::ConfigArgs;
pub(crate) use resources::{Entry, Resources};
pub(crate) use settings::{LogFormat, Settings, Shown, masked};

use crate::exit::Usage;

/// Where the environment is read from; a parameter, so that tests need not change their own.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything the server is told before it starts.
#[derive(Debug)]
pub(crate) struct Config {
    /// The settings in force.
    pub(crate) settings: Settings,
    /// Each setting as text, with where it came from.
    pub(crate) shown: Vec<Shown>,
    /// Sites, pools, routers, tenants and firewall profiles to register.
    pub(crate) resources: Resources,
    /// What is allowed but not wise.
    pub(crate) warnings: Vec<String>,
}

/// Reads all layers. Every mistake is reported, not only the first.
pub(crate) fn load(args: &ConfigArgs, environment: Environment<'_>) -> Result<Config, Usage> {
    let file = file::read(args.file()?.as_deref())?;
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let (table, secrets) = expand::expand(file.table, environment, &mut errors);
    let (plain, resources) = resources::split(table, &mut errors);
    resources.warn_of_open_secrets(&secrets, file.path.as_deref(), &mut warnings);
    let layered = layers::resolve(args, environment, plain, file.path.as_deref(), &mut errors);
    let settings = settings::read(layered, environment, &mut errors);
    match settings {
        Some((settings, shown)) if errors.is_empty() => Ok(Config { settings, shown, resources, warnings }),
        _ => Err(report(&errors)),
    }
}

fn report(errors: &[String]) -> Usage {
    match errors {
        [only] => Usage(format!("configuration: {only}")),
        several => Usage(format!("configuration: {} mistakes\n  {}", several.len(), several.join("\n  "))),
    }
}

/// The known word most like this one.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let like = |other: &str| strsim::jaro_winkler(&word.replace('-', "_").to_lowercase(), other);
    known.into_iter().max_by(|a, b| like(a).total_cmp(&like(b)))
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
