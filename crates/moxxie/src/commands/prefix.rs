//! `moxxie prefix`: prefixes, with or without a network.

use clap::{Args, Subcommand};
use moxxie_api::{
    Page,
    prefix::{
        Prefix, PrefixMerge, PrefixMove, PrefixRequest, PrefixSplit, PrefixUpdate, PrefixesTaken, Resize,
        TreeNode,
    },
};

use crate::{
    commands::{
        ALL,
        claim::{Change, Take, labels, status},
        past::{self, Past},
    },
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a prefix: the next free one of a size, or a certain one
    Take(Box<Request>),
    /// List prefixes
    List(Filter),
    /// Show containers, pools, prefixes and free blocks as a tree
    Tree(Tree),
    /// Show one prefix
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        past: Past,
    },
    /// Change whose a prefix is and how it is taken
    Update {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        change: Change,
    },
    /// Put a held prefix into use
    Confirm(Which),
    /// Release a prefix, or end its quarantine
    Release(Which),
    /// Make a prefix larger or smaller
    Resize {
        #[command(flatten)]
        which: Which,
        /// Its new length, such as /23.
        #[arg(long, conflicts_with = "to")]
        size: Option<String>,
        /// The prefix it becomes.
        #[arg(long, value_name = "PREFIX")]
        to: Option<String>,
    },
    /// Cut a prefix into parts
    Split {
        #[command(flatten)]
        which: Which,
        /// Length of the parts, such as /25.
        #[arg(long)]
        size: String,
    },
    /// Make one prefix of several
    Merge {
        #[command(flatten)]
        which: Which,
        /// The others, by id or as prefixes.
        #[arg(long = "with", required = true)]
        with: Vec<String>,
    },
    /// Move a prefix to another pool; no address changes
    Move {
        #[command(flatten)]
        which: Which,
        /// The pool it belongs to from then on.
        #[arg(long)]
        pool: String,
    },
}

/// One prefix that is taken.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Which {
    /// The prefix, or its id.
    prefix: String,
    /// The VRF the prefix is of [default: main].
    #[arg(long)]
    vrf: Option<String>,
}

impl Which {
    fn query(&self) -> Vec<(&str, &str)> {
        self.vrf.as_deref().map(|vrf| ("vrf", vrf)).into_iter().collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    /// The next free prefix of this length, such as /24.
    #[arg(long)]
    size: Option<String>,
    /// This very prefix.
    #[arg(long)]
    prefix: Option<String>,
    /// Also the next free IPv6 prefix of this length, such as /64.
    #[arg(long)]
    size6: Option<String>,
    /// Also this very IPv6 prefix.
    #[arg(long)]
    prefix6: Option<String>,
    /// The pool.
    #[arg(long)]
    pool: Option<String>,
    /// The pool of the IPv6 prefix.
    #[arg(long)]
    pool6: Option<String>,
    /// From any pool of this site.
    #[arg(long, env = "MOXXIE_SITE")]
    site: Option<String>,
    /// The VRF [default: main].
    #[arg(long)]
    vrf: Option<String>,
    /// Where in the pool: best_fit, first_fit or sparse [default: as the pool says].
    #[arg(long)]
    policy: Option<String>,
    #[command(flatten)]
    take: Take,
}

#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Of this VRF [default: main].
    #[arg(long)]
    vrf: Option<String>,
    /// Only in this prefix.
    #[arg(long)]
    within: Option<String>,
    /// Only from this pool.
    #[arg(long)]
    pool: Option<String>,
    /// Only this tenant's.
    #[arg(long)]
    tenant: Option<String>,
    /// Only with this status: assigned, held, reserved, quarantined.
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    which: past::Which,
    /// How many at most [default: all].
    #[arg(long)]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Tree {
    /// Only in this prefix.
    within: Option<String>,
    /// Of this VRF [default: main].
    #[arg(long)]
    vrf: Option<String>,
    /// Containers and pools only.
    #[arg(long)]
    pools: bool,
    /// How many lines at most.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Take(request) => {
            let taken: PrefixesTaken =
                api.post(&["prefixes"], &[], &PrefixRequest::from(*request), None).await?;
            show(&taken, session)
        }
        Command::List(filter) => {
            let query = [
                ("vrf", filter.vrf),
                ("within", filter.within),
                ("pool", filter.pool),
                ("clientId", filter.tenant),
                ("status", filter.status),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
            let query: Vec<_> = query.chain(filter.which.query()).collect();
            let prefixes: Vec<Prefix> = api.list(&["prefixes"], &query, filter.limit.unwrap_or(ALL)).await?;
            out.list(&prefixes, &HEADERS, row)
        }
        Command::Tree(args) => tree(args, session).await,
        Command::Show { which, past } => {
            let query = which.query().into_iter().map(|(name, value)| (name, value.to_owned()));
            let query: Vec<_> = query.chain(past.query()).collect();
            out.record(&api.get_with::<Prefix>(&["prefixes", &which.prefix], &query).await?, fields)
        }
        Command::Update { which, change } => {
            let request = PrefixUpdate {
                status: change.status.clone(),
                hold_seconds: change.hold,
                client_id: change.owner(),
                purpose: change.purpose.clone(),
                labels: change.labels(),
            };
            let path = ["prefixes", &which.prefix];
            out.record(&api.patch_with::<Prefix>(&path, &which.query(), &request, None).await?, fields)
        }
        Command::Confirm(which) => {
            let path = ["prefixes", &which.prefix, "confirm"];
            out.record(&api.act::<Prefix>(&path, &which.query(), None).await?, fields)
        }
        Command::Release(which) => {
            let path = ["prefixes", &which.prefix];
            api.delete::<Option<serde_json::Value>>(&path, &which.query()).await?;
            out.note(&format!("{} is released", which.prefix));
            Ok(())
        }
        Command::Resize { which, size, to } => {
            let request = Resize { size, prefix: to };
            let path = ["prefixes", &which.prefix, "resize"];
            out.record(&api.post::<Prefix>(&path, &which.query(), &request, None).await?, fields)
        }
        Command::Split { which, size } => {
            let path = ["prefixes", &which.prefix, "split"];
            show(&api.post(&path, &which.query(), &PrefixSplit { size }, None).await?, session)
        }
        Command::Merge { which, with } => {
            let path = ["prefixes", &which.prefix, "merge"];
            let merged: Prefix = api.post(&path, &which.query(), &PrefixMerge { with }, None).await?;
            out.record(&merged, fields)
        }
        Command::Move { which, pool } => {
            let path = ["prefixes", &which.prefix, "move"];
            let moved: Prefix = api.post(&path, &which.query(), &PrefixMove { pool }, None).await?;
            out.record(&moved, fields)
        }
    }
}

