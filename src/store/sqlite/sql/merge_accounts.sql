-- Merges accounts $1 (JSON array).
insert into account (bucket, account_id, name, language, zone, tier, segment, area, phone, email, preferred_channel)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'name', k.value ->> 'language', k.value ->> 'zone', k.value ->> 'tier',
    k.value ->> 'segment', k.value ->> 'area', k.value ->> 'phone', k.value ->> 'email', k.value ->> 'preferred_channel'
from json_each($1) as k
where true
on conflict (bucket, account_id) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, tier = excluded.tier,
    segment = excluded.segment, area = excluded.area, phone = excluded.phone, email = excluded.email,
    preferred_channel = excluded.preferred_channel
where (account.name, account.language, account.zone, account.tier, account.segment, account.area, account.phone, account.email, account.preferred_channel)
    is not (excluded.name, excluded.language, excluded.zone, excluded.tier, excluded.segment, excluded.area, excluded.phone, excluded.email, excluded.preferred_channel)
