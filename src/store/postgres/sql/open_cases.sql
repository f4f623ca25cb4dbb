-- Opens cases $1 (JSON array), or raises the stage of those that are open.
insert into dunning_case (bucket, account_id, opened_on, stage, policy)
select k.bucket, k.account_id, k.opened_on, k.stage, k.policy
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, opened_on date, stage text, policy text)
where true
on conflict (bucket, account_id, opened_on) do update set
    stage = excluded.stage, policy = excluded.policy, closed_on = null, outcome = null
