-- Takes rows $2 (JSON array) of feed $1 out of all buckets but these.
delete from evidence
where (bucket, feed, row_id) in (
    select e.bucket, e.feed, e.row_id
    from json_each($2) as k
    join evidence as e on e.row_id = k.value ->> 'row_id'
        and e.feed = $1 and e.feed <> 'usage' and e.bucket <> k.value ->> 'bucket'
)
