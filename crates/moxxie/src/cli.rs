//! The command line: `moxxie <noun> <verb>`.

use clap::{CommandFactory, Parser, Subcommand};

#[cfg(feature = "server")]
use crate::commands::{config, demo, serve};
use crate::{
    commands::{
        asn, audit, change, completions, container, declaration, drift, exchange, login, network, pool,
        prefix, profile, reality, router, search, site, tenant, token, vlan, vrf,
    },
    exit,
    session::{Global, Session},
};

/// Networks on MikroTik routers, in one request.
#[derive(Debug, Parser)]
#[command(name = "moxxie", version, propagate_version = true, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Networks: reserve, put on routers, list, take off again
    #[command(subcommand, visible_alias = "net")]
    Network(Box<network::Command>),
    /// Changes: what moxxie is doing, has done, or could not do
    #[command(subcommand)]
    Change(change::Command),
    /// Sites: datacentres and how they tag VLANs
    #[command(subcommand)]
    Site(site::Command),
    /// Pools: supernets that networks come from
    #[command(subcommand)]
    Pool(pool::Command),
    /// Prefixes: take, hold, reserve, resize, and show as a tree
    #[command(subcommand)]
    Prefix(prefix::Command),
    /// Containers: prefixes that pools are arranged in
    #[command(subcommand)]
    Container(container::Command),
    /// VRFs: address spaces of their own
    #[command(subcommand)]
    Vrf(vrf::Command),
    /// VLAN ids: what is free, and what is taken without a network
    #[command(subcommand)]
    Vlan(vlan::Command),
    /// AS numbers and the ranges they come from
    #[command(subcommand)]
    Asn(asn::Command),
    /// Routers under management
    #[command(subcommand)]
    Router(router::Command),
    /// Reality: what routers show, against the records
    #[command(subcommand)]
    Reality(reality::Command),
    /// Drift: rows on routers that are not as they were applied
    #[command(subcommand)]
    Drift(drift::Command),
    /// Firewall profiles: who may open connections to and from networks
    #[command(subcommand)]
    Profile(profile::Command),
    /// Tenants: who networks belong to
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Find an address, prefix, VLAN, MAC, label, host, network, tenant
    Search(search::Search),
    /// Say who has an address
    WhoHas(search::WhoHas),
    /// Show what would have to be done so that everything is as files say
    Plan(declaration::Plan),
    /// Make everything as files say
    Apply(declaration::Apply),
    /// Import networks, prefixes, VLANs, AS numbers and addresses from a CSV file
    Import(exchange::Import),
    /// Export them as CSV, JSON or an Ansible inventory, or everything as files for `moxxie apply`
    Export(exchange::Export),
    /// The audit trail
    #[command(subcommand)]
    Audit(audit::Command),
    /// Tokens: who may use the API
    #[command(subcommand)]
    Token(token::Command),
    /// Keep a token for a server
    Login(login::Login),
    /// Forget the token for a server
    Logout,
    /// Say who the token is
    Whoami,
    /// Run the server
    #[cfg(feature = "server")]
    Serve(serve::Args),
    /// The server's configuration
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Config(config::Command),
    /// Play the whole story on emulated routers; needs nothing but this program
    #[cfg(feature = "server")]
    Demo(demo::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// The command line as clap sees it.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<()> {
    let global = cli.global;
    let session = || Session::open(&global);
    match cli.command {
        Command::Network(command) => network::run(*command, &session()?).await,
        Command::Change(command) => change::run(command, &session()?).await,
        Command::Site(command) => site::run(command, &session()?).await,
        Command::Pool(command) => pool::run(command, &session()?).await,
        Command::Prefix(command) => prefix::run(command, &session()?).await,
        Command::Container(command) => container::run(command, &session()?).await,
        Command::Vrf(command) => vrf::run(command, &session()?).await,
        Command::Vlan(command) => vlan::run(command, &session()?).await,
        Command::Asn(command) => asn::run(command, &session()?).await,
        Command::Router(command) => router::run(command, &session()?).await,
        Command::Reality(command) => reality::run(command, &session()?).await,
        Command::Drift(command) => drift::run(command, &session()?).await,
        Command::Profile(command) => profile::run(command, &session()?).await,
        Command::Tenant(command) => tenant::run(command, &session()?).await,
        Command::Search(args) => search::search(args, &session()?).await,
        Command::WhoHas(args) => search::who_has(args, &session()?).await,
        Command::Plan(args) => declaration::plan(args, &session()?).await,
        Command::Apply(args) => declaration::apply(args, &session()?).await,
        Command::Import(args) => exchange::import(args, &session()?).await,
        Command::Export(args) => exchange::export(args, &session()?).await,
        Command::Audit(command) => audit::run(command, &session()?).await,
        Command::Token(command) => token::run(command, &session()?).await,
        Command::Login(args) => login::login(args, &global).await,
        Command::Logout => login::logout(&global),
        Command::Whoami => login::whoami(&session()?).await,
        #[cfg(feature = "server")]
        Command::Serve(args) => serve::run(args).await,
        #[cfg(feature = "server")]
        Command::Config(command) => config::run(command, &global),
        #[cfg(feature = "server")]
        Command::Demo(args) => demo::run(args, &global).await,
        Command::Completions(args) => completions::run(args, &global),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn the_request_of_the_design_is_understood() {
        let line = "moxxie network provision --tenant acme --site dc2 --size /24 --profile isolated --dhcp";
        assert!(Cli::try_parse_from(line.split(' ')).is_ok());
    }

    #[test]
    fn no_option_takes_a_secret() {
        fn walk(command: &clap::Command) {
            for arg in command.get_arguments() {
                if !arg.get_action().takes_values() {
                    continue;
                }
                let long = arg.get_long().unwrap_or_default();
                assert!(!matches!(long, "password" | "secret" | "master-key"), "--{long}");
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&command());
    }
}
