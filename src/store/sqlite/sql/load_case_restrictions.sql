-- When a restriction was decided in the open reviews of accounts $1 (JSON array).
select t.account_id, max(p.decided_at) as restricted_at
from json_each($1) as k
join task as t on t.bucket = k.value ->> 'bucket' and t.account_id = k.value ->> 'account_id' and t.kind = 'review' and t.done_at is null
join proposal as p on p.bucket = t.bucket and p.task_id = t.task_id
where p.outcome = 'restrict' and p.verdict = 'approved'
group by t.account_id
