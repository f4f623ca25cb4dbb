-- Entry $1 of the audit trail: at $2 $3, through $4, did $5 about $6 (none where
-- empty) with details $7; after the digest $8 comes $9.
insert into audit_entry (seq, at, by_whom, through, act, about, details, previous, digest)
values ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)
