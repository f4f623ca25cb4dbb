-- Tables that last: history lies in months that come and go as a whole, and
-- what is written over and over is swept before it grows.

-- The first id of a day: no reminder of that day or later has a smaller one.
create function first_id(day date) returns uuid
    language sql immutable strict parallel safe
    return rpad(lpad(to_hex(greatest(0, least(65535, day - date '2000-01-01'))), 4, '0'), 32, '0')::uuid;

-- How a table of history is kept. Its rows are written once: what is swept is
-- frozen at once, in steps of a size that does not grow with the table, so
-- that a month that is over is never read again by any vacuum.
create function history_settings() returns text
    language sql immutable parallel safe
    return 'autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000, '
        'autovacuum_freeze_min_age = 0, autovacuum_analyze_scale_factor = 0, '
        'autovacuum_analyze_threshold = 100000';

do $$
declare
    history text;
begin
    foreach history in array array['reminder_other', 'submission_other', 'transition_other'] loop
        execute format('alter table %I set (%s)', history, history_settings());
    end loop;
end
$$;

-- Gives what history holds from first up to, and without, last a partition of
-- its own. False where it has one, and where rows of that time lie in the
-- default partition already: there they stay.
--
-- The lock on the table lets everybody read and write; the default partition
-- alone is closed for the moment in which it is looked through.
create function make_partition(history text, name text, first text, last text) returns boolean
    language plpgsql as $$
begin
    execute format('lock table %I in share update exclusive mode', history);
    if to_regclass(quote_ident(name)) is not null then
        return false;
    end if;
    execute format('create table %I (like %I including defaults including constraints) with (%s)',
        name, history, history_settings());
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
        history, name, first, last);
    return true;
exception when check_violation then
    return false;
end
$$;

-- Drops the earliest month of history whose name, history_YYYY_MM, comes
-- before that one. False where there is none.
create function drop_partition(history text, before text) returns boolean
    language plpgsql as $$
declare
    name text;
begin
    select min(c.relname) into name
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = to_regclass(quote_ident(history))
        and c.relname ~ ('^' || history || '_[0-9]{4}_[0-9]{2}$') and c.relname < before;
    if name is null then
        return false;
    end if;
    execute format('drop table %I', name);
    return true;
end
$$;

-- The ledger. A merge writes an account again in place, beside the old version
-- and without touching an index. A payment takes its bill out of bill_due, so
-- room on the page would be of no use there. Swept at a fiftieth: a fifth, the
-- default, is millions of dead rows.
alter table account set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
alter table bill set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table payment set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- Raised in place as its episode goes on.
alter table dunning_case set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
-- Decided again each day while a step stays due.
alter table why_not set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
-- Keys: written once, taken away by the month or in the rare case that nothing left.
alter table sent_item set (
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_freeze_min_age = 0
);
-- Each row is written, marked and deleted within a week or two, and every
-- marking moves it from one index into the other.
alter table receipt_inbox set (autovacuum_vacuum_scale_factor = 0.05);

-- Small and hot: every row is gone or written again soon. Swept by count, for
-- a share of next to nothing is next to nothing, and without the pauses that
-- are meant for large tables. Rows are replaced on their own page.
alter table touched set (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
alter table bucket_lease set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);
alter table plan_mark set (
    fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
alter table feed set (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table mark set (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table daemon set (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
