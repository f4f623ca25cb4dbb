-- Writes what became of message parts $1 … $8 (arrays).
with known as materialized (
    select m.provider, m.provider_ref, m.bucket, m.reminder_id, m.attempt, m.part, k.fate, k.fate_at
    from unnest($1::text[], $2::text[], $3::smallint[], $4::uuid[], $5::integer[], $6::integer[], $7::text[], $8::timestamptz[]) as k(provider, provider_ref, bucket, reminder_id, attempt, part, fate, fate_at)
    cross join lateral (
        select * from message_part as m
        where m.provider = k.provider and m.provider_ref = k.provider_ref and m.bucket = k.bucket
            and m.reminder_id = k.reminder_id and m.attempt = k.attempt and m.part = k.part
        offset 0
    ) as m
)
update message_part as m
set fate = known.fate, fate_at = known.fate_at
from known
where m.provider = known.provider and m.provider_ref = known.provider_ref and m.bucket = known.bucket
    and m.reminder_id = known.reminder_id and m.attempt = known.attempt and m.part = known.part
