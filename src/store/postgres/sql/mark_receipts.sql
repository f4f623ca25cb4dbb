-- Receipts $1 … $5 (arrays) were looked at on $6: they are
-- settled, or looked at again at next_at. What is settled stays so.
update receipt_inbox as i
set next_at = k.next_at, settled_at = case when k.next_at is null then instant($6) end
from unnest($1::smallint[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[]) as k(bucket, provider, message_id, ordinal, next_at)
where i.bucket = k.bucket and i.provider = k.provider and i.message_id = k.message_id and i.ordinal = k.ordinal
    and i.settled_at is null
