-- Deletes what of bucket $1 was kept back before $2 from who pays alone.
delete from spared where bucket = $1::smallint and day < $2::date
