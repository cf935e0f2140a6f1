-- How many sessions a client secret may still open. Class, retention, export and erasure are those of the secret.
ALTER TABLE client_secrets ADD COLUMN sessions_left INTEGER NOT NULL DEFAULT 1 CHECK (sessions_left >= 0);
