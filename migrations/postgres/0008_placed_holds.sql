-- Holds that were placed here, and what subscribers said of them.

-- What was said beyond the meaning, as JSON.
alter table reply add column details text;

-- Beside `hold`, which is the billing system's.
create table placed_hold (
    bucket     smallint not null,
    -- That of the reply from which it follows, or one of its own.
    hold_id    text not null,
    account_id text not null,
    bill_id    text,
    kind       text not null,
    starts_on  date not null,
    ends_on    date not null,
    -- Promised or disputed minor units; all of it where null.
    amount     bigint,
    currency   text,
    -- `subscriber`, or somebody's name.
    owner      text not null,
    reason     text not null,
    placed_at  timestamptz not null,
    -- How it ended; null until somebody has looked. A lifted one holds no more.
    ended      text,
    ended_at   timestamptz,
    ended_by   text,
    primary key (bucket, hold_id),
    check ((ended is null) = (ended_at is null))
);
create index placed_hold_of_account on placed_hold (bucket, account_id);
create index placed_hold_by_account on placed_hold (account_id);
create index placed_hold_by_id on placed_hold (hold_id);
create index placed_hold_open on placed_hold (bucket, ends_on) where ended is null;
