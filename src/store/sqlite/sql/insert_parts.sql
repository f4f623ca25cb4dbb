-- Writes what a provider took: message parts $1 (JSON array). One that is
-- there already stays as it is.
insert into message_part (provider, provider_ref, bucket, reminder_id, attempt, part, parts, accepted_at)
select
    k.value ->> 'provider', k.value ->> 'provider_ref', k.value ->> 'bucket', unhex(k.value ->> 'reminder_id'), k.value ->> 'attempt', k.value ->> 'part', k.value ->> 'parts', k.value ->> 'accepted_at'
from json_each($1) as k
where true
on conflict (provider, provider_ref, bucket, reminder_id, attempt, part) do nothing
