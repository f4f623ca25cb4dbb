-- Marks accounts $1 (JSON array) for a decision.
insert into touched (bucket, account_id, changes)
select r.value ->> 'bucket', r.value ->> 'account_id', 1
from json_each($1) as r
where true
on conflict (bucket, account_id) do update set changes = touched.changes + 1
