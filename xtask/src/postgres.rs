//! `cargo xtask postgres`: a throw-away PostgreSQL for one command, or until Ctrl-C.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use throwaway_postgres::{Durability, Server};

use crate::exec::{self, Shell};
use crate::tools;

/// The variable that carries the server's URL to the tests.
pub(crate) const VARIABLE: &str = "MOXXIE_TEST_POSTGRES";

/// Starts a server for tests, which do not stop it.
pub(crate) fn start(shell: &Shell, bin: &Path) -> Result<Server> {
    Server::start(bin, Durability::None, &|| shell.interrupted())
}

/// Runs one command with a server, or serves until Ctrl-C.
pub(crate) fn serve(shell: &Shell, command: &[String]) -> Result<ExitCode> {
    let server = start(shell, &tools::postgres(shell, true)?)?;
    let Some((program, args)) = command.split_first() else {
        println!("export {VARIABLE}={}", server.url());
        eprintln!("Ctrl-C ends it and deletes its data.");
        while !shell.interrupted() {
            exec::pause();
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut child = shell.command(program);
    child.args(args).env(VARIABLE, server.url());
    shell.foreground(child)
}
