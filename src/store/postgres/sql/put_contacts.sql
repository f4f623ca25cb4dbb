-- Counts contacts $1 … $7 (arrays). Another attempt of a reminder on a channel is
-- the same contact, later.
insert into contact (bucket, key, reminder_id, channel, at, number, person)
select k.bucket, k.key, k.reminder_id, k.channel, k.at, k.number, k.person
from unnest($1::smallint[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[]) as k(bucket, key, reminder_id, channel, at, number, person)
where true
on conflict (bucket, key, reminder_id, channel) do update set at = greatest(contact.at, excluded.at)
