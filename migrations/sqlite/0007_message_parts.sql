-- Receipts that name a message by the provider's reference, and not by our key.

-- What a provider took, by its own references: one for each part of a message.
-- Written with the outcome ACCEPTED, and kept for a week.
create table message_part (
    provider     text not null,
    provider_ref text not null,
    bucket       integer not null,
    reminder_id  blob not null,
    attempt      integer not null,
    part         integer not null,
    -- Of how many.
    parts        integer not null,
    accepted_at  integer not null,
    -- What became of it; null while that is not known.
    fate         text,
    fate_at      integer,
    -- The references come first: a receipt has nothing else. They need not be
    -- unique; one that is not names nothing.
    primary key (provider, provider_ref, bucket, reminder_id, attempt, part),
    check ((fate is null) = (fate_at is null))
) strict, without rowid;
create index message_part_attempt on message_part (bucket, reminder_id, attempt);
create index message_part_age on message_part (accepted_at);

-- Receipts as they came, until it is known which message they are about: they
-- can be faster than our own writing. The same one again adds nothing.
create table parked_receipt (
    provider     text not null,
    provider_ref text not null,
    fate         text not null,
    at           integer not null,
    received_at  integer not null,
    -- When it is looked at (again).
    next_at      integer not null,
    primary key (provider, provider_ref, fate)
) strict, without rowid;
-- In the order in which they are looked at, so that a page is all that is read.
create index parked_receipt_next on parked_receipt (next_at, provider, provider_ref, fate);

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('message_part', 'message_part', '5000000 1000000 1 1 1 1 1'),
    ('message_part', 'message_part_attempt', '5000000 5000 2 2'),
    ('message_part', 'message_part_age', '5000000 1000'),
    ('parked_receipt', 'parked_receipt', '10000 5000 2 1'),
    ('parked_receipt', 'parked_receipt_next', '10000 10 10 1 1');
analyze sqlite_schema;
