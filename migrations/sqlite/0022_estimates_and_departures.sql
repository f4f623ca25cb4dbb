-- What is estimated of accounts, whom early warning names, and who left.

-- SQLite cannot change a check: the table is made anew.
create table task_with_more_kinds (
    bucket      integer not null,
    task_id     text not null,
    account_id  text not null,
    kind        text not null check (
        kind in ('care_call', 'key_call', 'review', 'contact_data', 'arrangement', 'concern', 'win_back')
    ),
    reason      text not null,
    opened_at   integer not null,
    -- Promised to be done by then; null where nobody waits for it.
    due_at      integer,
    done_at     integer,
    done_by     text,
    outcome     text,
    -- What the subscriber said when asked; null where nobody asked.
    satisfied   integer,
    arrears     integer not null default 0,
    currency    text,
    tier        text,
    weighed_on  text,
    assigned_to text,
    assigned_at integer,
    primary key (bucket, task_id),
    check ((done_at is null) = (done_by is null))
) strict, without rowid;
insert into task_with_more_kinds (
    bucket, task_id, account_id, kind, reason, opened_at, due_at, done_at, done_by, outcome, satisfied,
    arrears, currency, tier, weighed_on, assigned_to, assigned_at
)
select
    bucket, task_id, account_id, kind, reason, opened_at, due_at, done_at, done_by, outcome, satisfied,
    arrears, currency, tier, weighed_on, assigned_to, assigned_at
from task;
drop table task;
alter table task_with_more_kinds rename to task;
create unique index task_open on task (bucket, account_id, kind) where done_at is null;
create index task_due on task (due_at) where done_at is null;
create index task_of_account on task (bucket, account_id);
create index task_by_id on task (task_id);
create index task_queue on task (kind, arrears, task_id) where done_at is null;
create index task_weighed on task (bucket, weighed_on) where done_at is null and kind = 'review';

-- What an account is worth, how it pays and what contacts may cost.
create table estimate (
    bucket     integer not null,
    account_id text not null,
    -- As JSON.
    body       text not null,
    -- The last day on which it is acted upon.
    expires_on text not null,
    primary key (bucket, account_id)
) strict, without rowid;

-- Steps that were kept back because the subscriber pays alone.
create table spared (
    bucket     integer not null,
    bill_id    text not null,
    step       text not null,
    account_id text not null,
    day        text not null,
    primary key (bucket, bill_id, step)
) strict, without rowid;

-- The watch list: what was seen before anything was overdue, the last time.
create table watch (
    bucket     integer not null,
    account_id text not null,
    watched_on text not null,
    -- The last day on which a friendly word may follow.
    until_on   text not null,
    weight     integer not null,
    -- A friendly word is asked for; else care looks at it.
    is_gentle  integer not null,
    -- As JSON, the weightiest first.
    warnings   text not null,
    primary key (bucket, account_id)
) strict, without rowid;
create index watch_of_day on watch (watched_on);

-- Accounts that left or were barred, each with a code for why.
create table departure (
    bucket        integer not null,
    account_id    text not null,
    left_on       text not null,
    how           text not null check (how in ('left', 'barred')),
    code          text not null,
    -- What the code was told from, in words.
    says          text not null,
    class         text not null,
    tier          text not null,
    attributed_on text not null,
    -- Where staff chose the code; the rules leave it alone then.
    set_by        text,
    -- A way back was offered on this day, once.
    offered_on    text,
    -- It is with us again since.
    back_on       text,
    primary key (bucket, account_id, left_on, how)
) strict, without rowid;
create index departure_of_day on departure (left_on);

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('task', 'task', '10000 10 1'),
    ('task', 'task_open', '1000 2 1 1'),
    ('task', 'task_due', '1000 2'),
    ('task', 'task_of_account', '10000 10 2'),
    ('task', 'task_by_id', '10000 1'),
    ('task', 'task_queue', '1000 250 2 1'),
    ('task', 'task_weighed', '1000 2 1'),
    ('estimate', 'estimate', '1000000 250 1'),
    ('spared', 'spared', '100000 100 1 1'),
    ('watch', 'watch', '100000 100 1'),
    ('watch', 'watch_of_day', '100000 1000'),
    ('departure', 'departure', '10000 10 1 1 1'),
    ('departure', 'departure_of_day', '10000 10');
analyze sqlite_schema;
