-- Deletes up to $2 receipts that were settled before $1, the oldest first.
delete from receipt_inbox
where (bucket, provider, message_id, ordinal) in (
    select old.bucket, old.provider, old.message_id, old.ordinal
    from receipt_inbox as old
    where old.settled_at < $1
    order by old.settled_at
    limit $2 + 0
)
