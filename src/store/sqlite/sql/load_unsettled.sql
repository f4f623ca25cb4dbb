-- Up to $3 receipts about reminders of buckets $1 (JSON array of {first, last}) that are
-- to be looked at by $2, the longest due first.
select
    i.provider, i.message_id, i.ordinal, i.reminder_id, i.attempt, i.fate, i.at, i.received_at
from receipt_inbox as i
where i.next_at <= $2
    and exists (
        select 1 from json_each($1) as k
        where i.bucket between k.value ->> 'first' and k.value ->> 'last'
    )
order by i.next_at, i.bucket, i.provider, i.message_id, i.ordinal
limit $3 + 0
