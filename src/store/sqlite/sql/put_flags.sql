-- Flags repeat debtors $1 (JSON array); the first flag stands.
insert into repeat_debtor (bucket, account_id, flagged_on, bills)
select r.value ->> 'bucket', r.value ->> 'account_id', r.value ->> 'flagged_on', r.value ->> 'bills'
from json_each($1) as r
where true
on conflict (bucket, account_id) do nothing
