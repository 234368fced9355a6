-- Everything that was said about a touch, by triage (origin 'need') and by notifier (origin 'fact'). ``detail``, and in
-- touches evidence, measured, thresholds, explained and why, are JSON that is only ever read as a whole.
CREATE TABLE touch_timeline (
    touch text NOT NULL,
    origin text NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    responder text,
    detail text NOT NULL,
    PRIMARY KEY (touch, origin, revision, kind)
);

-- The change feed's mark: the highest sequence folded from either stream.
CREATE INDEX touch_timeline_seq ON touch_timeline (origin, seq);

-- One row per touch. TOUCHES and TOUCH_FACTS write disjoint columns, each group guarded by its own revision, so that
-- the two streams may be folded in any interleaving.
CREATE TABLE touches (
    touch text PRIMARY KEY,
    -- raised or revised: from needs-touch
    need_revision integer,
    organisation text,
    community text,
    segment text,
    reason text,
    urgency text,
    care_load integer,
    member_key text,
    member_platform text,
    member_id text,
    about text,
    conversation text,
    since timestamptz,
    raised_at timestamptz,
    rank integer,
    ranked_from timestamptz,
    evidence text,
    rule text,
    policy_version text,
    measured text,
    thresholds text,
    explained text,
    -- the need ended: withdrawn or met, from TOUCHES
    ended_revision integer,
    ended_kind text,
    ended_at timestamptz,
    ended_cause text,
    -- where it stands: from touch facts
    fact_revision integer,
    standing_revision integer,
    standing text,
    responder text,
    hold text,
    outcome text,
    changed_at timestamptz,
    -- since when and why it waits for anybody to claim it
    escalation_revision integer,
    escalated_at timestamptz,
    escalation_cause text,
    -- why this human and why not the others: the newest routing
    why_revision integer,
    why text,
    state text NOT NULL GENERATED ALWAYS AS
        (coalesce(standing, CASE WHEN ended_at IS NULL THEN 'raised' ELSE 'withdrawn' END)) STORED
) WITH (fillfactor = 70);

-- The queue's order, whole and for each thing that it is narrowed by: a page is read from its beginning, never sorted.
CREATE INDEX touches_open ON touches (rank, ranked_from, touch)
    WHERE state IN ('raised', 'held', 'assigned', 'claimed') AND reason IS NOT NULL;
CREATE INDEX touches_open_of_community ON touches (community, rank, ranked_from, touch)
    WHERE state IN ('raised', 'held', 'assigned', 'claimed') AND reason IS NOT NULL;
CREATE INDEX touches_open_of_responder ON touches (responder, rank, ranked_from, touch)
    WHERE state IN ('raised', 'held', 'assigned', 'claimed') AND reason IS NOT NULL AND responder IS NOT NULL;
CREATE INDEX touches_open_for_reason ON touches (reason, rank, ranked_from, touch)
    WHERE state IN ('raised', 'held', 'assigned', 'claimed') AND reason IS NOT NULL;
CREATE INDEX touches_open_of_segment ON touches (segment, rank, ranked_from, touch)
    WHERE state IN ('raised', 'held', 'assigned', 'claimed') AND reason IS NOT NULL;
CREATE INDEX touches_escalated ON touches (rank, ranked_from, touch) WHERE escalated_at IS NOT NULL;
CREATE INDEX touches_of_member ON touches (member_key);
CREATE INDEX touches_of_state ON touches (state, rank, ranked_from, touch);

-- What was measured of tone for touches of the community that ended before is let go. This is the clock's doing and not
-- the streams': a fold neither reads nor writes it. Up to ``swept``, it is gone from the rows, too.
CREATE TABLE horizons (
    community text PRIMARY KEY,
    before timestamptz NOT NULL,
    swept timestamptz
);

-- How many open touches there are of each kind. One touch counts once for each facet; no row means none.
CREATE TABLE touch_tallies (
    facet text NOT NULL,
    value text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (facet, value)
) WITH (fillfactor = 50);
