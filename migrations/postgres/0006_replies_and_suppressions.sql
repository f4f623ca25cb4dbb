-- What subscribers say to us, and on which channels an account is not to be
-- reached because of it.

create table reply (
    bucket      smallint not null,
    -- Derived from the provider's name for the posting and the reply's place in
    -- it: the same posting again adds nothing.
    reply_id    text not null,
    provider    text not null,
    channel     text not null,
    -- The attempt that it answers, where the provider tells.
    reminder_id uuid,
    attempt     integer,
    -- E.164 or an e-mail address.
    address     text,
    meaning     text not null,
    -- As they came.
    words       text,
    at          timestamptz not null,
    received_at timestamptz not null,
    -- Whose it is; null until it is settled, and where nobody knows.
    account_id  text,
    settled_at  timestamptz,
    -- Somebody is to read it, and did.
    for_people  boolean not null,
    done_at     timestamptz,
    done_by     text,
    primary key (bucket, reply_id),
    check ((done_at is null) = (done_by is null))
);
create index reply_open on reply (received_at) where settled_at is null;
create index reply_for_people on reply (received_at) where for_people and done_at is null;
create index reply_of_account on reply (account_id) where account_id is not null;
alter table reply set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- A row is the last word of its cause. One that is lifted stays, so that an
-- older word which comes late does not count.
create table suppression (
    bucket     smallint not null,
    account_id text not null,
    channel    text not null,
    cause      text not null,
    is_lifted  boolean not null,
    -- The address that was meant. Some causes hold for it alone.
    address    text,
    said_at    timestamptz not null,
    -- Who brought it: a provider's name.
    source     text not null,
    primary key (bucket, account_id, channel, cause)
);

-- Whose address a reply came from.
create index account_by_phone on account (phone) where phone is not null;
create index account_by_email on account (lower(email)) where email is not null;
