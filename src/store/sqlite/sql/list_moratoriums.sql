-- Moratoriums that are not lifted and end on $1 or later.
select m.moratorium_id, m.area, m.segment, m.starts_on, m.ends_on, m.owner, m.reason
from moratorium as m
where m.lifted_at is null and m.ends_on >= $1
order by m.ends_on, m.moratorium_id
