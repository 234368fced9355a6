-- How far settled touches were taken back into MEMBER_EVENTS.
CREATE TABLE ingest.feedback_positions (
    reader text PRIMARY KEY,
    position bigint NOT NULL
);
