-- Notes the ids in $2, a JSON array without repeats, for run $1, and returns
-- those that the run had not met before.
insert into import_seen (run, id)
select $1, value
from json_each($2)
where true
on conflict (run, id) do nothing
returning id
