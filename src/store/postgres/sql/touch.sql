-- Marks accounts $1 (JSON array) for a decision.
insert into touched (bucket, account_id, changes)
select k.bucket, k.account_id, 1
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
where true
on conflict (bucket, account_id) do update set changes = abs(touched.changes) + 1
