CREATE TABLE IF NOT EXISTS people (
    name TEXT PRIMARY KEY,
    password TEXT NOT NULL,            -- Argon2id
    is_one_time INTEGER NOT NULL,      -- to be replaced as it is used
    is_demo INTEGER NOT NULL,          -- of a simulated hospital: the password was printed
    created_at TEXT NOT NULL,
    disabled_at TEXT,
    generation INTEGER NOT NULL DEFAULT 0  -- rises when sessions and devices of before are to end
) STRICT;

CREATE TABLE IF NOT EXISTS roles (
    name TEXT NOT NULL REFERENCES people (name),
    role TEXT NOT NULL,
    until_at TEXT,                     -- of an acting role
    PRIMARY KEY (name, role)
) STRICT;

CREATE TABLE IF NOT EXISTS wards (
    name TEXT NOT NULL REFERENCES people (name),
    ward_id TEXT NOT NULL,
    PRIMARY KEY (name, ward_id)
) STRICT;

CREATE TABLE IF NOT EXISTS devices (
    digest TEXT NOT NULL,              -- SHA-256 of the device's secret
    name TEXT NOT NULL REFERENCES people (name),
    generation INTEGER NOT NULL,
    pin TEXT,                          -- Argon2id of the PIN with the device's secret
    wrong_count INTEGER NOT NULL DEFAULT 0,
    bound_at TEXT NOT NULL,            -- when the password was given on it
    PRIMARY KEY (digest, name)
) STRICT;

CREATE TABLE IF NOT EXISTS sessions (
    digest TEXT PRIMARY KEY,           -- SHA-256 of the session's id
    session_id TEXT NOT NULL,          -- what records call it
    name TEXT NOT NULL REFERENCES people (name),
    generation INTEGER NOT NULL,
    device TEXT,
    started_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    proved_at TEXT NOT NULL,           -- when the password was last given
    locked_at TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS tokens (
    token_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,       -- SHA-256 of the token
    label TEXT NOT NULL,
    role TEXT NOT NULL,
    wards TEXT NOT NULL,               -- with blanks between
    scopes TEXT NOT NULL,              -- with blanks between
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS glass (
    glass_id TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES people (name),
    patient_ref TEXT NOT NULL,         -- canonical
    reason_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    broken_at TEXT NOT NULL,
    until_at TEXT NOT NULL,
    reviewed_by TEXT,
    reviewed_at TEXT
) STRICT;
