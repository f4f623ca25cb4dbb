-- Keeps what notices say: $1 (JSON array).
insert into notice_proof (bucket, reminder_id, attempt, account_id, day, items, channel, provider, address, language, template, template_version, subject, body, submitted_at)
select
    k.value ->> 'bucket', unhex(k.value ->> 'reminder_id'), k.value ->> 'attempt', k.value ->> 'account_id', k.value ->> 'day', k.value ->> 'items', k.value ->> 'channel', k.value ->> 'provider', k.value ->> 'address',
    k.value ->> 'language', k.value ->> 'template', k.value ->> 'template_version', k.value ->> 'subject', k.value ->> 'body', k.value ->> 'submitted_at'
from json_each($1) as k
where true
on conflict (bucket, reminder_id, attempt) do nothing
