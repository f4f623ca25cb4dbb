-- Adds $1 … $4 (arrays) to what days came to.
insert into tally (bucket, day, sign, n)
select k.bucket, k.day, k.sign, k.n
from unnest($1::smallint[], $2::date[], $3::text[], $4::bigint[]) as k(bucket, day, sign, n)
where true
on conflict (bucket, day, sign) do update set n = tally.n + excluded.n
