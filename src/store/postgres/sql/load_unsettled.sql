-- Up to $2 receipts that are to be looked at by $1, the longest due first.
select
    i.provider, i.message_id, i.ordinal::bigint as ordinal, i.reminder_id::text as reminder_id, i.attempt::bigint as attempt,
    i.fate, micros(i.at) as at, micros(i.received_at) as received_at
from receipt_inbox as i
where i.next_at <= instant($1)
order by i.next_at, i.bucket, i.provider, i.message_id, i.ordinal
limit $2
