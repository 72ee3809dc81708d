-- What PostgreSQL says differently: non-overlap by exclusion, and the audit trail's tables.

-- Equality of text inside a GiST index; a trusted extension, so the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

ALTER TABLE prefix ADD COLUMN net CIDR NOT NULL GENERATED ALWAYS AS (prefix::inet::cidr) STORED;
ALTER TABLE prefix ADD CONSTRAINT prefix_overlap
    EXCLUDE USING gist (vrf_id WITH =, net inet_ops WITH &&);

ALTER TABLE pool ADD COLUMN net CIDR NOT NULL GENERATED ALWAYS AS (prefix::inet::cidr) STORED;
ALTER TABLE pool ADD CONSTRAINT pool_overlap
    EXCLUDE USING gist (vrf_id WITH =, net inet_ops WITH &&);

ALTER TABLE asn_range ADD CONSTRAINT asn_range_overlap
    EXCLUDE USING gist (int8range(first, last, '[]') WITH &&);

CREATE TABLE audit_event (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    writer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    tenant_id TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (writer, seq)
);
CREATE INDEX audit_event_object ON audit_event (object, position);

CREATE FUNCTION moxxie_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append_only';
END
$$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION moxxie_append_only();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION moxxie_append_only();
