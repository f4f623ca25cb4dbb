-- Feed $1 was read to its end at $2 and had nothing more.
update feed set read_at = $2 where name = $1
