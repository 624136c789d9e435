//! New keys and digests of old ones, as the admin API sees it. The pepper stays here.

use std::sync::Arc;

use portcullis_control::{KeyMaker, KeyMakerError, MintedKey};
use portcullis_judge::Judge;
use portcullis_keys::{imported_id, mint};
use portcullis_types::{KeyId, KeyIx};
use zeroize::Zeroizing;

/// Makes keys for one environment unless another is named.
#[derive(Debug)]
pub(crate) struct Minter {
    pub(crate) judge: Arc<Judge>,
    pub(crate) env: String,
}

impl KeyMaker for Minter {
    fn mint(&self, env: Option<&str>) -> Result<MintedKey, KeyMakerError> {
        let mut random = Zeroizing::new([0u8; 40]);
        getrandom::fill(random.as_mut())
            .map_err(|why| KeyMakerError::Randomness(why.to_string()))?;
        let env = env.unwrap_or(&self.env);
        let minted = mint(env, &random).map_err(|_| KeyMakerError::Environment(env.to_owned()))?;
        let secret = Zeroizing::new(minted.text.expose().to_owned());
        let digest = self.judge.peppers().digest(secret.as_bytes()).to_string();
        Ok(MintedKey { id: minted.id, secret, digest })
    }

    fn digest(&self, key: &[u8]) -> (KeyId, String) {
        let digest = self.judge.peppers().digest(key);
        (imported_id(&digest), digest.to_string())
    }

    fn known(&self, key: &[u8]) -> Option<KeyIx> {
        self.judge.known(key)
    }

    fn pepper(&self) -> String {
        self.judge.peppers().current().fingerprint().to_owned()
    }
}
