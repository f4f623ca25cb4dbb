-- Accounts $1 … $3 (arrays) are with us again since a day.
update departure as d
set back_on = k.back_on
from unnest($1::smallint[], $2::text[], $3::date[]) as k(bucket, account_id, back_on)
where d.bucket = k.bucket and d.account_id = k.account_id and d.back_on is null
