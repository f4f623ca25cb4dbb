//! When subscribers may be contacted: the laws and calendars that come with
//! Duebell, against what others made and against an oracle.

mod oracle;
mod settings;
mod vectors;
