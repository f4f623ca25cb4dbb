-- Sets rows $1 (JSON array) aside at $2.
insert into reject (feed, row_id, field, reason, is_warning, awaits_account, raw, at)
select k.value ->> 'feed', k.value ->> 'row_id', k.value ->> 'field', k.value ->> 'reason', k.value ->> 'is_warning', k.value ->> 'awaits_account', k.value ->> 'raw', $2
from json_each($1) as k
where true
on conflict (feed, row_id, field) do update set
    reason = excluded.reason, is_warning = excluded.is_warning, awaits_account = excluded.awaits_account,
    raw = excluded.raw, at = excluded.at
