//! How a key of ours looks: `ptc_<env>_<id><secret><check>`, written `ptc_live_` + 12 + `_` + 38.
//!
//! - `env` is `live` or `test`, so that a key pasted in the wrong place is seen at once.
//! - `id` (12 base62 characters) is public: it names the key in lists, logs and events.
//! - `secret` is 32 base62 characters of good randomness: 32 × log2 62 = 190.5 bits.
//! - `check` is the CRC-32 of everything before it in 6 base62 characters, so that a key cut short
//!   or mistyped can be told offline, by a secret scanner too. It proves nothing.
//!
//! Imported keys keep whatever form they had. Must not know who a key belongs to.

use portcullis_types::KeyId;

use crate::{Digest, Secret, base62};

/// The environments a key can be for.
pub const ENVIRONMENTS: [&str; 2] = ["live", "test"];

const ID_LENGTH: usize = 12;
const SECRET_LENGTH: usize = 32;
const CHECK_LENGTH: usize = 6;

/// A key just made. Its text is shown once and kept nowhere.
#[derive(Debug)]
pub struct Minted {
    /// Its public id.
    pub id: KeyId,
    /// The key itself.
    pub text: Secret,
}

/// Why no key was made.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not an environment of keys: use `live` or `test`")]
pub struct MintError(pub String);

/// Makes a key out of randomness that the caller took from the system.
///
/// # Errors
/// [`MintError`] when `env` is not one of [`ENVIRONMENTS`].
pub fn mint(env: &str, random: &[u8; 40]) -> Result<Minted, MintError> {
    let wrong = || MintError(env.chars().take(80).collect());
    if !ENVIRONMENTS.contains(&env) {
        return Err(wrong());
    }
    let (for_id, for_secret) = random.split_at(12);
    let mut id = String::with_capacity(ID_LENGTH);
    base62::push(&mut id, for_id, ID_LENGTH);
    // Room for everything at once: a string that grows would leave a copy behind.
    let mut text = String::with_capacity(80);
    text.extend(["ptc_", env, "_", &id, "_"]);
    base62::push(&mut text, for_secret, SECRET_LENGTH);
    let check = crc32fast::hash(text.as_bytes());
    base62::push(&mut text, &check.to_be_bytes(), CHECK_LENGTH);
    let id = KeyId::new(&id).map_err(|_| wrong())?;
    Ok(Minted { id, text: Secret::new(text) })
}

/// What a text says about itself, offline. It never says whether the key is valid.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Inspection {
    /// Whole, of our form, and its check is right.
    Ours {
        /// `live` or `test`.
        env: &'static str,
        /// Its public id.
        id: KeyId,
    },
    /// Begins like ours and is cut short, too long or mistyped.
    Damaged {
        /// What is wrong with it, free of the text itself.
        why: &'static str,
    },
    /// Not of our form; it may be an imported one.
    Foreign,
}

/// Looks at a text without asking anybody.
#[must_use]
pub fn inspect(text: &str) -> Inspection {
    let Some(rest) = text.strip_prefix("ptc_") else { return Inspection::Foreign };
    let damaged = |why| Inspection::Damaged { why };
    let env = ENVIRONMENTS
        .into_iter()
        .find(|env| rest.strip_prefix(env).is_some_and(|after| after.starts_with('_')));
    let Some(env) = env else { return damaged("its environment is neither `live` nor `test`") };
    let after = rest.get(env.len() + 1..).unwrap_or_default();
    let Some((id, tail)) = after.split_once('_') else {
        return damaged("it is cut short");
    };
    if !base62::is(id) || !base62::is(tail) {
        return damaged("it holds a character no key has");
    }
    if id.len() != ID_LENGTH || tail.len() != SECRET_LENGTH + CHECK_LENGTH {
        return damaged("its length is wrong");
    }
    let Some((before, check)) = text.split_at_checked(text.len() - CHECK_LENGTH) else {
        return damaged("its length is wrong");
    };
    let mut expected = String::with_capacity(CHECK_LENGTH);
    base62::push(&mut expected, &crc32fast::hash(before.as_bytes()).to_be_bytes(), CHECK_LENGTH);
    if check != expected {
        return damaged("its check does not fit: a character is wrong");
    }
    KeyId::new(id).map_or(damaged("its id is wrong"), |id| Inspection::Ours { env, id })
}

