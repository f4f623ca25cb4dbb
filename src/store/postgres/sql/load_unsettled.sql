-- Up to $3 receipts about reminders of buckets $1 (JSON array of {first, last}) that are
-- to be looked at by $2, the longest due first.
select
    i.provider, i.message_id, i.ordinal, i.reminder_id, i.attempt, i.fate, i.at, i.received_at
from receipt_inbox as i
where i.next_at <= instant($2)
    and exists (
        select 1 from jsonb_to_recordset($1::jsonb) as k(first smallint, last smallint)
        where i.bucket between k.first and k.last
    )
order by i.next_at, i.bucket, i.provider, i.message_id, i.ordinal
limit $3
