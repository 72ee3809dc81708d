-- What SQLite says differently: non-overlap by triggers, and the audit trail's tables.

-- Prefixes do not overlap each other, so only two neighbours can overlap a new one: the last
-- that begins at or before it, and the first that begins inside it. Both are found by
-- prefix_by_first; SQLite has one writer, so nobody comes in between.
CREATE TRIGGER prefix_overlap_insert BEFORE INSERT ON prefix
BEGIN
    SELECT RAISE(ABORT, 'prefix_overlap')
    WHERE (SELECT last FROM prefix
           WHERE vrf_id = NEW.vrf_id AND family = NEW.family AND first <= NEW.first
           ORDER BY first DESC LIMIT 1) >= NEW.first
       OR EXISTS (SELECT 1 FROM prefix
           WHERE vrf_id = NEW.vrf_id AND family = NEW.family
             AND first > NEW.first AND first <= NEW.last);
END;

CREATE TRIGGER prefix_overlap_update BEFORE UPDATE OF vrf_id, family, first, last ON prefix
BEGIN
    SELECT RAISE(ABORT, 'prefix_overlap')
    WHERE (SELECT last FROM prefix
           WHERE vrf_id = NEW.vrf_id AND family = NEW.family AND first <= NEW.first
             AND id <> OLD.id
           ORDER BY first DESC LIMIT 1) >= NEW.first
       OR EXISTS (SELECT 1 FROM prefix
           WHERE vrf_id = NEW.vrf_id AND family = NEW.family
             AND first > NEW.first AND first <= NEW.last AND id <> OLD.id);
END;

CREATE UNIQUE INDEX pool_by_first ON pool (vrf_id, family, first);

CREATE TRIGGER pool_overlap_insert BEFORE INSERT ON pool
BEGIN
    SELECT RAISE(ABORT, 'pool_overlap')
    WHERE EXISTS (SELECT 1 FROM pool
        WHERE vrf_id = NEW.vrf_id AND family = NEW.family AND first <= NEW.last AND last >= NEW.first);
END;

CREATE TRIGGER pool_overlap_update BEFORE UPDATE OF vrf_id, family, first, last ON pool
BEGIN
    SELECT RAISE(ABORT, 'pool_overlap')
    WHERE EXISTS (SELECT 1 FROM pool
        WHERE vrf_id = NEW.vrf_id AND family = NEW.family AND first <= NEW.last AND last >= NEW.first
          AND id <> OLD.id);
END;

CREATE TRIGGER asn_range_overlap_insert BEFORE INSERT ON asn_range
BEGIN
    SELECT RAISE(ABORT, 'asn_range_overlap')
    WHERE EXISTS (SELECT 1 FROM asn_range WHERE first <= NEW.last AND last >= NEW.first);
END;

CREATE TRIGGER asn_range_overlap_update BEFORE UPDATE OF first, last ON asn_range
BEGIN
    SELECT RAISE(ABORT, 'asn_range_overlap')
    WHERE EXISTS (SELECT 1 FROM asn_range
        WHERE first <= NEW.last AND last >= NEW.first AND id <> OLD.id);
END;

CREATE TRIGGER ip_range_overlap_insert BEFORE INSERT ON ip_range
BEGIN
    SELECT RAISE(ABORT, 'range_overlap')
    WHERE EXISTS (SELECT 1 FROM ip_range
        WHERE prefix_id = NEW.prefix_id AND first <= NEW.last AND last >= NEW.first AND id <> '');
END;

CREATE TRIGGER ip_range_overlap_update BEFORE UPDATE ON ip_range
BEGIN
    SELECT RAISE(ABORT, 'range_overlap')
    WHERE EXISTS (SELECT 1 FROM ip_range
        WHERE prefix_id = NEW.prefix_id AND first <= NEW.last AND last >= NEW.first AND id <> OLD.id);
END;

-- What changes whether and how addresses of a network may be given out moves the fence of its spaces.
CREATE TRIGGER network_moved AFTER UPDATE ON network
BEGIN UPDATE space SET version = version + 1 WHERE network_id = NEW.id; END;
CREATE TRIGGER site_moved AFTER UPDATE OF hand_off ON site
BEGIN UPDATE space SET version = version + 1 WHERE network_id IN (SELECT id FROM network WHERE site_id = NEW.id); END;
CREATE TRIGGER domain_moved AFTER UPDATE OF encapsulation ON domain
BEGIN UPDATE space SET version = version + 1 WHERE network_id IN (SELECT network_id FROM attachment WHERE domain_id = NEW.id); END;
CREATE TRIGGER pool_moved AFTER UPDATE OF quarantine ON pool
BEGIN
    UPDATE space SET version = version + 1 WHERE prefix_id IN (SELECT id FROM prefix WHERE pool_id = NEW.id);
END;
CREATE TRIGGER change_opened AFTER INSERT ON change_network
BEGIN UPDATE space SET version = version + 1 WHERE network_id = NEW.network_id; END;
CREATE TRIGGER change_moved AFTER UPDATE OF state, kind ON change
BEGIN
    UPDATE space SET version = version + 1
    WHERE network_id IN (SELECT network_id FROM change_network WHERE change_id = NEW.id);
END;
CREATE TRIGGER ip_range_insert AFTER INSERT ON ip_range
BEGIN UPDATE space SET version = version + 1 WHERE network_id = NEW.network_id; END;
CREATE TRIGGER ip_range_update AFTER UPDATE ON ip_range
BEGIN UPDATE space SET version = version + 1 WHERE network_id = NEW.network_id; END;
CREATE TRIGGER ip_range_delete AFTER DELETE ON ip_range
BEGIN UPDATE space SET version = version + 1 WHERE network_id = OLD.network_id; END;

-- Another prefix or gateway means other hosts: what is free is computed anew when next asked for.
CREATE TRIGGER network_reshaped AFTER UPDATE OF prefix, gateway, prefix6, gateway6 ON network
BEGIN DELETE FROM space WHERE network_id = NEW.id; END;

CREATE TABLE audit_event (
    position INTEGER PRIMARY KEY,
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

-- REPLACE removes rows without asking delete triggers, so a row in the way of an insert is refused too.
CREATE TRIGGER audit_event_insert BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE position = NEW.position OR id = NEW.id
             OR (writer = NEW.writer AND seq = NEW.seq))
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER audit_checkpoint_insert BEFORE INSERT ON audit_checkpoint
WHEN EXISTS (SELECT 1 FROM audit_checkpoint WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'append_only'); END;
