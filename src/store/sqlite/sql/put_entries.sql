-- Accounts $1 (JSON array) come into experiments; who is in one stays as it came.
insert into experiment_entry (bucket, experiment, account_id, arm, bill_id, entered_on, limit_on, tier)
select
    k.value ->> 'bucket', k.value ->> 'experiment', k.value ->> 'account_id', k.value ->> 'arm',
    k.value ->> 'bill_id', k.value ->> 'entered_on', k.value ->> 'limit_on', k.value ->> 'tier'
from json_each($1) as k
where true
on conflict (bucket, experiment, account_id) do nothing
