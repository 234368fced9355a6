-- The policy in force in each community: the adoption with the highest sequence in MEMBER_EVENTS.
CREATE TABLE communities (
    community text PRIMARY KEY,
    organisation text NOT NULL,
    policy_version text NOT NULL,
    policy_seq bigint NOT NULL,
    adopted_at timestamptz NOT NULL,
    responders jsonb NOT NULL,
    -- how many months of history are kept; null for ever
    history_months integer
);

-- The guidance of every policy that was adopted, by reason: a touch keeps that of the policy under which it was raised.
CREATE TABLE playbooks (
    community text NOT NULL,
    policy_version text NOT NULL,
    by_reason jsonb NOT NULL,
    PRIMARY KEY (community, policy_version)
);

-- What of the history has been let go: nothing of the community that happened before is told any more. This is the
-- clock's doing and not the streams': a fold neither reads nor writes it. Up to ``swept``, it is deleted, too.
CREATE TABLE horizons (
    community text PRIMARY KEY,
    before timestamptz NOT NULL,
    swept timestamptz
);

-- One identity of a person on one platform. Each of name, handle and roles is the newest by (event time, seq). ``roles``,
-- and ``extra`` of an event, are JSON that is only ever read as a whole.
CREATE TABLE members (
    key text COLLATE "C" PRIMARY KEY,
    community text NOT NULL,
    platform text NOT NULL,
    member_id text NOT NULL,
    bot boolean NOT NULL,
    name text,
    name_at timestamptz,
    name_seq bigint,
    handle text,
    handle_at timestamptz,
    handle_seq bigint,
    roles text NOT NULL,
    roles_at timestamptz,
    roles_seq bigint,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    events bigint NOT NULL
) WITH (fillfactor = 70);

-- Every member event that was ever taken in, and where its row stands in ``history``. ``key`` stands for (community,
-- source, event); the first arrival wins, however much later and with whatever time another one comes.
CREATE TABLE arrived (
    key text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL,
    time timestamptz NOT NULL,
    member_key text COLLATE "C" NOT NULL
);

-- One row per member event, in a partition for each month (each year, long ago) of the time at which it happened. They
-- are made as they are needed: see periods.py.
CREATE TABLE history (
    key text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    community text NOT NULL,
    platform text NOT NULL,
    source text NOT NULL,
    event text NOT NULL,
    kind text NOT NULL,
    time timestamptz NOT NULL,
    member_key text COLLATE "C" NOT NULL,
    conversation text,
    message text COLLATE "C",
    reply_to text,
    channel text,
    audience text,
    text text,
    url text,
    edited_at timestamptz,
    deleted_at timestamptz,
    extra text NOT NULL,
    PRIMARY KEY (member_key, time, key)
) PARTITION BY RANGE (time);

CREATE INDEX history_written ON history (message) WHERE kind IN ('posted', 'edited');

-- What the team told of members: touches that they asked for, care that they gave elsewhere. ``detail`` is JSON.
CREATE TABLE by_hand (
    key text COLLATE "C" PRIMARY KEY,
    community text NOT NULL,
    member_key text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    time timestamptz NOT NULL,
    responder text NOT NULL,
    text text,
    detail text NOT NULL
);

CREATE INDEX by_hand_of_member ON by_hand (member_key, time);

-- What edits and deletions say of a message, which may not have come yet: each arriving post is looked up here, where
-- there are few rows. ``audience`` is the narrowest of the message's post and edits, null while there is neither.
CREATE TABLE rewrites (
    message text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    community text COLLATE "C" NOT NULL,
    deleted_at timestamptz,
    edited_at timestamptz,
    edited_seq bigint,
    text text,
    audience text,
    PRIMARY KEY (message, source, community)
);
