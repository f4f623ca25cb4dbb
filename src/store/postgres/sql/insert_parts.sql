-- Writes what a provider took: message parts $1 … $8 (arrays). One that is
-- there already stays as it is.
insert into message_part (provider, provider_ref, bucket, reminder_id, attempt, part, parts, accepted_at)
select k.provider, k.provider_ref, k.bucket, k.reminder_id, k.attempt, k.part, k.parts, k.accepted_at
from unnest($1::text[], $2::text[], $3::smallint[], $4::uuid[], $5::integer[], $6::integer[], $7::integer[], $8::timestamptz[]) as k(provider, provider_ref, bucket, reminder_id, attempt, part, parts, accepted_at)
where true
on conflict (provider, provider_ref, bucket, reminder_id, attempt, part) do nothing
