//! `moxxie token`: who may use the API.

use clap::{Args, Subcommand};
use moxxie_api::{
    Page,
    token::{Token, TokenCreate, TokenCreated},
};

use crate::{
    output::{maybe_time, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a token; it is shown this once
    #[command(after_help = "\
The token alone goes to standard output:
  moxxie token create backup --role viewer --days 30 > token && chmod 600 token")]
    Create(Create),
    /// List tokens
    List,
    /// Revoke a token at once
    Revoke {
        /// Its id.
        token: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is for; appears in the audit trail as the actor.
    name: String,
    /// What it may do.
    #[arg(long, value_parser = ["viewer", "operator", "admin"], default_value = "viewer")]
    role: String,
    /// Days until it expires [default: 90].
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: Option<i64>,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Create(Create { name, role, days }) => {
            let made: TokenCreated =
                api.post(&["tokens"], &[], &TokenCreate { name, role, days }, None).await?;
            if !out.for_people() {
                return out.data(&made);
            }
            let Token { id, name, role, expires_at, .. } = &made.token;
            out.note(&format!("{id}: {name} ({role}), until {}; it is shown this once:", time(*expires_at)));
            out.text(&format!("{}\n", made.secret))
        }
        Command::List => {
            let tokens: Vec<Token> = api.get::<Page<Token>>(&["tokens"]).await?.items;
            out.list(&tokens, &["ID", "NAME", "ROLE", "EXPIRES", "LAST USED", "REVOKED"], |token| {
                let Token { id, name, role, .. } = token.clone();
                let used = maybe_time(token.last_used_at);
                vec![id, name, role, time(token.expires_at), used, maybe_time(token.revoked_at)]
            })
        }
        Command::Revoke { token } => {
            let revoked: Token = api.delete(&["tokens", &token], &[]).await?;
            out.record(&revoked, |token| {
                vec![
                    ("Id", token.id.clone()),
                    ("Name", token.name.clone()),
                    ("Revoked", maybe_time(token.revoked_at)),
                ]
            })
        }
    }
}
