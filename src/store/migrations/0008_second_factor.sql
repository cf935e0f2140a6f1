-- The second factor of people who sign in. Codes are reckoned from the secret, so it is kept as it is, under the
-- encryption of the whole file; of recovery codes and of the tokens below there are only hashes.
CREATE TABLE second_factors (
    user         TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret       BLOB    NOT NULL CHECK (length(secret) = 20),
    created_at   INTEGER NOT NULL,
    -- None until a first right code proved that an app has the secret.
    confirmed_at INTEGER,
    -- Of this time step and of all before it no code is accepted any more.
    last_step    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recovery_codes (
    user      TEXT NOT NULL REFERENCES second_factors (user) ON DELETE CASCADE,
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (user, code_hash)
) STRICT, WITHOUT ROWID;

-- Sign-ins with the right password that wait for the code.
CREATE TABLE pending_sign_ins (
    token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user);
CREATE INDEX pending_sign_ins_expiry ON pending_sign_ins (expires_at);
