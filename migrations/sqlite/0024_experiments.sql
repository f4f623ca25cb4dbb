-- Experiments: what is asked is written down before there is anything to see, and who
-- came into which arm with which bill.

create table experiment (
    name        text primary key,
    -- JSON, letter for letter.
    design      text not null,
    -- What the lots are drawn with.
    lot_key     text not null,
    proposed_by text not null check (trim(proposed_by) <> ''),
    proposed_at integer not null,
    reason      text not null,
    approved_by text,
    approved_at integer,
    approval    text,
    stopped_by  text,
    stopped_at  integer,
    stop_reason text,
    check ((approved_by is null) = (approved_at is null)),
    check ((stopped_by is null) = (stopped_at is null)),
    -- Two people: whoever writes here, by whatever code.
    check (approved_by is null or lower(trim(approved_by)) <> lower(trim(proposed_by)))
) strict;

create trigger experiment_stands before update on experiment
when (new.name, new.design, new.lot_key, new.proposed_by) is not (old.name, old.design, old.lot_key, old.proposed_by)
begin
    select raise(abort, 'what an experiment asks is not changed');
end;
create trigger experiment_is_kept before delete on experiment
begin
    select raise(abort, 'what an experiment asks is not changed');
end;

create table experiment_entry (
    bucket     integer not null,
    experiment text not null,
    account_id text not null,
    arm        text not null check (arm in ('reminded', 'holdout')),
    -- The bill that brought it in, and the day by which that is to be settled.
    bill_id    text not null,
    entered_on text not null,
    limit_on   text not null,
    tier       text not null,
    primary key (bucket, experiment, account_id)
) strict, without rowid;

-- As in 0002: what SQLite is to assume about the table.
insert into sqlite_stat1 (tbl, idx, stat) values
    ('experiment_entry', 'experiment_entry', '1000000 1000 1000 1');
analyze sqlite_schema;
