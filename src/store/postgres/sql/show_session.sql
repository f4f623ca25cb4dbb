-- Who they are was shown again in session $1 at $2.
update session set shown_at = instant($2) where session = $1
