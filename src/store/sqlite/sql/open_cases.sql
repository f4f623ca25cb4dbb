-- Opens cases $1 (JSON array), or raises the stage of those that are open.
insert into dunning_case (bucket, account_id, opened_on, stage, policy)
select r.value ->> 'bucket', r.value ->> 'account_id', r.value ->> 'opened_on', r.value ->> 'stage', r.value ->> 'policy'
from json_each($1) as r
where true
on conflict (bucket, account_id, opened_on) do update set
    stage = excluded.stage, policy = excluded.policy, closed_on = null, outcome = null
