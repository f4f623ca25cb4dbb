-- Writes the accounts in $1, a JSON array of objects with the table's columns.
-- A row that says nothing new keeps its stamp, so importing a file twice
-- does not make the daemon read every account again.
insert into account (
    id, person_id, name, language, zone, tier, segment, area, phone, email, preferred_channel, changed_at
)
select
    value ->> 'id', value ->> 'person_id', value ->> 'name', value ->> 'language', value ->> 'zone',
    value ->> 'tier', value ->> 'segment', value ->> 'area', value ->> 'phone', value ->> 'email',
    value ->> 'preferred_channel', value ->> 'changed_at'
from json_each($1)
where true -- tells the parser that `on conflict` belongs to the insert
on conflict (id) do update set
    person_id = excluded.person_id,
    name = excluded.name,
    language = excluded.language,
    zone = excluded.zone,
    tier = excluded.tier,
    segment = excluded.segment,
    area = excluded.area,
    phone = excluded.phone,
    email = excluded.email,
    preferred_channel = excluded.preferred_channel,
    changed_at = excluded.changed_at
where (
    excluded.person_id, excluded.name, excluded.language, excluded.zone, excluded.tier,
    excluded.segment, excluded.area, excluded.phone, excluded.email, excluded.preferred_channel
) is not (
    account.person_id, account.name, account.language, account.zone, account.tier,
    account.segment, account.area, account.phone, account.email, account.preferred_channel
)
