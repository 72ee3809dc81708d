-- Tables of both databases. Ids are printed ids, times are microseconds since 1970 (UTC), JSON is
-- text, addresses are 16 bytes in network order with their family beside them. BYTEA reads BLOB on
-- SQLite. Constraint and index names reach error messages: see src/constraint.rs.

CREATE TABLE installation (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    tag TEXT NOT NULL,
    main_vrf TEXT NOT NULL,
    key_check BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE vrf (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE site (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    management_prefixes TEXT NOT NULL,
    dns_servers TEXT NOT NULL,
    hand_off TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE domain (
    id TEXT NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES site (id),
    name TEXT NOT NULL,
    encapsulation TEXT NOT NULL,
    first_vlan BIGINT NOT NULL,
    last_vlan BIGINT NOT NULL,
    -- Seconds a VLAN id stays unused after its release.
    quarantine BIGINT NOT NULL CHECK (quarantine >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (site_id, name),
    CHECK (1 <= first_vlan AND first_vlan <= last_vlan AND last_vlan <= 4094)
);

CREATE TABLE tenant (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What people arrange pools in. Containers nest by nature; none is there twice.
CREATE TABLE container (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    vrf_id TEXT NOT NULL REFERENCES vrf (id),
    site_id TEXT REFERENCES site (id),
    family BIGINT NOT NULL CHECK (family IN (4, 6)),
    first BYTEA NOT NULL CHECK (length(first) = 16),
    last BYTEA NOT NULL CHECK (length(last) = 16),
    length BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (first <= last),
    UNIQUE (vrf_id, family, first, length)
);

-- Pools of one VRF do not overlap: see the rules file. `version` grows with every write to the pool's
-- prefixes and fences what a process remembers of its free blocks; `used` counts its prefixes by status
-- and length (JSON) and is written by the same UPDATE.
CREATE TABLE pool (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    site_id TEXT REFERENCES site (id),
    vrf_id TEXT NOT NULL REFERENCES vrf (id),
    family BIGINT NOT NULL CHECK (family IN (4, 6)),
    first BYTEA NOT NULL CHECK (length(first) = 16),
    last BYTEA NOT NULL CHECK (length(last) = 16),
    length BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    description TEXT NOT NULL,
    policy TEXT NOT NULL CHECK (policy IN ('best_fit', 'first_fit', 'sparse', 'by_vlan')),
    -- Seconds a prefix stays unused after its release.
    quarantine BIGINT NOT NULL CHECK (quarantine >= 0),
    used TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (first <= last),
    UNIQUE (id, vrf_id)
);

-- The fewest aligned blocks that cover what is free in a pool. They never overlap, so the first
-- address identifies one. An index of `prefix`, not a truth of its own: it can be computed anew.
CREATE TABLE free_block (
    pool_id TEXT NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
    first BYTEA NOT NULL,
    length BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    PRIMARY KEY (pool_id, first)
);
-- Best fit: the longest length that is short enough, then the lowest address.
CREATE INDEX free_block_fit ON free_block (pool_id, length DESC, first);

CREATE TABLE router (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    site_id TEXT NOT NULL REFERENCES site (id),
    domain_id TEXT NOT NULL REFERENCES domain (id),
    address TEXT NOT NULL,
    username TEXT NOT NULL,
    security TEXT NOT NULL,
    trunk TEXT NOT NULL,
    anchor TEXT NOT NULL,
    identity TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE secret (
    owner_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (owner_id, kind)
);

-- Firewall profiles that users wrote; the built-in ones are in the program.
CREATE TABLE profile (
    -- How often its rules were written: a description that changes does not touch routers.
    revision BIGINT NOT NULL,
    name TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE network (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    kind TEXT NOT NULL,
    purpose TEXT NOT NULL,
    site_id TEXT NOT NULL REFERENCES site (id),
    vrf_id TEXT NOT NULL REFERENCES vrf (id),
    pool_id TEXT NOT NULL REFERENCES pool (id),
    prefix TEXT NOT NULL,
    gateway TEXT NOT NULL,
    -- The IPv6 part of a dual-stack network; one that is IPv6 alone has it in the columns above.
    pool6_id TEXT REFERENCES pool (id),
    prefix6 TEXT,
    gateway6 TEXT,
    options TEXT NOT NULL,
    -- The profile in the options, where it is not a built-in one: none is removed that a network uses.
    user_profile TEXT REFERENCES profile (name),
    labels TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (tenant_id, name),
    CHECK ((prefix6 IS NULL) = (gateway6 IS NULL) AND (prefix6 IS NULL) = (pool6_id IS NULL))
);
CREATE INDEX network_site ON network (site_id);
CREATE INDEX network_user_profile ON network (user_profile) WHERE user_profile IS NOT NULL;
CREATE INDEX network_pool ON network (pool_id);
CREATE INDEX network_pool6 ON network (pool6_id) WHERE pool6_id IS NOT NULL;

CREATE TABLE attachment (
    id TEXT NOT NULL PRIMARY KEY,
    network_id TEXT NOT NULL REFERENCES network (id),
    domain_id TEXT NOT NULL REFERENCES domain (id),
    role TEXT NOT NULL,
    UNIQUE (network_id, domain_id)
);
CREATE INDEX attachment_domain ON attachment (domain_id);

-- VLAN ids that are taken: assigned to an attachment or to nobody in particular, held, reserved, in
-- quarantine. What has an attachment is assigned.
CREATE TABLE vlan (
    id TEXT NOT NULL UNIQUE,
    domain_id TEXT NOT NULL REFERENCES domain (id),
    vid BIGINT NOT NULL CHECK (1 <= vid AND vid <= 4094),
    tenant_id TEXT REFERENCES tenant (id),
    attachment_id TEXT UNIQUE REFERENCES attachment (id),
    status TEXT NOT NULL CHECK (status IN ('assigned', 'held', 'reserved', 'quarantined')),
    purpose TEXT NOT NULL,
    labels TEXT NOT NULL,
    expires_at BIGINT,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (domain_id, vid),
    CHECK ((expires_at IS NOT NULL) = (status IN ('held', 'quarantined'))),
    CHECK (attachment_id IS NULL OR status = 'assigned')
);
CREATE INDEX vlan_expires ON vlan (expires_at) WHERE expires_at IS NOT NULL;

-- Prefixes of one VRF do not overlap: see the rules file. Every row takes its space, whatever its
-- status. `since` is when the row came into this status. The network may be written after its prefix,
-- within the transaction.
CREATE TABLE prefix (
    id TEXT NOT NULL PRIMARY KEY,
    vrf_id TEXT NOT NULL REFERENCES vrf (id),
    tenant_id TEXT REFERENCES tenant (id),
    pool_id TEXT NOT NULL,
    family BIGINT NOT NULL CHECK (family IN (4, 6)),
    first BYTEA NOT NULL CHECK (length(first) = 16),
    last BYTEA NOT NULL CHECK (length(last) = 16),
    length BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('assigned', 'held', 'reserved', 'quarantined')),
    purpose TEXT NOT NULL,
    labels TEXT NOT NULL,
    network_id TEXT REFERENCES network (id) DEFERRABLE INITIALLY DEFERRED,
    expires_at BIGINT,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (first <= last),
    CHECK ((expires_at IS NOT NULL) = (status IN ('held', 'quarantined'))),
    CHECK (network_id IS NULL OR status = 'assigned'),
    FOREIGN KEY (pool_id, vrf_id) REFERENCES pool (id, vrf_id)
);
CREATE INDEX prefix_by_first ON prefix (vrf_id, family, first);
CREATE INDEX prefix_pool ON prefix (pool_id, family, first);
CREATE INDEX prefix_tenant ON prefix (tenant_id, vrf_id, family, first);
-- Most are assigned; who asks for the others wants to see few.
CREATE INDEX prefix_unusual ON prefix (vrf_id, status, family, first) WHERE status <> 'assigned';
CREATE INDEX prefix_network ON prefix (network_id) WHERE network_id IS NOT NULL;
CREATE INDEX prefix_expires ON prefix (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX prefix_expires_in_pool ON prefix (pool_id, expires_at) WHERE expires_at IS NOT NULL;

-- Where AS numbers come from. Ranges do not overlap: see the rules file. One with a tenant is kept for
-- that tenant, one with a site is what that site takes from.
CREATE TABLE asn_range (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    site_id TEXT REFERENCES site (id),
    tenant_id TEXT REFERENCES tenant (id),
    description TEXT NOT NULL,
    quarantine BIGINT NOT NULL CHECK (quarantine >= 0),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (1 <= first AND first <= last AND last <= 4294967294)
);

CREATE TABLE asn (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    range_id TEXT NOT NULL REFERENCES asn_range (id),
    tenant_id TEXT REFERENCES tenant (id),
    status TEXT NOT NULL CHECK (status IN ('assigned', 'held', 'reserved', 'quarantined')),
    purpose TEXT NOT NULL,
    labels TEXT NOT NULL,
    expires_at BIGINT,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((expires_at IS NOT NULL) = (status IN ('held', 'quarantined')))
);
CREATE INDEX asn_range_number ON asn (range_id, number);
CREATE INDEX asn_expires ON asn (expires_at) WHERE expires_at IS NOT NULL;

-- The network guards tenant, VRF and prefix: it cannot go while an address refers to it. One reference is
-- enough, and each costs every allocation.
CREATE TABLE address (
    id TEXT NOT NULL PRIMARY KEY,
    prefix_id TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES network (id),
    tenant_id TEXT NOT NULL,
    vrf_id TEXT NOT NULL,
    family BIGINT NOT NULL,
    addr BYTEA NOT NULL,
    text TEXT NOT NULL,
    status TEXT NOT NULL,
    expires_at BIGINT,
    kind TEXT NOT NULL,
    hostname TEXT,
    mac TEXT,
    vm_id TEXT,
    owner TEXT,
    tags TEXT NOT NULL,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (addr, family, vrf_id),
    CHECK (length(addr) = 16 AND family IN (4, 6) AND (status = 'assigned') = (expires_at IS NULL))
);
CREATE INDEX address_network ON address (network_id, addr);
CREATE INDEX address_expires ON address (expires_at) WHERE expires_at IS NOT NULL;

-- Ranges of one prefix do not overlap: see the rules file.
CREATE TABLE ip_range (
    id TEXT NOT NULL PRIMARY KEY,
    prefix_id TEXT NOT NULL REFERENCES prefix (id) ON DELETE CASCADE,
    network_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    first BYTEA NOT NULL CHECK (length(first) = 16),
    last BYTEA NOT NULL CHECK (length(last) = 16),
    first_text TEXT NOT NULL,
    last_text TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (first <= last)
);
CREATE INDEX ip_range_network ON ip_range (network_id, first);

-- What numbers are given out from: the hosts of a network's prefix. `version` is the fence of what memory
-- knows: it grows with everything that changes what is free or whether it may be given out (triggers in
-- the rules file see to what is not written here).
CREATE TABLE space (
    id TEXT NOT NULL PRIMARY KEY,
    prefix_id TEXT UNIQUE REFERENCES prefix (id) ON DELETE CASCADE,
    network_id TEXT,
    version BIGINT NOT NULL,
    -- No number below it is free, whatever the lowest range says: most of what is taken moves only this.
    low BYTEA NOT NULL CHECK (length(low) = 16)
);
CREATE INDEX space_network ON space (network_id);

-- The fewest ranges that cover what is free in a space. An index of the records, not a truth of its own: it
-- can be computed anew.
CREATE TABLE free_range (
    space_id TEXT NOT NULL REFERENCES space (id) ON DELETE CASCADE,
    first BYTEA NOT NULL,
    last BYTEA NOT NULL,
    PRIMARY KEY (space_id, first)
);

-- Labels of any object, to be looked for; the object's own row carries them too.
CREATE TABLE label (
    object_id TEXT NOT NULL,
    tenant_id TEXT,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (object_id, key)
);
CREATE INDEX label_value ON label (key, value, object_id);

-- Addresses of a pool in use (a decimal number of up to 128 bits), one sample a day; days since 1970.
CREATE TABLE pool_sample (
    pool_id TEXT NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    used TEXT NOT NULL,
    PRIMARY KEY (pool_id, day)
);
CREATE INDEX pool_sample_day ON pool_sample (day);

-- Versions of objects that are no more, valid from `since` to before `until`: see src/past.rs. Objects are
-- found by their place in a list (the key) and by their id.
CREATE TABLE past (
    kind TEXT NOT NULL,
    space TEXT NOT NULL,
    family BIGINT NOT NULL,
    first BYTEA NOT NULL CHECK (length(first) = 16),
    last BYTEA NOT NULL CHECK (length(last) = 16),
    object TEXT NOT NULL,
    tenant_id TEXT,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    snapshot TEXT NOT NULL,
    PRIMARY KEY (kind, space, family, first, object, since),
    CHECK (since < until)
);
CREATE INDEX past_object ON past (object, since);

-- A change outlives its network and its routers, so it refers to neither by constraint.
CREATE TABLE change (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    decision TEXT NOT NULL,
    -- The network it is about and whose it is; null when there are several.
    network_id TEXT,
    tenant_id TEXT,
    -- Null when they are at several sites.
    site_id TEXT,
    attempt BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    reached BOOLEAN NOT NULL,
    error TEXT,
    request TEXT NOT NULL,
    principal TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT,
    version BIGINT NOT NULL
);
-- What the partial index is for: few changes are open, and they are looked for all the time.
CREATE INDEX change_open_state ON change (not_before)
    WHERE state NOT IN ('applied', 'rolled_back', 'cancelled');

-- The networks of a change, with what each was before and is meanwhile.
CREATE TABLE change_network (
    change_id TEXT NOT NULL REFERENCES change (id),
    network_id TEXT NOT NULL,
    -- The change made it: when the change is undone, it goes again.
    made BOOLEAN NOT NULL,
    status_before TEXT NOT NULL,
    status_during TEXT NOT NULL,
    -- The options it had, where the change is about them.
    carried TEXT,
    open BOOLEAN NOT NULL,
    PRIMARY KEY (change_id, network_id)
);
-- The firewall profiles that a change brings to routers, as they were before.
CREATE TABLE change_profile (
    change_id TEXT NOT NULL REFERENCES change (id),
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    revision BIGINT NOT NULL,
    open BOOLEAN NOT NULL,
    PRIMARY KEY (change_id, name)
);
CREATE UNIQUE INDEX change_profile_open ON change_profile (name) WHERE open;

CREATE UNIQUE INDEX change_open ON change_network (network_id) WHERE open;
CREATE INDEX change_network_network ON change_network (network_id);

CREATE TABLE change_router (
    change_id TEXT NOT NULL REFERENCES change (id),
    router_id TEXT NOT NULL,
    plan TEXT,
    basis_before TEXT,
    basis_after TEXT,
    PRIMARY KEY (change_id, router_id)
);
CREATE INDEX change_router_router ON change_router (router_id);

CREATE TABLE change_step (
    change_id TEXT NOT NULL REFERENCES change (id),
    ordinal BIGINT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (change_id, ordinal)
);

CREATE TABLE journal (
    change_id TEXT NOT NULL,
    router_id TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    wave BIGINT NOT NULL,
    command TEXT NOT NULL,
    outcome TEXT NOT NULL,
    answer TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (change_id, router_id, ordinal),
    FOREIGN KEY (change_id, router_id) REFERENCES change_router (change_id, router_id)
);

CREATE TABLE change_event (
    change_id TEXT NOT NULL REFERENCES change (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (change_id, seq)
);

-- Rows stay when a lease is given back, so that epochs only grow. Not only registered routers have them: one
-- that is being enrolled is leased under an id made from its serial number.
CREATE TABLE router_lease (
    router_id TEXT NOT NULL PRIMARY KEY,
    holder TEXT,
    previous TEXT,
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- One row for each router that was ever looked at. `number` counts the looks and is the fence of the one
-- under way; times of the claim are by the database's clock, the others by the server's.
CREATE TABLE router_scan (
    router_id TEXT NOT NULL PRIMARY KEY REFERENCES router (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    holder TEXT NOT NULL,
    attempted_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    completed_at BIGINT,
    truncated BOOLEAN NOT NULL,
    failed_at BIGINT,
    error TEXT
);

-- What a source on a router last said of an address. A row stays for a while after the source has forgotten
-- it: that is how long somebody is known to be silent.
CREATE TABLE sighting (
    router_id TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    family BIGINT NOT NULL CHECK (family IN (4, 6)),
    addr BYTEA NOT NULL CHECK (length(addr) = 16),
    interface TEXT NOT NULL,
    mac TEXT,
    host_name TEXT,
    scan BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (router_id, source, family, addr, interface)
);
CREATE INDEX sighting_address ON sighting (family, addr, last_seen);
CREATE INDEX sighting_age ON sighting (router_id, last_seen);

-- VLANs on a domain's trunk that are no network's: seen by a scan, or in the way of a change.
CREATE TABLE vlan_sighting (
    router_id TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
    domain_id TEXT NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    vid BIGINT NOT NULL CHECK (1 <= vid AND vid <= 4094),
    name TEXT NOT NULL,
    scan BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (router_id, vid, name)
);
CREATE INDEX vlan_sighting_domain ON vlan_sighting (domain_id, vid);

-- Differences between a router and the records, as of the router's last scan.
CREATE TABLE finding (
    id TEXT NOT NULL PRIMARY KEY,
    router_id TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
    site_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    network_id TEXT REFERENCES network (id) ON DELETE CASCADE,
    tenant_id TEXT,
    family BIGINT,
    addr BYTEA,
    address TEXT,
    mac TEXT,
    interface TEXT,
    vlan BIGINT,
    host_name TEXT,
    detail TEXT NOT NULL,
    since BIGINT NOT NULL,
    first_found BIGINT NOT NULL,
    last_found BIGINT NOT NULL,
    scan BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    reason TEXT,
    UNIQUE (router_id, kind, subject)
);
CREATE INDEX finding_network ON finding (network_id, id);
CREATE INDEX finding_address ON finding (family, addr);

-- Rows as they were last applied: what drift compares with. `row` and `facts` are JSON; `rank` is the row's,
-- which shifts when rows come between. `accepted` has values that somebody accepted in place of those applied.
CREATE TABLE applied_row (
    router_id TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
    menu TEXT NOT NULL,
    mark TEXT NOT NULL,
    object TEXT NOT NULL,
    row TEXT NOT NULL,
    rank BIGINT NOT NULL,
    renderer BIGINT NOT NULL,
    facts TEXT NOT NULL,
    change_id TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    accepted TEXT,
    PRIMARY KEY (router_id, menu, mark)
);
CREATE INDEX applied_row_object ON applied_row (object);

-- One row for each router that was ever checked. `checks` counts the checks and is the fence of the one that
-- writes; the claim of who watches ends by the database's clock.
CREATE TABLE drift_watch (
    router_id TEXT NOT NULL PRIMARY KEY REFERENCES router (id) ON DELETE CASCADE,
    holder TEXT,
    expires_at BIGINT NOT NULL,
    checks BIGINT NOT NULL,
    checked_at BIGINT,
    unknown_since BIGINT,
    error TEXT,
    history TEXT
);

-- Rows on a router that are not as they were applied. What is over keeps its row for a while.
CREATE TABLE drift (
    id TEXT NOT NULL PRIMARY KEY,
    router_id TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
    site_id TEXT NOT NULL,
    tenant_id TEXT,
    network_id TEXT,
    menu TEXT NOT NULL,
    mark TEXT NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    expected TEXT,
    found TEXT,
    who TEXT,
    since BIGINT NOT NULL,
    state TEXT NOT NULL,
    said_at BIGINT,
    said_by TEXT,
    reason TEXT,
    expires_at BIGINT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX drift_alive ON drift (router_id, menu, mark, kind, field) WHERE ended_at IS NULL;
CREATE INDEX drift_router ON drift (router_id, id);

CREATE TABLE audit_head (
    writer TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    checkpointed BIGINT NOT NULL
);

CREATE TABLE audit_checkpoint (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    heads TEXT NOT NULL,
    signature BYTEA NOT NULL
);

CREATE TABLE token (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    tenant_id TEXT REFERENCES tenant (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);

CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    status BIGINT NOT NULL,
    response TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);

CREATE TABLE auth_failure (
    source TEXT NOT NULL,
    minute BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (source, minute)
);
CREATE INDEX auth_failure_minute ON auth_failure (minute);