/// The id of an imported key, made of its digest: `imp_` and 20 hex digits, so that
/// ten million keys of other gateways get ten million ids.
#[must_use]
pub fn imported_id(digest: &Digest) -> KeyId {
    let text: String = "imp_".chars().chain(digest.to_string().chars().take(20)).collect();
    match KeyId::new(&text) {
        Ok(id) => id,
        // Four letters and twenty hex digits always make an id.
        Err(_) => unreachable!("`{text}` is an id by its making"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn random(seed: u8) -> [u8; 40] {
        std::array::from_fn(|at| (at as u8).wrapping_mul(37).wrapping_add(seed))
    }

    #[test]
    fn a_key_says_what_it_is_for_and_checks_itself() {
        let minted = mint("live", &random(1)).unwrap();
        insta::assert_snapshot!(minted.text.expose(), @"ptc_live_CWaGUAbLZ1Z2_QhVkWuZimswmiZ7qOjPwG7pkJm4dh5IS4TkthV");
        insta::assert_snapshot!(minted.id, @"CWaGUAbLZ1Z2");
        assert_eq!(
            inspect(minted.text.expose()),
            Inspection::Ours { env: "live", id: minted.id.clone() }
        );
        assert_eq!(minted.text.expose().len(), 60);
        assert!(mint("prod", &random(1)).is_err());
    }

    #[test]
    fn nothing_printed_holds_the_secret() {
        let minted = mint("test", &random(2)).unwrap();
        let printed = format!("{minted:?}");
        assert!(printed.contains("Secret(redacted)"), "{printed}");
        assert!(!printed.contains(&minted.text.expose()[22..]));
    }

    #[test]
    fn what_is_not_whole_is_named() {
        let minted = mint("live", &random(3)).unwrap();
        let text = minted.text.expose();
        let check =
            |text: &str, expected: Inspection| assert_eq!(inspect(text), expected, "{text}");
        let damaged = |why| Inspection::Damaged { why };
        check("EAABsbCS1iHgBA", Inspection::Foreign);
        check("ptc_", damaged("its environment is neither `live` nor `test`"));
        check("ptc_prod_x", damaged("its environment is neither `live` nor `test`"));
        check("ptc_live_", damaged("it is cut short"));
        check(&text[..59], damaged("its length is wrong"));
        check(&format!("{text} "), damaged("it holds a character no key has"));
        check(
            &text.replace("live", "test"),
            damaged("its check does not fit: a character is wrong"),
        );
    }

    #[test]
    fn an_imported_key_is_named_by_its_digest() {
        let id = imported_id(&Digest::new([0xab; 16]));
        assert_eq!(id.as_str(), "imp_abababababababababab");
    }

    proptest! {
        #[test]
        fn every_key_checks_and_no_single_wrong_character_does(
            half in any::<[u8; 20]>(), other in any::<[u8; 20]>(), at in 9usize..60, to in 0usize..62,
        ) {
            let mut bytes = [0; 40];
            bytes[..20].copy_from_slice(&half);
            bytes[20..].copy_from_slice(&other);
            let minted = mint("test", &bytes).unwrap();
            let good = matches!(inspect(minted.text.expose()), Inspection::Ours { .. });
            prop_assert!(good);
            let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
            let mut wrong = minted.text.expose().as_bytes().to_vec();
            prop_assume!(wrong[at] != letters[to]);
            wrong[at] = letters[to];
            let damaged = matches!(inspect(std::str::from_utf8(&wrong).unwrap()), Inspection::Damaged { .. });
            prop_assert!(damaged);
        }
    }
}
