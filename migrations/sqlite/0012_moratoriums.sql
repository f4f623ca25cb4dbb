-- Holds by area or cohort: whoever lives there, or belongs to it, on those days.
create table moratorium (
    moratorium_id text primary key,
    -- A place as the accounts feed names it; with a * at its end, every place
    -- that begins so. Null: everywhere.
    area          text,
    -- Null: every segment.
    segment       text,
    starts_on     text not null,
    ends_on       text not null,
    owner         text not null,
    reason        text not null,
    declared_at   integer not null,
    -- A lifted one holds no more.
    lifted_at     integer,
    lifted_by     text,
    check (area is not null or segment is not null),
    check ((lifted_at is null) = (lifted_by is null))
) strict;
