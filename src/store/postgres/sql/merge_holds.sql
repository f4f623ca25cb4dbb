-- Merges holds $1 … $8 (arrays). Returns the accounts of those that changed.
insert into hold (bucket, hold_id, account_id, bill_id, kind, starts_on, ends_on, amount)
select k.bucket, k.hold_id, k.account_id, k.bill_id, k.kind, k.starts_on, k.ends_on, k.amount
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::bigint[]) as k(bucket, hold_id, account_id, bill_id, kind, starts_on, ends_on, amount)
where true
on conflict (bucket, hold_id) do update set
    account_id = excluded.account_id, bill_id = excluded.bill_id, kind = excluded.kind,
    starts_on = excluded.starts_on, ends_on = excluded.ends_on, amount = excluded.amount
where (hold.account_id, hold.bill_id, hold.kind, hold.starts_on, hold.ends_on, hold.amount)
    is distinct from (excluded.account_id, excluded.bill_id, excluded.kind, excluded.starts_on, excluded.ends_on, excluded.amount)
returning bucket, account_id
