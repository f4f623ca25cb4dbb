-- Opens cases $1 … $5 (arrays), or raises the stage of those that are open.
insert into dunning_case (bucket, account_id, opened_on, stage, policy)
select k.bucket, k.account_id, k.opened_on, k.stage, k.policy
from unnest($1::smallint[], $2::text[], $3::date[], $4::text[], $5::text[]) as k(bucket, account_id, opened_on, stage, policy)
where true
on conflict (bucket, account_id, opened_on) do update set
    stage = excluded.stage, policy = excluded.policy, closed_on = null, outcome = null
