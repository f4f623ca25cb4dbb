-- Tasks that are open, up to $1: those promised first first, then the oldest.
select
    t.bucket, t.task_id, t.account_id, t.kind, t.reason, t.opened_at, t.due_at, t.done_at, t.done_by,
    t.outcome, t.satisfied, t.arrears, t.currency, t.tier, t.assigned_to, t.assigned_at
from task as t
where t.done_at is null
order by t.due_at is null, t.due_at, t.opened_at, t.task_id
limit $1 + 0
