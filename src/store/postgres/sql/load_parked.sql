-- Up to $4 parked receipts that are to be looked at by $3, the longest due
-- first, with the message that they name: no other part has its reference.
-- Those about messages of other buckets than $1, $2 (arrays) are left out.
select
    p.provider, p.provider_ref, p.fate, p.at, p.received_at, m.reminder_id, m.attempt
from parked_receipt as p
left join lateral (
    select m.bucket, m.reminder_id, m.attempt
    from message_part as m
    where m.provider = p.provider and m.provider_ref = p.provider_ref
        and not exists (
            select 1 from message_part as other
            where other.provider = m.provider and other.provider_ref = m.provider_ref
                and (other.bucket, other.reminder_id, other.attempt, other.part)
                    <> (m.bucket, m.reminder_id, m.attempt, m.part)
        )
    offset 0
) as m on true
where p.next_at <= instant($3)
    and (
        m.bucket is null
        or exists (
            select 1 from unnest($1::smallint[], $2::smallint[]) as k(first, last)
            where m.bucket between k.first and k.last
        )
    )
order by p.next_at, p.provider, p.provider_ref, p.fate
limit $4
