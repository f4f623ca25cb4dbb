-- Open reviews after arrears $1 and task $2 in the order of the queue, up to $3;
-- those of $4 alone, where it is not empty.
select
    t.bucket, t.task_id, t.account_id, t.kind, t.reason, t.opened_at, t.due_at, t.done_at, t.done_by,
    t.outcome, t.satisfied, t.arrears, t.currency, t.tier, t.assigned_to, t.assigned_at
from task as t
where t.kind = 'review' and t.done_at is null and (t.arrears, t.task_id) < ($1, $2)
    and ($4 = '' or t.assigned_to = $4)
order by t.arrears desc, t.task_id desc
limit $3 + 0
