-- Merges outages $1 (JSON array).
insert into outage (outage_id, area, starts_on, ends_on)
select k.value ->> 'outage_id', k.value ->> 'area', k.value ->> 'starts_on', k.value ->> 'ends_on'
from json_each($1) as k
where true
on conflict (outage_id) do update set
    area = excluded.area, starts_on = excluded.starts_on, ends_on = excluded.ends_on
where (outage.area, outage.starts_on, outage.ends_on)
    is not (excluded.area, excluded.starts_on, excluded.ends_on)
