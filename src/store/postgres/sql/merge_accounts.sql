-- Merges accounts $1 … $12 (arrays).
insert into account (bucket, account_id, name, language, zone, tier, segment, area, person_id, phone, email, preferred_channel)
select
    k.bucket, k.account_id, k.name, k.language, k.zone, k.tier,
    k.segment, k.area, k.person_id, k.phone, k.email, k.preferred_channel
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[]) as k(bucket, account_id, name, language, zone, tier, segment, area, person_id, phone, email, preferred_channel)
where true
on conflict (bucket, account_id) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, tier = excluded.tier,
    segment = excluded.segment, area = excluded.area, person_id = excluded.person_id, phone = excluded.phone, email = excluded.email,
    preferred_channel = excluded.preferred_channel
where (account.name, account.language, account.zone, account.tier, account.segment, account.area, account.person_id, account.phone, account.email, account.preferred_channel)
    is distinct from (excluded.name, excluded.language, excluded.zone, excluded.tier, excluded.segment, excluded.area, excluded.person_id, excluded.phone, excluded.email, excluded.preferred_channel)
