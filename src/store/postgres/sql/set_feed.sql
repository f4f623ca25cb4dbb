-- Feed $1 was read up to stamp $2 and id $3; $4 is when its end was reached (0: not yet);
-- $5, $6 and $7 are the rows read, used and set aside since; $8 is the present.
insert into feed (name, changed_at, row_id, read_at, moved_at, rows_read, rows_used, rows_set_aside)
values ($1, $2, $3, instant($4), instant($8), $5, $6, $7)
on conflict (name) do update set
    changed_at = excluded.changed_at, row_id = excluded.row_id,
    read_at = case when $4 = 0 then feed.read_at else excluded.read_at end,
    moved_at = case
        when (feed.changed_at, feed.row_id) is distinct from (excluded.changed_at, excluded.row_id) then excluded.moved_at
        else feed.moved_at
    end,
    rows_read = feed.rows_read + excluded.rows_read, rows_used = feed.rows_used + excluded.rows_used,
    rows_set_aside = feed.rows_set_aside + excluded.rows_set_aside
