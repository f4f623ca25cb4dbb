-- Receipts that name a message by the provider's reference, and not by our key.

-- What a provider took, by its own references: one for each part of a message.
-- Written with the outcome ACCEPTED, and kept for a week.
create table message_part (
    provider     text not null,
    provider_ref text not null,
    bucket       smallint not null,
    reminder_id  uuid not null,
    attempt      integer not null,
    part         integer not null,
    -- Of how many.
    parts        integer not null,
    accepted_at  timestamptz not null,
    -- What became of it; null while that is not known.
    fate         text,
    fate_at      timestamptz,
    -- The references come first: a receipt has nothing else. They need not be
    -- unique; one that is not names nothing.
    primary key (provider, provider_ref, bucket, reminder_id, attempt, part),
    check ((fate is null) = (fate_at is null))
);
create index message_part_attempt on message_part (bucket, reminder_id, attempt);
create index message_part_age on message_part (accepted_at);

-- Receipts as they came, until it is known which message they are about: they
-- can be faster than our own writing. The same one again adds nothing.
create table parked_receipt (
    provider     text not null,
    provider_ref text not null,
    fate         text not null,
    at           timestamptz not null,
    received_at  timestamptz not null,
    -- When it is looked at (again).
    next_at      timestamptz not null,
    primary key (provider, provider_ref, fate)
);
-- In the order in which they are looked at, so that a page is all that is read.
create index parked_receipt_next on parked_receipt (next_at, provider, provider_ref, fate);

-- Both are written, looked at, and deleted within a week.
alter table message_part set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
alter table parked_receipt set (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
