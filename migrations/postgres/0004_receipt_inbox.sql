-- What providers posted to us, as they said it. Nothing is decided here:
-- settling reads it, and marks what it has seen.
create table receipt_inbox (
    bucket      smallint not null,
    provider    text not null,
    -- The provider's name for the posting, and the receipt's place in it: the
    -- same posting again adds nothing.
    message_id  text not null,
    ordinal     integer not null,
    reminder_id uuid not null,
    attempt     integer not null,
    fate        text not null,
    at          timestamptz not null,
    received_at timestamptz not null,
    -- When it is looked at (again); null once it is settled.
    next_at     timestamptz,
    settled_at  timestamptz,
    primary key (bucket, provider, message_id, ordinal),
    check ((next_at is null) = (settled_at is not null))
);
-- A row lies in one of these at a time, so that taking it in writes one alone.
create index receipt_inbox_next on receipt_inbox (next_at) where next_at is not null;
create index receipt_inbox_settled on receipt_inbox (settled_at) where settled_at is not null;
