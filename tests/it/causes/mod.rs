//! Why accounts do not pay: as stories, on real fines with their outcomes, and
//! on made-up populations whose causes are known.

mod documents;
mod fines;
mod stories;
