-- Ends run $1.
delete from import_seen where run = $1
