//! The leases' rules, one by one.
