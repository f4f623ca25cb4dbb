//! Passwords: which may be chosen, and how they are kept.
//!
//! Argon2id with 64 MiB, three passes and one lane: more than the least that
//! OWASP asks for, and a third of a second on a small machine. Whoever guesses
//! must pay the same, for a name that there is not as for one that there is.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::model::staff::{Role, Roles};

const CHARS_MIN: usize = 12;
/// Of those who give roles to others.
const CHARS_MIN_ADMIN: usize = 15;
/// Long enough for any sentence, and short enough to hash.
const CHARS_MAX: usize = 256;
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const SALT_BYTES: usize = 16;
/// Hashes under way at once: each takes its memory and a core.
const AT_ONCE: usize = 2;

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("common_passwords.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Short {
        chars: usize,
    },
    Long,
    Common,
    /// Little more than the name, or ours.
    Name,
}

/// How long a password of theirs must be.
pub fn chars_min(roles: &Roles) -> usize {
    if roles.0.contains(&Role::Admin) { CHARS_MIN_ADMIN } else { CHARS_MIN }
}

/// Whether somebody of that name and those roles may choose `password`. Length
/// counts, and that it is none of those that are guessed first; which letters
/// it is made of does not.
pub fn check(password: &str, name: &str, roles: &Roles) -> Result<(), Refused> {
    let chars = password.chars().count();
    if chars < chars_min(roles) {
        return Err(Refused::Short { chars: chars_min(roles) });
    }
    if chars > CHARS_MAX {
        return Err(Refused::Long);
    }
    let small = password.to_lowercase();
    let first: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
    let named = [name, &first, "duebell"].into_iter().filter(|it| it.chars().count() >= 3);
    // What is left without the name is too little by itself.
    if named.into_iter().any(|it| small.replace(it, "").chars().count() < chars_min(roles) / 2) {
        return Err(Refused::Name);
    }
    if is_common(&small) { Err(Refused::Common) } else { Ok(()) }
}

/// A password that is guessed first, with digits and signs around it, or
/// several times over, or of two or three letters alone.
fn is_common(small: &str) -> bool {
    let letters: HashSet<char> = small.chars().collect();
    let core = small.trim_matches(|c: char| !c.is_alphabetic());
    let chars: Vec<char> = small.chars().collect();
    let repeats = (1..=chars.len() / 2).any(|length| {
        chars.len().is_multiple_of(length)
            && chars.chunks(length).all(|part| part == &chars[..length])
    });
    letters.len() < 4 || repeats || COMMON.contains(small) || COMMON.contains(core)
}

/// Hashes and checks, a few at a time.
#[derive(Clone)]
pub struct Hasher {
    places: Arc<Semaphore>,
    /// Checked where there is nobody of that name.
    nobody: Arc<str>,
}

/// What came of checking a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    Wrong,
    Right,
    /// Right, and kept in a weaker way than we would today: better so.
    RightAs(String),
}

impl Default for Hasher {
    fn default() -> Hasher {
        // The hash of no password that anybody knows.
        let nobody = hash(&super::secrets::start_password());
        Hasher { places: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() }
    }
}

impl Hasher {
    /// What is kept of a password.
    pub async fn hash(&self, password: String) -> String {
        self.work(move || hash(&password)).await
    }

    /// Whether this is the password that is kept as `kept`; as much work for
    /// nobody.
    pub async fn check(&self, password: String, kept: Option<String>) -> Checked {
        let is_somebody = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobody.to_string());
        let checked = self.work(move || check_kept(&password, &kept)).await;
        if is_somebody { checked } else { Checked::Wrong }
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let place = self.places.clone().acquire_owned().await;
        let place = place.expect("the places are never closed");
        // The place is given back when the work is done, not when somebody who
        // waited for it has gone.
        let done = spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.expect("hashing does not panic")
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the costs are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let salt = super::secrets::random::<SALT_BYTES>();
    let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    hash.expect("a password of bounded length is hashed").to_string()
}

fn check_kept(password: &str, kept: &str) -> Checked {
    let Ok(parsed) = PasswordHash::new(kept) else { return Checked::Wrong };
    if argon2().verify_password(password.as_bytes(), &parsed).is_err() {
        return Checked::Wrong;
    }
    let is_ours = Params::try_from(&parsed).is_ok_and(|kept| {
        kept.m_cost() >= MEMORY_KIB && kept.t_cost() >= PASSES && kept.p_cost() >= 1
    });
    match is_ours {
        true => Checked::Right,
        false => Checked::RightAs(hash(password)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_guessed_first() {
        let staff = Roles::parse("operator").unwrap();
        let check = |password: &str| check(password, "ann.lee", &staff);
        let short = Err(Refused::Short { chars: 12 });
        for (password, expected) in [
            ("short", short),
            ("elevenchars", short),
            ("a calm river at noon", Ok(())),
            ("correcthorse", Ok(())),
            ("王小明在河边钓鱼不说话呀", Ok(())),
            ("qwertyuiop12", Err(Refused::Common)),
            ("Password2026!", Err(Refused::Common)),
            ("1qaz2wsx3edc", Err(Refused::Common)),
            ("abcabcabcabc", Err(Refused::Common)),
            ("aaaaaaaaaaaab", Err(Refused::Common)),
            ("ann.lee12345", Err(Refused::Name)),
            ("Duebell-2026", Err(Refused::Name)),
            ("duebellduebell", Err(Refused::Name)),
        ] {
            assert_eq!(check(password), expected, "{password}");
        }
        assert_eq!(check(&"ab cd ".repeat(43)), Err(Refused::Long));
    }

    #[test]
    fn whoever_gives_roles_needs_a_longer_one() {
        let admin = Roles::parse("viewer,admin").unwrap();
        let short = Err(Refused::Short { chars: 15 });
        assert_eq!(check("a calm river", "bo", &admin), short);
        assert_eq!(check("a calm river at noon", "bo", &admin), Ok(()));
    }

    #[tokio::test]
    async fn a_password_is_kept_so_that_it_can_be_checked_and_not_read() {
        let hasher = Hasher::default();
        let kept = hasher.hash("a calm river".to_owned()).await;
        assert!(kept.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{kept}");
        let check = |password: &str, kept: Option<&str>| {
            let (hasher, password, kept) =
                (hasher.clone(), password.to_owned(), kept.map(str::to_owned));
            async move { hasher.check(password, kept).await }
        };
        assert_eq!(check("a calm river", Some(&kept)).await, Checked::Right);
        assert_eq!(check("a calm rivet", Some(&kept)).await, Checked::Wrong);
        assert_eq!(check("a calm river", None).await, Checked::Wrong);
        assert_eq!(check("a calm river", Some("no hash")).await, Checked::Wrong);
    }

    #[tokio::test]
    async fn a_password_that_was_kept_in_a_weaker_way_is_kept_anew() {
        // Made by `argon2-cffi`, which is not ours: 19 MiB, two passes.
        let weak = "$argon2id$v=19$m=19456,t=2,p=1\
                    $ZK2jbxtv26v7VWkF9PRq+A$hoLFEJgJ1Yel8ImPk6+UAH9dvjtkgWql6cAeRHxAwPU";
        let hasher = Hasher::default();
        let checked = hasher.check("a calm river".to_owned(), Some(weak.to_owned())).await;
        let Checked::RightAs(better) = checked else { panic!("{checked:?}") };
        assert!(better.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{better}");
    }
}
