-- Up to $2 receipts that are to be looked at by $1, the longest due first.
select
    i.provider, i.message_id, i.ordinal as ordinal, lower(hex(i.reminder_id)) as reminder_id, i.attempt as attempt,
    i.fate, i.at as at, i.received_at as received_at
from receipt_inbox as i
where i.next_at <= $1
order by i.next_at, i.bucket, i.provider, i.message_id, i.ordinal
limit $2
