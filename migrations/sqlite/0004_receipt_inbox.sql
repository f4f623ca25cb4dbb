-- What providers posted to us, as they said it. Nothing is decided here:
-- settling reads it, and marks what it has seen.
create table receipt_inbox (
    bucket      integer not null,
    provider    text not null,
    -- The provider's name for the posting, and the receipt's place in it: the
    -- same posting again adds nothing.
    message_id  text not null,
    ordinal     integer not null,
    reminder_id blob not null,
    attempt     integer not null,
    fate        text not null,
    at          integer not null,
    received_at integer not null,
    -- When it is looked at (again); null once it is settled.
    next_at     integer,
    settled_at  integer,
    primary key (bucket, provider, message_id, ordinal),
    check ((next_at is null) = (settled_at is not null))
) strict, without rowid;
-- A row lies in one of these at a time, so that taking it in writes one alone.
create index receipt_inbox_next on receipt_inbox (next_at) where next_at is not null;
create index receipt_inbox_settled on receipt_inbox (settled_at) where settled_at is not null;

-- As in 0002: what SQLite is to assume about the table.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('receipt_inbox', 'receipt_inbox', '5000000 5000 5000 1 1'),
    ('receipt_inbox', 'receipt_inbox_next', '10000 10'),
    ('receipt_inbox', 'receipt_inbox_settled', '5000000 1000');
analyze sqlite_schema;
