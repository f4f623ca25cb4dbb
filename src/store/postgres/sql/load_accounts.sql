-- Accounts $1 (JSON array of keys).
select
    a.bucket, a.account_id, a.name, a.language, a.zone, a.tier, a.segment, a.phone, a.email,
    a.preferred_channel, coalesce(t.changes, 0) as changes
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
join account as a on a.bucket = k.bucket and a.account_id = k.account_id
left join touched as t on t.bucket = a.bucket and t.account_id = a.account_id
