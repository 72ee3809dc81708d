//! Where the password of a router comes from: never from the command line, which others can read.

use std::io::{IsTerminal, Read};

use anyhow::Context;
use clap::Args;

use crate::exit::Usage;

/// Where to read a password from, if not from the terminal.
#[derive(Debug, Args)]
pub(crate) struct From {
    /// Read the password from standard input.
    #[arg(long, conflicts_with = "password_env")]
    password_stdin: bool,
    /// Read the password from this environment variable.
    #[arg(long, value_name = "VARIABLE")]
    password_env: Option<String>,
}

impl From {
    /// Whether it was said where.
    pub(super) fn is_given(&self) -> bool {
        self.password_stdin || self.password_env.is_some()
    }

    /// Reads it; a terminal is asked with these words.
    pub(super) fn read(&self, prompt: &str) -> anyhow::Result<String> {
        let password = if let Some(variable) = &self.password_env {
            std::env::var(variable)
                .map_err(|_| Usage(format!("--password-env: the environment has no variable {variable}")))?
        } else if self.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("reading the password from standard input")?;
            text.trim_end_matches(['\n', '\r']).to_owned()
        } else if std::io::stdin().is_terminal() {
            rpassword::prompt_password(format!("{prompt}: ")).context("asking for the password")?
        } else {
            let text = "there is no terminal to ask for the password; use --password-stdin or --password-env";
            return Err(Usage(text.into()).into());
        };
        if password.is_empty() {
            return Err(Usage("the password is empty".into()).into());
        }
        Ok(password)
    }
}
