-- What PostgreSQL says differently: non-overlap by exclusion, and the audit trail's tables.

-- Equality of text inside a GiST index; a trusted extension, so the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

ALTER TABLE prefix ADD COLUMN net CIDR NOT NULL GENERATED ALWAYS AS (prefix::inet::cidr) STORED;
-- What tells rows apart comes first: pages that are split by a VRF which most rows have in common tell nothing, and an
-- insert among a hundred thousand takes ten times as long.
ALTER TABLE prefix ADD CONSTRAINT prefix_overlap
    EXCLUDE USING gist (net inet_ops WITH &&, vrf_id WITH =);

ALTER TABLE pool ADD COLUMN net CIDR NOT NULL GENERATED ALWAYS AS (prefix::inet::cidr) STORED;
ALTER TABLE pool ADD CONSTRAINT pool_overlap
    EXCLUDE USING gist (net inet_ops WITH &&, vrf_id WITH =);

ALTER TABLE asn_range ADD CONSTRAINT asn_range_overlap
    EXCLUDE USING gist (int8range(first, last, '[]') WITH &&);

CREATE TYPE moxxie_inetrange AS RANGE (subtype = inet);
ALTER TABLE ip_range ADD COLUMN span moxxie_inetrange NOT NULL
    GENERATED ALWAYS AS (moxxie_inetrange(first_text::inet, last_text::inet, '[]')) STORED;
ALTER TABLE ip_range ADD CONSTRAINT range_overlap
    EXCLUDE USING gist (prefix_id WITH =, span WITH &&);

-- What changes whether and how addresses of a network may be given out moves the fence of its spaces.
CREATE FUNCTION moxxie_network_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'network' THEN
        UPDATE space SET version = version + 1 WHERE network_id = NEW.id;
    ELSIF TG_TABLE_NAME = 'site' THEN
        UPDATE space SET version = version + 1
        WHERE network_id IN (SELECT id FROM network WHERE site_id = NEW.id);
    ELSIF TG_TABLE_NAME = 'domain' THEN
        UPDATE space SET version = version + 1
        WHERE network_id IN (SELECT network_id FROM attachment WHERE domain_id = NEW.id);
    ELSIF TG_TABLE_NAME = 'pool' THEN
        UPDATE space SET version = version + 1
        WHERE prefix_id IN (SELECT id FROM prefix WHERE pool_id = NEW.id);
    ELSIF TG_TABLE_NAME = 'change' THEN
        UPDATE space SET version = version + 1
        WHERE network_id IN (SELECT network_id FROM change_network WHERE change_id = NEW.id);
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE space SET version = version + 1 WHERE network_id = OLD.network_id;
    ELSE
        UPDATE space SET version = version + 1 WHERE network_id = NEW.network_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER network_moved AFTER UPDATE ON network
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();
CREATE TRIGGER site_moved AFTER UPDATE OF hand_off ON site
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();
CREATE TRIGGER domain_moved AFTER UPDATE OF encapsulation ON domain
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();
CREATE TRIGGER change_opened AFTER INSERT ON change_network
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();
CREATE TRIGGER change_moved AFTER UPDATE OF state, kind ON change
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();
CREATE TRIGGER pool_moved AFTER UPDATE OF quarantine ON pool
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();
CREATE TRIGGER ip_range_moved AFTER INSERT OR UPDATE OR DELETE ON ip_range
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_moved();

-- Another prefix or gateway means other hosts: what is free is computed anew when next asked for.
CREATE FUNCTION moxxie_network_reshaped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM space WHERE network_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER network_reshaped AFTER UPDATE OF prefix, gateway, prefix6, gateway6 ON network
    FOR EACH ROW EXECUTE FUNCTION moxxie_network_reshaped();

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
