-- The policy in force in each community: the adoption with the highest sequence in MEMBER_EVENTS.
CREATE TABLE communities (
    community text PRIMARY KEY,
    organisation text NOT NULL,
    policy_version text NOT NULL,
    policy_seq bigint NOT NULL,
    adopted_at timestamptz NOT NULL,
    responders jsonb NOT NULL,
    -- how many months of history are kept; null for ever
    history_months integer,
    -- what tells that identities may be one person
    linking jsonb NOT NULL,
    -- which cohorts there are, in order
    segments jsonb NOT NULL,
    -- how long what was measured of tone is told after its touch ended
    scores_kept_days double precision NOT NULL
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

CREATE INDEX members_by_handle ON members (community, lower(handle)) WHERE handle IS NOT NULL;

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
    -- whether its text was changed or deleted since, so that the stream is to hold it no more
    superseded boolean NOT NULL DEFAULT false,
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

-- What was told of two identities, by the key of the fact: what comes again changes nothing.
CREATE TABLE links_told (
    key text COLLATE "C" PRIMARY KEY
);

-- Which identities are one person: a row for each direction of a link that holds, with the fact that made it.
CREATE TABLE links (
    member_key text COLLATE "C" NOT NULL,
    other_key text COLLATE "C" NOT NULL,
    other_platform text NOT NULL,
    other_id text NOT NULL,
    key text COLLATE "C" NOT NULL,
    community text NOT NULL,
    time timestamptz NOT NULL,
    responder text,
    rule text,
    why text NOT NULL,
    PRIMARY KEY (member_key, other_key)
);

-- Pairs of which somebody said that they are not one person: they are not suggested again until they are linked.
CREATE TABLE parted (
    member_key text COLLATE "C" NOT NULL,
    other_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (member_key, other_key)
);

-- What tells that identities may be one person: what stands for an e-mail address (kind address), and a login that the
-- profile names on another platform (kind account, value platform:login).
CREATE TABLE clues (
    community text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    member_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (community, kind, value, member_key)
);

CREATE INDEX clues_of_member ON clues (member_key);

-- What edits and deletions say of a message, which may not have come yet: each arriving post is looked up here, where
-- there are few rows. A message is gone that was deleted and not recovered since; ``text`` is that of its newest edit, if
-- it was not deleted since. ``audience`` is the narrowest of the message's post and edits, null while there is neither.
CREATE TABLE rewrites (
    message text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    community text COLLATE "C" NOT NULL,
    deleted_at timestamptz,
    recovered_at timestamptz,
    edited_at timestamptz,
    edited_seq bigint,
    text text,
    audience text,
    PRIMARY KEY (message, source, community)
);

-- Texts that are to go from the stream, by the sequence of their message, with their event's key: a list of what is to
-- do, and no view of what was told.
CREATE TABLE superseded (
    seq bigint PRIMARY KEY,
    community text NOT NULL,
    key text COLLATE "C" NOT NULL
);

-- Where in the stream a text stands once more, of an event that came again after the stream's window: should the text be
-- superseded, it is to go from there, too.
CREATE TABLE repeats (
    key text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    community text NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (key, seq)
);
