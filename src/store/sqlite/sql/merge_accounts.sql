-- Merges accounts $1 (JSON array). An account keeps the bucket of its first sight.
insert into account (bucket, account_id, name, language, zone, tier, segment, phone, email, preferred_channel)
select
    coalesce(known.bucket, r.value ->> 'bucket'), r.value ->> 'account_id', r.value ->> 'name', r.value ->> 'language', r.value ->> 'zone', r.value ->> 'tier',
    r.value ->> 'segment', r.value ->> 'phone', r.value ->> 'email', r.value ->> 'preferred_channel'
from json_each($1) as r
left join account as known on known.account_id = r.value ->> 'account_id'
where true
on conflict (bucket, account_id) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, tier = excluded.tier,
    segment = excluded.segment, phone = excluded.phone, email = excluded.email,
    preferred_channel = excluded.preferred_channel
