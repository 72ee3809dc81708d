//! `moxxie completions`: scripts for shells.

use clap_complete::Shell;

use crate::{cli, session::Global};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: moxxie completions bash > ~/.local/share/bash-completion/completions/moxxie"
)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    // By way of memory: the generator itself panics when its reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "moxxie", &mut script);
    global.out().text(&String::from_utf8_lossy(&script))
}
