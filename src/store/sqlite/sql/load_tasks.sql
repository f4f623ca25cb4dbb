-- All tasks of accounts $1 (JSON array), the oldest first.
select
    t.bucket, t.task_id, t.account_id, t.kind, t.reason, t.opened_at, t.due_at, t.done_at, t.done_by,
    t.outcome, t.satisfied, t.arrears, t.currency, t.tier, t.assigned_to, t.assigned_at
from json_each($1) as k
join task as t on t.bucket = k.value ->> 'bucket' and t.account_id = k.value ->> 'account_id'
order by t.opened_at, t.task_id
