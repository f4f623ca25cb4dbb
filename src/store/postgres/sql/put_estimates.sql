-- Estimates $1 … $4 (arrays), each over the one that stands.
insert into estimate (bucket, account_id, body, expires_on)
select k.bucket, k.account_id, k.body, k.expires_on
from unnest($1::smallint[], $2::text[], $3::text[], $4::date[]) as k(bucket, account_id, body, expires_on)
on conflict (bucket, account_id) do update set body = excluded.body, expires_on = excluded.expires_on
