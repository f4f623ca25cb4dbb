-- The ledger (our copy of what matters at the source), the decisions, and the
-- reminders with all that became of them.
--
-- Every key leads with the bucket of the payer. Amounts are minor units.

-- Statements hand instants over as microseconds since 1970 UTC, in either direction.
create function instant(micros bigint) returns timestamptz
    language sql stable strict parallel safe
    return timestamptz 'epoch' + micros * interval '1 microsecond';
create function micros(at timestamptz) returns bigint
    language sql stable strict parallel safe
    return (extract(epoch from at) * 1000000)::bigint;

create table account (
    bucket            smallint not null check (bucket between 0 and 1023),
    account_id        text not null,
    name              text not null,
    language          text not null,
    zone              text not null,
    tier              text not null,
    segment           text not null,
    phone             text,
    email             text,
    preferred_channel text,
    primary key (bucket, account_id)
);
-- Bills and payments name the account alone; this finds its bucket.
create index account_by_id on account (account_id);

create table bill (
    bucket     smallint not null,
    bill_id    text not null,
    account_id text not null,
    currency   text not null,
    amount     bigint not null check (amount >= 0),
    remaining  bigint not null check (remaining >= 0),
    issued_on  date not null,
    due_on     date not null,
    settled_on date,
    primary key (bucket, bill_id)
);
create index bill_by_id on bill (bill_id);
create index bill_of_account on bill (bucket, account_id, issued_on);
-- What falls due is found here: the day's work, never the table.
create index bill_due on bill (bucket, due_on, account_id) where remaining > 0;

create table payment (
    bucket      smallint not null,
    payment_id  text not null,
    account_id  text not null,
    bill_id     text,
    currency    text not null,
    amount      bigint not null check (amount >= 0),
    paid_on     date not null,
    state       text not null check (state in ('pending', 'settled', 'reversed')),
    reversed_on date,
    primary key (bucket, payment_id)
);
create index payment_of_bill on payment (bucket, bill_id);
create index payment_pending on payment (bucket, account_id) where state = 'pending';

create table hold (
    bucket     smallint not null,
    hold_id    text not null,
    account_id text not null,
    bill_id    text,
    kind       text not null,
    starts_on  date not null,
    ends_on    date,
    amount     bigint,
    primary key (bucket, hold_id)
);
create index hold_of_account on hold (bucket, account_id);

-- Accounts whose facts changed since they were last decided about.
create table touched (
    bucket     smallint not null,
    account_id text not null,
    -- Grows with each change, so that one during a decision is not lost.
    changes    bigint not null,
    primary key (bucket, account_id)
);

-- How far each feed was read.
create table feed (
    name           text primary key,
    changed_at     text not null,
    row_id         text not null,
    read_at        timestamptz not null,
    -- When it last moved on: until the overlap has passed since, late rows may come.
    moved_at       timestamptz not null,
    rows_read      bigint not null,
    rows_used      bigint not null,
    rows_set_aside bigint not null
);

create table reject (
    feed           text not null,
    row_id         text not null,
    field          text not null,
    reason         text not null,
    is_warning     boolean not null,
    awaits_account text,
    raw            text not null,
    at             timestamptz not null,
    primary key (feed, row_id, field)
);
create index reject_awaiting on reject (awaits_account) where awaits_account is not null;

-- Scenario versions that decided anything, word for word.
create table policy (
    version    text primary key,
    scenario   text not null,
    body       text not null,
    adopted_at timestamptz not null
);

-- What the operator switched: live:<scenario>, kill_switch.
create table control (
    name  text primary key,
    value text not null,
    at    timestamptz not null
);

-- How far housekeeping and schedules came.
create table mark (
    name text primary key,
    at   timestamptz not null
);

-- Steps of all days through this one are decided, per bucket.
create table plan_mark (
    bucket          smallint primary key,
    planned_through date not null
);

