//! `moxxie plan`, `moxxie apply`: everything as files say.

use std::path::PathBuf;

use clap::Args;
use moxxie_api::{
    declaration::{DeclarationPlan, DeclaredAction},
    plan::DryRun,
};
use serde_json::{Map, Value};

use super::change::follow_progress;
use crate::{
    client,
    exit::{ChangeFailed, Differs},
    files::{BadFiles, Files},
    output::{Pen, declaration, plan as router_plan},
    session::Session,
};

/// Rounds after which something is wrong: each ends changes that others waited for.
const ROUNDS: usize = 12;

/// Which files, and how they are meant.
#[derive(Debug, Args)]
pub(crate) struct Said {
    /// A file, or a directory of files: .toml, .yaml, .yml or .json; may be given several times.
    #[arg(short, long = "file", value_name = "PATH", required = true)]
    files: Vec<PathBuf>,
    /// Remove what is there and not in the files, of the kinds that they have a list of.
    #[arg(long)]
    prune: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing to do, 2 there are changes, 1 an error (3, 4: see moxxie --help).

Examples:
  moxxie plan -f site/
  moxxie plan -f site/ --prune
  moxxie export --format toml > site/all.toml")]
pub(crate) struct Plan {
    #[command(flatten)]
    said: Said,
    /// Leave out what the routers would get.
    #[arg(long)]
    brief: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  moxxie apply -f site/
  moxxie apply -f site/ --plan plan-4be1c0ffee00d1ce

All of it is checked before anything is written, and what is written is one transaction. Run it again \
after an interruption: what is so already is left alone.")]
pub(crate) struct Apply {
    #[command(flatten)]
    said: Said,
    /// Only this plan, as `moxxie plan` showed it; refused when anything changed since.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Do not follow changes to their end; run it again to do what has to wait for them.
    #[arg(long)]
    no_wait: bool,
}

pub(crate) async fn plan(args: Plan, session: &Session) -> anyhow::Result<()> {
    let files = Files::read(&args.said.files)?;
    let plan = ask(session, &files, &args.said, Ask::DryRun).await?;
    // A password that cannot be had is told now rather than half-way.
    files.with_passwords(&new_routers(&plan))?;
    let out = session.out;
    if out.for_people() {
        out.text(&declaration::plan(&plan, out.pen))?;
        if !args.brief {
            out.text(&routers(&plan, out.pen))?;
        }
        if let Some(id) = plan.plan_id.as_ref().filter(|_| !plan.actions.is_empty()) {
            out.text(&format!(
                "\nThis is {id}; to apply it: moxxie apply {} --plan {id}\n",
                again(&args.said)
            ))?;
        }
    } else {
        out.data(&plan)?;
    }
    if plan.actions.is_empty() { Ok(()) } else { Err(Differs.into()) }
}

pub(crate) async fn apply(args: Apply, session: &Session) -> anyhow::Result<()> {
    let files = Files::read(&args.said.files)?;
    let out = session.out;
    let mut wanted = args.plan.clone();
    let mut done = Vec::new();
    for _ in 0..ROUNDS {
        let shown = ask(session, &files, &args.said, Ask::DryRun).await?;
        let id = match wanted.take() {
            Some(id) => Some(id),
            None if shown.actions.is_empty() => return finish(session, &done, &shown),
            None => shown.plan_id.clone(),
        };
        let waits: Vec<_> = shown.actions.iter().filter(|action| action.action == "wait").collect();
        let open: Vec<_> = waits.iter().filter_map(|action| action.change_id.clone()).collect();
        let mut changes = Vec::new();
        // What only waits is not sent: there is nothing to write.
        if waits.len() < shown.actions.len() || args.plan.is_some() && done.is_empty() {
            if out.for_people() {
                out.text(&declaration::plan(&shown, out.pen))?;
            }
            let secrets = files.with_passwords(&new_routers(&shown))?;
            let written = ask(session, &files, &args.said, Ask::Apply(id, secrets)).await?;
            changes.extend(written.changes.iter().map(|change| change.change_id.clone()));
            done.push(written);
        } else if open.is_empty() {
            return Err(ChangeFailed(stuck(&waits)).into());
        }
        if args.no_wait {
            for change in changes {
                out.note(&format!("{change} goes on; follow it with: moxxie change watch {change}"));
            }
            return finish(session, &done, &shown);
        }
        for change in changes.iter().chain(&open) {
            follow_progress(session, change).await?;
        }
    }
    Err(ChangeFailed("it is not as the files say after many rounds; moxxie plan shows what differs".into())
        .into())
}

/// How the server is asked.
enum Ask {
    DryRun,
    /// With the id of the plan, and with the passwords that are needed.
    Apply(Option<String>, Map<String, Value>),
}

async fn ask(session: &Session, files: &Files, said: &Said, ask: Ask) -> anyhow::Result<DeclarationPlan> {
    let mut query = Vec::new();
    if said.prune {
        query.push(("prune", "true"));
    }
    let body = match &ask {
        Ask::DryRun => {
            query.push(("dryRun", "true"));
            &files.declaration
        }
        Ask::Apply(id, with_secrets) => {
            query.extend(id.as_deref().map(|id| ("plan", id)));
            with_secrets
        }
    };
    match session.api.post(&["declaration"], &query, body, None).await {
        Ok(plan) => Ok(plan),
        Err(client::Error::Problem(problem))
            if problem.code == "validation" && !problem.errors.is_empty() =>
        {
            let wrong = problem.errors.iter().map(|error| files.wrong(&error.field, &error.message));
            Err(BadFiles(wrong.collect()).into())
        }
        Err(client::Error::Problem(problem)) if problem.code == "plan_changed" => {
            let now = problem.context.as_ref().and_then(|context| context.get("plan")).cloned();
            if let Some(now) = now.and_then(|now| serde_json::from_value::<DeclarationPlan>(now).ok())
                && session.out.for_people()
            {
                let pen = session.out.pen;
                session.out.text("The plan would be this by now:\n")?;
                session.out.text(&declaration::plan(&now, pen))?;
                session.out.text(&routers(&now, pen))?;
                if let Some(id) = now.plan_id {
                    session.out.text(&format!("\nThis is {id}\n"))?;
                }
            }
            Err(client::Error::Problem(problem).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Routers that are not registered yet.
fn new_routers(plan: &DeclarationPlan) -> Vec<&str> {
    let new = |action: &&DeclaredAction| action.action == "create" && action.object.kind == "router";
    plan.actions.iter().filter(new).map(|action| action.object.name.as_str()).collect()
}

fn routers(plan: &DeclarationPlan, pen: Pen) -> String {
    match plan.routers.as_slice() {
        [] => String::new(),
        routers => router_plan::diff(&DryRun { network: None, routers: routers.to_vec() }, pen),
    }
}

/// The options with which the same files were asked for.
fn again(said: &Said) -> String {
    let mut text: Vec<_> = said.files.iter().map(|file| format!("-f {}", file.display())).collect();
    text.extend(said.prune.then(|| "--prune".to_owned()));
    text.join(" ")
}

fn stuck(waits: &[&DeclaredAction]) -> String {
    let why = waits.iter().map(|wait| {
        let reason = wait.reason.as_deref().unwrap_or("it waits");
        format!("\n  {} {}: {reason}", wait.object.kind, wait.object.name)
    });
    format!("the rest cannot be done now:{}", why.collect::<String>())
}

fn finish(session: &Session, done: &[DeclarationPlan], last: &DeclarationPlan) -> anyhow::Result<()> {
    let out = session.out;
    if !out.for_people() {
        return out.data(&done);
    }
    out.text(&match done {
        [] => declaration::plan(last, out.pen),
        _ => "Everything is as the files say.\n".to_owned(),
    })
}
