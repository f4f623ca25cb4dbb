-- What days came to, what subscribers agreed to, and who they are.

-- One row for each day and sign of a bucket: reminders planned, and subscribers
-- who asked to be left alone. The brake holds a day against those before it.
create table tally (
    bucket smallint not null,
    day    date not null,
    -- planned, stops
    sign   text not null,
    n      bigint not null,
    primary key (bucket, day, sign)
) with (fillfactor = 70);
create index tally_of_day on tally (day);

-- What a subscriber agreed to or refused, for each channel and purpose. Rows are
-- added and never changed: the latest counts, and of two of one instant a refusal.
create table consent (
    bucket     smallint not null,
    account_id text not null,
    channel    text not null,
    -- reminder, marketing
    purpose    text not null,
    said_at    timestamptz not null,
    is_given   boolean not null,
    -- Who brought it: a provider's name, or somebody's of the operator's.
    source     text not null,
    -- Where it can be shown: a reply, a document, a recording.
    proof      text not null,
    noted_at   timestamptz not null,
    primary key (bucket, account_id, channel, purpose, said_at, is_given)
);

-- One person may have several accounts, where the source says so.
alter table account add column person_id text;
alter table contact add column person text;
