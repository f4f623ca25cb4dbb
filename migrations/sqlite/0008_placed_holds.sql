-- Holds that were placed here, and what subscribers said of them.

-- What was said beyond the meaning, as JSON.
alter table reply add column details text;

-- Beside `hold`, which is the billing system's.
create table placed_hold (
    bucket     integer not null,
    -- That of the reply from which it follows, or one of its own.
    hold_id    text not null,
    account_id text not null,
    bill_id    text,
    kind       text not null,
    starts_on  text not null,
    ends_on    text not null,
    -- Promised or disputed minor units; all of it where null.
    amount     integer,
    currency   text,
    -- `subscriber`, or somebody's name.
    owner      text not null,
    reason     text not null,
    placed_at  integer not null,
    -- How it ended; null until somebody has looked. A lifted one holds no more.
    ended      text,
    ended_at   integer,
    ended_by   text,
    primary key (bucket, hold_id),
    check ((ended is null) = (ended_at is null))
) strict, without rowid;
create index placed_hold_of_account on placed_hold (bucket, account_id);
create index placed_hold_by_account on placed_hold (account_id);
create index placed_hold_by_id on placed_hold (hold_id);
create index placed_hold_open on placed_hold (bucket, ends_on) where ended is null;

-- As in 0002: what SQLite is to assume about the table.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('placed_hold', 'placed_hold', '100000 100 1'),
    ('placed_hold', 'placed_hold_of_account', '100000 100 2'),
    ('placed_hold', 'placed_hold_by_account', '100000 2'),
    ('placed_hold', 'placed_hold_by_id', '100000 1'),
    ('placed_hold', 'placed_hold_open', '10000 10 5');
analyze sqlite_schema;
