-- Merges outages $1 … $4 (arrays).
insert into outage (outage_id, area, starts_on, ends_on)
select k.outage_id, k.area, k.starts_on, k.ends_on
from unnest($1::text[], $2::text[], $3::date[], $4::date[]) as k(outage_id, area, starts_on, ends_on)
where true
on conflict (outage_id) do update set
    area = excluded.area, starts_on = excluded.starts_on, ends_on = excluded.ends_on
where (outage.area, outage.starts_on, outage.ends_on)
    is distinct from (excluded.area, excluded.starts_on, excluded.ends_on)
