-- Marks accounts $1 (JSON array) for a decision.
insert into touched (bucket, account_id, changes)
select k.value ->> 'bucket', k.value ->> 'account_id', 1
from json_each($1) as k
where true
on conflict (bucket, account_id) do update set changes = abs(touched.changes) + 1
