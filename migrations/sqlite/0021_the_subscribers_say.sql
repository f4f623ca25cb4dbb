-- What days came to, what subscribers agreed to, and who they are.

-- One row for each day and sign of a bucket: reminders planned, and subscribers
-- who asked to be left alone. The brake holds a day against those before it.
create table tally (
    bucket integer not null,
    day    text not null,
    -- planned, stops
    sign   text not null,
    n      integer not null,
    primary key (bucket, day, sign)
) strict, without rowid;
create index tally_of_day on tally (day, sign, n);

-- What a subscriber agreed to or refused, for each channel and purpose. Rows are
-- added and never changed: the latest counts, and of two of one instant a refusal.
create table consent (
    bucket     integer not null,
    account_id text not null,
    channel    text not null,
    -- reminder, marketing
    purpose    text not null,
    said_at    integer not null,
    is_given   integer not null check (is_given in (0, 1)),
    -- Who brought it: a provider's name, or somebody's of the operator's.
    source     text not null,
    -- Where it can be shown: a reply, a document, a recording.
    proof      text not null,
    noted_at   integer not null,
    primary key (bucket, account_id, channel, purpose, said_at, is_given)
) strict, without rowid;

-- One person may have several accounts, where the source says so.
alter table account add column person_id text;
alter table contact add column person text;

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('tally', 'tally', '75000 75 2 1'),
    ('tally', 'tally_of_day', '75000 2000 1000 10'),
    ('consent', 'consent', '50000 50 2 1 1 1 1');
analyze sqlite_schema;
