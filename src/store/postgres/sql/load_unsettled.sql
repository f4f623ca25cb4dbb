-- Up to $4 receipts about reminders of buckets $1, $2 (arrays) that are
-- to be looked at by $3, the longest due first.
select
    i.provider, i.message_id, i.ordinal, i.reminder_id, i.attempt, i.fate, i.at, i.received_at
from receipt_inbox as i
where i.next_at <= instant($3)
    and exists (
        select 1 from unnest($1::smallint[], $2::smallint[]) as k(first, last)
        where i.bucket between k.first and k.last
    )
order by i.next_at, i.bucket, i.provider, i.message_id, i.ordinal
limit $4
