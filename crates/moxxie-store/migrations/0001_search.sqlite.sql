-- What searches need on SQLite beside the keys. Parts of names are found by their triples of
-- characters, in a full-text index of every host and network name there ever was; one that nobody has
-- any more does no harm.

CREATE INDEX address_hostname ON address (lower(hostname), id) WHERE hostname IS NOT NULL;
CREATE INDEX network_name ON network (name, id);

CREATE TABLE word (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);
CREATE VIRTUAL TABLE word_part USING fts5(text, content = 'word', content_rowid = 'id', tokenize = 'trigram');
CREATE TRIGGER word_insert AFTER INSERT ON word
BEGIN INSERT INTO word_part (rowid, text) VALUES (NEW.id, NEW.text); END;

CREATE TRIGGER address_word_insert AFTER INSERT ON address WHEN NEW.hostname IS NOT NULL
BEGIN
    INSERT INTO word (text) SELECT lower(NEW.hostname)
    WHERE NOT EXISTS (SELECT 1 FROM word WHERE text = lower(NEW.hostname));
END;
CREATE TRIGGER address_word_update AFTER UPDATE OF hostname ON address WHEN NEW.hostname IS NOT NULL
BEGIN
    INSERT INTO word (text) SELECT lower(NEW.hostname)
    WHERE NOT EXISTS (SELECT 1 FROM word WHERE text = lower(NEW.hostname));
END;
CREATE TRIGGER network_word_insert AFTER INSERT ON network
BEGIN
    INSERT INTO word (text) SELECT NEW.name WHERE NOT EXISTS (SELECT 1 FROM word WHERE text = NEW.name);
END;
CREATE TRIGGER network_word_update AFTER UPDATE OF name ON network
BEGIN
    INSERT INTO word (text) SELECT NEW.name WHERE NOT EXISTS (SELECT 1 FROM word WHERE text = NEW.name);
END;
