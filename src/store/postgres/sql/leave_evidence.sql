-- Takes rows $2, $3 (arrays) of feed $1 out of all buckets but these.
delete from evidence
where (bucket, feed, row_id) in (
    select e.bucket, e.feed, e.row_id
    from unnest($2::smallint[], $3::text[]) as k(bucket, row_id)
    cross join lateral (
        select e.bucket, e.feed, e.row_id from evidence as e
        where e.row_id = k.row_id and e.feed = $1 and e.feed <> 'usage' and e.bucket <> k.bucket
        offset 0
    ) as e
)
