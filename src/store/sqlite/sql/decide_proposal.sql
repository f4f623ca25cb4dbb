-- The open proposal $1 is decided: verdict $2 by $3 at $4, with note $5.
update proposal set verdict = $2, decided_by = $3, decided_at = $4, decided_note = $5
where proposal_id = $1 and verdict is null
