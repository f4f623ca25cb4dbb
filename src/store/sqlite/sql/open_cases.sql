-- Opens cases $1 (JSON array), or raises the stage of those that are open.
insert into dunning_case (bucket, account_id, opened_on, stage, policy)
select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'opened_on', k.value ->> 'stage', k.value ->> 'policy'
from json_each($1) as k
where true
on conflict (bucket, account_id, opened_on) do update set
    stage = excluded.stage, policy = excluded.policy, closed_on = null, outcome = null
