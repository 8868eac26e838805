/// The statements that upgrade a database from each version to the next; the version is the number
/// of applied upgrades.
///
/// Rows can be added and read; no statement changes or removes them.
pub(super) const MIGRATIONS: [&str; 3] = [
    "CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request TEXT NOT NULL UNIQUE,
        time TEXT NOT NULL,
        reader TEXT NOT NULL,
        subject TEXT NOT NULL,
        level TEXT NOT NULL,
        side TEXT NOT NULL,
        sop_instance_uid TEXT NOT NULL,
        frame INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
    CREATE TRIGGER entry_is_not_removed BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry is never removed'); END;",
    // The second version knows repeats, and the seed by which a reader's cases are shuffled.
    "ALTER TABLE entry ADD COLUMN occasion INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE seed (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL) STRICT;
    CREATE TRIGGER seed_is_not_changed BEFORE UPDATE ON seed
        BEGIN SELECT RAISE(ABORT, 'the seed is never changed'); END;",
    // The third knows discs that a reader has placed.
    "CREATE TABLE disc (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        request TEXT NOT NULL UNIQUE,
        time TEXT NOT NULL,
        reader TEXT NOT NULL,
        subject TEXT NOT NULL,
        sop_instance_uid TEXT NOT NULL,
        frame INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER disc_is_not_changed BEFORE UPDATE ON disc
        BEGIN SELECT RAISE(ABORT, 'a row of discs is never changed'); END;
    CREATE TRIGGER disc_is_not_removed BEFORE DELETE ON disc
        BEGIN SELECT RAISE(ABORT, 'a row of discs is never removed'); END;",
];
