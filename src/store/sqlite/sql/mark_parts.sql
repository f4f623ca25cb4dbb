-- Writes what became of message parts $1 (JSON array of keys with fate and fate_at).
update message_part as m
set fate = k.value ->> 'fate', fate_at = k.value ->> 'fate_at'
from json_each($1) as k
where m.provider = k.value ->> 'provider' and m.provider_ref = k.value ->> 'provider_ref' and m.bucket = k.value ->> 'bucket'
    and m.reminder_id = unhex(k.value ->> 'reminder_id') and m.attempt = k.value ->> 'attempt' and m.part = k.value ->> 'part'
