-- Receipts $1 (JSON array of keys with next_at) were looked at on $2: they are
-- settled, or looked at again at next_at. What is settled stays so.
update receipt_inbox as i
set next_at = instant(k.next_at), settled_at = case when k.next_at is null then instant($2) end
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, provider text, message_id text, ordinal integer, next_at bigint)
where i.bucket = k.bucket and i.provider = k.provider and i.message_id = k.message_id and i.ordinal = k.ordinal
    and i.settled_at is null
