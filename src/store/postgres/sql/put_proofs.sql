-- Keeps what notices say: $1 … $15 (arrays).
insert into notice_proof (bucket, reminder_id, attempt, account_id, day, items, channel, provider, address, language, template, template_version, subject, body, submitted_at)
select k.bucket, k.reminder_id, k.attempt, k.account_id, k.day, k.items, k.channel, k.provider, k.address, k.language, k.template, k.template_version, k.subject, k.body, k.submitted_at
from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[]) as k(bucket, reminder_id, attempt, account_id, day, items, channel, provider, address, language, template, template_version, subject, body, submitted_at)
where true
on conflict (bucket, reminder_id, attempt) do nothing
