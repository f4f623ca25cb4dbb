-- Up to $3 parked receipts that are to be looked at by $2, the longest due
-- first, with the message that they name: no other part has its reference.
-- Those about messages of other buckets than $1 (JSON array of {first, last}) are left out.
select
    p.provider, p.provider_ref, p.fate, p.at, p.received_at, m.reminder_id, m.attempt
from parked_receipt as p
left join message_part as m
    on m.provider = p.provider and m.provider_ref = p.provider_ref
    and not exists (
        select 1 from message_part as other
        where other.provider = m.provider and other.provider_ref = m.provider_ref
            and (other.bucket, other.reminder_id, other.attempt, other.part)
                <> (m.bucket, m.reminder_id, m.attempt, m.part)
    )
where p.next_at <= $2
    and (
        m.bucket is null
        or exists (
            select 1 from json_each($1) as k
            where m.bucket between k.value ->> 'first' and k.value ->> 'last'
        )
    )
order by p.next_at, p.provider, p.provider_ref, p.fate
limit $3 + 0
