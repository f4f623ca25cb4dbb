-- All tasks of accounts $1, $2 (arrays), the oldest first.
select
    t.bucket, t.task_id, t.account_id, t.kind, t.reason, t.opened_at, t.due_at, t.done_at, t.done_by,
    t.outcome, t.satisfied, t.arrears, t.currency, t.tier, t.assigned_to, t.assigned_at
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from task as t where t.bucket = k.bucket and t.account_id = k.account_id offset 0) as t
order by t.opened_at, t.task_id
