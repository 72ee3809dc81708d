//! The moxxie program: server, command line client and demonstration.
//!
//! Every file under `commands/` is one noun of the command line and talks to a server through
//! [`client`]; `serve` and `demo` are where the server's crates are put together.

mod cli;
mod client;
mod commands;
#[cfg(feature = "server")]
mod config;
mod credentials;
#[cfg(feature = "server")]
mod demo;
mod duration;
mod exit;
mod files;
mod follow;
mod output;
#[cfg(feature = "server")]
mod serve;
mod session;

use std::process::ExitCode;

use clap::FromArgMatches;

// Small allocations are a large part of what a request costs a server.
#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = match cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return wrong_line(&error),
    };
    let cli = match cli::Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut cli::command()).exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: starting: {error}");
            return ExitCode::from(exit::FAILED);
        }
    };
    let is_plan = matches!(cli.command, cli::Command::Plan(_));
    match runtime.block_on(cli::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = exit::report(&error);
            // Of a plan, 2 says that there are changes, and nothing else.
            if is_plan && exit::code(&error) == exit::USAGE { ExitCode::from(exit::FAILED) } else { code }
        }
    }
}

/// Prints help, or what is wrong with the command line.
fn wrong_line(error: &clap::Error) -> ExitCode {
    // A reader that is gone has read enough.
    let _ = error.print();
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if verb(std::env::args().skip(1)).as_deref() == Some("plan") => ExitCode::from(exit::FAILED),
        _ => ExitCode::from(exit::USAGE),
    }
}

/// The first word that is no option and no value of one.
fn verb(mut words: impl Iterator<Item = String>) -> Option<String> {
    let command = cli::command();
    let with_value = |word: &str| {
        command.get_arguments().filter(|argument| argument.get_action().takes_values()).any(|argument| {
            let long = argument.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
            let short = argument.get_short().is_some_and(|short| word == format!("-{short}"));
            long || short
        })
    };
    while let Some(word) = words.next() {
        if with_value(&word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_verb_is_no_value_of_an_option() {
        let verb = |line: &str| super::verb(line.split(' ').map(str::to_owned));
        assert_eq!(verb("--token-file token plan -f x").as_deref(), Some("plan"));
        assert_eq!(verb("--server=x -o json plan").as_deref(), Some("plan"));
        assert_eq!(verb("--color never network plan").as_deref(), Some("network"));
        assert_eq!(verb("--help"), None);
    }
}
