-- What searches need on PostgreSQL beside the keys. Names are compared byte by byte (COLLATE "C"), so
-- that a beginning is a range; parts of names are found by their triples of characters.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE INDEX address_hostname ON address (lower(hostname) COLLATE "C", id) WHERE hostname IS NOT NULL;
CREATE INDEX address_hostname_part ON address USING gin (lower(hostname) gin_trgm_ops) WHERE hostname IS NOT NULL;
CREATE INDEX network_name ON network (name COLLATE "C", id);
CREATE INDEX network_name_part ON network USING gin (name gin_trgm_ops);
