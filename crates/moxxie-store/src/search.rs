//! Search: one statement per thing that may be meant, each of which finds its rows by an index.
//!
//! Every statement answers the same columns (a [`Hit`]) in the order of `sort` and `id`, which together
//! are the cursor. Sites, pools, routers and tenants are few and are read whole.

use std::net::IpAddr;

use ipnet::IpNet;
use moxxie_core::{
    DomainId, Name, NetworkId,
    encapsulation::Encapsulation,
    identity::Scope,
    network::NetworkStatus,
    prefix::{address_bytes, bounds, family},
    search::Term,
    vlan::VlanId,
};

use crate::{
    Reads, Result,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

/// What stands around an object: its network and where that is.
macro_rules! around {
    () => {
        "n.id AS network_id, n.name AS network_name, n.status AS network_status,
         n.prefix AS network_prefix, a.domain_id, v.vid, d.encapsulation, s.name AS site_name,
         t.name AS tenant_name, w.name AS vrf_name, o.name AS pool_name"
    };
}
macro_rules! join_network {
    () => {
        "LEFT JOIN attachment a ON a.network_id = n.id AND a.role = 'active'
         LEFT JOIN vlan v ON v.attachment_id = a.id
         LEFT JOIN domain d ON d.id = a.domain_id
         LEFT JOIN site s ON s.id = n.site_id "
    };
}
macro_rules! address {
    ($sort:literal, $rest:literal) => {
        concat!(
            "SELECT 'address' AS kind, x.id, ",
            $sort,
            " AS sort, NULL AS name, x.text AS address, x.hostname, x.mac, x.kind AS use, x.vm_id,
                 x.status, CAST(NULL AS BIGINT) AS asn, p.prefix AS prefix, ",
            around!(),
            " FROM address x JOIN network n ON n.id = x.network_id JOIN prefix p ON p.id = x.prefix_id ",
            join_network!(),
            "LEFT JOIN tenant t ON t.id = x.tenant_id LEFT JOIN vrf w ON w.id = x.vrf_id
             LEFT JOIN pool o ON o.id = p.pool_id ",
            $rest
        )
    };
}
macro_rules! prefix {
    ($rest:literal) => {
        concat!(
            "SELECT 'prefix' AS kind, p.id, '' AS sort, NULL AS name, NULL AS address, NULL AS hostname,
                 NULL AS mac, NULL AS use, NULL AS vm_id, p.status, CAST(NULL AS BIGINT) AS asn,
                 p.prefix AS prefix, ",
            around!(),
            " FROM prefix p LEFT JOIN network n ON n.id = p.network_id ",
            join_network!(),
            "LEFT JOIN tenant t ON t.id = p.tenant_id LEFT JOIN vrf w ON w.id = p.vrf_id
             LEFT JOIN pool o ON o.id = p.pool_id ",
            $rest
        )
    };
}
macro_rules! network {
    ($sort:literal, $rest:literal) => {
        concat!(
            "SELECT 'network' AS kind, n.id, ",
            $sort,
            " AS sort, n.name, NULL AS address, NULL AS hostname, NULL AS mac, NULL AS use, NULL AS vm_id,
                 NULL AS status, CAST(NULL AS BIGINT) AS asn, n.prefix AS prefix, ",
            around!(),
            " FROM network n ",
            join_network!(),
            "LEFT JOIN tenant t ON t.id = n.tenant_id LEFT JOIN vrf w ON w.id = n.vrf_id
             LEFT JOIN pool o ON o.id = n.pool_id ",
            $rest
        )
    };
}
macro_rules! vlan {
    ($rest:literal) => {
        concat!(
            "SELECT 'vlan' AS kind, v.id, '' AS sort, NULL AS name, NULL AS address, NULL AS hostname, NULL AS mac,
                 NULL AS use, NULL AS vm_id, v.status, CAST(NULL AS BIGINT) AS asn, NULL AS prefix,
                 NULL AS network_id, NULL AS network_name, NULL AS network_status, NULL AS network_prefix,
                 v.domain_id, v.vid, d.encapsulation, s.name AS site_name, t.name AS tenant_name,
                 NULL AS vrf_name, NULL AS pool_name
             FROM vlan v JOIN domain d ON d.id = v.domain_id JOIN site s ON s.id = d.site_id
             LEFT JOIN tenant t ON t.id = v.tenant_id ",
            $rest
        )
    };
}
macro_rules! asn {
    ($rest:literal) => {
        concat!(
            "SELECT 'asn' AS kind, y.id, '' AS sort, NULL AS name, NULL AS address, NULL AS hostname, NULL AS mac,
                 NULL AS use, NULL AS vm_id, y.status, y.number AS asn, NULL AS prefix,
                 NULL AS network_id, NULL AS network_name, NULL AS network_status, NULL AS network_prefix,
                 NULL AS domain_id, CAST(NULL AS BIGINT) AS vid, NULL AS encapsulation, s.name AS site_name,
                 t.name AS tenant_name, NULL AS vrf_name, r.name AS pool_name
             FROM asn y JOIN asn_range r ON r.id = y.range_id LEFT JOIN site s ON s.id = r.site_id
             LEFT JOIN tenant t ON t.id = y.tenant_id ",
            $rest
        )
    };
}
macro_rules! thing {
    ($kind:literal, $from:literal, $site:literal, $prefix:literal, $vrf:literal, $scope:literal) => {
        concat!(
            "SELECT '",
            $kind,
            "' AS kind, x.id, x.name AS sort, x.name, NULL AS address, NULL AS hostname, NULL AS mac,
                 NULL AS use, NULL AS vm_id, NULL AS status, CAST(NULL AS BIGINT) AS asn, ",
            $prefix,
            " AS prefix, NULL AS network_id, NULL AS network_name, NULL AS network_status,
                 NULL AS network_prefix, NULL AS domain_id, CAST(NULL AS BIGINT) AS vid,
                 NULL AS encapsulation, ",
            $site,
            " AS site_name, NULL AS tenant_name, ",
            $vrf,
            " AS vrf_name, NULL AS pool_name FROM ",
            $from,
            " WHERE ",
            $scope
        )
    };
}

// PostgreSQL considers only some of so many joins together (`join_collapse_limit`), so that what is looked for by
// another query must not be one more of them: as an array it is a condition, and the index of the ids serves it.
static ADDRESS: Statement = Statement::new(
    "search.address",
    address!(
        "''",
        "WHERE x.addr = $2 AND x.family = $1
           AND (x.tenant_id = $3 OR $3 IS NULL) AND x.id > $4 ORDER BY x.id LIMIT $5"
    ),
);
static ADDRESS_BY_MAC: Statement = Statement::new(
    "search.address_by_mac",
    address!(
        "''",
        "WHERE x.mac = $1 AND (x.tenant_id = $2 OR $2 IS NULL) AND x.id > $3 ORDER BY x.id LIMIT $4"
    ),
);
static ADDRESS_BY_VM: Statement = Statement::new(
    "search.address_by_vm",
    address!(
        "''",
        "WHERE x.vm_id = $1 AND (x.tenant_id = $2 OR $2 IS NULL) AND x.id > $3 ORDER BY x.id LIMIT $4"
    ),
);
static ADDRESS_BY_ID: Statement = Statement::new(
    "search.address_by_id",
    address!(
        "''",
        "WHERE x.id IN (SELECT value FROM json_each($1)) AND (x.tenant_id = $2 OR $2 IS NULL) ORDER BY x.id"
    ),
)
.postgres(address!(
    "''",
    "WHERE x.id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND (x.tenant_id = $2 OR $2 IS NULL)
     ORDER BY x.id"
));
static HOSTNAME: Statement = Statement::new(
    "search.hostname",
    address!(
        "lower(x.hostname)",
        "WHERE x.hostname IS NOT NULL AND lower(x.hostname) >= $1 AND lower(x.hostname) < $2
           AND (x.tenant_id = $3 OR $3 IS NULL) AND (lower(x.hostname), x.id) > ($4, $5)
         ORDER BY lower(x.hostname), x.id LIMIT $6"
    ),
)
.postgres(address!(
    "lower(x.hostname)",
    "WHERE x.hostname IS NOT NULL AND lower(x.hostname) COLLATE \"C\" >= $1
       AND lower(x.hostname) COLLATE \"C\" < $2
       AND (x.tenant_id = $3 OR $3 IS NULL) AND (lower(x.hostname) COLLATE \"C\", x.id) > ($4, $5)
     ORDER BY lower(x.hostname) COLLATE \"C\", x.id LIMIT $6"
));
// What begins with it was found before. CROSS JOIN tells SQLite to begin with the full-text index, and the
// plus sign keeps the affinity of a column from hiding the index of an expression. A part that very many names have in common is not followed to
// its end: nobody reads ten thousand answers.
static HOSTNAME_PART: Statement = Statement::new(
    "search.hostname_part",
    concat!(
        "WITH m AS MATERIALIZED (
             SELECT y.id FROM word_part f CROSS JOIN word k ON k.id = f.rowid
             CROSS JOIN address y ON lower(y.hostname) = +k.text AND y.hostname IS NOT NULL
             WHERE f.text MATCH '\"' || replace($1, '\"', '\"\"') || '\"' LIMIT 10000) ",
        address!(
            "lower(x.hostname)",
            "JOIN m ON m.id = x.id
             WHERE instr(lower(x.hostname), $1) > 1 AND (x.tenant_id = $2 OR $2 IS NULL)
               AND (lower(x.hostname), x.id) > ($3, $4)
             ORDER BY lower(x.hostname), x.id LIMIT $5"
        )
    ),
)
.postgres(concat!(
    "WITH m AS MATERIALIZED (
         SELECT y.id FROM address y
         WHERE y.hostname IS NOT NULL AND lower(y.hostname) LIKE
             '%' || replace(replace(replace($1, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'
         LIMIT 10000) ",
    address!(
        "lower(x.hostname)",
        "WHERE x.id = ANY (ARRAY(SELECT id FROM m)) AND strpos(lower(x.hostname), $1) > 1 AND (x.tenant_id = $2 OR $2 IS NULL)
           AND (lower(x.hostname) COLLATE \"C\", x.id) > ($3, $4)
         ORDER BY lower(x.hostname) COLLATE \"C\", x.id LIMIT $5"
    )
));
// Prefixes of one VRF do not overlap, so the last that begins at or before an address is the one that
// can hold it.
static PREFIX_AROUND: Statement = Statement::new(
    "search.prefix_around",
    prefix!(
        "WHERE p.id IN (SELECT (SELECT q.id FROM prefix q
             WHERE q.vrf_id = u.id AND q.family = $1 AND q.first <= $2 ORDER BY q.first DESC LIMIT 1)
             FROM vrf u)
           AND p.last >= $2 AND (p.tenant_id = $3 OR $3 IS NULL) AND p.id > $4 ORDER BY p.id LIMIT $5"
    ),
)
.postgres(prefix!(
    "WHERE p.id = ANY (ARRAY(SELECT (SELECT q.id FROM prefix q
         WHERE q.vrf_id = u.id AND q.family = $1 AND q.first <= $2 ORDER BY q.first DESC LIMIT 1)
         FROM vrf u))
       AND p.last >= $2 AND (p.tenant_id = $3 OR $3 IS NULL) AND p.id > $4 ORDER BY p.id LIMIT $5"
));
static PREFIX_INSIDE: Statement = Statement::new(
    "search.prefix_inside",
    prefix!(
        "WHERE p.vrf_id IN (SELECT id FROM vrf) AND p.family = $1 AND p.first > $2 AND p.first <= $3
           AND (p.tenant_id = $4 OR $4 IS NULL) AND p.id > $5 ORDER BY p.id LIMIT $6"
    ),
);
static PREFIX_BY_ID: Statement = Statement::new(
    "search.prefix_by_id",
    prefix!(
        "WHERE p.id IN (SELECT value FROM json_each($1)) AND (p.tenant_id = $2 OR $2 IS NULL) ORDER BY p.id"
    ),
)
.postgres(prefix!(
    "WHERE p.id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND (p.tenant_id = $2 OR $2 IS NULL)
     ORDER BY p.id"
));
static NETWORK_BY_ID: Statement = Statement::new(
    "search.network_by_id",
    network!(
        "''",
        "WHERE n.id IN (SELECT value FROM json_each($1)) AND (n.tenant_id = $2 OR $2 IS NULL) ORDER BY n.id"
    ),
)
.postgres(network!(
    "''",
    "WHERE n.id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND (n.tenant_id = $2 OR $2 IS NULL)
     ORDER BY n.id"
));
static NETWORK_BY_VLAN: Statement = Statement::new(
    "search.network_by_vlan",
    network!(
        "''",
        "WHERE n.id IN (SELECT a2.network_id FROM vlan v2 JOIN attachment a2 ON a2.id = v2.attachment_id
             WHERE v2.domain_id IN (SELECT id FROM domain) AND v2.vid = $1)
           AND (n.tenant_id = $2 OR $2 IS NULL) AND n.id > $3 ORDER BY n.id LIMIT $4"
    ),
)
.postgres(network!(
    "''",
    "WHERE n.id = ANY (ARRAY(
         SELECT a2.network_id FROM vlan v2 JOIN attachment a2 ON a2.id = v2.attachment_id
         WHERE v2.domain_id IN (SELECT id FROM domain) AND v2.vid = $1))
       AND (n.tenant_id = $2 OR $2 IS NULL) AND n.id > $3 ORDER BY n.id LIMIT $4"
));
static NETWORK_BY_NAME: Statement = Statement::new(
    "search.network_by_name",
    network!(
        "n.name",
        "WHERE n.name >= $1 AND n.name < $2 AND (n.tenant_id = $3 OR $3 IS NULL) AND (n.name, n.id) > ($4, $5)
         ORDER BY n.name, n.id LIMIT $6"
    ),
)
.postgres(network!(
    "n.name",
    "WHERE n.name COLLATE \"C\" >= $1 AND n.name COLLATE \"C\" < $2 AND (n.tenant_id = $3 OR $3 IS NULL)
       AND (n.name COLLATE \"C\", n.id) > ($4, $5)
     ORDER BY n.name COLLATE \"C\", n.id LIMIT $6"
));
static NETWORK_BY_PART: Statement = Statement::new(
    "search.network_by_part",
    concat!(
        "WITH m AS MATERIALIZED (
             SELECT y.id FROM word_part f CROSS JOIN word k ON k.id = f.rowid
             CROSS JOIN network y ON y.name = k.text
             WHERE f.text MATCH '\"' || replace($1, '\"', '\"\"') || '\"' LIMIT 10000) ",
        network!(
            "n.name",
            "JOIN m ON m.id = n.id
             WHERE instr(n.name, $1) > 1 AND (n.tenant_id = $2 OR $2 IS NULL) AND (n.name, n.id) > ($3, $4)
             ORDER BY n.name, n.id LIMIT $5"
        )
    ),
)
.postgres(concat!(
    "WITH m AS MATERIALIZED (
         SELECT y.id FROM network y WHERE y.name LIKE
             '%' || replace(replace(replace($1, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'
         LIMIT 10000) ",
    network!(
        "n.name",
        "WHERE n.id = ANY (ARRAY(SELECT id FROM m)) AND strpos(n.name, $1) > 1 AND (n.tenant_id = $2 OR $2 IS NULL)
           AND (n.name COLLATE \"C\", n.id) > ($3, $4)
         ORDER BY n.name COLLATE \"C\", n.id LIMIT $5"
    )
));
// VLAN ids of networks are found as their networks.
static VLAN: Statement = Statement::new(
    "search.vlan",
    vlan!(
        "WHERE v.domain_id IN (SELECT id FROM domain) AND v.vid = $1 AND v.attachment_id IS NULL
           AND (v.tenant_id = $2 OR $2 IS NULL) AND v.id > $3 ORDER BY v.id LIMIT $4"
    ),
);
static VLAN_BY_ID: Statement = Statement::new(
    "search.vlan_by_id",
    vlan!(
        "WHERE v.id IN (SELECT value FROM json_each($1)) AND (v.tenant_id = $2 OR $2 IS NULL) ORDER BY v.id"
    ),
)
.postgres(vlan!(
    "WHERE v.id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND (v.tenant_id = $2 OR $2 IS NULL)
     ORDER BY v.id"
));
static ASN: Statement = Statement::new(
    "search.asn",
    asn!("WHERE y.number = $1 AND (y.tenant_id = $2 OR $2 IS NULL) AND y.id > $3 ORDER BY y.id LIMIT $4"),
);
static ASN_BY_ID: Statement = Statement::new(
    "search.asn_by_id",
    asn!(
        "WHERE y.id IN (SELECT value FROM json_each($1)) AND (y.tenant_id = $2 OR $2 IS NULL) ORDER BY y.id"
    ),
)
.postgres(asn!(
    "WHERE y.id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND (y.tenant_id = $2 OR $2 IS NULL)
     ORDER BY y.id"
));
static THINGS: Statement = Statement::new(
    "search.things",
    concat!(
        thing!("tenant", "tenant x", "NULL", "NULL", "NULL", "(x.id = $1 OR $1 IS NULL)"),
        " UNION ALL ",
        thing!("site", "site x", "x.name", "NULL", "NULL", "1 = 1"),
        " UNION ALL ",
        thing!("router", "router x JOIN site s ON s.id = x.site_id", "s.name", "NULL", "NULL", "1 = 1"),
        " UNION ALL ",
        thing!(
            "pool",
            "pool x JOIN vrf w ON w.id = x.vrf_id LEFT JOIN site s ON s.id = x.site_id",
            "s.name",
            "x.prefix",
            "w.name",
            "1 = 1"
        )
    ),
);

pub(crate) static STATEMENTS: &[&Statement] = &[
    &ADDRESS,
    &ADDRESS_BY_MAC,
    &ADDRESS_BY_VM,
    &ADDRESS_BY_ID,
    &HOSTNAME,
    &HOSTNAME_PART,
    &PREFIX_AROUND,
    &PREFIX_INSIDE,
    &PREFIX_BY_ID,
    &NETWORK_BY_ID,
    &NETWORK_BY_VLAN,
    &NETWORK_BY_NAME,
    &NETWORK_BY_PART,
    &VLAN,
    &VLAN_BY_ID,
    &ASN,
    &ASN_BY_ID,
    &THINGS,
];

/// Something found, with what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// `address`, `prefix`, `network`, `tenant`, `site`, `router`, `pool`.
    pub kind: String,
    /// Its printed id.
    pub id: String,
    /// Its place in the order of what was found by the same statement.
    pub sort: String,
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// The address, of an address.
    pub address: Option<IpAddr>,
    /// Name of the host that has it.
    pub hostname: Option<String>,
    /// Its MAC address.
    pub mac: Option<String>,
    /// What the address is for.
    pub usage: Option<String>,
    /// The virtual machine that has it.
    pub vm_id: Option<String>,
    /// The prefix: itself, or the one it lies in.
    pub prefix: Option<IpNet>,
    /// How an address, prefix, VLAN id or AS number is taken.
    pub status: Option<String>,
    /// The AS number.
    pub asn: Option<u32>,
    /// The network it belongs to.
    pub network: Option<HitNetwork>,
    /// The VLAN domain: of the network's active attachment, or of the VLAN id.
    pub domain: Option<DomainId>,
    /// The VLAN id there.
    pub vlan: Option<VlanId>,
    /// How the domain tags.
    pub encapsulation: Option<Encapsulation>,
    /// Name of the site.
    pub site: Option<Name>,
    /// Name of the tenant.
    pub tenant: Option<Name>,
    /// Name of the VRF.
    pub vrf: Option<Name>,
    /// Name of the pool its prefix came from.
    pub pool: Option<Name>,
}

/// The network something found belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitNetwork {
    /// Its id.
    pub id: NetworkId,
    /// Its name.
    pub name: Name,
    /// Where it stands.
    pub status: NetworkStatus,
    /// Its prefix.
    pub prefix: IpNet,
}

fn read(row: &Row) -> Result<Hit> {
    let network = match row.parsed_or_null("network_id")? {
        None => None,
        Some(id) => Some(HitNetwork {
            id,
            name: row.parsed("network_name")?,
            status: row.word("network_status", NetworkStatus::parse)?,
            prefix: row.prefix("network_prefix")?,
        }),
    };
    Ok(Hit {
        kind: row.text("kind")?,
        id: row.text("id")?,
        sort: row.text("sort")?,
        name: row.parsed_or_null("name")?,
        address: row.parsed_or_null("address")?,
        hostname: row.text_or_null("hostname")?,
        mac: row.text_or_null("mac")?,
        usage: row.text_or_null("use")?,
        vm_id: row.text_or_null("vm_id")?,
        prefix: row.parsed_or_null("prefix")?,
        status: row.text_or_null("status")?,
        asn: match row.int_or_null("asn")? {
            Some(_) => Some(row.number("asn")?),
            None => None,
        },
        network,
        domain: row.parsed_or_null("domain_id")?,
        vlan: match row.int_or_null("vid")? {
            Some(_) => Some(row.vlan("vid")?),
            None => None,
        },
        encapsulation: row.json_or_null("encapsulation")?,
        site: row.parsed_or_null("site_name")?,
        tenant: row.parsed_or_null("tenant_name")?,
        vrf: row.parsed_or_null("vrf_name")?,
        pool: row.parsed_or_null("pool_name")?,
    })
}

/// Where to go on in what one statement finds: `sort` and `id` of the last hit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct After {
    /// [`Hit::sort`].
    pub sort: String,
    /// [`Hit::id`].
    pub id: String,
}

