-- Counts contacts $1 (JSON array). Another attempt of a reminder on a channel is the
-- same contact, later.
insert into contact (bucket, key, reminder_id, channel, at, number, person)
select k.value ->> 'bucket', k.value ->> 'key', unhex(k.value ->> 'reminder_id'), k.value ->> 'channel', k.value ->> 'at', k.value ->> 'number', k.value ->> 'person'
from json_each($1) as k
where true
on conflict (bucket, key, reminder_id, channel) do update set at = max(contact.at, excluded.at)
