//! `moxxie profile`: who may open connections to and from networks.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use moxxie_api::{
    change::Change,
    plan::DryRun,
    profile::{Profile, ProfileCreate, ProfileRule, ProfileService},
};
use serde::Deserialize;
use serde_json::Value;

use super::{change::follow_progress, network::show_accepted};
use crate::{
    commands::ALL,
    output::{plan, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List profiles, the built-in ones among them
    List,
    /// Show one profile with its rules
    Show {
        /// Its name.
        profile: String,
    },
    /// Write profiles from a file: add them, or change them and the routers of the networks that use them
    Set(Set),
    /// Remove a profile that no network uses
    Remove {
        /// Its name.
        profile: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example of a file:
  [[profiles]]
  name = \"web\"
  rules = [
    { direction = \"out\", action = \"accept\" },
    { direction = \"in\", action = \"accept\", service = \"web\" },
    { direction = \"in\", action = \"accept\", from = \"offices\", protocol = \"tcp\", ports = [\"22\"] },
  ]
  sets.offices = [\"203.0.113.0/24\", \"2001:db8::/48\"]
  services.web = { protocol = \"tcp\", ports = [\"80\", \"443\"] }")]
pub(crate) struct Set {
    /// A TOML file with `[[profiles]]`; - reads standard input.
    #[arg(short, long)]
    file: PathBuf,
    /// Show what would be done on routers as a diff, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Follow the steps to the end; ends with 5 when a change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// What such a file has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profiles: Vec<ProfileCreate>,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::List => {
            let profiles: Vec<Profile> = api.list(&["profiles"], &[], ALL).await?;
            out.list(&profiles, &["NAME", "BUILT IN", "RULES", "DESCRIPTION"], |profile| {
                let built_in = if profile.built_in { "yes" } else { "no" };
                let rules = profile.rules.len().to_string();
                vec![profile.name.clone(), built_in.to_owned(), rules, profile.description.clone()]
            })
        }
        Command::Show { profile } => out.record(&api.get::<Profile>(&["profiles", &profile]).await?, fields),
        Command::Set(set) => {
            let profiles = read(&set)?;
            // One after the other: the first that is refused ends it, and what was written is shown.
            for profile in &profiles {
                let path = ["profiles", profile.name.as_str()];
                if set.dry_run {
                    let plan: DryRun = api.put(&path, &[("dryRun", "true")], profile).await?;
                    if out.for_people() {
                        out.text(&plan::diff(&plan, out.pen))?;
                    } else {
                        out.data(&plan)?;
                    }
                    continue;
                }
                let done: Value = api.put(&path, &[], profile).await?;
                // A change, where routers have the profile.
                match serde_json::from_value::<Change>(done.clone()) {
                    Ok(change) if set.wait => {
                        follow_progress(session, &change.change_id).await?;
                        out.record(&api.get::<Profile>(&path).await?, fields)?;
                    }
                    Ok(change) => show_accepted(&change, session)?,
                    Err(_) => out.record(&serde_json::from_value::<Profile>(done)?, fields)?,
                }
            }
            Ok(())
        }
        Command::Remove { profile } => super::remove(&["profiles", &profile], session).await,
    }
}

fn read(set: &Set) -> anyhow::Result<Vec<ProfileCreate>> {
    let text = if set.file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock()).context("reading standard input")?
    } else {
        std::fs::read_to_string(&set.file).with_context(|| format!("reading {}", set.file.display()))?
    };
    let file: File = toml::from_str(&text).with_context(|| format!("reading {}", set.file.display()))?;
    if file.profiles.is_empty() {
        bail!("{} has no [[profiles]]", set.file.display());
    }
    Ok(file.profiles)
}

fn fields(profile: &Profile) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("Name", profile.name.clone()),
        ("Description", profile.description.clone()),
        ("Built in", if profile.built_in { "yes" } else { "no" }.to_owned()),
        ("Rules", profile.rules.iter().map(rule).collect::<Vec<_>>().join("\n")),
    ];
    let sets = profile.sets.iter().map(|(name, set)| format!("{name}: {}", set.join(", ")));
    fields.push(("Sets", sets.collect::<Vec<_>>().join("\n")));
    let services = profile.services.iter().map(|(name, service)| format!("{name}: {}", words(service)));
    fields.push(("Services", services.collect::<Vec<_>>().join("\n")));
    if let Some(updated_at) = profile.updated_at {
        fields.push(("Version", profile.version.to_string()));
        fields.push(("Written", time(updated_at)));
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// `in: accept from offices tcp 22 (ssh)`.
fn rule(rule: &ProfileRule) -> String {
    let mut text = format!("{}: {}", rule.direction, rule.action);
    for (word, peer) in [("from", &rule.from), ("to", &rule.to)] {
        if let Some(peer) = peer {
            text.push_str(&format!(" {word} {peer}"));
        }
    }
    if let Some(service) = &rule.service {
        text.push_str(&format!(" service {service}"));
    }
    if let Some(protocol) = &rule.protocol {
        let service = ProfileService { protocol: protocol.clone(), ports: rule.ports.clone() };
        text.push_str(&format!(" {}", words(&service)));
    }
    text + &rule.name.as_ref().map_or_else(String::new, |name| format!(" ({name})"))
}

fn words(service: &ProfileService) -> String {
    format!("{} {}", service.protocol, service.ports.join(",")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_example_in_the_help_is_a_file() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            set: Set,
        }
        let help = Cli::command().get_after_help().unwrap().to_string();
        let example = help.split_once("file:").unwrap().1;
        let file: File = toml::from_str(example).unwrap();
        let [profile] = file.profiles.as_slice() else { panic!("{file:?}") };
        assert_eq!(rule(&profile.rules[2]), "in: accept from offices tcp 22");
        assert_eq!(words(&profile.services["web"]), "tcp 80,443");
        let Cli { .. } = <Cli as clap::Parser>::parse_from(["set", "--file", "-"]);
    }
}
