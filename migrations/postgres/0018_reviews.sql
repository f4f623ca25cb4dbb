-- Review cases: how much is at stake and who looks at it, what was proposed about
-- them and by whom, and what the billing system is advised to do.

-- Of reviews alone: what is overdue in the account's main currency, as of a day.
alter table task add column arrears bigint not null default 0;
alter table task add column currency text;
alter table task add column tier text;
alter table task add column weighed_on date;
alter table task add column assigned_to text;
alter table task add column assigned_at timestamptz;
-- Those that are open already are weighed with the first look.
update task set weighed_on = date '1970-01-01' where kind = 'review';
-- The queue, page by page, from its end.
create index task_queue on task (kind, arrears, task_id) where done_at is null;
-- Those that a new day looks at.
create index task_weighed on task (bucket, weighed_on) where done_at is null and kind = 'review';

create table proposal (
    bucket      smallint not null,
    proposal_id text not null,
    task_id     text not null,
    account_id  text not null,
    outcome     text not null check (outcome in ('return_to_ladder', 'arrangement', 'care_transfer', 'fraud_transfer', 'exempt', 'restrict', 'terminate', 'write_off')),
    instalments integer,
    first_on    date,
    reason      text not null,
    note        text not null,
    proposed_by text not null check (trim(proposed_by) <> ''),
    proposed_at timestamptz not null,
    expires_at  timestamptz not null,
    needs_two   boolean not null,
    -- What it rests on: canonical JSON, and its SHA-256 in hex.
    evidence    text not null,
    digest      text not null,
    -- Null while somebody is to decide.
    verdict     text check (verdict in ('approved', 'refused', 'withdrawn', 'void', 'expired')),
    decided_by  text,
    decided_at  timestamptz,
    decided_note text,
    primary key (bucket, proposal_id),
    check ((verdict is null) = (decided_by is null)),
    check ((verdict is null) = (decided_at is null)),
    check ((outcome = 'arrangement') = (instalments is not null and first_on is not null)),
    -- Two people: whoever writes here, by whatever code.
    check (needs_two or outcome not in ('terminate', 'write_off', 'exempt')),
    check (not needs_two or verdict is null or verdict <> 'approved' or lower(trim(decided_by)) <> lower(trim(proposed_by)))
);
create unique index proposal_open on proposal (bucket, task_id) where verdict is null;
create index proposal_of_task on proposal (bucket, task_id, proposed_at);
create index proposal_of_account on proposal (bucket, account_id);
create index proposal_by_id on proposal (proposal_id);
create index proposal_expiring on proposal (bucket, expires_at) where verdict is null;

-- What leaves for the billing system, in the transaction of the decision.
create table advice (
    bucket     smallint not null,
    advice_id  text not null,
    account_id text not null,
    outcome    text not null,
    -- Word for word.
    body       text not null,
    made_at    timestamptz not null,
    -- The next attempt; null where there will be none.
    next_at    timestamptz,
    attempts   integer not null default 0,
    -- Taken by the billing system, or seen to by somebody.
    sent_at    timestamptz,
    last_error text,
    primary key (bucket, advice_id),
    check (sent_at is null or next_at is null)
);
create index advice_due on advice (bucket, next_at) where next_at is not null;
create index advice_by_id on advice (advice_id);
