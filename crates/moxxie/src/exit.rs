//! How the program ends: exit codes, and the one place where errors are printed.

use std::{io, process::ExitCode};

use crate::client;

/// Something failed, or the server refused.
pub(crate) const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub(crate) const USAGE: u8 = 2;
/// What files say is not so yet: of `moxxie plan` alone.
pub(crate) const DIFFERS: u8 = 2;
/// Not logged in, or the token may not do this.
pub(crate) const DENIED: u8 = 3;
/// The server cannot be reached, or a router or database behind it cannot.
pub(crate) const UNREACHABLE: u8 = 4;
/// A change was followed and did not end applied.
pub(crate) const CHANGE_FAILED: u8 = 5;

/// The codes, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done (also when the reader of the output goes away)
  1  failed, or refused by the server
  2  wrong command line or configuration; of `moxxie plan`: there are changes
  3  not logged in, or the token may not do this
  4  the server, or a router or database it needs, cannot be reached
  5  the change failed and was rolled back, or needs an operator

The server is --server, else MOXXIE_SERVER, else the one last logged in to, else \
http://127.0.0.1:8080. The token is --token-file, else MOXXIE_TOKEN, else the one `moxxie login` kept.";

/// The command line is wrong in a way clap cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// A change was followed and did not end applied.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ChangeFailed(pub(crate) String);

/// A plan that is not empty: nothing is wrong, and `moxxie plan` says so by its code.
#[derive(Debug, thiserror::Error)]
#[error("there are changes")]
pub(crate) struct Differs;

/// Prints the error once, as a chain, and gives the code to end with.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if error.is::<Differs>() {
        return ExitCode::from(DIFFERS);
    }
    // A reader of stderr that is gone must not turn into a panic.
    let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("error: {error:#}\n"));
    ExitCode::from(code(error))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The code that goes with an error.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<Usage>() {
            return USAGE;
        }
        if cause.is::<ChangeFailed>() {
            return CHANGE_FAILED;
        }
        if let Some(error) = cause.downcast_ref::<client::Error>() {
            return error.exit_code();
        }
    }
    FAILED
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn each_kind_of_error_has_its_code_however_deep_it_sits() {
        let usage = Err::<(), _>(Usage("no".into())).context("reading").context("more").unwrap_err();
        assert_eq!(code(&usage), USAGE);
        assert_eq!(code(&ChangeFailed("undone".into()).into()), CHANGE_FAILED);
        assert_eq!(code(&anyhow::anyhow!("else")), FAILED);
    }

    #[test]
    fn a_reader_that_went_away_is_success() {
        let gone = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing").unwrap_err();
        assert!(is_broken_pipe(&gone));
        assert!(!is_broken_pipe(&io::Error::from(io::ErrorKind::NotFound).into()));
    }
}
