-- What subscribers wish of how we reach them.

-- A row is the last word of its kind. One that was taken back stays, so that an
-- older word which comes late does not count.
create table wish (
    bucket     smallint not null,
    account_id text not null,
    -- language, channel, hours
    kind       text not null,
    -- Null where it was taken back.
    value      text,
    said_at    timestamptz not null,
    -- Who brought it: a provider's name, or somebody's of the operator's.
    source     text not null,
    primary key (bucket, account_id, kind)
);