impl From<Request> for PrefixRequest {
    fn from(request: Request) -> Self {
        Self {
            status: request.take.status(),
            hold_seconds: request.take.hold,
            labels: request.take.labels(),
            client_id: request.take.tenant,
            purpose: request.take.purpose,
            size: request.size,
            prefix: request.prefix,
            size6: request.size6,
            prefix6: request.prefix6,
            pool: request.pool,
            pool6: request.pool6,
            datacenter: request.site,
            vrf: request.vrf,
            policy: request.policy,
        }
    }
}

const HEADERS: [&str; 6] = ["PREFIX", "STATUS", "TENANT", "POOL", "PURPOSE", "NETWORK"];

fn row(prefix: &Prefix) -> Vec<String> {
    vec![
        prefix.prefix.clone(),
        status(&prefix.status, prefix.expires_at),
        maybe(&prefix.client_id),
        prefix.pool.clone(),
        prefix.purpose.clone(),
        maybe(&prefix.network_id),
    ]
}

/// Prefixes that were taken or made: one as a record, several as a list.
fn show(taken: &PrefixesTaken, session: &Session) -> anyhow::Result<()> {
    let out = session.out;
    match taken.prefixes.as_slice() {
        [one] if out.for_people() => out.record(one, fields),
        many if out.for_people() => out.list(many, &HEADERS, row),
        _ => out.data(taken),
    }
}

fn fields(prefix: &Prefix) -> Vec<(&'static str, String)> {
    vec![
        ("Prefix", prefix.prefix.clone()),
        ("Id", prefix.id.clone()),
        ("VRF", prefix.vrf.clone()),
        ("Pool", prefix.pool.clone()),
        ("Status", status(&prefix.status, prefix.expires_at)),
        ("Tenant", maybe(&prefix.client_id)),
        ("Network", maybe(&prefix.network_id)),
        ("Purpose", prefix.purpose.clone()),
        ("Labels", labels(&prefix.labels)),
        ("Since", time(prefix.since)),
        ("Taken", time(prefix.created_at)),
    ]
}

async fn tree(args: Tree, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let level = args.pools.then(|| "pools".to_owned());
    let query: Vec<_> = [("within", args.within), ("vrf", args.vrf), ("level", level)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let mut nodes: Vec<TreeNode> = Vec::new();
    let mut cursor: Option<String> = None;
    // Page by page rather than by the usual list, to know whether there is more than was wanted.
    loop {
        let mut query = query.clone();
        query.push(("limit", (args.limit - nodes.len()).clamp(1, 1000).to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page: Page<TreeNode> = api.get_with(&["prefixes", "tree"], &query).await?;
        nodes.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() || nodes.len() >= args.limit {
            break;
        }
    }
    if !out.for_people() {
        return out.data(&nodes);
    }
    out.list(&nodes, &["PREFIX", "WHAT", "USED", "FOR"], line)?;
    if cursor.is_some() {
        out.note(&format!("there is more; --limit shows more than {}, --pools the outline", args.limit));
    }
    Ok(())
}

fn line(node: &TreeNode) -> Vec<String> {
    let indent = "  ".repeat(usize::try_from(node.depth).unwrap_or_default());
    let what = match (&node.name, &node.status) {
        (Some(name), _) => format!("{} {name}", node.kind),
        (None, Some(word)) => status(word, node.expires_at),
        (None, None) => node.kind.clone(),
    };
    let used = node.usage.as_ref().map_or(String::new(), |usage| match node.kind.as_str() {
        "container" => format!("{:.1}% of {:.1}%", usage.used_percent, usage.pooled_percent),
        _ => format!("{:.1}%", usage.used_percent),
    });
    let whose = [node.client_id.as_deref(), node.purpose.as_deref()];
    let whose: Vec<_> = whose.into_iter().flatten().collect();
    vec![format!("{indent}{}", node.prefix), what, used, whose.join(": ")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_is_indented_by_what_is_around_it() {
        let node: TreeNode = serde_json::from_value(serde_json::json!({
            "kind": "prefix", "prefix": "10.0.1.0/24", "depth": 2, "status": "held",
            "expiresAt": "2027-01-15T08:00:00Z", "clientId": "acme", "purpose": "tests",
        }))
        .unwrap();
        assert_eq!(line(&node), ["    10.0.1.0/24", "held until 2027-01-15 08:00:00Z", "", "acme: tests"]);
    }
}
