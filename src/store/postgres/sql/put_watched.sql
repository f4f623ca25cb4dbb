-- What the watch list says of accounts $1 … $7 (arrays), over what it said before.
insert into watch (bucket, account_id, watched_on, until_on, weight, is_gentle, warnings)
select k.bucket, k.account_id, k.watched_on, k.until_on, k.weight, k.is_gentle, k.warnings
from unnest($1::smallint[], $2::text[], $3::date[], $4::date[], $5::bigint[], $6::boolean[], $7::text[])
    as k(bucket, account_id, watched_on, until_on, weight, is_gentle, warnings)
on conflict (bucket, account_id) do update set
    watched_on = excluded.watched_on, until_on = excluded.until_on, weight = excluded.weight,
    is_gentle = excluded.is_gentle, warnings = excluded.warnings
