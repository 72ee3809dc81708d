//! `moxxie router enroll` and `moxxie router replace`: look, show, ask, do.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use clap::Args;
use moxxie_api::{
    enroll::{EnrollFinding, EnrollOptions, Enrolment, Login, RouterEnroll, RouterReplace},
    router::Tls,
};
use serde::Serialize;

use super::{fields, password::From};
use crate::{
    client::Error,
    commands::change::follow_progress,
    exit::Usage,
    output::{Pen, table},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct Enroll {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    name: String,
    /// The site it stands in.
    #[arg(long)]
    site: String,
    /// Address of its TLS API service, at which it is managed from then on; port 8729 when none is given.
    #[arg(long, value_name = "HOST[:PORT]")]
    address: String,
    /// The interface that carries the VLANs.
    #[arg(long, value_name = "INTERFACE")]
    trunk: String,
    /// Comment of the firewall rules before which moxxie puts its own [default: moxxie-anchor].
    #[arg(long, value_name = "COMMENT")]
    anchor: Option<String>,
    /// Print the commands that prepare the router, to paste at its console, and do nothing else. The
    /// password that is asked for is the one its user gets; enrol with --keep-login afterwards.
    #[arg(long, conflicts_with_all = ["keep_login", "dry_run", "yes", "plain", "tls_pin"])]
    print_script: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    extras: Extras,
    #[command(flatten)]
    ask: Ask,
}

#[derive(Debug, Args)]
pub(crate) struct Replace {
    /// Name or id of the router whose device was swapped.
    router: String,
    /// Serial number of the device that went, as confirmation [asked for when absent].
    #[arg(long, value_name = "SERIAL")]
    old_serial: Option<String>,
    /// Serial number of the one that came, as confirmation [asked for when absent].
    #[arg(long, value_name = "SERIAL")]
    new_serial: Option<String>,
    /// Address of its TLS API service [default: that of the old one].
    #[arg(long, value_name = "HOST[:PORT]")]
    address: Option<String>,
    /// The interface that carries the VLANs [default: that of the old one].
    #[arg(long, value_name = "INTERFACE")]
    trunk: Option<String>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    extras: Extras,
    #[command(flatten)]
    ask: Ask,
    /// Follow the changes that bring the networks onto the new device.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// How the router is reached, this once.
#[derive(Debug, Args)]
#[command(next_help_heading = "The login, used this once")]
struct Reach {
    /// An administrator of the router.
    #[arg(long, alias = "user", value_name = "NAME", default_value = "admin")]
    username: String,
    #[command(flatten)]
    password: From,
    /// The key the router must have: SHA-256 of its public key info, hex. Without it the key is shown
    /// and asked about.
    #[arg(long, value_name = "SHA256")]
    tls_pin: Option<String>,
    /// Log in without protection, for a router that has no certificate yet: the password crosses the
    /// network readable [port 8728 of --address when no address is given].
    #[arg(long, value_name = "HOST[:PORT]", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    plain: Option<String>,
}

/// What is done beside what must be.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is done")]
struct Extras {
    /// Name of the user and group made for moxxie [default: moxxie].
    #[arg(long, value_name = "NAME")]
    router_user: Option<String>,
    /// Where that user may log in from: the address of the moxxie server. May be given several times.
    #[arg(long, value_name = "PREFIX")]
    allow_from: Vec<String>,
    /// Add the anchor rules where they are missing.
    #[arg(long)]
    create_anchors: bool,
    /// Switch the plain API service off at the end.
    #[arg(long)]
    disable_plain_api: bool,
    /// The login is the one moxxie is to use from then on, and is kept: the router was prepared by hand,
    /// is checked, and nothing is written to it.
    #[arg(long, conflicts_with = "plain")]
    keep_login: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How it is done")]
struct Ask {
    /// Show what is found and what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Go on without asking, unless something is in the way.
    #[arg(long, short)]
    yes: bool,
}

impl Extras {
    fn options(&self) -> EnrollOptions {
        EnrollOptions {
            user: self.router_user.clone(),
            allow_from: self.allow_from.clone(),
            create_anchors: self.create_anchors,
            disable_plain_api: self.disable_plain_api,
            keep_login: self.keep_login,
        }
    }
}

impl Reach {
    fn login(&self, router: &str) -> anyhow::Result<Login> {
        let password = self.password.read(&format!("Password of {} on {router}", self.username))?;
        Ok(Login { username: self.username.clone(), password })
    }

    fn tls(&self) -> Option<Tls> {
        self.tls_pin.clone().map(|spki_sha256| Tls { spki_sha256 })
    }

    /// Where to log in without protection. Without an address of its own, that of the router.
    fn plain(&self, address: Option<&str>) -> Option<String> {
        match self.plain.as_deref() {
            Some("") => address.map(|address| host(address).to_owned()),
            plain => plain.map(str::to_owned),
        }
    }
}

pub(super) async fn enroll(args: Enroll, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let mut request = RouterEnroll {
        name: args.name.clone(),
        datacenter: args.site.clone(),
        address: args.address.clone(),
        login: None,
        tls: args.reach.tls(),
        plain_address: args.reach.plain(Some(&args.address)),
        trunk: args.trunk.clone(),
        firewall_anchor: args.anchor.clone(),
        options: args.extras.options(),
    };
    let path = ["routers", "enroll"];
    if args.print_script {
        let plan: Enrolment = api.post(&path, DRY, &request, None).await?;
        let user = args.extras.router_user.as_deref().unwrap_or("moxxie");
        let password =
            args.reach.password.read(&format!("Password that {user} is to get on {}", args.name))?;
        out.text(&script(&plan, &password, args.extras.create_anchors))?;
        out.note(&format!(
            "then: moxxie router enroll {} --site {} --address {} --trunk {} --username {user} --keep-login",
            args.name, args.site, args.address, args.trunk
        ));
        return Ok(());
    }
    request.login = Some(args.reach.login(&args.name)?);
    let plan = look(session, &path, &mut request, |request, tls| request.tls = Some(tls)).await?;
    show(&plan, session, args.ask.dry_run)?;
    if args.ask.dry_run {
        return Ok(());
    }
    go_on(&plan, &args.ask, &format!("Enrol {} as router {}?", device(&plan), args.name))?;
    let done: Enrolment = api.post(&path, &[], &request, None).await?;
    finish(&done, args.extras.disable_plain_api, session)?;
    out.note(&format!("see how it is with: moxxie router status {}", args.name));
    Ok(())
}

pub(super) async fn replace(args: Replace, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let router: moxxie_api::router::Router = api.get(&["routers", &args.router]).await?;
    let old = router.serial.clone().unwrap_or_default();
    let address = args.address.clone().unwrap_or_else(|| router.address.clone());
    let mut request = RouterReplace {
        old_serial: args.old_serial.clone().unwrap_or_else(|| old.clone()),
        new_serial: args.new_serial.clone(),
        address: args.address.clone(),
        login: args.reach.login(&router.name)?,
        tls: args.reach.tls(),
        plain_address: args.reach.plain(Some(&address)),
        trunk: args.trunk.clone(),
        options: args.extras.options(),
    };
    let path = ["routers", &args.router, "replace"];
    let plan = look(session, &path, &mut request, |request, tls| request.tls = Some(tls)).await?;
    show(&plan, session, args.ask.dry_run)?;
    if args.ask.dry_run {
        return Ok(());
    }
    let new = plan.device.as_ref().map(|device| device.serial.clone()).unwrap_or_default();
    let count = plan.networks;
    let what = format!("{count} network{} will be brought onto it", if count == 1 { "" } else { "s" });
    let confirmed = args.ask.yes && args.old_serial.is_some() && args.new_serial.is_some();
    if !confirmed {
        if args.ask.yes || !std::io::stdin().is_terminal() {
            let text = format!(
                "name both devices to go on: --old-serial {old} --new-serial {new} --yes (serial {old} goes, {new} comes; {what})"
            );
            return Err(Usage(text).into());
        }
        refuse(&plan)?;
        let typed = answer(&format!(
            "Device {old} goes, {} comes, and {what}.\nType the serial number of the new device to go on: ",
            device(&plan)
        ))?;
        if typed != new {
            anyhow::bail!("that is not its serial number; nothing was done");
        }
        request.new_serial = Some(new);
    }
    refuse(&plan)?;
    let done: Enrolment = api.post(&path, &[], &request, None).await?;
    finish(&done, args.extras.disable_plain_api, session)?;
    if !args.wait {
        if !done.changes.is_empty() {
            out.note("follow its networks with: moxxie change list --open");
        }
        return Ok(());
    }
    let mut failed = Vec::new();
    for (n, change) in done.changes.iter().enumerate() {
        out.note(&format!("network {} of {}: {change}", n + 1, done.changes.len()));
        if let Err(error) = follow_progress(session, change).await {
            out.warn(&format!("{error:#}"));
            failed.push((change, error));
        }
    }
    match failed.into_iter().next() {
        None => {
            out.note(&format!("all {} networks are on the new device", done.changes.len()));
            Ok(())
        }
        Some((change, error)) => {
            Err(error.context(format!("not all networks are on the new device: change {change}")))
        }
    }
}

const DRY: &[(&str, &str)] = &[("dryRun", "true")];

/// What is found and would be done. A key that nobody has vouched for is shown and asked about.
async fn look<R: Serialize>(
    session: &Session,
    path: &[&str],
    request: &mut R,
    take: impl FnOnce(&mut R, Tls),
) -> anyhow::Result<Enrolment> {
    let api = &session.api;
    let problem = match api.post(path, DRY, request, None).await {
        Err(Error::Problem(problem)) if problem.code == "unknown_key" && std::io::stdin().is_terminal() => {
            problem
        }
        answer => return Ok(answer?),
    };
    let text = |name: &str| {
        let context = problem.context.as_ref();
        context.and_then(|context| context[name].as_str()).unwrap_or_default().to_owned()
    };
    let question = format!(
        "{} shows a key that nobody has vouched for yet:\n  key          {}\n  certificate  {}\nThe console \
         shows the certificate's fingerprint with /certificate/print. Is it the router's? [y/N] ",
        text("address"),
        text("spkiSha256"),
        text("certificateSha256")
    );
    if !yes(&answer(&question)?) {
        anyhow::bail!("the key was not accepted; no login was sent");
    }
    take(request, Tls { spki_sha256: text("spkiSha256") });
    Ok(api.post(path, DRY, request, None).await?)
}

fn show(plan: &Enrolment, session: &Session, is_all: bool) -> anyhow::Result<()> {
    let out = session.out;
    if !out.for_people() {
        return if is_all { out.data(plan) } else { Ok(()) };
    }
    out.text(&findings(plan, out.pen))?;
    if plan.commands.is_empty() {
        return out.text("Nothing has to be done on the router.\n");
    }
    out.text(&format!(
        "\n{}\n{}\n",
        out.pen.dim("# commands; PASSWORD stands for a random one"),
        plan.commands.join("\n")
    ))
}

fn findings(plan: &Enrolment, pen: Pen) -> String {
    let rows: Vec<_> = plan
        .findings
        .iter()
        .map(|finding| {
            let level = match finding.level.as_str() {
                "ok" => pen.green("ok"),
                "warning" => pen.yellow("warning"),
                other => pen.red(other),
            };
            vec![finding.check.clone(), level, finding.message.clone()]
        })
        .collect();
    let head = plan.device.as_ref().map_or_else(String::new, |device| {
        format!(
            "{} ({}, RouterOS {}), serial {}\n",
            pen.bold(&device.identity),
            device.board,
            device.version,
            device.serial
        )
    });
    format!("{head}{}", table::list(&["CHECK", "RESULT", "FOUND"], &rows, false))
}

/// Goes on when nothing is in the way and the operator says so.
fn go_on(plan: &Enrolment, ask: &Ask, question: &str) -> anyhow::Result<()> {
    refuse(plan)?;
    if ask.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Usage("nothing was done: there is no terminal to ask; give --yes to go on".into()).into());
    }
    if yes(&answer(&format!("{question} [y/N] "))?) { Ok(()) } else { anyhow::bail!("nothing was done") }
}

fn refuse(plan: &Enrolment) -> anyhow::Result<()> {
    let count = plan.findings.iter().filter(|finding| finding.level == "refusal").count();
    match count {
        0 => Ok(()),
        1 => anyhow::bail!("one finding is in the way; nothing was done"),
        count => anyhow::bail!("{count} findings are in the way; nothing was done"),
    }
}

fn finish(done: &Enrolment, api_off: bool, session: &Session) -> anyhow::Result<()> {
    let out = session.out;
    if !out.for_people() {
        return out.data(done);
    }
    // What was asked for and could not be done; the rest has been shown.
    let missed = |finding: &&EnrollFinding| finding.check == "api" && finding.level != "ok";
    for finding in done.findings.iter().filter(|finding| api_off && missed(finding)) {
        out.warn(&finding.message);
    }
    match &done.router {
        Some(router) => out.text(&table::record(&fields(router))),
        None => Ok(()),
    }
}

fn device(plan: &Enrolment) -> String {
    plan.device.as_ref().map_or_else(
        || "the router".into(),
        |device| format!("{} (serial {})", device.identity, device.serial),
    )
}

fn answer(question: &str) -> anyhow::Result<String> {
    let mut stderr = std::io::stderr();
    write!(stderr, "{question}").and_then(|()| stderr.flush()).context("asking")?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("reading the answer")?;
    Ok(line.trim().to_owned())
}

fn yes(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The host of `host[:port]`.
fn host(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) =>
        {
            host
        }
        _ => address,
    }
}

