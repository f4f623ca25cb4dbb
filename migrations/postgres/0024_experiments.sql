-- Experiments: what is asked is written down before there is anything to see, and who
-- came into which arm with which bill.

create table experiment (
    name        text primary key,
    -- JSON, letter for letter.
    design      text not null,
    -- What the lots are drawn with.
    lot_key     text not null,
    proposed_by text not null check (trim(proposed_by) <> ''),
    proposed_at timestamptz not null,
    reason      text not null,
    approved_by text,
    approved_at timestamptz,
    approval    text,
    stopped_by  text,
    stopped_at  timestamptz,
    stop_reason text,
    check ((approved_by is null) = (approved_at is null)),
    check ((stopped_by is null) = (stopped_at is null)),
    -- Two people: whoever writes here, by whatever code.
    check (approved_by is null or lower(trim(approved_by)) <> lower(trim(proposed_by)))
);

create function experiment_refuses() returns trigger
    language plpgsql
    as $$ begin raise exception 'what an experiment asks is not changed'; end $$;
create trigger experiment_stands before update on experiment
    for each row when (
        (new.name, new.design, new.lot_key, new.proposed_by) is distinct from (old.name, old.design, old.lot_key, old.proposed_by)
    ) execute function experiment_refuses();
create trigger experiment_is_kept before delete on experiment
    for each row execute function experiment_refuses();

create table experiment_entry (
    bucket     smallint not null,
    experiment text not null,
    account_id text not null,
    arm        text not null check (arm in ('reminded', 'holdout')),
    -- The bill that brought it in, and the day by which that is to be settled.
    bill_id    text not null,
    entered_on date not null,
    limit_on   date not null,
    tier       text not null,
    primary key (bucket, experiment, account_id)
);