create table dunning_case (
    bucket     smallint not null,
    account_id text not null,
    opened_on  date not null,
    stage      text not null check (stage in ('courtesy', 'soft', 'hard')),
    -- The scenario version of this episode; an edit does not touch it.
    policy     text not null,
    closed_on  date,
    outcome    text,
    primary key (bucket, account_id, opened_on)
);

create table repeat_debtor (
    bucket     smallint not null,
    account_id text not null,
    flagged_on date not null,
    bills      text not null,
    primary key (bucket, account_id)
);

-- Why a step was not sent. Open rows stay due through their limit.
create table why_not (
    bucket     smallint not null,
    account_id text not null,
    bill_id    text not null,
    step       text not null,
    step_on    date not null,
    limit_on   date not null,
    reason     text not null,
    is_open    boolean not null,
    decided_on date not null,
    primary key (bucket, bill_id, step)
);
create index why_not_open on why_not (bucket, account_id) where is_open;

-- One row per reminder that was planned, with its items. Never changed: what
-- became of it is written to submission and transition. Ids begin with the day,
-- so a range of ids is a range of days.
create table reminder (
    bucket      smallint not null,
    reminder_id uuid not null,
    account_id  text not null,
    day         date not null,
    revision    integer not null,
    scenario    text not null,
    policy      text not null,
    step        text not null,
    severity    text not null,
    channels    text not null,
    -- JSON array of {bill_id, step, step_on, limit_on}.
    items       text not null,
    planned_at  timestamptz not null,
    send_after  timestamptz not null,
    send_before timestamptz not null,
    primary key (bucket, reminder_id)
) partition by range (reminder_id);
-- Ranges of days may be given partitions of their own; what has none lies here.
create table reminder_other partition of reminder default;
create index reminder_of_account on reminder (bucket, account_id, day);
create index reminder_window on reminder (bucket, send_before);

-- First attempts. A row is two things at once: the key (account, day), and the
-- mark SUBMITTING. Taken before the provider is called, given back only when
-- certainly nothing left.
create table submission (
    bucket      smallint not null,
    account_id  text not null,
    day         date not null,
    reminder_id uuid not null,
    at          timestamptz not null,
    channel     text not null,
    provider    text not null,
    primary key (bucket, account_id, day)
) partition by range (day);
-- Ranges of days may be given partitions of their own; what has none lies here.
create table submission_other partition of submission default;

-- The other key that makes sending once: a bill at a step. Taken and given
-- back with the submission.
create table sent_item (
    bucket      smallint not null,
    bill_id     text not null,
    step        text not null,
    account_id  text not null,
    day         date not null,
    reminder_id uuid not null,
    primary key (bucket, bill_id, step)
);

-- The life of a reminder apart from its first SUBMITTING, append-only. Two
-- writers cannot both append one seq.
create table transition (
    bucket       smallint not null,
    reminder_id  uuid not null,
    seq          integer not null,
    state        text not null,
    at           timestamptz not null,
    attempt      integer not null,
    channel      text,
    provider     text,
    provider_ref text,
    reason       text,
    note         text,
    -- When something must happen: the retry, or the deadline of a receipt.
    next_at      timestamptz,
    primary key (bucket, reminder_id, seq)
) partition by range (reminder_id);
-- Ranges of days may be given partitions of their own; what has none lies here.
create table transition_other partition of transition default;
create unique index transition_attempt on transition (bucket, reminder_id, attempt) where state = 'submitting';
create index transition_next on transition (state, next_at) where next_at is not null;

-- Each reminder with the last thing that happened to it.
create view reminder_standing as
select
    r.bucket, r.reminder_id,
    coalesce(t.state, case when s.at is null then 'planned' else 'submitting' end) as state
from reminder as r
left join submission as s
    on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
left join transition as t
    on t.bucket = r.bucket and t.reminder_id = r.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = r.bucket and last.reminder_id = r.reminder_id
    );
