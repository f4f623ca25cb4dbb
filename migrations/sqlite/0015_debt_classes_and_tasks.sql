-- Why accounts do not pay, as it was judged or set, and what people are to do.

create table debt_class (
    bucket     integer not null,
    account_id text not null,
    -- One of staff wins over that of the rules until its last day.
    source     text not null check (source in ('rules', 'staff')),
    class      text not null,
    confidence integer not null,
    -- With its reasons, as JSON; null where staff set it.
    verdict    text,
    judged_on  text not null,
    -- The last day on which it is acted upon.
    expires_on text not null,
    set_by     text,
    reason     text,
    primary key (bucket, account_id, source),
    check ((source = 'rules') = (verdict is not null)),
    check ((source = 'staff') = (set_by is not null and reason is not null))
) strict, without rowid;
create index debt_class_ending on debt_class (bucket, expires_on);

-- Whose bills became overdue through this day was judged, per bucket.
create table assess_mark (
    bucket           integer primary key,
    assessed_through text not null
) strict, without rowid;

create table task (
    bucket     integer not null,
    task_id    text not null,
    account_id text not null,
    kind       text not null check (kind in ('care_call', 'key_call', 'review', 'contact_data')),
    reason     text not null,
    opened_at  integer not null,
    -- Promised to be done by then; null where nobody waits for it.
    due_at     integer,
    done_at    integer,
    done_by    text,
    outcome    text,
    -- What the subscriber said when asked; null where nobody asked.
    satisfied  integer,
    primary key (bucket, task_id),
    check ((done_at is null) = (done_by is null))
) strict, without rowid;
create unique index task_open on task (bucket, account_id, kind) where done_at is null;
create index task_due on task (due_at) where done_at is null;
create index task_of_account on task (bucket, account_id);
create index task_by_id on task (task_id);

-- As in 0002: what SQLite is to assume about the tables.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('debt_class', 'debt_class', '100000 100 1 1'),
    ('debt_class', 'debt_class_ending', '100000 100 5'),
    ('task', 'task', '10000 10 1'),
    ('task', 'task_open', '1000 2 1 1'),
    ('task', 'task_due', '1000 2'),
    ('task', 'task_of_account', '10000 10 2'),
    ('task', 'task_by_id', '10000 1');
analyze sqlite_schema;
