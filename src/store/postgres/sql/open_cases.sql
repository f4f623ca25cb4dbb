-- Opens cases $1 (JSON array), or raises the stage of those that are open.
insert into dunning_case (bucket, account_id, opened_on, stage, policy)
select r.bucket, r.account_id, r.opened_on, r.stage, r.policy
from jsonb_to_recordset($1::jsonb) as r(bucket smallint, account_id text, opened_on date, stage text, policy text)
where true
on conflict (bucket, account_id, opened_on) do update set
    stage = excluded.stage, policy = excluded.policy, closed_on = null, outcome = null
