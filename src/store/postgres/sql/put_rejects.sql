-- Sets rows $1 (JSON array) aside at $2.
insert into reject (feed, row_id, field, reason, is_warning, awaits_account, raw, at)
select k.feed, k.row_id, k.field, k.reason, k.is_warning, k.awaits_account, k.raw, instant($2)
from jsonb_to_recordset($1::jsonb) as k(feed text, row_id text, field text, reason text, is_warning boolean, awaits_account text, raw text)
where true
on conflict (feed, row_id, field) do update set
    reason = excluded.reason, is_warning = excluded.is_warning, awaits_account = excluded.awaits_account,
    raw = excluded.raw, at = excluded.at
