//! People: how they come in, what is theirs, and who gives roles to whom.

mod admin;
mod confirm;
mod me;
pub mod password;
pub mod secrets;
mod sign_in;
mod totp;
mod welcome;

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::model::audit::{Act, Doer, Through};
use crate::model::staff::Permit;
use crate::store::{NewSession, StoreError};

use super::Room;
use super::gate::COOKIE_NAME;
use super::visitor::{Broken, Call, Visitor};

use self::secrets::Token;

/// How long a password that somebody else has seen is good.
pub const START: SignedDuration = SignedDuration::from_hours(7 * 24);
/// From the password to the second factor, and its set-up.
const HALF: SignedDuration = SignedDuration::from_mins(15);
/// However busy somebody is: then they sign in again.
const WHOLE: SignedDuration = SignedDuration::from_hours(10);

/// Free tries of a person from one address, and of each from or for anywhere:
/// an office is one address, and whoever guesses from many is still guessing.
const FREE_BOTH: u32 = 5;
const FREE_EACH: u32 = 20;

pub fn rooms() -> Vec<Room> {
    use Permit::{Administer, Anyone, Entering, SignedIn};
    vec![
        Room::get("/sign-in", Anyone, sign_in::page),
        Room::post("/sign-in", Anyone, sign_in::knock),
        Room::get("/sign-in/code", Entering, sign_in::code_page),
        Room::post("/sign-in/code", Entering, sign_in::code),
        Room::post("/sign-out", SignedIn, sign_in::out),
        Room::get("/welcome", Entering, welcome::page),
        Room::post("/welcome", Entering, welcome::password),
        Room::get("/welcome/code", Entering, welcome::factor_page),
        Room::post("/welcome/code", Entering, welcome::factor),
        Room::get("/confirm", SignedIn, confirm::page),
        Room::post("/confirm", SignedIn, confirm::confirm),
        Room::get("/me", SignedIn, me::page),
        Room::post("/me/language", SignedIn, me::language),
        Room::post("/me/sessions", SignedIn, me::end_session),
        Room::post("/me/password", SignedIn, me::password).fresh(),
        Room::post("/me/codes", SignedIn, me::codes).fresh(),
        Room::get("/people", Administer, admin::list),
        Room::post("/people", Administer, admin::add).fresh(),
        Room::get("/people/{name}", Administer, admin::person),
        Room::post("/people/{name}/roles", Administer, admin::roles).fresh(),
        Room::post("/people/{name}/disable", Administer, admin::disable).fresh(),
        Room::post("/people/{name}/enable", Administer, admin::enable).fresh(),
        Room::post("/people/{name}/sessions", Administer, admin::end_sessions).fresh(),
        Room::post("/people/{name}/reset", Administer, admin::reset).fresh(),
    ]
}

/// What is being guessed, where somebody guesses.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Password,
    /// The second factor, of whoever has shown the first.
    Second,
}

/// What a session begins with.
#[derive(Debug, Clone, Copy)]
enum Begins {
    /// The password, and nothing more yet.
    Half,
    SignIn,
    /// Another token for whoever is signed in.
    Token,
}

impl Call {
    /// Somebody who acts through a page.
    pub fn doer(&self, name: &str) -> Doer {
        Doer { by: name.to_owned(), through: Through::Console, at: self.now }
    }

    /// Writes down that somebody whom there is was not let in. What strangers
    /// type stands nowhere, and what comes too soon is not even looked at: the
    /// trail is kept for good.
    async fn was_refused(&self, name: &str, because: &str) -> Result<(), StoreError> {
        let details = json!({"because": because});
        let deed = self.doer(name).deed(Act::SignInRefused, name.to_owned(), details);
        self.console().store.desk().note(&deed).await
    }

    /// Whom and where a try is held against: the pair of both, the person
    /// wherever from, and the address whoever it is.
    fn tried(&self, proof: Proof, name: &str) -> [(String, u32); 3] {
        let address = self.address;
        let what = match proof {
            Proof::Password => "password",
            Proof::Second => "second",
        };
        [
            (format!("{what} of {name} at {address}"), FREE_BOTH),
            (format!("{what} of {name}"), FREE_EACH),
            (format!("any at {address}"), FREE_EACH),
        ]
    }

    /// Writes down a try before it is known to be good; how long to wait, where
    /// there were too many.
    async fn tries(&self, proof: Proof, name: &str) -> Result<Option<SignedDuration>, StoreError> {
        let tried = self.tried(proof, name);
        let tried = self.console().store.people().try_sign_in(&tried, self.now).await?;
        Ok(tried.err().map(|until| until.duration_since(self.now)))
    }

    /// It was good. What came from the address is forgotten with the second
    /// factor alone: a password may be a stolen one.
    async fn was_good(&self, proof: Proof, name: &str) -> Result<(), StoreError> {
        let mut subjects = self.tried(proof, name).map(|(subject, _)| subject).to_vec();
        if let Proof::Password = proof {
            subjects.truncate(2);
        }
        self.console().store.people().forget_tries(&subjects).await
    }

    /// Begins a session under a new token, in the place of the one that was.
    async fn begin(&self, name: &str, begins: Begins) -> Result<Token, StoreError> {
        let is_whole = !matches!(begins, Begins::Half);
        let (token, lasts) = (Token::drawn(), if is_whole { WHOLE } else { HALF });
        let doer = self.doer(name);
        let people = self.console().store.people();
        let new = NewSession {
            id: &token.id(),
            person: name,
            is_whole,
            made_at: self.now,
            expires_at: self.now + lasts,
        };
        let before = self.comer.as_ref().map(|comer| (&*comer.person.name, &*comer.session.id));
        if let Some((before, id)) = before.filter(|(before, _)| *before != name) {
            people.end_session(before, id, &self.doer(before)).await?;
        }
        let signs_in = matches!(begins, Begins::SignIn).then_some(&doer);
        people.begin_session(new, before.map(|(_, id)| id), signs_in).await?;
        Ok(token)
    }

    fn signed_in(&self) -> Result<&Visitor, Broken> {
        self.visitor.as_ref().ok_or(Broken::Nobody)
    }

    fn minutes(&self, wait: SignedDuration) -> String {
        (wait.as_secs().max(1) as u64).div_ceil(60).to_string()
    }
}

/// The cookie of a session; it goes when the browser does, or with `None` now.
fn with_cookie(mut response: Response, token: Option<&Token>) -> Response {
    let rest = "Path=/; Secure; HttpOnly; SameSite=Strict";
    let cookie = match token {
        Some(token) => format!("{COOKIE_NAME}={}; {rest}", token.shown()),
        None => format!("{COOKIE_NAME}=; {rest}; Max-Age=0"),
    };
    let cookie = HeaderValue::try_from(cookie).expect("a token is plain letters");
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

/// A password for the first time, and until when it is good.
pub fn start(now: Timestamp) -> (String, Timestamp) {
    (secrets::start_password(), now + START)
}
