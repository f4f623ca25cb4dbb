-- Receipts $1 … $5 (arrays) were looked at on $6: they are
-- settled, or looked at again at next_at. What is settled stays so.
with open as materialized (
    select i.bucket, i.provider, i.message_id, i.ordinal, k.next_at
    from unnest($1::smallint[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[]) as k(bucket, provider, message_id, ordinal, next_at)
    cross join lateral (
        select * from receipt_inbox as i
        where i.bucket = k.bucket and i.provider = k.provider and i.message_id = k.message_id and i.ordinal = k.ordinal
            and i.settled_at is null
        offset 0
    ) as i
)
update receipt_inbox as i
set next_at = open.next_at, settled_at = case when open.next_at is null then instant($6) end
from open
where i.bucket = open.bucket and i.provider = open.provider and i.message_id = open.message_id and i.ordinal = open.ordinal
