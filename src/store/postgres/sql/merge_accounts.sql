-- Merges accounts $1 (JSON array). An account keeps the bucket of its first sight.
insert into account (bucket, account_id, name, language, zone, tier, segment, phone, email, preferred_channel)
select
    coalesce(known.bucket, k.bucket), k.account_id, k.name, k.language, k.zone, k.tier,
    k.segment, k.phone, k.email, k.preferred_channel
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, name text, language text, zone text, tier text, segment text, phone text, email text, preferred_channel text)
left join account as known on known.account_id = k.account_id
where true
on conflict (bucket, account_id) do update set
    name = excluded.name, language = excluded.language, zone = excluded.zone, tier = excluded.tier,
    segment = excluded.segment, phone = excluded.phone, email = excluded.email,
    preferred_channel = excluded.preferred_channel