/// One place to look in for a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Address records.
    Addresses,
    /// Address records by the operator's id of a virtual machine.
    VirtualMachines,
    /// The prefix around an address.
    PrefixesAround,
    /// Prefixes inside a prefix.
    PrefixesInside,
    /// Prefixes by id.
    Prefixes,
    /// Networks.
    Networks,
    /// VLAN ids that are no network's.
    Vlans,
    /// AS numbers.
    Asns,
    /// Tenants, sites, routers and pools.
    Things,
}

impl Place {
    /// Where a term can be found, in the order in which it is looked for.
    #[must_use]
    pub fn of(term: &Term) -> &'static [Self] {
        match term {
            Term::Address(_) => &[Self::Addresses, Self::PrefixesAround],
            Term::Prefix(_) => &[Self::PrefixesAround, Self::PrefixesInside],
            Term::Mac(_) => &[Self::Addresses],
            Term::Vlan { .. } => &[Self::Networks, Self::Vlans],
            Term::Asn(_) => &[Self::Asns],
            Term::Id(_) | Term::Label { .. } => {
                &[Self::Networks, Self::Prefixes, Self::Addresses, Self::Vlans, Self::Asns]
            }
            Term::Beginning(_) => &[Self::Things, Self::Networks, Self::Addresses, Self::VirtualMachines],
            Term::Part(_) => &[Self::Things, Self::Networks, Self::Addresses],
        }
    }
}

