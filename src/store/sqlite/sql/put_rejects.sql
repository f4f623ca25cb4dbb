-- Sets rows $1 (JSON array) aside at $2.
insert into reject (feed, row_id, field, reason, is_warning, awaits_account, raw, at)
select r.value ->> 'feed', r.value ->> 'row_id', r.value ->> 'field', r.value ->> 'reason', r.value ->> 'is_warning', r.value ->> 'awaits_account', r.value ->> 'raw', $2
from json_each($1) as r
where true
on conflict (feed, row_id, field) do update set
    reason = excluded.reason, is_warning = excluded.is_warning, awaits_account = excluded.awaits_account,
    raw = excluded.raw, at = excluded.at
