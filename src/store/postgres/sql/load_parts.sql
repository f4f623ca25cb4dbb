-- The parts of attempts $1 … $3 (arrays), with what is known of each.
select m.reminder_id, m.attempt, m.provider, m.provider_ref, m.part, m.parts, m.fate, m.fate_at
from unnest($1::smallint[], $2::uuid[], $3::integer[]) as k(bucket, reminder_id, attempt)
cross join lateral (
    select * from message_part as m
    where m.bucket = k.bucket and m.reminder_id = k.reminder_id and m.attempt = k.attempt
    offset 0
) as m
order by m.reminder_id, m.attempt, m.part
