//! `moxxie demo`: the whole story on emulated routers.

use std::{net::SocketAddr, path::PathBuf};

use crate::{demo, session::Global};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Starts two emulated routers and a server with an embedded database, plays a network's life through \
the REST API, and checks every statement it makes. Then it goes on serving until Ctrl-C, to be tried out.")]
pub(crate) struct Args {
    /// End after the story: with 0 only if every statement held.
    #[arg(long)]
    pub(crate) exit: bool,
    /// Keep the data there [default: a temporary directory, removed at the end].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where the server listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
}

pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    demo::run(args, global.out()).await
}
