-- Receipts $1 (JSON array of keys with next_at) were looked at on $2: they are
-- settled, or looked at again at next_at. What is settled stays so.
update receipt_inbox as i
set next_at = k.value ->> 'next_at', settled_at = case when k.value ->> 'next_at' is null then $2 end
from json_each($1) as k
where i.bucket = k.value ->> 'bucket' and i.provider = k.value ->> 'provider' and i.message_id = k.value ->> 'message_id' and i.ordinal = k.value ->> 'ordinal'
    and i.settled_at is null
