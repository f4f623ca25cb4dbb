-- What subscribers say to us, and on which channels an account is not to be
-- reached because of it.

create table reply (
    bucket      integer not null,
    -- Derived from the provider's name for the posting and the reply's place in
    -- it: the same posting again adds nothing.
    reply_id    text not null,
    provider    text not null,
    channel     text not null,
    -- The attempt that it answers, where the provider tells.
    reminder_id blob,
    attempt     integer,
    -- E.164 or an e-mail address.
    address     text,
    meaning     text not null,
    -- As they came.
    words       text,
    at          integer not null,
    received_at integer not null,
    -- Whose it is; null until it is settled, and where nobody knows.
    account_id  text,
    settled_at  integer,
    -- Somebody is to read it, and did.
    for_people  integer not null,
    done_at     integer,
    done_by     text,
    primary key (bucket, reply_id),
    check ((done_at is null) = (done_by is null))
) strict, without rowid;
create index reply_open on reply (received_at) where settled_at is null;
create index reply_for_people on reply (received_at) where for_people = 1 and done_at is null;
create index reply_of_account on reply (account_id) where account_id is not null;

-- A row is the last word of its cause. One that is lifted stays, so that an
-- older word which comes late does not count.
create table suppression (
    bucket     integer not null,
    account_id text not null,
    channel    text not null,
    cause      text not null,
    is_lifted  integer not null,
    -- The address that was meant. Some causes hold for it alone.
    address    text,
    said_at    integer not null,
    -- Who brought it: a provider's name.
    source     text not null,
    primary key (bucket, account_id, channel, cause)
) strict, without rowid;

-- Whose address a reply came from.
create index account_by_phone on account (phone) where phone is not null;
create index account_by_email on account (lower(email)) where email is not null;

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('reply', 'reply', '100000 100 1'),
    ('reply', 'reply_open', '100 1'),
    ('reply', 'reply_for_people', '1000 1'),
    ('reply', 'reply_of_account', '100000 2'),
    ('suppression', 'suppression', '50000 50 2 1 1'),
    ('account', 'account_by_phone', '1000000 1'),
    ('account', 'account_by_email', '1000000 1');
analyze sqlite_schema;
