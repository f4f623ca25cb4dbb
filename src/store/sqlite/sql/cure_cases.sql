-- Ends, at $3, the open reviews of accounts $1 (JSON array) of whom something was
-- overdue, and nothing is on day $2. Returns them.
update task as t
set done_at = $3, done_by = 'duebell', outcome = 'cured'
from json_each($1) as k
where t.bucket = k.value ->> 'bucket' and t.account_id = k.value ->> 'account_id' and t.kind = 'review' and t.done_at is null and t.arrears > 0
    and (
        select 1 from bill as b
        where b.bucket = t.bucket and b.account_id = t.account_id and b.remaining > 0 and b.due_on < $2
        limit 1
    ) is null
returning bucket, task_id, account_id
