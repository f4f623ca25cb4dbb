-- Adds the accounts whose ids are in $1, a JSON array, stamped $2, knowing
-- nothing else of them. Accounts that exist stay as they are.
insert into account (id, changed_at)
select value, $2
from json_each($1)
where true
on conflict (id) do nothing
