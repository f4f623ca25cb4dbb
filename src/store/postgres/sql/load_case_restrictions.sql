-- When a restriction was decided in the open reviews of accounts $1, $2 (arrays).
select t.account_id, max(p.decided_at) as restricted_at
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (
    select * from task as t
    where t.bucket = k.bucket and t.account_id = k.account_id and t.kind = 'review' and t.done_at is null
    offset 0
) as t
cross join lateral (select * from proposal as p where p.bucket = t.bucket and p.task_id = t.task_id offset 0) as p
where p.outcome = 'restrict' and p.verdict = 'approved'
group by t.account_id
