-- Where they live and what they are worth: of accounts $1 (JSON array).
select a.bucket, a.account_id, a.zone, a.tier, a.area, a.segment
from json_each($1) as k
join account as a on a.bucket = k.value ->> 'bucket' and a.account_id = k.value ->> 'account_id'
