-- The task $1.
select
    t.bucket, t.task_id, t.account_id, t.kind, t.reason, t.opened_at, t.due_at, t.done_at, t.done_by,
    t.outcome, t.satisfied, t.arrears, t.currency, t.tier, t.assigned_to, t.assigned_at
from task as t where t.task_id = $1
