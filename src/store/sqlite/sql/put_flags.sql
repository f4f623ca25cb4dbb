-- Flags repeat debtors $1 (JSON array); the first flag stands.
insert into repeat_debtor (bucket, account_id, flagged_on, bills)
select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'flagged_on', k.value ->> 'bills'
from json_each($1) as k
where true
on conflict (bucket, account_id) do nothing
