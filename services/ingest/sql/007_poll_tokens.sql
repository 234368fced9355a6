-- token: what a platform gave for the secret, to be shown until it expires; sealed, and of no use with another secret.
-- asked_at: somebody wants a round now.
ALTER TABLE ingest.polls
    ADD COLUMN token bytea,
    ADD COLUMN asked_at timestamptz;
