-- The moratorium $1 is lifted by $2 at $3.
update moratorium set lifted_by = $2, lifted_at = instant($3)
where moratorium_id = $1 and lifted_at is null
