-- Sets rows $1 … $7 (arrays) aside at $8.
insert into reject (feed, row_id, field, reason, is_warning, awaits_account, raw, at)
select k.feed, k.row_id, k.field, k.reason, k.is_warning, k.awaits_account, k.raw, instant($8)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::text[]) as k(feed, row_id, field, reason, is_warning, awaits_account, raw)
where true
on conflict (feed, row_id, field) do update set
    reason = excluded.reason, is_warning = excluded.is_warning, awaits_account = excluded.awaits_account,
    raw = excluded.raw, at = excluded.at
