-- Merges accounts $1 (JSON array). An account keeps the bucket of its first sight.
insert into account (bucket, account_id, name, language, zone, tier, segment, phone, email, preferred_channel)
select
    coalesce(known.bucket, k.value ->> 'bucket'), k.value ->> 'account_id', k.value ->> 'name', k.value ->> 'language', k.value ->> 'zone', k.value ->> 'tier',
    k.value ->> 'segment', k.value ->> 'phone', k.value ->> 'email', k.value ->> 'preferred_channel'
from json_each($1) as k
left join account as known on known.account_id = k.value ->> 'account_id'
where true
on conflict (bucket, account_id) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, tier = excluded.tier,
    segment = excluded.segment, phone = excluded.phone, email = excluded.email,
    preferred_channel = excluded.preferred_channel
