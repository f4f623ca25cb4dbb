//! Whoever has come through the gate, and the form that they brought along.

use crate::model::staff::{Permit, Roles};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The name that stands in every record of what was done.
    pub name: String,
    pub roles: Roles,
    /// The tag of the language that the pages speak to them.
    pub language: String,
    /// Stands in every form; the gate refuses one without it.
    pub token: String,
    /// Whether who they are was shown again just now, as sensitive acts ask.
    pub is_fresh: bool,
}

impl Visitor {
    pub fn may(&self, permit: Permit) -> bool {
        self.roles.may(permit)
    }
}

/// What a form posted, field by field.
#[derive(Debug, Clone, Default)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    pub fn read(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field without the space around it; empty where it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field that may be there several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}
