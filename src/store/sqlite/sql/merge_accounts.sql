-- Merges accounts $1 (JSON array).
insert into account (bucket, account_id, name, language, zone, tier, segment, area, person_id, phone, email, preferred_channel)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'name', k.value ->> 'language', k.value ->> 'zone', k.value ->> 'tier',
    k.value ->> 'segment', k.value ->> 'area', k.value ->> 'person_id', k.value ->> 'phone', k.value ->> 'email', k.value ->> 'preferred_channel'
from json_each($1) as k
where true
on conflict (bucket, account_id) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, tier = excluded.tier,
    segment = excluded.segment, area = excluded.area, person_id = excluded.person_id, phone = excluded.phone, email = excluded.email,
    preferred_channel = excluded.preferred_channel
where (account.name, account.language, account.zone, account.tier, account.segment, account.area, account.person_id, account.phone, account.email, account.preferred_channel)
    is not (excluded.name, excluded.language, excluded.zone, excluded.tier, excluded.segment, excluded.area, excluded.person_id, excluded.phone, excluded.email, excluded.preferred_channel)
