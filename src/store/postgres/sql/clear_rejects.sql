-- Forgets what was set aside of rows $2 (arrays) of feed $1: they came again.
delete from reject
where (feed, row_id, field) in (
    select r.feed, r.row_id, r.field
    from unnest($2::text[]) as k(row_id)
    cross join lateral (select * from reject as r where r.feed = $1 and r.row_id = k.row_id offset 0) as r
    -- Most feeds have nothing set aside: then no row is looked for.
    where exists (select 1 from reject where feed = $1)
)
