-- The parts of attempts $1 (JSON array of {bucket, reminder_id, attempt}), with what is known of each.
select m.reminder_id, m.attempt, m.provider, m.provider_ref, m.part, m.parts, m.fate, m.fate_at
from json_each($1) as k
join message_part as m
    on m.bucket = k.value ->> 'bucket' and m.reminder_id = unhex(k.value ->> 'reminder_id')
    and m.attempt = k.value ->> 'attempt'
order by m.reminder_id, m.attempt, m.part