/// The commands for a console, with the password in its place.
fn script(plan: &Enrolment, password: &str, anchors: bool) -> String {
    let mut text =
        String::from("# Prepares a RouterOS router for moxxie. It holds a password: do not keep it.\n");
    for command in &plan.commands {
        text.push_str(&command.replace("password=PASSWORD", &format!("password={}", quoted(password))));
        text.push('\n');
    }
    if anchors {
        text.push_str("# The anchors stand at the end of their chains now. Move them behind the rules for established\n");
        text.push_str(
            "# connections: /ip/firewall/filter/print, then /ip/firewall/filter/move FROM TO, and\n",
        );
        text.push_str("# the same in /ipv6/firewall/filter\n");
    }
    text
}

/// A value in quotes as the RouterOS console reads it.
fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '?') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address() {
        for (address, name) in [
            ("192.0.2.2", "192.0.2.2"),
            ("192.0.2.2:8729", "192.0.2.2"),
            ("r2.example:1", "r2.example"),
            ("2001:db8::2", "2001:db8::2"),
            ("[2001:db8::2]:8729", "[2001:db8::2]"),
        ] {
            assert_eq!(host(address), name);
        }
    }

    #[test]
    fn a_password_survives_the_console() {
        assert_eq!(quoted(r#"a"b\c$d?e f"#), r#""a\"b\\c\$d\?e f""#);
    }
}
