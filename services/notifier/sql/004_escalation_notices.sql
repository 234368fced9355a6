-- What a notice is about. Who is told of an escalation is looked up when it is sent, and may be no responder.
ALTER TABLE notifier.notices
    ADD COLUMN kind text NOT NULL DEFAULT 'assignment',
    ALTER COLUMN responder DROP NOT NULL;
