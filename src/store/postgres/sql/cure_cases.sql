-- Ends, at $4, the open reviews of accounts $1, $2 (arrays) of whom something was
-- overdue, and nothing is on day $3. Returns them.
update task as t
set done_at = instant($4), done_by = 'duebell', outcome = 'cured'
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
where t.bucket = k.bucket and t.account_id = k.account_id and t.kind = 'review' and t.done_at is null and t.arrears > 0
    and (
        select 1 from bill as b
        where b.bucket = t.bucket and b.account_id = t.account_id and b.remaining > 0 and b.due_on < $3::date
        limit 1
    ) is null
returning t.bucket, t.task_id, t.account_id
