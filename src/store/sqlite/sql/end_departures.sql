-- Accounts $1 (JSON array) are with us again since a day.
update departure as d
set back_on = k.value ->> 'back_on'
from json_each($1) as k
where d.bucket = k.value ->> 'bucket' and d.account_id = k.value ->> 'account_id' and d.back_on is null
