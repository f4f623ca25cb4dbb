-- Estimates $1 (JSON array), each over the one that stands.
insert into estimate (bucket, account_id, body, expires_on)
select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'body', k.value ->> 'expires_on'
from json_each($1) as k
where true
on conflict (bucket, account_id) do update set body = excluded.body, expires_on = excluded.expires_on
