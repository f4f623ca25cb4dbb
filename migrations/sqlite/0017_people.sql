-- The operator's people, and where they are signed in. A few hundred rows at
-- most, of nobody's account: these tables have no bucket.

create table person (
    -- In small letters: the name that stands in every record of what was done.
    person      text primary key,
    -- Names of roles with commas between them.
    roles       text not null,
    -- Argon2id, as a PHC string.
    password    text not null,
    -- Set while the password is one that somebody else has seen: until when it
    -- lets its person in, to choose another.
    start_until integer,
    -- Base32. Null before the second factor is set up.
    secret      text,
    -- The last 30 s that a code was taken for; each is taken once.
    last_step   integer not null default 0,
    -- SHA-256 of the recovery codes that are left, with spaces between them.
    recovery    text not null default '',
    -- Null: as the settings say.
    language    text,
    added_at    integer not null,
    disabled_at integer
) strict;

create table session (
    -- SHA-256 of the token, which the browser alone has.
    session    text primary key,
    person     text not null,
    -- Whether the second factor was shown as well.
    is_whole   integer not null check (is_whole in (0, 1)),
    made_at    integer not null,
    seen_at    integer not null,
    -- When who they are was last shown.
    shown_at   integer not null,
    expires_at integer not null
) strict;
create index session_person on session (person);
create index session_expires_at on session (expires_at);

-- Tries to sign in that were not known to be good: by a person, from an
-- address, or both.
create table sign_in_try (
    subject  text primary key,
    failures integer not null,
    last_at  integer not null
) strict;
create index sign_in_try_last_at on sign_in_try (last_at);
