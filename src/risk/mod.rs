//! Why accounts do not pay, and what is likely to come of it: judged from
//! dated facts, as of a day, and never from what came later.
//!
//! May use: model.
