//! Which rule of the database refused a write.

use sqlx::error::DatabaseError;

/// A rule of the database that refused a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// The prefix overlaps an occupied one in its VRF.
    PrefixOverlap,
    /// The pool overlaps another pool of its VRF.
    PoolOverlap,
    /// The VRF has a container of that prefix.
    ContainerTaken,
    /// The range of AS numbers overlaps another one.
    AsnRangeOverlap,
    /// The AS number is taken.
    AsnTaken,
    /// The range overlaps another one of its network.
    RangeOverlap,
    /// The VLAN id is in use in its domain.
    VlanTaken,
    /// The address is recorded already in its VRF.
    AddressTaken,
    /// The name is in use; the table is named.
    NameTaken(&'static str),
    /// A row with this id exists already; the table is named.
    Duplicate(&'static str),
    /// The network has an open change already.
    ChangeOpen,
    /// The idempotency key is in use for this principal and route.
    IdempotencyKey,
    /// Something else refers to the row, or the row refers to something that does not exist.
    Referenced,
    /// Audit events are never changed or removed.
    AppendOnly,
    /// A value breaks a rule of its column; moxxie itself is wrong.
    Check,
}

impl Constraint {
    /// Reads the rule out of what the database said; `None` when it was something else.
    ///
    /// PostgreSQL names the constraint. SQLite names table and columns of a uniqueness rule
    /// (`UNIQUE constraint failed: domain.site_id, domain.name`), which is put into the form of
    /// PostgreSQL's own names, and our triggers raise the name itself.
    pub(crate) fn of(error: &dyn DatabaseError) -> Option<Self> {
        match error.code().as_deref() {
            // PostgreSQL: unique, exclusion.
            Some("23505" | "23P01") => Some(Self::named(error.constraint().unwrap_or_default())),
            // Foreign key: PostgreSQL, SQLite (SQLITE_CONSTRAINT_FOREIGNKEY).
            Some("23503" | "787") => Some(Self::Referenced),
            // Check, not null: PostgreSQL; SQLite (CHECK 275, NOTNULL 1299, DATATYPE 3091).
            Some("23514" | "23502" | "275" | "1299" | "3091") => Some(Self::Check),
            // Raised by a function of ours.
            Some("P0001") if error.message() == "append_only" => Some(Self::AppendOnly),
            // SQLite: unique 2067, primary key 1555, trigger 1811.
            Some("2067" | "1555") => Some(Self::named(&key_name(error.message()))),
            Some("1811") => Some(Self::named(error.message())),
            _ => None,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "prefix_overlap" => Self::PrefixOverlap,
            "container_vrf_id_family_first_length_key" => Self::ContainerTaken,
            "asn_range_overlap" => Self::AsnRangeOverlap,
            "asn_number_key" => Self::AsnTaken,
            "pool_overlap" | "pool_vrf_id_family_first_key" => Self::PoolOverlap,
            "range_overlap" => Self::RangeOverlap,
            "append_only" => Self::AppendOnly,
            "vlan_pkey" | "vlan_domain_id_vid_key" => Self::VlanTaken,
            "address_addr_family_vrf_id_key" => Self::AddressTaken,
            "change_open" | "change_network_network_id_key" => Self::ChangeOpen,
            "idempotency_pkey" | "idempotency_principal_route_key_key" => Self::IdempotencyKey,
            "site_name_key" => Self::NameTaken("site"),
            "domain_site_id_name_key" => Self::NameTaken("domain"),
            "tenant_name_key" => Self::NameTaken("tenant"),
            "pool_name_key" => Self::NameTaken("pool"),
            "router_name_key" => Self::NameTaken("router"),
            "network_tenant_id_name_key" => Self::NameTaken("network"),
            "token_name_key" => Self::NameTaken("token"),
            "container_name_key" => Self::NameTaken("container"),
            "asn_range_name_key" => Self::NameTaken("range"),
            "profile_pkey" | "profile_name_key" => Self::NameTaken("profile"),
            "vrf_name_key" => Self::NameTaken("vrf"),
            other => Self::Duplicate(table_of(other)),
        }
    }
}

/// `UNIQUE constraint failed: domain.site_id, domain.name` as `domain_site_id_name_key`.
fn key_name(message: &str) -> String {
    let columns = message.rsplit_once(": ").map_or(message, |(_, columns)| columns);
    let mut name = String::new();
    for (index, column) in columns.split(", ").enumerate() {
        let (table, column) = column.split_once('.').unwrap_or((column, ""));
        if index == 0 {
            name.push_str(table);
        }
        name.push('_');
        name.push_str(column);
    }
    name + "_key"
}

/// The table a key belongs to, by the beginning of the key's name.
fn table_of(key: &str) -> &'static str {
    const TABLES: [&str; 31] = [
        "address",
        "asn_range",
        "asn",
        "attachment",
        "audit_checkpoint",
        "audit_event",
        "audit_head",
        "change_event",
        "change_router",
        "change_step",
        "change",
        "container",
        "domain",
        "free_block",
        "free_range",
        "ip_range",
        "journal",
        "label",
        "network",
        "past",
        "pool_sample",
        "pool",
        "prefix",
        "profile",
        "router",
        "site",
        "space",
        "tenant",
        "token",
        "vlan",
        "vrf",
    ];
    TABLES.into_iter().find(|table| key.starts_with(table)).unwrap_or("row")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_keys_read_like_those_of_postgres() {
        assert_eq!(
            key_name("UNIQUE constraint failed: domain.site_id, domain.name"),
            "domain_site_id_name_key"
        );
        assert_eq!(Constraint::named("domain_site_id_name_key"), Constraint::NameTaken("domain"));
        assert_eq!(Constraint::named("change_event_pkey"), Constraint::Duplicate("change_event"));
    }
}
