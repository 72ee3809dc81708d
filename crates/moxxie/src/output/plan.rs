//! Plans for people.

use moxxie_api::plan::DryRun;

use super::{Pen, vlans};

/// The plan as a diff, with what the network would be in front.
pub(crate) fn diff(dry_run: &DryRun, pen: Pen) -> String {
    let mut text = String::new();
    if let Some(network) = &dry_run.network {
        text.push_str(&format!(
            "{}  VLAN {}  {}  gateway {}  at {}\n",
            pen.bold(&network.name),
            vlans(network),
            network.subnet,
            network.gateway,
            network.datacenter,
        ));
    }
    for router in &dry_run.routers {
        let count = router.commands.len();
        let noun = if count == 1 { "command" } else { "commands" };
        text.push_str(&format!("\n{}  {count} {noun}\n", pen.bold(&format!("router {}", router.router))));
        for line in router.diff.lines() {
            text.push_str(&colour(line, pen));
            text.push('\n');
        }
    }
    if dry_run.routers.iter().all(|router| router.commands.is_empty()) {
        text.push_str("No router would be changed.\n");
    }
    text
}

fn colour(line: &str, pen: Pen) -> String {
    match line.trim_start().chars().next() {
        Some('+') => pen.green(line),
        Some('-') => pen.red(line),
        Some('~') => pen.yellow(line),
        Some('#') => pen.dim(line),
        _ => line.to_owned(),
    }
}

/// The plan as RouterOS scripts, one after the other; a comment names the router.
pub(crate) fn script(dry_run: &DryRun) -> String {
    let mut text = String::new();
    for router in &dry_run.routers {
        text.push_str(&format!("# router {}\n{}\n", router.router, router.script.trim_end()));
    }
    text
}

#[cfg(test)]
mod tests {
    use moxxie_api::plan::RouterPlan;

    use super::*;

    #[test]
    fn a_plan_without_commands_says_so() {
        let plan = DryRun { network: None, routers: vec![] };
        assert_eq!(diff(&plan, Pen::plain()), "No router would be changed.\n");
    }

    #[test]
    fn a_script_names_its_router() {
        let router = RouterPlan {
            router: "r1".into(),
            commands: vec![],
            diff: "+ /interface/vlan".into(),
            script: "/interface/vlan add name=x\n".into(),
        };
        let plan = DryRun { network: None, routers: vec![router] };
        assert_eq!(script(&plan), "# router r1\n/interface/vlan add name=x\n");
    }
}