/// The least text that is greater than all that begin with this one.
fn beyond(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

/// What was found in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The hits, in order.
    pub hits: Vec<Hit>,
    /// Where to go on; `None` when there is no more.
    pub next: Option<After>,
}

impl Reads {
    /// What of a term is found in one place, after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn search(
        &self,
        scope: Scope,
        term: &Term,
        place: Place,
        after: &After,
        limit: u32,
    ) -> Result<Found> {
        let limit = i64::from(limit);
        if let Term::Label { key, value } = term {
            return self.by_label(scope, (key, value.as_deref()), place, after, limit).await;
        }
        let hits = self.hits(scope, term, place, after, limit).await?;
        let last = hits.last().filter(|_| i64::try_from(hits.len()) == Ok(limit));
        let next = last.map(|hit| After { sort: hit.sort.clone(), id: hit.id.clone() });
        Ok(Found { hits, next })
    }

    async fn hits(
        &self,
        scope: Scope,
        term: &Term,
        place: Place,
        after: &After,
        limit: i64,
    ) -> Result<Vec<Hit>> {
        let (sort, id) = (&after.sort, &after.id);
        match (term, place) {
            (Term::Address(address), Place::Addresses) => {
                let net = IpNet::from(*address);
                let params = params![family(&net), address_bytes(*address), scope, id, limit];
                self.list(&ADDRESS, &params, read).await
            }
            (Term::Address(address), Place::PrefixesAround) => {
                let net = IpNet::from(*address);
                let params = params![family(&net), address_bytes(*address), scope, id, limit];
                self.list(&PREFIX_AROUND, &params, read).await
            }
            (Term::Prefix(prefix), Place::PrefixesAround) => {
                let params = params![family(prefix), bounds(prefix).0, scope, id, limit];
                self.list(&PREFIX_AROUND, &params, read).await
            }
            (Term::Prefix(prefix), Place::PrefixesInside) => {
                let (first, last) = bounds(prefix);
                let params = params![family(prefix), first, last, scope, id, limit];
                self.list(&PREFIX_INSIDE, &params, read).await
            }
            (Term::Mac(mac), Place::Addresses) => {
                self.list(&ADDRESS_BY_MAC, &params![mac, scope, id, limit], read).await
            }
            (Term::Vlan { vlan, .. }, Place::Networks) => {
                self.list(&NETWORK_BY_VLAN, &params![*vlan, scope, id, limit], read).await
            }
            (Term::Vlan { vlan, .. }, Place::Vlans) => {
                self.list(&VLAN, &params![*vlan, scope, id, limit], read).await
            }
            (Term::Asn(number), Place::Asns) => {
                self.list(&ASN, &params![i64::from(*number), scope, id, limit], read).await
            }
            (Term::Id(_), _) if !id.is_empty() => Ok(Vec::new()),
            (Term::Id(wanted), _) => self.by_ids(scope, std::slice::from_ref(wanted), place).await,
            (Term::Beginning(text), Place::Networks) => {
                let params = params![text, beyond(text), scope, sort, id, limit];
                self.list(&NETWORK_BY_NAME, &params, read).await
            }
            (Term::Beginning(text), Place::Addresses) => {
                let params = params![text, beyond(text), scope, sort, id, limit];
                self.list(&HOSTNAME, &params, read).await
            }
            (Term::Beginning(text), Place::VirtualMachines) => {
                self.list(&ADDRESS_BY_VM, &params![text, scope, id, limit], read).await
            }
            (Term::Part(text), Place::Networks) => {
                self.list(&NETWORK_BY_PART, &params![text, scope, sort, id, limit], read).await
            }
            (Term::Part(text), Place::Addresses) => {
                self.list(&HOSTNAME_PART, &params![text, scope, sort, id, limit], read).await
            }
            (Term::Beginning(text), Place::Things) => {
                self.things(scope, after, limit, |name| name.starts_with(text.as_str())).await
            }
            (Term::Part(text), Place::Things) => {
                let within = |name: &str| name.find(text.as_str()).is_some_and(|at| at > 0);
                self.things(scope, after, limit, within).await
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn by_label(
        &self,
        scope: Scope,
        (key, value): (&str, Option<&str>),
        place: Place,
        after: &After,
        limit: i64,
    ) -> Result<Found> {
        // Ids of one kind stand together in the order of ids.
        let kind = match place {
            Place::Networks => "net-",
            Place::Prefixes => "pfx-",
            Place::Vlans => "vlan-",
            Place::Asns => "asn-",
            _ => "ip-",
        };
        let after = if after.id.is_empty() { kind } else { &after.id };
        let ids = self.labelled_after(scope, key, value, after, limit).await?;
        let full = i64::try_from(ids.len()) == Ok(limit);
        let next = ids.last().filter(|last| full && last.starts_with(kind));
        let next = next.map(|last| After { sort: String::new(), id: last.clone() });
        let ids: Vec<String> = ids.into_iter().filter(|id| id.starts_with(kind)).collect();
        Ok(Found { hits: self.by_ids(scope, &ids, place).await?, next })
    }

    async fn by_ids(&self, scope: Scope, ids: &[String], place: Place) -> Result<Vec<Hit>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let statement = match place {
            Place::Networks => &NETWORK_BY_ID,
            Place::Prefixes => &PREFIX_BY_ID,
            Place::Vlans => &VLAN_BY_ID,
            Place::Asns => &ASN_BY_ID,
            _ => &ADDRESS_BY_ID,
        };
        self.list(statement, &[Param::json(ids)?, Param::from(scope)], read).await
    }

    /// Tenants, sites, routers and pools whose name is wanted, by name.
    async fn things(
        &self,
        scope: Scope,
        after: &After,
        limit: i64,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Hit>> {
        let mut found = self.list(&THINGS, &params![scope], read).await?;
        found.retain(|hit| {
            wanted(&hit.sort)
                && (hit.sort.as_str(), hit.id.as_str()) > (after.sort.as_str(), after.id.as_str())
        });
        found.sort_by(|a, b| (&a.sort, &a.id).cmp(&(&b.sort, &b.id)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }
}
