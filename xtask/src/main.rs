//! Development tasks of the workspace: `cargo xtask help` lists them.
//!
//! Built before anything else on a fresh clone, so it depends on no crate of the workspace and on few others.

mod args;
mod bench;
mod clients;
mod exec;
mod fuzz;
mod lab;
mod layers;
mod lines;
mod postgres;
mod stages;
mod test;
mod tools;

use std::process::ExitCode;

use args::Task;
use exec::Shell;

fn main() -> ExitCode {
    match args::parse(std::env::args().skip(1)).and_then(run) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    match task {
        Task::Help => print!("{}", args::HELP),
        Task::Test(options) => return test::run(&shell, &options),
        Task::Layers => layers::check(&shell)?,
        Task::Audit => {
            let deny = tools::CARGO_DENY.ensure(&shell, true)?;
            shell.run(shell.command(deny).args(["--all-features", "check", "bans", "advisories"]))?;
        }
        Task::Demo(rest) => {
            let mut command = shell.cargo();
            command.args(["run", "--release", "--package", "moxxie", "--", "demo"]).args(rest);
            return shell.foreground(command);
        }
        Task::Conformance(rest) => {
            let mut command = shell.cargo();
            command.args(["run", "--quiet", "--package", "routeros-conformance", "--"]).args(rest);
            return shell.foreground(command);
        }
        Task::Bench(args::Bench::Changes, rest) => return bench::changes(&shell, &rest),
        Task::Bench(args::Bench::Ipam, rest) => return bench::ipam(&shell, &rest),
        Task::Bench(args::Bench::Routeros, rest) => return bench::routeros(&shell, &rest),
        Task::Fuzz(options) => fuzz::run(&shell, &options)?,
        Task::Openapi => {
            let mut command = shell.cargo();
            command.args(["test", "--package", "moxxie-server", "openapi"]).env("UPDATE_OPENAPI", "1");
            shell.run(&mut command)?;
        }
        Task::Postgres(command) => return postgres::serve(&shell, &command),
        Task::Lab(options) => lab::run(&shell, &options)?,
        Task::Lines => lines::list(&shell)?,
    }
    Ok(ExitCode::SUCCESS)
}
