-- Forgets what was set aside of rows $2 (JSON array of {row_id}) of feed $1: they came again.
delete from reject
where feed = $1
    -- Most feeds have nothing set aside: then no row is looked for.
    and exists (select 1 from reject where feed = $1)
    and row_id in (select k.value ->> 'row_id' from json_each($2) as k)
