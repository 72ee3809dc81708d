//! `moxxie tenant`: who networks belong to.

use clap::Subcommand;
use moxxie_api::tenant::{Tenant, TenantCreate};

use crate::{commands::ALL, output::time, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a tenant
    Add {
        /// Its name: 1 to 63 of a-z, 0-9 and -.
        name: String,
        /// Free text.
        #[arg(long, default_value = "", hide_default_value = true)]
        description: String,
    },
    /// List tenants
    List,
    /// Show one tenant
    Show {
        /// Its name or id.
        tenant: String,
    },
    /// Remove a tenant; it may have no network
    Remove {
        /// Its name or id.
        tenant: String,
    },
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add { name, description } => {
            let request = TenantCreate { name, description };
            out.record(&api.post::<Tenant>(&["tenants"], &[], &request, None).await?, fields)
        }
        Command::List => {
            let tenants: Vec<Tenant> = api.list(&["tenants"], &[], ALL).await?;
            out.list(&tenants, &["NAME", "ID", "REGISTERED", "DESCRIPTION"], |tenant| {
                let Tenant { id, name, description, created_at } = tenant.clone();
                vec![name, id, time(created_at), description]
            })
        }
        Command::Show { tenant } => out.record(&api.get::<Tenant>(&["tenants", &tenant]).await?, fields),
        Command::Remove { tenant } => super::remove(&["tenants", &tenant], session).await,
    }
}

fn fields(tenant: &Tenant) -> Vec<(&'static str, String)> {
    vec![
        ("Name", tenant.name.clone()),
        ("Id", tenant.id.clone()),
        ("Description", tenant.description.clone()),
        ("Registered", time(tenant.created_at)),
    ]
}
