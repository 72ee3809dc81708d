//! `moxxie login`, `logout`, `whoami`.

use std::io::{IsTerminal, Read};

use anyhow::Context;
use moxxie_api::token::Whoami;

use crate::{
    client::{self, Api},
    exit::Usage,
    output::maybe,
    session::{Global, Session, one_token},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token is asked for, or read from standard input when that is not a terminal. It is tried \
on the server first and then kept in a file only you can read.

Examples:
  moxxie login --server https://moxxie.example.net
  moxxie login --server https://moxxie.example.net < token")]
pub(crate) struct Login {
    /// `-`: read the token from standard input (the command line is no place for one).
    #[arg(long, value_name = "-", allow_hyphen_values = true)]
    token: Option<String>,
}

pub(crate) async fn login(args: Login, global: &Global) -> anyhow::Result<()> {
    if args.token.as_deref().is_some_and(|token| token != "-") {
        let text = "--token takes only `-`: everybody on this machine can read a command line, and the \
                    shell remembers it. Give the token on standard input";
        return Err(Usage(text.into()).into());
    }
    let mut kept = global.credentials()?;
    let server = global.server_address(Some(&kept))?;
    let token = if args.token.is_none() && std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Token for {server}: ")).context("asking for the token")?
    } else {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("reading the token from standard input")?;
        text
    };
    let token = one_token(&token)?;
    let out = global.out();
    if client::in_the_clear(&server) {
        out.warn("the token travels readable to this server; use https there");
    }
    let api = Api::new(server, Some(token.clone()))?;
    let me: Whoami = api.get(&["whoami"]).await?;
    kept.keep(api.server(), token)?;
    out.note(&format!("Logged in to {}; the token is kept in {}", api.server(), kept.path().display()));
    show(&me, global.out())
}

pub(crate) fn logout(global: &Global) -> anyhow::Result<()> {
    let mut kept = global.credentials()?;
    let server = global.server_address(Some(&kept))?;
    let key = server.as_str().trim_end_matches('/').to_owned();
    let out = global.out();
    if kept.forget(&key)? {
        out.note(&format!("The token for {key} is forgotten; it stays valid until it is revoked or expires"));
    } else {
        out.note(&format!("There was no token for {key}"));
    }
    Ok(())
}

pub(crate) async fn whoami(session: &Session) -> anyhow::Result<()> {
    let me: Whoami = session.api.get(&["whoami"]).await?;
    show(&me, session.out)
}

fn show(me: &Whoami, out: crate::output::Out) -> anyhow::Result<()> {
    out.record(me, |me| {
        vec![
            ("Token", maybe(&me.token_id)),
            ("Name", me.name.clone()),
            ("Role", me.role.clone()),
            ("Tenant", me.tenant_id.clone().unwrap_or_else(|| "every".into())),
        ]
    })
}
