-- The ids that the running imports have met, on disk rather than in memory:
-- a file may hold more ids than memory does.
create temporary table if not exists import_seen (
    run integer not null,
    id  text not null,
    primary key (run, id)
) strict, without rowid
