//! The platform's own hook: where it is told of holds and restores.
//!
//! Must not call it.

use ipnet::IpNet;
use portcullis_hooks::{HookSecret, Target};

use super::settle::Settling;
use super::shape::ConfigFile;

/// A hook of the platform.
#[derive(Clone)]
pub(crate) struct PlatformHook {
    pub target: Target,
    pub secret: HookSecret,
    /// Networks it may be in although they are not the open internet.
    pub allowed: Vec<IpNet>,
}

impl std::fmt::Debug for PlatformHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The whole address may hold a secret.
        write!(f, "PlatformHook({})", self.target.origin())
    }
}

impl Settling<'_> {
    pub(super) fn platform_hook(&mut self, file: &ConfigFile) -> Option<PlatformHook> {
        let unfit = |text: &str| HookSecret::from_text(text).err().map(|error| error.to_string());
        let secret = self.secret(file.secrets.platform_hook.as_ref(), unfit);
        let hook = match (&file.platform_hook, &file.secrets.platform_hook) {
            (None, None) => return None,
            (Some(hook), Some(_)) => hook,
            (Some(hook), None) => {
                self.fault(
                    "PC0032",
                    &hook.url,
                    "the secret that signs messages to the platform's hook is missing",
                    "add `platform_hook: { file: … }` under `secrets:`, with `whsec_` and 24 to 64 random bytes in base64",
                );
                return None;
            }
            (None, Some(secret)) => {
                let message = "a secret for the platform's hook, which has no address";
                self.fault("PC0032", secret, message, "add `platform_hook: { url: https://… }`");
                return None;
            }
        };
        let allowed = self.networks(&hook.allow);
        let target = Target::read(&hook.url.value).map_err(|error| {
            let help = "write the address that the platform listens on, such as https://hooks.example.com/gate";
            self.fault("PC0032", &hook.url, error.to_string(), help);
        });
        let secret = HookSecret::from_text(secret?.expose()).ok()?;
        Some(PlatformHook { target: target.ok()?, secret, allowed })
    }
}
