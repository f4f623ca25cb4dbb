-- Deletes up to $2 message parts that were accepted before $1, the oldest first.
delete from message_part
where (provider, provider_ref, bucket, reminder_id, attempt, part) in (
    select old.provider, old.provider_ref, old.bucket, old.reminder_id, old.attempt, old.part
    from message_part as old
    where old.accepted_at < $1
    order by old.accepted_at
    limit $2 + 0
)
