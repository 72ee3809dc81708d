//! What a command that talks to a server needs: the client and the output.

use std::path::PathBuf;

use anyhow::Context;

use crate::{
    client::{self, Api},
    credentials::{self, Credentials},
    exit::Usage,
    output::{Color, Format, Out},
};

const HOME: &str = "http://127.0.0.1:8080";

/// Options every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// In which form to print answers.
    #[arg(long, short, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: Format,
    /// When to use colour.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// The server to talk to.
    #[arg(long, global = true, value_name = "URL", env = "MOXXIE_SERVER")]
    pub(crate) server: Option<String>,
    /// A file with the token to use, instead of the one `moxxie login` kept.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

impl Global {
    /// Standard output as asked for.
    pub(crate) fn out(&self) -> Out {
        Out::new(self.output, self.color)
    }

    /// The kept tokens, if there is a place for them.
    pub(crate) fn credentials(&self) -> anyhow::Result<Credentials> {
        let kept = Credentials::open(credentials::default_path()?)?;
        if kept.repaired {
            self.out().warn(&format!(
                "others could read {}; that is put right, but consider revoking the tokens in it",
                kept.path().display()
            ));
        }
        Ok(kept)
    }

    /// The address of the server meant.
    pub(crate) fn server_address(&self, kept: Option<&Credentials>) -> anyhow::Result<reqwest::Url> {
        let address = self.server.as_deref().or_else(|| kept.and_then(Credentials::default_server));
        client::server(address.unwrap_or(HOME)).map_err(|error| Usage(error.to_string()).into())
    }

    /// A token given for this command only.
    fn given_token(&self) -> anyhow::Result<Option<String>> {
        if let Some(file) = &self.token_file {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("reading the token from {}", file.display()))?;
            return one_token(&text).map(Some);
        }
        match std::env::var("MOXXIE_TOKEN") {
            Ok(text) if !text.trim().is_empty() => one_token(&text).map(Some),
            _ => Ok(None),
        }
    }
}

/// A token is one word: what a file or a pipe adds around it is taken away.
pub(crate) fn one_token(text: &str) -> anyhow::Result<String> {
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        // Without its text: it may be a secret in the wrong place.
        return Err(
            Usage("what was given is not a token: one line of visible ASCII was expected".into()).into()
        );
    }
    Ok(token.to_owned())
}

/// A client with the right token, and the output.
pub(crate) struct Session {
    pub(crate) api: Api,
    pub(crate) out: Out,
}

impl Session {
    /// Finds server and token.
    pub(crate) fn open(global: &Global) -> anyhow::Result<Self> {
        let out = global.out();
        let given = global.given_token()?;
        let kept = match (&given, &global.server) {
            // Nothing of the file is needed then, so it need not be readable.
            (Some(_), Some(_)) => None,
            _ => global.credentials().map_or_else(
                |error| if given.is_some() { Ok(None) } else { Err(error) },
                |kept| Ok(Some(kept)),
            )?,
        };
        let server = global.server_address(kept.as_ref())?;
        let key = server.as_str().trim_end_matches('/');
        let token = given.or_else(|| kept.as_ref().and_then(|kept| kept.token(key)).map(str::to_owned));
        if token.is_some() && client::in_the_clear(&server) {
            out.warn(&format!("the token travels readable to {key}; use https there"));
        }
        Ok(Self { api: Api::new(server, token)?, out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(one_token(" mx_abc\n").unwrap(), "mx_abc");
        for bad in ["", "\n", "a b", "a\nb", "ä"] {
            assert!(one_token(bad).is_err(), "{bad:?}");
        }
    }
}
